/**
 * Structured fields read (RFC 9651 §4.2). The whole field is refused for any fault in it: what only half of the readers
 * would take is taken by none.
 */
import { fromBase64 } from '../../../base/base64.ts'
import { Fault } from '../../../base/fault.ts'
import { HTTP_LIMITS } from '../../limits.ts'
import { isTokenCode } from '../characters.ts'
import type {
  BareItem,
  InnerList,
  StructuredDictionary,
  StructuredItem,
  StructuredList,
  StructuredMember,
  StructuredParameters,
} from './values.ts'

/** A field that is one item. */
export function parseStructuredItem(text: string): StructuredItem | Fault {
  return parseWhole(text, (parser) => parser.item())
}

/** A field that is a list; one without members is an empty field. */
export function parseStructuredList(text: string): StructuredList | Fault {
  return parseWhole(text, (parser) => parser.list())
}

/**
 * A field that is a dictionary. Of several members of one name the last counts.
 *
 * @example
 * const priority = parseStructuredDictionary('u=2, i')
 * if (!(priority instanceof Fault)) priority.get('u') // { item: { type: 'integer', value: 2 }, … }
 */
export function parseStructuredDictionary(text: string): StructuredDictionary | Fault {
  return parseWhole(text, (parser) => parser.dictionary())
}

function parseWhole<T>(text: string, parse: (parser: Parser) => T): T | Fault {
  const parser = new Parser(text)
  parser.skipSpaces()
  const value = parse(parser)
  if (parser.fault === null) {
    parser.skipSpaces()
    parser.requireEnd()
  }
  return parser.fault ?? value
}

const TAB = 9
const SPACE = 32
const QUOTE = 34
const PERCENT = 37
const OPEN = 40
const CLOSE = 41
const STAR = 42
const COMMA = 44
const MINUS = 45
const POINT = 46
const COLON = 58
const SEMICOLON = 59
const EQUALS = 61
const QUESTION = 63
const AT = 64
const BACKSLASH = 92

const NO_PARAMETERS: StructuredParameters = new Map()
const TRUE: BareItem = { type: 'boolean', value: true }
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Goes through a field once, from left to right. After a fault nothing that it gives is of use. */
class Parser {
  fault: Fault | null = null
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  skipSpaces(): void {
    while (this.#next === SPACE) this.#at++
  }

  requireEnd(): void {
    if (this.#at < this.#text.length) this.#refuse('there is more behind the value')
  }

  list(): StructuredMember[] {
    const members: StructuredMember[] = []
    this.#members(() => {
      members.push(this.#member())
      return members.length
    })
    return members
  }

  dictionary(): Map<string, StructuredMember> {
    const members = new Map<string, StructuredMember>()
    this.#members(() => {
      const name = this.#key()
      if (this.fault !== null) return 0
      const valued = this.#take(EQUALS)
      members.set(name, valued ? this.#member() : { item: TRUE, parameters: this.#parameters() })
      return members.size
    })
    return members
  }

  item(): StructuredItem {
    const item = this.#bareItem()
    return { item, parameters: this.#parameters() }
  }

  /** NaN at the end. */
  get #next(): number {
    return this.#text.charCodeAt(this.#at)
  }

  #take(code: number): boolean {
    if (this.#next !== code) return false
    this.#at++
    return true
  }

  #refuse(why: string): void {
    this.fault ??= new Fault(why, this.#at)
  }

