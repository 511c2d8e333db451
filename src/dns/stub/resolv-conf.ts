/** The configuration of a stub resolver (resolv.conf(5)). */
import { ipVersion } from '../../base/ip.ts'
import { isPort } from '../../base/port.ts'
import type { IpAddress } from '../../socket/address.ts'
import { LineFault } from './fault.ts'

/** What a resolv.conf says. */
export interface ResolvConf {
  /** In the order in which they are asked; at most 3. Port 53 unless written `address:port` or `[address]:port`. */
  readonly nameservers: readonly IpAddress[]
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
  /** Ask over TCP from the start (`use-vc`). */
  readonly tcp: boolean
  /** Do not ask for IPv6 addresses (`no-aaaa`). */
  readonly withoutIpv6: boolean
  readonly faults: readonly LineFault[]
}

/** resolv.conf(5): MAXNS, MAXDNSRCH, RES_MAXNDOTS, RES_MAXRETRANS, RES_MAXRETRY. */
const MAX = { nameservers: 3, search: 6, ndots: 15, timeout: 30, attempts: 5 } as const
const LEAST = { ndots: 0, timeout: 1, attempts: 1 } as const

/** Options of resolv.conf(5) that are right to give and change nothing here: what they ask for is always done, or never. */
const WITHOUT_EFFECT = new Set([
  'debug',
  'edns0',
  'inet6',
  'ip6-bytestring',
  'ip6-dotint',
  'no-check-names',
  'no-ip6-dotint',
  'no-reload',
  'no-tld-query',
  'single-request',
  'single-request-reopen',
  'trust-ad',
])

type Options = {
  -readonly [name in 'ndots' | 'timeout' | 'attempts' | 'rotate' | 'tcp' | 'withoutIpv6']: ResolvConf[name]
}

/** Reads the text of a resolv.conf. What it does not know is named in `faults` and skipped; it never throws. */
export function parseResolvConf(text: string): ResolvConf {
  const nameservers: IpAddress[] = []
  const faults: LineFault[] = []
  let search: readonly string[] = []
  const options: Options = { ndots: 1, timeout: 5, attempts: 2, rotate: false, tcp: false, withoutIpv6: false }

  let start = 0
  for (const [i, raw] of text.split('\n').entries()) {
    const at = start
    start += raw.length + 1
    if (/^\s*[;#]/.test(raw)) continue
    const [keyword, ...values] = raw.split(/\s+/).filter((word) => word !== '')
    if (keyword === undefined) continue
    const fault = (why: string) => faults.push(new LineFault(why, at, i + 1))
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

function setOption(options: Options, text: string): boolean {
  const [name, value] = text.split(':')
  if (name === 'rotate') options.rotate = true
  else if (name === 'use-vc') options.tcp = true
  else if (name === 'no-aaaa') options.withoutIpv6 = true
  else if ((name === 'ndots' || name === 'timeout' || name === 'attempts') && /^\d+$/.test(value ?? ''))
    options[name] = Math.max(LEAST[name], Math.min(MAX[name], Number(value)))
  else return WITHOUT_EFFECT.has(text)
  return true
}

/** `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:5353`, as an address with port 53 by default. */
export function serverAddress(text: string): IpAddress | undefined {
  if (ipVersion(text) !== 0) return { address: text, port: 53 }
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text)
  const address = match?.[1] ?? match?.[2] ?? ''
  const port = Number(match?.[3] ?? 53)
  return ipVersion(address) !== 0 && isPort(port) && port > 0 ? { address, port } : undefined
}

/** The names to ask for, in order, each once and without a final dot (resolver(3), res_search). */
export function searchNames(name: string, conf: Pick<ResolvConf, 'search' | 'ndots'>): readonly string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)] // the final dot says: as it is, and nothing else
  const dots = name.split('.').length - 1
  const suffixed = conf.search.map((suffix) => `${name}.${suffix.replace(/\.$/, '')}`.replace(/\.$/, ''))
  return [...new Set(dots >= conf.ndots ? [name, ...suffixed] : [...suffixed, name])]
}
