/** Where a cache keeps its replies. */
import { HTTP_LIMITS, type HttpLimits } from '../../limits.ts'
import type { StoredReply } from './stored.ts'

/**
 * Where a cache keeps its replies: by key (the URL), several variants under one. A store may forget whatever it likes; what it
 * throws, or rejects with, is as if it had nothing.
 */
export interface CacheStore {
  /** All variants under the key, in any order. */
  get(key: string): readonly StoredReply[] | Promise<readonly StoredReply[]>
  /** In place of the variant with the same `vary`; that one is gone then. */
  put(key: string, reply: StoredReply): void | Promise<void>
  /** Forgets all variants. */
  remove(key: string): void | Promise<void>
}

/** What a store in memory may hold. */
export type MemoryStoreLimits = Pick<HttpLimits, 'cacheBytes' | 'cacheVariants'>

/** A store in memory: past its bytes what was asked for longest ago goes. */
export class MemoryCacheStore implements CacheStore {
  readonly #limits: MemoryStoreLimits
  /** The one used last comes last. */
  readonly #entries = new Map<string, StoredReply[]>()
  #bytes = 0

  constructor(limits: Partial<MemoryStoreLimits> = {}) {
    this.#limits = { ...HTTP_LIMITS, ...limits }
  }

  /** What the replies take, about. */
  get bytes(): number {
    return this.#bytes
  }

  get(key: string): readonly StoredReply[] {
    const variants = this.#entries.get(key)
    if (variants === undefined) return []
    this.#entries.delete(key)
    this.#entries.set(key, variants)
    return variants
  }

  put(key: string, reply: StoredReply): void {
    const same = (other: StoredReply) => sameVary(other, reply)
    const variants = (this.#entries.get(key) ?? []).filter((other) => !same(other))
    while (variants.length >= this.#limits.cacheVariants) variants.shift()
    variants.push(reply)
    this.remove(key)
    this.#entries.set(key, variants)
    for (const variant of variants) this.#bytes += sizeOf(key, variant)
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#limits.cacheBytes) break
      this.remove(oldest)
    }
  }

  remove(key: string): void {
    for (const variant of this.#entries.get(key) ?? []) this.#bytes -= sizeOf(key, variant)
    this.#entries.delete(key)
  }
}

/** Whether two replies are of the same variant. */
export function sameVary(a: StoredReply, b: StoredReply): boolean {
  return a.vary.length === b.vary.length && a.vary.every((text, index) => text === b.vary[index])
}

/** What a record costs beside its texts: objects, their tables, a place in a map. */
const RECORD_BYTES = 512

function sizeOf(key: string, { fields, vary, body }: StoredReply): number {
  let bytes = key.length + body.length + RECORD_BYTES
  for (const text of fields) bytes += text.length
  for (const text of vary) bytes += text.length
  return bytes
}
