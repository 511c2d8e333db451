import { FNV_OFFSET, fnv1aText } from './hash.ts'

/**
 * Randomness as an argument. Every consumer forks its own stream by label, so that one more draw in one place
 * does not shift the draws of another.
 */

export interface Random {
  /** A uniform integer in [0, 2^32). */
  u32(): number
  /** Fills the whole array with uniform bytes. */
  fill(bytes: Uint8Array): void
  /** An independent stream, determined by this stream's seed and the label alone, not by the draws made so far. */
  fork(label: string): Random
}

/** A uniform integer in [0, bound), without modulo bias. `bound` is at most 2^32. */
export function below(random: Random, bound: number): number {
  if (!(bound >= 1 && bound <= 0x1_0000_0000)) throw new RangeError(`below: bound ${bound} is outside 1..2^32`)
  const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound)
  for (;;) {
    const draw = random.u32()
    if (draw < limit) return draw % bound
  }
}

/** A uniform double in [0, 1) with 32 bits of randomness. */
export function unit(random: Random): number {
  return random.u32() / 0x1_0000_0000
}

/**
 * A seeded, repeatable stream: sfc32 (PractRand's small fast counting generator), integer arithmetic only, so the
 * same on every engine. For simulations and tests: it is not a cryptographic generator.
 */
export class SeededRandom implements Random {
  readonly seed: string
  #a: number
  #b: number
  #c: number
  #counter: number

  constructor(seed: string | number) {
    this.seed = String(seed)
    // FNV-1a over the seed's UTF-16 units, four times with different offsets, fills the state.
    this.#a = fnv1aText(this.seed, FNV_OFFSET)
    this.#b = fnv1aText(this.seed, this.#a ^ 0x9e3779b9)
    this.#c = fnv1aText(this.seed, this.#b ^ 0x85ebca6b)
    this.#counter = 1
    for (let i = 0; i < 15; i++) this.u32() // the author's recommended warm-up
  }

  u32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    this.#c |= 0
    return sum >>> 0
  }

  fill(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i += 4) {
      const draw = this.u32()
      bytes[i] = draw & 255
      if (i + 1 < bytes.length) bytes[i + 1] = (draw >>> 8) & 255
      if (i + 2 < bytes.length) bytes[i + 2] = (draw >>> 16) & 255
      if (i + 3 < bytes.length) bytes[i + 3] = draw >>> 24
    }
  }

  fork(label: string): SeededRandom {
    return new SeededRandom(`${this.seed}/${label}`)
  }
}
