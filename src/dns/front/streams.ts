/**
 * The TCP connections of a server, and who must go when there is no more room (RFC 7766 §6.2.3, RFC 9210 §4.4): the one
 * that has been idle longest, first of all of the client that has more than its share. So nobody can keep all others
 * out by opening connections and leaving them.
 */
import { formatIp4, ipVersion, parseIp6 } from '../../base/ip.ts'
import type { Address } from '../../socket/address.ts'
import { mappedIp4 } from '../../socket/address-set.ts'
import type { FrontLimits } from '../limits.ts'

/** What the table needs to know of a stream. */
export interface Closable {
  /** Whether no answer is being made. */
  readonly isIdle: boolean
  close(): void
}

/** The streams that are open. */
export class StreamTable<Stream extends Closable> {
  readonly #limits: Pick<FrontLimits, 'streams' | 'streamsPerClient'>
  /** In the order of their last whole query, the one that is silent longest first, with the client of each. */
  readonly #all = new Map<Stream, string>()
  readonly #byClient = new Map<string, Set<Stream>>()

  constructor(limits: Pick<FrontLimits, 'streams' | 'streamsPerClient'>) {
    this.#limits = limits
  }

  get size(): number {
    return this.#all.size
  }

  /** Makes room for one more of that client; false when there is none to be made. */
  makeRoom(client: string): boolean {
    const own = this.#byClient.get(client)
    if (own !== undefined && own.size >= this.#limits.streamsPerClient && !this.#closeIdle(own)) return false
    return this.#all.size < this.#limits.streams || this.#closeIdle(this.#all.keys())
  }

  add(stream: Stream, client: string): void {
    this.#all.set(stream, client)
    let own = this.#byClient.get(client)
    if (own === undefined) this.#byClient.set(client, (own = new Set()))
    own.add(stream)
  }

  /** A whole query has come on it: it is the last now that would have to go. */
  touch(stream: Stream): void {
    const client = this.#all.get(stream)
    if (client === undefined) return
    this.remove(stream)
    this.add(stream, client)
  }

  remove(stream: Stream): void {
    const client = this.#all.get(stream)
    if (client === undefined) return
    this.#all.delete(stream)
    const own = this.#byClient.get(client)
    own?.delete(stream)
    if (own?.size === 0) this.#byClient.delete(client)
  }

  close(): void {
    for (const stream of this.#all.keys()) stream.close()
  }

  /** Closes the first that is idle; whether there was one. */
  #closeIdle(streams: Iterable<Stream>): boolean {
    for (const stream of streams) {
      if (!stream.isIdle) continue
      this.remove(stream)
      stream.close()
      return true
    }
    return false
  }
}

/** Who counts as one client: an IPv4 address, an IPv6 network of 64 bits, of which one host may have all. */
export function clientOf(at: Address): string {
  if (at.path !== undefined) return at.path
  if (ipVersion(at.address) !== 6) return at.address
  const octets = parseIp6(at.address.split('%', 1)[0]!)
  if (octets === null) return at.address
  // On a socket of both families clients with IPv4 have such addresses (RFC 4291 §2.5.5.2).
  const four = mappedIp4(octets)
  return four >= 0 ? formatIp4(four) : octets.subarray(0, 8).join('.')
}
