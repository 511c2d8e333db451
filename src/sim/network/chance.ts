/**
 * Chance without a stream. What befalls a frame depends on the seed, the way that it goes, its number on that way and the
 * kind of misfortune, and on nothing else: one fault more or less, or another link, changes no other frame's fate.
 */
import type { Random } from '../../base/random.ts'

/** What is left to chance about a frame. The numbers are part of what a seed means: new kinds are added at the end. */
export const MISFORTUNE = {
  loss: 1,
  duplicate: 2,
  corrupt: 3,
  bit: 4,
  jitter: 5,
  reorder: 6,
  behind: 7,
} as const

export class Chances {
  readonly #keys: readonly [number, number, number, number]

  /** @param random the way's own; four draws of it are the key */
  constructor(random: Random) {
    this.#keys = [random.u32() | 0, random.u32() | 0, random.u32() | 0, random.u32() | 0]
  }

  /** A uniform number in [0, 1), with 32 bits: the same for the same frame and kind. */
  share(number: number, kind: number): number {
    const [a, b, c, d] = this.#keys
    let hash = mixed(a ^ number)
    hash = mixed(hash ^ b ^ Math.floor(number / 0x1_0000_0000))
    hash = mixed(hash ^ c ^ kind)
    return (mixed(hash ^ d) >>> 0) / 0x1_0000_0000
  }

  /** A uniform whole number below the bound. */
  below(bound: number, number: number, kind: number): number {
    return Math.floor(this.share(number, kind) * bound)
  }
}

/** The finisher of MurmurHash3: every bit of the input turns every bit of the output half of the time. */
function mixed(value: number): number {
  let hash = value | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
