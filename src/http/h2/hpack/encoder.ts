/**
 * Fields to header blocks (RFC 7541 §6). What is the same in message after message goes into the dynamic table once and is an
 * octet from then on; what never comes twice does not push it out; what is secret is never put where others' fields are
 * (RFC 7541 §7.1.3).
 */
import { writeLatin1 } from '../../machine/text.ts'
import { huffmanLength, writeHuffman } from './huffman.ts'
import { STATIC, TABLE_BYTES } from './table.ts'

/**
 * - `index`: put into the dynamic table.
 * - `plain`: as it stands: values that are nearly always new.
 * - `never`: as it stands, and nobody on the way may index the field either.
 */
type Policy = 'index' | 'plain' | 'never'

const PLAIN = [
  ':path',
  'age',
  'content-length',
  'content-range',
  'etag',
  'if-match',
  'if-modified-since',
  'if-none-match',
]
const PLAINS: ReadonlySet<string> = new Set([...PLAIN, 'last-modified', 'location', 'range', 'x-request-id'])
/** Whoever can make a client send requests could guess them octet by octet, from how long the blocks become. */
const SECRETS: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'set-cookie', 'www-authenticate'])
/** A short cookie can be guessed, a long one cannot (RFC 7541 §7.1.3). */
const GUESSED = 20
/** Shorter texts are not worth the loop over their bits. */
const UNCODED = 6
/** Names that are known at one time: programs use a few, over and over. */
const NAMES = 512
/** Values of one name that are remembered, to see which come again. */
const REMEMBERED = 4

/** What is known of a name. */
interface Name {
  readonly lower: string
  /** In the static table; 0 where the name is not. */
  readonly index: number
  /** Indices of the static table by value; null where the name is not there. */
  readonly values: ReadonlyMap<string, number> | null
  readonly policy: Policy
}

const names = new Map<string, Name>()

/** @param text in any case. */
function nameOf(text: string): Name {
  let name = names.get(text)
  if (name !== undefined) return name
  const lower = text.toLowerCase()
  const values = new Map<string, number>()
  let index = 0
  for (let i = STATIC.length; i > 0; i--) {
    const field = STATIC[i - 1]!
    if (field.name !== lower) continue
    index = i
    if (field.value !== '') values.set(field.value, i)
  }
  const policy = SECRETS.has(lower) ? 'never' : PLAINS.has(lower) ? 'plain' : 'index'
  name = { lower, index, values: values.size > 0 ? values : null, policy }
  if (names.size >= NAMES) names.clear()
  names.set(text, name)
  return name
}

/** An entry of the peer's dynamic table, as we know that it is there. */
interface Entry {
  readonly value: string
  /** Counts the entries of this encoder. */
  readonly number: number
}

/** What this encoder has sent under one name. */
interface Sent {
  readonly entries: Entry[]
  /** The last values that were not indexed. */
  readonly recent: string[]
}

