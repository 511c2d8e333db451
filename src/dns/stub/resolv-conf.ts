/** The configuration of a stub resolver (resolv.conf(5)). */
import { ipVersion } from '../../base/ip.ts'
import type { IpAddress as Address } from '../../socket/address.ts'

export interface ResolvConf {
  /** In the order in which they are asked; at most 3. Port 53 unless written `address:port` or `[address]:port`. */
  readonly nameservers: readonly Address[]
  /** Suffixes that are tried after (or before, see `ndots`) the name as it is. */
  readonly search: readonly string[]
  /** A name with at least so many dots is tried as it is first. 0 to 15, default 1. */
  readonly ndots: number
  /** Seconds to wait for one server's answer. 1 to 30, default 5. */
  readonly timeout: number
  /** How often the whole list of servers is gone through. 1 to 5, default 2. */
  readonly attempts: number
  /** Start each lookup at the next server, to spread the load. */
  readonly rotate: boolean
  readonly faults: readonly { readonly line: number; readonly why: string }[]
}

/** resolv.conf(5): MAXNS, MAXDNSRCH, RES_MAXNDOTS, RES_MAXRETRANS, RES_MAXRETRY. */
const MAX = { nameservers: 3, search: 6, ndots: 15, timeout: 30, attempts: 5 } as const
const LEAST = { ndots: 0, timeout: 1, attempts: 1 } as const

export const defaultResolvConf: ResolvConf = {
  nameservers: [],
  search: [],
  ndots: 1,
  timeout: 5,
  attempts: 2,
  rotate: false,
  faults: [],
}

/** Reads the text of a resolv.conf. What it does not know is named in `faults` and skipped; it never throws. */
export function parseResolvConf(text: string): ResolvConf {
  const nameservers: Address[] = []
  const faults: { line: number; why: string }[] = []
  let search: readonly string[] = []
  const options = { ndots: 1, timeout: 5, attempts: 2, rotate: false }

  for (const [i, raw] of text.split('\n').entries()) {
    if (/^\s*[;#]/.test(raw)) continue
    const [keyword, ...values] = raw.split(/\s+/).filter((word) => word !== '')
    if (keyword === undefined) continue
    const fault = (why: string) => faults.push({ line: i + 1, why })
    if (keyword === 'nameserver') {
      const server = serverAddress(values[0] ?? '')
      if (server === undefined) fault(`nameserver '${values[0] ?? ''}' is not an IP address`)
      else if (nameservers.length < MAX.nameservers) nameservers.push(server)
      else fault(`more than ${MAX.nameservers} nameservers`)
    } else if (keyword === 'search' || keyword === 'domain') {
      // "The domain and search keywords are mutually exclusive. If more than one instance … the last wins."
      search = values.slice(0, keyword === 'domain' ? 1 : MAX.search)
      if (values.length > MAX.search) fault(`more than ${MAX.search} search suffixes`)
    } else if (keyword === 'options') {
      for (const option of values) if (!setOption(options, option)) fault(`option '${option}' is not known`)
    } else if (keyword !== 'sortlist') fault(`'${keyword}' is not known`)
  }
  return { nameservers, search, ...options, faults }
}

function setOption(options: { ndots: number; timeout: number; attempts: number; rotate: boolean }, text: string) {
  const [name, value] = text.split(':')
  if (name === 'rotate') options.rotate = true
  else if ((name === 'ndots' || name === 'timeout' || name === 'attempts') && /^\d+$/.test(value ?? ''))
    options[name] = Math.max(LEAST[name], Math.min(MAX[name], Number(value)))
  else return false
  return true
}

/** `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:5353`, as an address with port 53 by default. */
export function serverAddress(text: string): Address | undefined {
  if (ipVersion(text) !== 0) return { address: text, port: 53 }
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text)
  const address = match?.[1] ?? match?.[2] ?? ''
  const port = Number(match?.[3])
  return ipVersion(address) !== 0 && port >= 1 && port <= 65535 ? { address, port } : undefined
}

/** The names to ask for, in order, each without a final dot (resolver(3), res_search). */
export function searchNames(name: string, conf: Pick<ResolvConf, 'search' | 'ndots'>): readonly string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)] // the final dot says: as it is, and nothing else
  const dots = name.split('.').length - 1
  const suffixed = conf.search.map((suffix) => `${name}.${suffix.replace(/\.$/, '')}`)
  return dots >= conf.ndots ? [name, ...suffixed] : [...suffixed, name]
}
