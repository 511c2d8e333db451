/** The tables that indices of HPACK refer to (RFC 7541 §2.3). */
import { type Field, fieldOf, sizeOf } from '../field.ts'

/** RFC 7541 Appendix A; the first has index 1. */
export const STATIC: readonly Field[] = [
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language', ''],
  ['accept-ranges', ''],
  ['accept', ''],
  ['access-control-allow-origin', ''],
  ['age', ''],
  ['allow', ''],
  ['authorization', ''],
  ['cache-control', ''],
  ['content-disposition', ''],
  ['content-encoding', ''],
  ['content-language', ''],
  ['content-length', ''],
  ['content-location', ''],
  ['content-range', ''],
  ['content-type', ''],
  ['cookie', ''],
  ['date', ''],
  ['etag', ''],
  ['expect', ''],
  ['expires', ''],
  ['from', ''],
  ['host', ''],
  ['if-match', ''],
  ['if-modified-since', ''],
  ['if-none-match', ''],
  ['if-range', ''],
  ['if-unmodified-since', ''],
  ['last-modified', ''],
  ['link', ''],
  ['location', ''],
  ['max-forwards', ''],
  ['proxy-authenticate', ''],
  ['proxy-authorization', ''],
  ['range', ''],
  ['referer', ''],
  ['refresh', ''],
  ['retry-after', ''],
  ['server', ''],
  ['set-cookie', ''],
  ['strict-transport-security', ''],
  ['transfer-encoding', ''],
  ['user-agent', ''],
  ['vary', ''],
  ['via', ''],
  ['www-authenticate', ''],
].map(([name, value]) => fieldOf(name!, value!))

/** RFC 7541 §4.2 and RFC 9113 §6.5.2: the size where nobody has said another. */
export const TABLE_BYTES = 4_096

/** The dynamic table: a queue whose newest entry has the lowest index. */
export class DynamicTable {
  #entries: (Field | undefined)[] = new Array(16)
  /** Entries that were ever added. */
  #added = 0
  #count = 0
  #bytes = 0
  #most: number

  constructor(most = TABLE_BYTES) {
    this.#most = most
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#bytes
  }

  /** How large the table may be. */
  get most(): number {
    return this.#most
  }

  /** @param index from 0 for the newest. */
  get(index: number): Field | undefined {
    if (index >= this.#count) return undefined
    return this.#entries[(this.#added - 1 - index) & (this.#entries.length - 1)]
  }

  /** RFC 7541 §4.4: an entry larger than the table empties it, which is no error. */
  add(field: Field): void {
    const size = sizeOf(field)
    this.#shrink(this.#most - size)
    if (size > this.#most) return
    if (this.#count === this.#entries.length) this.#grow()
    this.#entries[this.#added & (this.#entries.length - 1)] = field
    this.#added++
    this.#count++
    this.#bytes += size
  }

  /** RFC 7541 §4.3. */
  resize(most: number): void {
    this.#most = most
    this.#shrink(most)
  }

  #shrink(bytes: number): void {
    while (this.#bytes > bytes && this.#count > 0) {
      const place = (this.#added - this.#count) & (this.#entries.length - 1)
      this.#bytes -= sizeOf(this.#entries[place]!)
      this.#entries[place] = undefined
      this.#count--
    }
  }

  #grow(): void {
    const wider: (Field | undefined)[] = new Array(this.#entries.length * 2)
    for (let n = this.#added - this.#count; n < this.#added; n++)
      wider[n & (wider.length - 1)] = this.#entries[n & (this.#entries.length - 1)]
    this.#entries = wider
  }
}
