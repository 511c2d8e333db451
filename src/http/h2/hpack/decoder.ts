/** Header blocks to fields (RFC 7541 §3, §6). What is wrong with a block is a text: the tables are out of step from then on. */
import { latin1 } from '../../machine/text.ts'
import { type Field, fieldOf, sizeOf, withValue } from '../field.ts'
import { decodeHuffman, mostDecoded } from './huffman.ts'
import { DynamicTable, STATIC, TABLE_BYTES } from './table.ts'

/** RFC 7541 §5.1 leaves the limit to the decoder: nothing that is measured here comes near. */
const INTEGER_BYTES = 4

/** Where strings are decoded, one at a time, whoever's they are. */
let scratch = new Uint8Array(1_024)

/** The fields of one block, up to a limit. */
export class FieldList {
  fields: Field[] = []
  /** By the measure of RFC 9113 §6.5.2, those that were left out included. */
  bytes = 0
  count = 0
  readonly #mostBytes: number
  readonly #mostFields: number

  constructor(mostBytes: number, mostFields: number) {
    this.#mostBytes = mostBytes
    this.#mostFields = mostFields
  }

  /** More came than may: those past the limit are not kept. */
  get over(): boolean {
    return this.bytes > this.#mostBytes || this.count > this.#mostFields
  }

  add(field: Field): void {
    this.bytes += sizeOf(field)
    this.count++
    if (!this.over) this.fields.push(field)
  }

  /** The fields so far; the list is empty afterwards. */
  take(): Field[] {
    const { fields } = this
    this.fields = []
    this.bytes = 0
    this.count = 0
    return fields
  }
}

export class Decoder {
  readonly #table: DynamicTable
  /** What we have said that the table may be: SETTINGS_HEADER_TABLE_SIZE. */
  readonly #most: number
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0
  #end = 0
  #fault: string | null = null

  constructor(most = TABLE_BYTES) {
    this.#most = most
    this.#table = new DynamicTable(most)
  }

  /** Bytes of the dynamic table, by the measure of RFC 7541 §4.1. */
  get tableBytes(): number {
    return this.#table.bytes
  }

  /** Decodes a whole block. Answers what is wrong with the block, null for nothing. */
  decode(bytes: Uint8Array, from: number, to: number, into: FieldList): string | null {
    this.#bytes = bytes
    this.#at = from
    this.#end = to
    this.#fault = null
    let begun = false
    while (this.#at < to) {
      const first = bytes[this.#at]!
      // RFC 7541 §4.2: at the beginning of a block only.
      if ((first & 0xe0) === 0x20) {
        if (begun) return 'a change of the table size within a block'
        this.#resize()
      } else {
        begun = true
        const field = this.#field(first)
        if (field !== null) into.add(field)
      }
      if (this.#fault !== null) return this.#fault
    }
    return null
  }

  #field(first: number): Field | null {
    if ((first & 0x80) !== 0) return this.#indexed(this.#integer(0x7f))
    if ((first & 0x40) !== 0) {
      const field = this.#literal(0x3f)
      if (field !== null) this.#table.add(field)
      return field
    }
    return this.#literal(0x0f)
  }

  #indexed(index: number): Field | null {
    if (this.#fault !== null) return null
    const field =
      index <= STATIC.length
        ? index === 0
          ? undefined
          : STATIC[index - 1]
        : this.#table.get(index - STATIC.length - 1)
    if (field === undefined) return this.#fail(`index ${index} is in no table`)
    return field
  }

  #literal(mask: number): Field | null {
    const index = this.#integer(mask)
    if (this.#fault !== null) return null
    if (index === 0) {
      const name = this.#string()
      if (this.#fault !== null) return null
      const value = this.#string()
      return this.#fault === null ? fieldOf(name, value) : null
    }
    const like = this.#indexed(index)
    if (like === null) return null
    const value = this.#string()
    return this.#fault === null ? withValue(like, value) : null
  }

  #resize(): void {
    const size = this.#integer(0x1f)
    if (this.#fault !== null) return
    if (size > this.#most) this.#fail(`a table of ${size} bytes, where ${this.#most} are allowed`)
    else this.#table.resize(size)
  }

  /** RFC 7541 §5.1. */
  #integer(mask: number): number {
    let value = this.#bytes[this.#at++]! & mask
    if (value < mask) return value
    for (let shift = 0; ; shift += 7) {
      if (this.#at >= this.#end) {
        this.#fail('the block ends within an integer')
        return 0
      }
      if (shift >= 7 * INTEGER_BYTES) {
        this.#fail('an integer that is too long')
        return 0
      }
      const octet = this.#bytes[this.#at++]!
      value += (octet & 0x7f) * 2 ** shift
      if (octet < 0x80) return value
    }
  }

  #string(): string {
    if (this.#at >= this.#end) {
      this.#fail('the block ends before a string')
      return ''
    }
    const coded = (this.#bytes[this.#at]! & 0x80) !== 0
    const length = this.#integer(0x7f)
    if (this.#fault !== null) return ''
    const start = this.#at
    if (length > this.#end - start) {
      this.#fail('the block ends within a string')
      return ''
    }
    this.#at += length
    if (length === 0) return ''
    if (!coded) return latin1(this.#bytes, start, this.#at)
    const room = mostDecoded(length)
    if (scratch.length < room) scratch = new Uint8Array(room)
    const decoded = decodeHuffman(this.#bytes, start, this.#at, scratch)
    if (decoded < 0) {
      this.#fail('a string that is not in the Huffman code')
      return ''
    }
    return latin1(scratch, 0, decoded)
  }

  #fail(why: string): null {
    this.#fault = why
    return null
  }
}