  /** Members between commas. @param member reads one, and says how many there are */
  #members(member: () => number): void {
    if (this.#at === this.#text.length) return
    for (;;) {
      const many = member()
      if (many > HTTP_LIMITS.structuredMembers)
        this.#refuse(`there are more than ${HTTP_LIMITS.structuredMembers} members`)
      if (this.fault !== null) return
      this.#skipBlanks()
      if (this.#at === this.#text.length) return
      if (!this.#take(COMMA)) this.#refuse('a comma must stand between members')
      this.#skipBlanks()
      if (this.#at === this.#text.length) this.#refuse('a comma must be followed by a member')
      if (this.fault !== null) return
    }
  }

  #skipBlanks(): void {
    while (this.#next === SPACE || this.#next === TAB) this.#at++
  }

  #member(): StructuredMember {
    return this.#next === OPEN ? this.#innerList() : this.item()
  }

  #innerList(): InnerList {
    const items: StructuredItem[] = []
    this.#at++
    while (this.fault === null) {
      this.skipSpaces()
      if (this.#take(CLOSE)) return { items, parameters: this.#parameters() }
      items.push(this.item())
      if (items.length > HTTP_LIMITS.structuredMembers)
        this.#refuse(`an inner list has more than ${HTTP_LIMITS.structuredMembers} items`)
      if (this.#next !== SPACE && this.#next !== CLOSE)
        this.#refuse('an inner list must go on with a space or end with )')
    }
    return { items, parameters: NO_PARAMETERS }
  }

  #parameters(): StructuredParameters {
    let parameters: Map<string, BareItem> | null = null
    while (this.fault === null && this.#take(SEMICOLON)) {
      this.skipSpaces()
      const name = this.#key()
      parameters ??= new Map()
      parameters.set(name, this.#take(EQUALS) ? this.#bareItem() : TRUE)
      if (parameters.size > HTTP_LIMITS.structuredParameters)
        this.#refuse(`there are more than ${HTTP_LIMITS.structuredParameters} parameters`)
    }
    return parameters ?? NO_PARAMETERS
  }

  #key(): string {
    const start = this.#at
    if (!isKeyStart(this.#next)) this.#refuse('a name must begin with a lower-case letter or *')
    while (isKeyCode(this.#next)) this.#at++
    return this.#text.slice(start, this.#at)
  }

  #bareItem(): BareItem {
    const code = this.#next
    if (code === MINUS || isDigit(code)) return this.#number()
    if (code === QUOTE) return { type: 'string', value: this.#string() }
    if (code === STAR || isLetter(code)) return { type: 'token', value: this.#token() }
    if (code === COLON) return { type: 'bytes', value: this.#bytes() }
    if (code === QUESTION) return this.#boolean()
    if (code === AT) return this.#date()
    if (code === PERCENT) return { type: 'display', value: this.#display() }
    this.#refuse('a value must begin with a letter, a digit or one of - " * : ? @ %')
    return TRUE
  }

  #number(): BareItem {
    const start = this.#at
    this.#take(MINUS)
    const whole = this.#digits()
    if (whole === 0) this.#refuse('a number must have digits')
    if (!this.#take(POINT)) {
      if (whole > 15) this.#refuse('an integer has at most 15 digits')
      return { type: 'integer', value: Number(this.#text.slice(start, this.#at)) }
    }
    if (whole > 12) this.#refuse('a decimal has at most 12 digits before its point')
    const fraction = this.#digits()
    if (fraction === 0 || fraction > 3) this.#refuse('a decimal has 1 to 3 digits behind its point')
    return { type: 'decimal', value: Number(this.#text.slice(start, this.#at)) }
  }

  /** How many digits there were. */
  #digits(): number {
    const start = this.#at
    while (isDigit(this.#next)) this.#at++
    return this.#at - start
  }

  #string(): string {
    let value = ''
    let run = ++this.#at
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#next
      if (code === QUOTE) {
        value += this.#text.slice(run, this.#at++)
        return value
      }
      if (code === BACKSLASH) {
        value += this.#text.slice(run, this.#at)
        run = ++this.#at
        if (this.#next !== QUOTE && this.#next !== BACKSLASH) break
      } else if (!isPrintable(code)) break
    }
    this.#refuse('a string has printable ASCII, \\" and \\\\, and ends with "')
    return ''
  }

  #token(): string {
    const start = this.#at++
    while (isTokenCode(this.#next) || this.#next === COLON || this.#next === 0x2f) this.#at++
    return this.#text.slice(start, this.#at)
  }

  #bytes(): Uint8Array {
    const end = this.#text.indexOf(':', this.#at + 1)
    const encoded = end < 0 ? '-' : this.#text.slice(this.#at + 1, end)
    // The URL-safe alphabet is another one (RFC 9651 §3.3.5).
    const bytes = /[-_]/.test(encoded) ? null : fromBase64(encoded)
    if (bytes === null) {
      this.#refuse('a byte sequence is base64 between colons')
      return new Uint8Array(0)
    }
    this.#at = end + 1
    return bytes
  }

  #boolean(): BareItem {
    const code = this.#text.charCodeAt(this.#at + 1)
    if (code !== 0x30 && code !== 0x31) this.#refuse('a boolean is ?0 or ?1')
    this.#at += 2
    return { type: 'boolean', value: code === 0x31 }
  }

  #date(): BareItem {
    this.#at++
    const seconds = this.#number()
    if (seconds.type !== 'integer') this.#refuse('a date is a whole number of seconds')
    return { type: 'date', value: seconds.type === 'integer' ? seconds.value : 0 }
  }

  #display(): string {
    this.#at++
    if (!this.#take(QUOTE)) this.#refuse('a display string begins with %"')
    const end = this.#text.indexOf('"', this.#at)
    const octets: number[] = []
    while (this.#at < end && this.fault === null) {
      const code = this.#next
      if (code === PERCENT) {
        const hex = /^%[0-9a-f]{2}$/.exec(this.#text.slice(this.#at, this.#at + 3))
        if (hex === null) this.#refuse('a percent sign is followed by two digits of lower-case hex')
        else octets.push(Number.parseInt(hex[0].slice(1), 16))
        this.#at += 3
      } else {
        if (!isPrintable(code)) this.#refuse('a display string has printable ASCII, the rest percent-encoded')
        octets.push(code)
        this.#at++
      }
    }
    if (end < 0) this.#refuse('a display string ends with "')
    if (this.fault !== null) return ''
    this.#at = end + 1
    try {
      return strictUtf8.decode(Uint8Array.from(octets))
    } catch {
      this.#refuse('a display string is UTF-8')
      return ''
    }
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function isLower(code: number): boolean {
  return code >= 0x61 && code <= 0x7a
}

function isLetter(code: number): boolean {
  return isLower(code | 0x20) && code < 0x80
}

function isPrintable(code: number): boolean {
  return code >= 0x20 && code <= 0x7e
}

export function isKeyStart(code: number): boolean {
  return isLower(code) || code === STAR
}

/** `lcalpha / DIGIT / "_" / "-" / "." / "*"` */
export function isKeyCode(code: number): boolean {
  return isLower(code) || isDigit(code) || code === 0x5f || code === MINUS || code === POINT || code === STAR
}
