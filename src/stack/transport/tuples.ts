/** Connections by their four numbers: a hash table whose chains run through the entries themselves. */
import { type Ip, sameIp } from '../../base/ip6.ts'

export interface Tuple<T> {
  readonly localAddress: Ip
  readonly localPort: number
  readonly remoteAddress: Ip
  readonly remotePort: number
  /** The table's own: the next entry of the same bucket. */
  nextInBucket: T | null
}

const FIRST_SIZE = 64

export class TupleTable<T extends Tuple<T>> {
  size = 0
  #buckets: (T | null)[] = Array(FIRST_SIZE).fill(null)
  readonly #secret: number

  /** @param secret random, so that nobody outside can choose addresses and ports that fall into one bucket */
  constructor(secret: number) {
    this.#secret = secret | 0
  }

  get(localAddress: Ip, localPort: number, remoteAddress: Ip, remotePort: number): T | null {
    let entry: T | null = this.#buckets[this.#bucket(localAddress, localPort, remoteAddress, remotePort)]!
    while (entry !== null) {
      if (
        entry.remotePort === remotePort &&
        sameIp(entry.remoteAddress, remoteAddress) &&
        entry.localPort === localPort &&
        sameIp(entry.localAddress, localAddress)
      )
        return entry
      entry = entry.nextInBucket
    }
    return null
  }

  /** The caller knows that no such entry is there. */
  add(entry: T): void {
    if (this.size >= this.#buckets.length) this.#grow()
    this.#insert(entry)
    this.size++
  }

  remove(entry: T): void {
    const at = this.#bucketOf(entry)
    let before: T | null = null
    for (let each: T | null = this.#buckets[at]!; each !== null; before = each, each = each.nextInBucket) {
      if (each !== entry) continue
      if (before === null) this.#buckets[at] = entry.nextInBucket
      else before.nextInBucket = entry.nextInBucket
      entry.nextInBucket = null
      this.size--
      return
    }
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (const head of this.#buckets)
      for (let each: T | null = head; each !== null; each = each.nextInBucket) yield each
  }

  #insert(entry: T): void {
    const at = this.#bucketOf(entry)
    entry.nextInBucket = this.#buckets[at]!
    this.#buckets[at] = entry
  }

  #grow(): void {
    const all = [...this]
    this.#buckets = Array(this.#buckets.length * 2).fill(null)
    for (const entry of all) this.#insert(entry)
  }

  #bucketOf(entry: T): number {
    return this.#bucket(entry.localAddress, entry.localPort, entry.remoteAddress, entry.remotePort)
  }

  /** Multiply and shift, as MurmurHash3 mixes and finishes. */
  #bucket(localAddress: Ip, localPort: number, remoteAddress: Ip, remotePort: number): number {
    let hash = this.#secret ^ hashOf(remoteAddress)
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash ^= (localPort << 16) | remotePort
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    hash = Math.imul(hash ^ hashOf(localAddress) ^ (hash >>> 16), 0x85ebca6b)
    return (hash ^ (hash >>> 15)) & (this.#buckets.length - 1)
  }
}

function hashOf(address: Ip): number {
  return typeof address === 'number' ? address : address.hash
}
