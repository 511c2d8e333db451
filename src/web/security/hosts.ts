/**
 * Which names the site answers to. A Host field is the client's word: a site that believed any would put an
 * attacker's name into its links and caches, and be reachable through DNS rebinding.
 */

/** Loopback names: who asks for these is on this machine. RFC 6761 §6.3. */
const LOOPBACK = /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/
const HOST = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/

/** The host of an authority in lower case without port and final dot; null when it is none (RFC 3986 §3.2.2). */
export function hostOf(authority: string): string | null {
  const host = HOST.exec(authority.toLowerCase())?.[1]
  return host === undefined ? null : host.endsWith('.') ? host.slice(0, -1) : host
}

export class HostCheck {
  readonly #exact = new Set<string>()
  readonly #suffixes: string[] = []
  readonly #any: boolean
  /** The authority that was last found good: nearly always the next one too. */
  #known = ''

  /**
   * @param hosts `board.example`, or `.board.example` for it and every name below; any port.
   * @param any takes every well-formed name.
   */
  constructor(hosts: readonly string[], any: boolean) {
    this.#any = any
    for (const host of hosts) {
      const name = hostOf(host.startsWith('.') ? host.slice(1) : host)
      if (name === null || host.includes('://'))
        throw new TypeError(`hosts: '${host}' is not a host name; write 'board.example' or '.board.example'`)
      this.#exact.add(name)
      if (host.startsWith('.')) this.#suffixes.push(`.${name}`)
    }
  }

  /** @param own the address the request came in on: asking by it says nothing that could mislead. */
  allows(authority: string, own: string): boolean {
    if (authority === this.#known) return true
    if (!this.#judge(authority, own)) return false
    this.#known = authority
    return true
  }

  #judge(authority: string, own: string): boolean {
    if (authority === '') return true // HTTP/1.0 without Host: there is no name to be misled by
    const host = hostOf(authority)
    if (host === null) return false
    if (this.#any || LOOPBACK.test(host) || this.#exact.has(host)) return true
    if (host === own || host === `[${own}]`) return true
    return this.#suffixes.some((suffix) => host.endsWith(suffix))
  }
}
