/** Initial sequence numbers (RFC 6528): a clock of 4 µs plus a keyed hash of the connection, SipHash-2-4. */
import type { Nanos } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import { type Seq, seq } from '../../wire/sequence.ts'
import { sipHash } from './siphash.ts'

/** RFC 9293 §3.4.1: the clock that the numbers follow ticks every four microseconds. */
const TICK: Nanos = 4_000

/** What keeps others from guessing a host's numbers: one secret, from which all of them follow. */
export class InitialSequence {
  readonly #key: Uint8Array

  /** @param random the secret is drawn from it, once. */
  constructor(random: Random) {
    this.#key = new Uint8Array(16)
    random.fill(this.#key)
  }

  /**
   * ISN = M + F(localip, localport, remoteip, remoteport, secretkey) (RFC 6528 §3): a connection that is made again
   * starts beyond the old one's numbers, and nobody else can tell where.
   * @param localAddress the address's bytes, 4 or 16
   */
  next(localAddress: Uint8Array, localPort: number, remoteAddress: Uint8Array, remotePort: number, now: Nanos): Seq {
    const tuple = new Uint8Array(localAddress.length + remoteAddress.length + 4)
    tuple.set(localAddress)
    tuple.set(remoteAddress, localAddress.length)
    tuple.set([localPort >>> 8, localPort, remotePort >>> 8, remotePort], tuple.length - 4)
    return seq(Math.floor(now / TICK) + sipHash(this.#key, tuple))
  }

  /**
   * Where the clock of the time stamps begins for a peer (RFC 7323 §7.1): nobody else can tell from it how long this
   * host has been up, and all connections between two hosts have the same, so a later one's stamps are later (§5.8).
   */
  timestampOffset(localAddress: Uint8Array, remoteAddress: Uint8Array): number {
    return sipHash(this.#key, Uint8Array.of(...localAddress, ...remoteAddress)) >>> 0
  }
}
