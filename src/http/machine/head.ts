/**
 * The head of a message, as offsets into its text. Strings are cut out only when somebody asks. A head is reused for
 * the next message of its connection; `stamp` tells whoever kept it that this has happened.
 */
import type { FieldLines } from '../exchange.ts'
import { fieldNameAt, sameName } from './names.ts'

/** Fields that decide framing and routing: found while parsing, so that nobody searches for them. */
export const HOST = 1
export const CONTENT_LENGTH = 2
export const TRANSFER_ENCODING = 4
export const CONNECTION = 8
export const EXPECT = 16
export const UPGRADE = 32

/** What decides where the message ends and what becomes of its connection. */
export const FRAMING = CONTENT_LENGTH | TRANSFER_ENCODING | CONNECTION

export type KnownField =
  | typeof HOST
  | typeof CONTENT_LENGTH
  | typeof TRANSFER_ENCODING
  | typeof CONNECTION
  | typeof EXPECT
  | typeof UPGRADE

const FIRST_CAPACITY = 24

export class Head {
  text = ''
  stamp = 0
  /** '' for a response. */
  method = ''
  target = ''
  /** Whether the target has octets above 0x7F, which should have been percent-encoded. */
  rawTarget = false
  /** 0 for a request. */
  status = 0
  reason = ''
  /** HTTP/1.x. */
  minor = 1
  count = 0
  /** The last Host that was found to be sound: a client sends the same one with every request. */
  goodHost: string | null = null
  /** Which known fields there are. */
  seen = 0
  /** Which of them came more than once. */
  repeated = 0
  #starts = new Int32Array(FIRST_CAPACITY)
  #nameEnds = new Int32Array(FIRST_CAPACITY)
  #values = new Int32Array(FIRST_CAPACITY)
  #valueEnds = new Int32Array(FIRST_CAPACITY)
  #kinds = new Uint8Array(FIRST_CAPACITY)

  reset(text: string): void {
    this.text = text
    this.stamp++
    this.count = 0
    this.seen = 0
    this.repeated = 0
    this.status = 0
    this.method = ''
    this.target = ''
    this.rawTarget = false
    this.reason = ''
    this.minor = 1
  }

  add(start: number, nameEnd: number, value: number, valueEnd: number): void {
    const i = this.count++
    if (i === this.#starts.length) this.#grow()
    this.#starts[i] = start
    this.#nameEnds[i] = nameEnd
    this.#values[i] = value
    this.#valueEnds[i] = valueEnd
    const kind = kindOf(this.text, start, nameEnd - start)
    this.#kinds[i] = kind
    this.repeated |= this.seen & kind
    this.seen |= kind
  }

  /** The kind of the field added last: one of the known ones, or 0. */
  get last(): number {
    return this.#kinds[this.count - 1]!
  }

  has(field: KnownField): boolean {
    return (this.seen & field) !== 0
  }

  /** The first value of a known field; '' when absent. */
  known(field: KnownField): string {
    const i = (this.seen & field) === 0 ? -1 : this.#kinds.indexOf(field)
    return i < 0 || i >= this.count ? '' : this.value(i)
  }

  /** Where the known field's line starts, for verdicts. */
  placeOf(field: KnownField): number {
    const i = this.#kinds.indexOf(field)
    return i < 0 || i >= this.count ? 0 : this.#starts[i]!
  }

  /** All values of a name in lower case, joined (RFC 9110 §5.3; cookies by `; `, RFC 6265bis §5.8.1). */
  get(name: string): string | undefined {
    let joined: string | undefined
    for (let i = 0; i < this.count; i++) {
      const start = this.#starts[i]!
      if (this.#nameEnds[i]! - start !== name.length || !sameName(this.text, start, name)) continue
      const value = this.value(i)
      joined = joined === undefined ? value : `${joined}${name === 'cookie' ? '; ' : ', '}${value}`
    }
    return joined
  }

  name(i: number): string {
    return fieldNameAt(this.text, this.#starts[i]!, this.#nameEnds[i]!)
  }

  value(i: number): string {
    return this.text.slice(this.#values[i]!, this.#valueEnds[i]!)
  }

  lines(): FieldLines {
    const lines: string[] = []
    for (let i = 0; i < this.count; i++) lines.push(this.name(i), this.value(i))
    return lines
  }

  #grow(): void {
    const wider = (old: Int32Array) => {
      const grown = new Int32Array(old.length * 2)
      grown.set(old)
      return grown
    }
    this.#starts = wider(this.#starts)
    this.#nameEnds = wider(this.#nameEnds)
    this.#values = wider(this.#values)
    this.#valueEnds = wider(this.#valueEnds)
    const kinds = new Uint8Array(this.#kinds.length * 2)
    kinds.set(this.#kinds)
    this.#kinds = kinds
  }
}

function kindOf(text: string, start: number, length: number): number {
  switch (length) {
    case 4:
      return sameName(text, start, 'host') ? HOST : 0
    case 6:
      return sameName(text, start, 'expect') ? EXPECT : 0
    case 7:
      return sameName(text, start, 'upgrade') ? UPGRADE : 0
    case 10:
      return sameName(text, start, 'connection') ? CONNECTION : 0
    case 14:
      return sameName(text, start, 'content-length') ? CONTENT_LENGTH : 0
    case 17:
      return sameName(text, start, 'transfer-encoding') ? TRANSFER_ENCODING : 0
    default:
      return 0
  }
}
