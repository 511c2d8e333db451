/**
 * The chunked coding (RFC 9112 §7.1) as an automaton over bytes. Data is never copied: `decode` stops at each piece
 * and says where it lies. Strict: sizes are bare hex digits, lines end in CRLF, extensions follow the grammar without
 * optional space, and all of them together are capped.
 */
import type { FieldLines } from '../exchange.ts'
import { isHexCode, isTokenCode, isValueCode } from '../fields/characters.ts'
import { Verdict } from '../verdict.ts'
import { ByteAccumulator } from './accumulator.ts'
import { Head } from './head.ts'
import { parseFields } from './parse.ts'
import { latin1 } from './text.ts'

export interface ChunkLimits {
  readonly startLineBytes: number
  readonly fieldCount: number
  readonly chunkExtensionBytes: number
  readonly trailerBytes: number
}

const SIZE_START = 0
const SIZE = 1
const EXTENSION_START = 2
const EXTENSION_NAME = 3
const EXTENSION_VALUE_START = 4
// EXTENSION_VALUE = 5, which is EXTENSION_VALUE_START + 1
const EXTENSION_QUOTED = 6
const EXTENSION_ESCAPE = 7
const EXTENSION_END = 8
const SIZE_LF = 9
const DATA = 10
const DATA_CR = 11
const DATA_LF = 12
const TRAILER = 13

/** 2^52: thirteen hex digits. Each further one could overflow what a double counts exactly. */
const SIZE_DIGITS = 13

/**
 * Fields that a trailer must not carry (RFC 9110 §6.5.1): those by which messages are framed, routed and controlled,
 * and those that say who asks and what the content is. Who merges them later would be fooled: a request that has them is
 * refused, a response loses them.
 */
const NOT_IN_TRAILERS: ReadonlySet<string> = new Set(
  (
    'transfer-encoding content-length host connection keep-alive proxy-connection upgrade te trailer expect max-forwards ' +
    'authorization proxy-authorization www-authenticate proxy-authenticate cookie set-cookie cache-control expires date ' +
    'location range if-match if-none-match if-modified-since if-unmodified-since if-range ' +
    'content-encoding content-type content-range'
  ).split(' '),
)

export function mayBeTrailer(name: string): boolean {
  return !NOT_IN_TRAILERS.has(name.toLowerCase())
}

export class ChunkDecoder {
  /** After `decode`: the piece of data found, empty when there was none. */
  dataStart = 0
  dataEnd = 0
  done = false
  fault: Verdict | null = null
  trailers: FieldLines = []
  readonly #limits: ChunkLimits
  readonly #status: number
  #state = SIZE_START
  #size = 0
  #digits = 0
  #extensionBytes = 0
  readonly #trailer = new ByteAccumulator()
  /** Octets of the trailer section so far, and of its present line: an empty line ends the section. */
  #trailerLength = 0
  #lineLength = 0
  #previous = 0
  #offset = 0

  /** @param status of the verdicts: 400 for requests, 502 for responses. */
  constructor(limits: ChunkLimits, status: number) {
    this.#limits = limits
    this.#status = status
  }

  /** For the next body. */
  reset(): void {
    this.done = false
    this.fault = null
    this.trailers = []
    this.#state = SIZE_START
    this.#size = 0
    this.#digits = 0
    this.#extensionBytes = 0
    this.#trailer.clear()
    this.#trailerLength = 0
    this.#lineLength = 0
    this.#previous = 0
    this.#offset = 0
  }

