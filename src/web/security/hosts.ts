/**
 * Which names the site answers to. A Host field is the client's word: a site that believed any would put an
 * attacker's name into its links and caches, and be reachable through DNS rebinding.
 */

import { isLoopback4, parseIp4, parseIp6 } from '../../base/ip.ts'
import { UsageError } from '../errors.ts'

/** `board.example:8080` in parts; RFC 3986 §3.2.2. */
interface Authority {
  /** In lower case, without a final dot; IPv6 in brackets. */
  readonly host: string
  /** Null when none is named. */
  readonly port: number | null
}

const AUTHORITY = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/

/** Null for what is no host with an optional port: strange characters, user names, port 0 or above 65535. */
export function parseAuthority(text: string): Authority | null {
  const found = AUTHORITY.exec(text.toLowerCase())
  if (found === null) return null
  const [, name = '', digits] = found
  const port = digits === undefined ? null : Number(digits)
  if (port !== null && (port === 0 || port > 65_535)) return null
  const host = name.endsWith('.') ? name.slice(0, -1) : name
  return host === '' ? null : { host, port }
}

/** Where a request came in, and from where: both decide what its Host field may say. */
export interface Arrival {
  /** The effective authority of the request; '' when it has none (HTTP/1.0). */
  readonly authority: string
  readonly scheme: 'http' | 'https'
  readonly local: { readonly address?: string | undefined; readonly port?: number | undefined }
  readonly remote: { readonly address?: string | undefined }
}

interface Entry {
  readonly host: string
  /** Whether names below it count too. */
  readonly below: boolean
  /** Null: the ports that need not be named, and the one that the request came in on. */
  readonly port: number | '*' | null
}

export class HostCheck {
  readonly #entries: readonly Entry[]
  readonly #any: boolean
  /** What was last found good by its name: nearly always the next one too. */
  #known = ''
  #knownPort: number | undefined
  /** The same of a client on this machine, by its address. */
  #knownHere = ''
  #here: string | undefined = ''
  /** The same of the address that the request came in on. */
  #knownOwn = ''
  #own: string | undefined

  /**
   * @param hosts `board.example`; `.board.example` for it and every name below; `board.example:8443` for that port,
   * `board.example:*` for any. Without a port: the scheme's own, and the one that the request came in on.
   * @param any takes every well-formed name.
   * @throws UsageError for an entry that is no host.
   */
  constructor(hosts: readonly string[], any: boolean) {
    if (!Array.isArray(hosts))
      throw new UsageError(`app({ hosts }) must be a list: write hosts: [${JSON.stringify(hosts)}]`)
    this.#any = any
    this.#entries = hosts.map(entryOf)
  }

  allows(arrival: Arrival): boolean {
    const { authority, local } = arrival
    if (authority === '') return true // HTTP/1.0 without Host: there is no name to be misled by
    if (authority === this.#known && local.port === this.#knownPort) return true
    if (authority === this.#knownOwn && local.address === this.#own) return true
    // The client's address is only made where it matters.
    if (authority === this.#knownHere && arrival.remote.address === this.#here) return true
    const asked = parseAuthority(authority)
    if (asked === null) return false
    if (this.#any || this.#listed(asked, arrival)) {
      this.#known = authority
      this.#knownPort = local.port
      return true
    }
    // Asking by the address itself says nothing that could mislead.
    const own = local.address
    if (own !== undefined && (asked.host === own || asked.host === `[${own}]`)) {
      this.#knownOwn = authority
      this.#own = own
      return true
    }
    const { address } = arrival.remote
    if (!this.#isOfThisMachine(asked.host) || !isLoopbackAddress(address)) return false
    this.#knownHere = authority
    this.#here = address
    return true
  }

  #listed(asked: Authority, { scheme, local }: Arrival): boolean {
    const usual = asked.port === null || asked.port === (scheme === 'https' ? 443 : 80) || asked.port === local.port
    return this.#entries.some(
      ({ host, below, port }) =>
        (asked.host === host || (below && asked.host.endsWith(`.${host}`))) &&
        (port === '*' || (port === null ? usual : port === asked.port)),
    )
  }

  /**
   * Loopback names (RFC 6761 §6.3). Names below localhost are only taken while the site has no names of its own: behind a
   * proxy on this machine they would be a stranger's word.
   */
  #isOfThisMachine(host: string): boolean {
    if (host === 'localhost') return true
    if (this.#entries.length === 0 && host.endsWith('.localhost')) return true
    return isLoopbackAddress(host.startsWith('[') ? host.slice(1, -1) : host)
  }
}

function entryOf(given: string): Entry {
  const wrong = (): never => {
    throw new UsageError(
      `app({ hosts }): ${JSON.stringify(given)} is not a host name; write 'board.example', '.board.example' for all names below it too, or 'board.example:8443'`,
    )
  }
  if (typeof given !== 'string') return wrong()
  const below = given.startsWith('.')
  const any = given.endsWith(':*')
  const asked = parseAuthority(given.slice(below ? 1 : 0, any ? -2 : undefined))
  if (asked === null) return wrong()
  return { host: asked.host, below, port: any ? '*' : asked.port }
}

/** Whether a host, perhaps with a port, is this machine by its loopback name or address. */
export function isLoopbackAuthority(authority: string): boolean {
  const asked = parseAuthority(authority)
  if (asked === null) return false
  const { host } = asked
  if (host === 'localhost' || host.endsWith('.localhost')) return true
  return isLoopbackAddress(host.startsWith('[') ? host.slice(1, -1) : host)
}

/** Undefined: a socket of this machine's own file system, or a caller in this process. */
function isLoopbackAddress(text: string | undefined): boolean {
  if (text === undefined) return true
  const ip4 = parseIp4(text)
  if (ip4 >= 0) return isLoopback4(ip4)
  const ip6 = parseIp6(text)
  if (ip6 === null) return false
  const zeros = (count: number) => ip6.subarray(0, count).every((octet) => octet === 0)
  if (zeros(15) && ip6[15] === 1) return true
  // IPv4 on a socket of both families (RFC 4291 §2.5.5.2).
  return zeros(10) && ip6[10] === 255 && ip6[11] === 255 && ip6[12] === 127
}