export class Encoder {
  /** Where the next octet goes. */
  at = 0
  #into: Uint8Array = new Uint8Array(0)
  /** What we use of what the peer allows. */
  #most = TABLE_BYTES
  #bytes = 0
  #added = 0
  /** Oldest first. */
  readonly #queue: { readonly lower: string; readonly entry: Entry; readonly size: number }[] = []
  readonly #sent = new Map<string, Sent>()
  /** Sizes to announce at the start of the next block: the smallest since the last one, and the present one. */
  #announce: { least: number; last: number } | null = null

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. More than the default is not used: the memory is on both sides. */
  allow(bytes: number): void {
    const most = Math.min(bytes, TABLE_BYTES)
    if (most === this.#most && this.#announce === null) return
    this.#most = most
    this.#evict(most)
    this.#announce = { least: Math.min(most, this.#announce?.least ?? most), last: most }
  }

  /** How many octets a block of these fields may have at most; a few more for each field than its text. */
  static most(fields: readonly string[]): number {
    let length = 16
    for (let i = 0; i < fields.length; i++) length += fields[i]!.length + 6
    return length
  }

  /** Starts a block in `into`, which has room for `most` of its fields. */
  begin(into: Uint8Array, at: number): void {
    this.#into = into
    this.at = at
    const announce = this.#announce
    if (announce === null) return
    this.#announce = null
    if (announce.least < announce.last) this.#integer(announce.least, 0x1f, 0x20)
    this.#integer(announce.last, 0x1f, 0x20)
  }

  /** @param text the name, in any case. @param value all of whose characters are below U+0100 */
  field(text: string, value: string): void {
    const name = nameOf(text)
    const fixed = name.values?.get(value)
    if (fixed !== undefined) {
      this.#into[this.at++] = 0x80 | fixed
      return
    }
    let { policy } = name
    if (policy === 'index') {
      const sent = this.#sent.get(name.lower)
      const entry = sent?.entries.find((other) => other.value === value)
      if (entry !== undefined) {
        this.#integer(this.#indexOf(entry), 0x7f, 0x80)
        return
      }
      if (name.lower === 'cookie' && value.length < GUESSED) policy = 'never'
      else if (this.#worthIt(name.lower, sent, value)) {
        this.#literal(name, value, 0x3f, 0x40)
        this.#add(name.lower, value)
        return
      }
    }
    this.#literal(name, value, 0x0f, policy === 'never' ? 0x10 : 0)
  }

  /** The first value of a name is, and one that comes again: what is new each time would push out what is not. */
  #worthIt(lower: string, sent: Sent | undefined, value: string): boolean {
    if (lower.length + value.length + 32 > this.#most / 4) return false
    if (sent === undefined) return true
    const { recent } = sent
    if (recent.includes(value) || (recent.length === 0 && sent.entries.length === 0)) return true
    if (recent.length >= REMEMBERED) recent.shift()
    recent.push(value)
    return false
  }

  #literal(name: Name, value: string, mask: number, bits: number): void {
    const { index, lower } = name
    const other = index === 0 ? this.#sent.get(lower)?.entries[0] : undefined
    this.#integer(index !== 0 ? index : other === undefined ? 0 : this.#indexOf(other), mask, bits)
    if (index === 0 && other === undefined) this.#string(lower)
    this.#string(value)
  }

  #indexOf(entry: Entry): number {
    return STATIC.length + this.#added - entry.number
  }

  #add(lower: string, value: string): void {
    const size = lower.length + value.length + 32
    this.#evict(this.#most - size)
    const entry = { value, number: this.#added++ }
    let sent = this.#sent.get(lower)
    if (sent === undefined) this.#sent.set(lower, (sent = { entries: [], recent: [] }))
    sent.entries.push(entry)
    this.#queue.push({ lower, entry, size })
    this.#bytes += size
  }

  #evict(bytes: number): void {
    while (this.#bytes > bytes) {
      const { lower, entry, size } = this.#queue.shift()!
      this.#bytes -= size
      const sent = this.#sent.get(lower)!
      sent.entries.splice(sent.entries.indexOf(entry), 1)
      if (sent.entries.length === 0) this.#sent.delete(lower)
    }
  }

  #string(text: string): void {
    const coded = text.length < UNCODED ? text.length : huffmanLength(text)
    if (coded < text.length) {
      this.#integer(coded, 0x7f, 0x80)
      this.at = writeHuffman(this.#into, this.at, text)
    } else {
      this.#integer(text.length, 0x7f, 0)
      this.at += writeLatin1(this.#into, this.at, text)
    }
  }

  /** RFC 7541 §5.1. @param bits above the mask */
  #integer(value: number, mask: number, bits: number): void {
    if (value < mask) {
      this.#into[this.at++] = bits | value
      return
    }
    this.#into[this.at++] = bits | mask
    let rest = value - mask
    for (; rest >= 0x80; rest >>>= 7) this.#into[this.at++] = 0x80 | (rest & 0x7f)
    this.#into[this.at++] = rest
  }
}
