import { DnsError } from '../errors.ts'

/**
 * A map that holds at most so many entries: past that, those not used for the longest time go. It keeps two
 * generations: what is used moves to the young one, and when that is full the old one goes as a whole. So a hit costs
 * one look-up (measured: a `Map` reordered at every hit takes a quarter of the time of a cached answer), every
 * operation is O(1), and the order of iteration is fixed.
 */
export class BoundedMap<Value> {
  readonly limit: number
  /** How many entries had to go. */
  evicted = 0
  #young = new Map<string, Value>()
  #old = new Map<string, Value>()

  constructor(limit: number) {
    if (!(limit >= 2)) throw new DnsError('DNS_SETTING', `BoundedMap: limit ${limit} must be at least 2`)
    this.limit = limit
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  /** The entry, which now counts as used. */
  get(key: string): Value | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.set(key, old)
    return old
  }

  /** The entry, without counting as a use. */
  peek(key: string): Value | undefined {
    return this.#young.get(key) ?? this.#old.get(key)
  }

  set(key: string, value: Value): void {
    this.#old.delete(key)
    if (this.#young.size >= this.limit >>> 1 && !this.#young.has(key)) {
      this.evicted += this.#old.size
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
  }

  delete(key: string): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }
}
