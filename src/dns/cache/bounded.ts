/**
 * A map that holds at most so many entries: past that, the one not used for the longest time goes. It stands on the
 * insertion order of `Map`, so every operation is O(1) and iteration is ordered.
 */
export class BoundedMap<Value> {
  readonly limit: number
  /** How many entries had to go. */
  evicted = 0
  readonly #entries = new Map<string, Value>()

  constructor(limit: number) {
    if (!(limit >= 1)) throw new RangeError(`BoundedMap: limit ${limit} must be at least 1`)
    this.limit = limit
  }

  get size(): number {
    return this.#entries.size
  }

  /** The entry, which now counts as the most recently used. */
  get(key: string): Value | undefined {
    const value = this.#entries.get(key)
    if (value === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, value)
    return value
  }

  /** The entry, without counting as a use. */
  peek(key: string): Value | undefined {
    return this.#entries.get(key)
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.limit) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
    this.evicted++
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }

  /** Entries, the least recently used first. */
  entries(): IterableIterator<[string, Value]> {
    return this.#entries.entries()
  }
}