  /** Reads from `at` to the next piece of data, the end of the body, a fault, or `end`; returns how far it came. */
  decode(bytes: Uint8Array, at: number, end: number): number {
    this.dataStart = this.dataEnd = at
    let i = at
    while (i < end && this.fault === null && !this.done) {
      if (this.#state === DATA) {
        const take = Math.min(this.#size, end - i)
        this.dataStart = i
        this.dataEnd = i + take
        this.#size -= take
        this.#offset += take
        if (this.#size === 0) this.#state = DATA_CR
        return i + take
      }
      if (this.#state === TRAILER) return this.#trailerSection(bytes, i, end)
      if (this.#state < DATA) this.#sizeLine(bytes[i]!)
      else this.#lineAfterData(bytes[i]!)
      i++
      this.#offset++
    }
    return i
  }

  #sizeLine(c: number): void {
    switch (this.#state) {
      case SIZE_START:
      case SIZE:
        this.#sizeByte(c)
        return
      case SIZE_LF:
        if (c !== 10) this.#refuse('CR without LF after a chunk size')
        else this.#state = this.#size > 0 ? DATA : TRAILER
        return
      default:
        if (++this.#extensionBytes > this.#limits.chunkExtensionBytes)
          this.#refuse(
            `chunk extensions take more than ${this.#limits.chunkExtensionBytes} bytes`,
            this.#status === 400 ? 413 : this.#status,
          )
        else this.#extensionByte(c)
    }
  }

  #sizeByte(c: number): void {
    if (isHexCode(c)) {
      if (++this.#digits > SIZE_DIGITS) this.#refuse(`a chunk size has more than ${SIZE_DIGITS} digits`)
      this.#size = this.#size * 16 + (c <= 57 ? c - 48 : (c | 32) - 87)
      this.#state = SIZE
    } else if (this.#state === SIZE && c === 13) this.#state = SIZE_LF
    else if (this.#state === SIZE && c === 59) this.#state = EXTENSION_START
    else this.#refuse(c === 10 ? 'bare LF after a chunk size' : 'a chunk size must be hexadecimal digits only')
  }

  /** `*( ";" name [ "=" ( token / quoted-string ) ] )`. */
  #extensionByte(c: number): void {
    switch (this.#state) {
      case EXTENSION_START:
      case EXTENSION_VALUE_START:
        if (c === 34 && this.#state === EXTENSION_VALUE_START) this.#state = EXTENSION_QUOTED
        else if (isTokenCode(c)) this.#state++
        else this.#refuse('a chunk extension is malformed')
        return
      case EXTENSION_QUOTED:
        if (c === 34) this.#state = EXTENSION_END
        else if (c === 92) this.#state = EXTENSION_ESCAPE
        else if (!isValueCode(c)) this.#refuse('a chunk extension has a control character')
        return
      case EXTENSION_ESCAPE:
        if (isValueCode(c)) this.#state = EXTENSION_QUOTED
        else this.#refuse('a chunk extension has a control character')
        return
      default:
        if (c === 13) this.#state = SIZE_LF
        else if (c === 59) this.#state = EXTENSION_START
        else if (c === 61 && this.#state === EXTENSION_NAME) this.#state = EXTENSION_VALUE_START
        else if (!isTokenCode(c) || this.#state === EXTENSION_END) this.#refuse('a chunk extension is malformed')
    }
  }

  #lineAfterData(c: number): void {
    if (this.#state === DATA_CR && c === 13) this.#state = DATA_LF
    else if (this.#state === DATA_LF && c === 10) {
      this.#state = SIZE_START
      this.#digits = 0
      this.#size = 0
    } else this.#refuse('chunk data is not followed by CRLF')
  }

  /** Each octet is looked at once, and kept as an octet until the section is whole. */
  #trailerSection(bytes: Uint8Array, at: number, end: number): number {
    let i = at
    let whole = false
    while (i < end && !whole && this.fault === null) {
      whole = this.#trailerByte(bytes[i]!)
      i++
      this.#offset++
    }
    if (this.fault !== null) return i
    this.#trailer.append(bytes.subarray(at, i))
    if (whole) this.#readTrailers()
    return i
  }

  /** Whether the octet ends the empty line that ends the section. */
  #trailerByte(c: number): boolean {
    const { trailerBytes } = this.#limits
    const afterCr = this.#previous === 13
    this.#previous = c
    if (c === 10 ? !afterCr : afterCr || (c !== 13 && !isValueCode(c)))
      this.#refuse(
        c === 10 ? 'bare LF in the trailers' : `${afterCr ? 'bare CR' : 'control character'} in the trailers`,
      )
    else if (++this.#trailerLength > trailerBytes)
      this.#refuse(`trailers take more than ${trailerBytes} bytes`, this.#status === 400 ? 431 : this.#status)
    this.#lineLength++
    if (c !== 10) return false
    const empty = this.#lineLength === 2
    this.#lineLength = 0
    return empty
  }

  #readTrailers(): void {
    this.done = true
    if (this.#trailer.length === 2) return
    const head = new Head()
    head.reset(latin1(this.#trailer.take()))
    this.fault = parseFields(head, 0, this.#limits, this.#status)
    const trailers: string[] = []
    for (let i = 0; i < head.count && this.fault === null; i++)
      if (mayBeTrailer(head.name(i))) trailers.push(head.name(i), head.value(i))
      // RFC 9110 §6.5.1: a client leaves out what it must not merge; a request with such a trailer means mischief.
      else if (this.#status === 400) this.#refuse(`${head.name(i)} in the trailers`)
    if (this.fault === null) this.trailers = trailers
  }

  #refuse(why: string, status = this.#status): void {
    this.fault = new Verdict(status, why, this.#offset)
  }
}
