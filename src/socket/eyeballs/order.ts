/** In which order the addresses of a name are tried: RFC 6724 §2.1's table of precedence, as far as no route is known. */
import { ipVersion, parseIp6 } from '../../base/ip.ts'
import type { Family } from '../address.ts'

interface Policy {
  readonly prefix: Uint8Array
  readonly length: number
  readonly precedence: number
}

/** RFC 6724 §2.1, longest prefixes first. What is in none of them has the precedence of ::/0. */
const POLICIES: readonly Policy[] = (
  [
    ['::1', 128, 50],
    ['::ffff:0:0', 96, 35],
    ['::', 96, 1],
    ['2001::', 32, 5],
    ['2002::', 16, 30],
    ['3ffe::', 16, 1],
    ['fec0::', 10, 1],
    ['fc00::', 7, 3],
  ] as const
).map(([prefix, length, precedence]) => ({ prefix: parseIp6(prefix)!, length, precedence }))
const EVERYTHING = 40
const IPV4 = 35

/** The higher, the sooner. */
export function precedence(address: string): number {
  if (ipVersion(address) === 4) return IPV4
  const bytes = parseIp6(address.split('%')[0]!)
  if (bytes === null) return 0
  return POLICIES.find(({ prefix, length }) => within(bytes, prefix, length))?.precedence ?? EVERYTHING
}

function within(bytes: Uint8Array, prefix: Uint8Array, length: number): boolean {
  for (let bit = 0; bit < length; bit += 8) {
    const mask = length - bit >= 8 ? 0xff : (0xff << (8 - (length - bit))) & 0xff
    if (((bytes[bit / 8]! ^ prefix[bit / 8]!) & mask) !== 0) return false
  }
  return true
}

/**
 * The addresses that wait for their turn. RFC 8305 §4: sorted, the families taking turns, so that a family that is cut
 * off costs one attempt and not all. Equal ones stay in the order of the answer.
 */
export class Waiting {
  readonly #queues: { readonly [family in Family]: string[] } = { 4: [], 6: [] }
  readonly #known = new Set<string>()
  #last: Family | null = null

  /** @param most of the name's addresses that are taken, both families together */
  add(addresses: readonly string[], most: number): void {
    for (const address of addresses) {
      const family = ipVersion(address)
      if (family === 0 || this.#known.has(address) || this.#known.size >= most) continue
      this.#known.add(address)
      this.#queues[family].push(address)
    }
    for (const family of [4, 6] as const) this.#queues[family].sort((a, b) => precedence(b) - precedence(a))
  }

  get empty(): boolean {
    return this.#queues[4].length === 0 && this.#queues[6].length === 0
  }

  has(family: Family): boolean {
    return this.#queues[family].length > 0
  }

  /** The next address; there must be one. */
  take(): string {
    const family = this.#turn()
    this.#last = family
    return this.#queues[family].shift()!
  }

  #turn(): Family {
    const [four, six] = [this.#queues[4][0], this.#queues[6][0]]
    if (four === undefined) return 6
    if (six === undefined) return 4
    if (this.#last !== null) return this.#last === 4 ? 6 : 4
    return precedence(six) >= precedence(four) ? 6 : 4
  }
}
