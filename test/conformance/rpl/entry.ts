/** The entries of a replay file: a message, how it is compared, and what is adjusted in it before it is sent. */
import { decode, MessageFault } from '../../../src/dns/message/decode.ts'
import { edns, parseOptions } from '../../../src/dns/message/edns.ts'
import { encode } from '../../../src/dns/message/encode.ts'
import { type Message, message, type Question } from '../../../src/dns/message/message.ts'
import { Name } from '../../../src/dns/message/name.ts'
import { octetsOfHex } from '../../../src/dns/message/rdata/binary.ts'
import { Lexer, Words } from '../../../src/dns/message/rdata/lexer.ts'
import { parseTtl } from '../../../src/dns/message/rdata/numbers.ts'
import { rdataOfWords } from '../../../src/dns/message/rdata/text.ts'
import type { ResourceRecord } from '../../../src/dns/message/record.ts'
import { CLASS, OPCODE, parseClass, parseType, RCODE } from '../../../src/dns/message/types.ts'

export interface Entry {
  readonly match: ReadonlySet<string>
  readonly adjust: ReadonlySet<string>
  readonly message: Message
  /** HEX_ANSWER: the octets as they are, which may be no message. */
  readonly raw: Uint8Array | null
}

/** A line of the file with its number, comments and blanks at its ends gone. */
export interface Line {
  readonly number: number
  readonly text: string
}

export class ScenarioError extends Error {}

/** What `$ORIGIN` and `$TTL` have said so far. */
export class Defaults {
  origin = Name.root
  ttl = 3600

  /** Whether the line is such a directive, which then holds from here on. */
  take(line: Line): boolean {
    const [directive, value = ''] = line.text.split(/\s+/)
    if (directive === '$ORIGIN') this.origin = Name.parse(value, this.origin)
    else if (directive === '$TTL') this.ttl = parseTtl(value) ?? this.ttl
    else return false
    return true
  }
}

const FLAGS: { readonly [word: string]: Partial<Message> } = {
  QR: { qr: true },
  AA: { aa: true },
  TC: { tc: true },
  RD: { rd: true },
  RA: { ra: true },
  AD: { ad: true },
  CD: { cd: true },
}

type SectionName = 'question' | 'answer' | 'authority' | 'additional'

/** Reads from after ENTRY_BEGIN to ENTRY_END; answers the entry and the index of the line after it. */
export function parseEntry(lines: readonly Line[], from: number, defaults: Defaults): [entry: Entry, next: number] {
  const match = new Set<string>()
  const adjust = new Set<string>()
  let header: Partial<Message> = {}
  let section: SectionName | null = null
  let raw: Uint8Array | null = null
  const sections: Record<'answer' | 'authority' | 'additional', ResourceRecord[]> = {
    answer: [],
    authority: [],
    additional: [],
  }
  const question: Question[] = []
  for (let i = from; i < lines.length; i++) {
    const line = lines[i]!
    const [keyword, ...words] = line.text.split(/\s+/)
    if (keyword === 'ENTRY_END') {
      const composed = message({ ...header, question, ...sections })
      return [{ match, adjust, message: decoded(raw) ?? composed, raw }, i + 1]
    }
    if (keyword === 'MATCH') for (const word of words) match.add(word)
    else if (keyword === 'ADJUST') for (const word of words) adjust.add(word)
    else if (keyword === 'REPLY') header = { ...header, ...replyWords(words, line) }
    else if (keyword === 'SECTION') section = sectionName(words[0] ?? '', line)
    else if (keyword === 'HEX_ANSWER_BEGIN') [raw, i] = hexUntil(lines, i, 'HEX_ANSWER_END')
    else if (keyword === 'HEX_EDNSDATA_BEGIN') {
      const [data, end] = hexUntil(lines, i, 'HEX_EDNSDATA_END')
      const options = parseOptions(data, 0)
      header = { ...header, edns: edns({ ...header.edns, options: Array.isArray(options) ? options : [] }) }
      i = end
    } else if (keyword === 'EXTRA_PACKET') throw new ScenarioError(`line ${line.number}: ${keyword} is not implemented`)
    else if (defaults.take(line)) continue
    else if (section === 'question') question.push(parseQuestion(line, defaults))
    else if (section !== null) sections[section].push(parseRecord(line, defaults))
    else throw new ScenarioError(`line ${line.number}: '${line.text}' is not understood`)
  }
  throw new ScenarioError('an ENTRY_BEGIN without its ENTRY_END')
}

/** The octets in hexadecimal digits up to the line that ends them, and the index of that line. */
function hexUntil(lines: readonly Line[], from: number, last: string): [octets: Uint8Array<ArrayBuffer>, end: number] {
  const end = lines.findIndex(({ text }, at) => at > from && text === last)
  const hex = lines
    .slice(from + 1, end)
    .map(({ text }) => text.replace(/\s/g, ''))
    .join('')
  return [Uint8Array.from(octetsOfHex(hex) ?? []), end]
}

function decoded(raw: Uint8Array | null): Message | null {
  const result = raw === null ? null : decode(raw)
  return result instanceof MessageFault ? result.readable : result
}

/** The entry's message as a server sends it in reply to that query. */
export function replyOctets({ message: reply, raw, adjust }: Entry, query: Message): Uint8Array {
  if (raw !== null) {
    const octets = raw.slice()
    octets[0] = query.id >>> 8
    octets[1] = query.id
    return octets
  }
  const question = adjust.has('copy_query') ? query.question : reply.question
  return encode({ ...reply, id: query.id, question })
}

function replyWords(words: readonly string[], line: Line): Partial<Message> {
  let header: Partial<Message> = {}
  for (const word of words) {
    if (Object.hasOwn(FLAGS, word)) header = { ...header, ...FLAGS[word] }
    else if (word === 'DO') header = { ...header, edns: edns({ dnssecOk: true }) }
    else if (Object.hasOwn(RCODE, word)) header = { ...header, rcode: RCODE[word as keyof typeof RCODE] }
    else if (word === 'NOTIMPL') header = { ...header, rcode: RCODE.NOTIMP }
    else if (Object.hasOwn(OPCODE, word)) header = { ...header, opcode: OPCODE[word as keyof typeof OPCODE] }
    else throw new ScenarioError(`line ${line.number}: REPLY ${word} is not understood`)
  }
  return header
}

function sectionName(word: string, line: Line): SectionName {
  const name = word.toLowerCase()
  if (name === 'question' || name === 'answer' || name === 'authority' || name === 'additional') return name
  throw new ScenarioError(`line ${line.number}: SECTION ${word} is not understood`)
}

function parseQuestion(line: Line, { origin }: Defaults): Question {
  const [name = '', ...rest] = line.text.split(/\s+/)
  let rrclass: number = CLASS.IN
  let type: number | undefined
  for (const word of rest) {
    const asClass = parseClass(word)
    // ANY is both; as the last word it is the type.
    if (asClass !== undefined && word !== rest.at(-1)) rrclass = asClass
    else type = parseType(word)
  }
  if (type === undefined) throw new ScenarioError(`line ${line.number}: a question without a type`)
  return { name: Name.parse(name, origin), type, class: rrclass }
}

/**
 * A line of a master file: owner, then time to live and class in any order, type, rdata. Rdata in hexadecimal digits are
 * taken as they are: attackers send records that are none.
 */
export function parseRecord(line: Line, { origin, ttl: defaultTtl }: Defaults = new Defaults()): ResourceRecord {
  const entry = new Lexer(line.text).next()
  if (entry === null) throw new ScenarioError(`line ${line.number}: no record`)
  const words = new Words(entry.words, entry.end)
  const name = Name.parse(words.next('an owner').text, origin)
  let ttl = defaultTtl
  let rrclass: number = CLASS.IN
  for (;;) {
    const { text } = words.next('a type')
    const seconds = /^\d/.test(text) ? parseTtl(text) : null
    const asClass = parseClass(text)
    if (seconds !== null) ttl = seconds
    else if (asClass !== undefined) rrclass = asClass
    else {
      const type = parseType(text)
      if (type === undefined) throw new ScenarioError(`line ${line.number}: '${text}' is not a type`)
      return { name, type, class: rrclass, ttl, rdata: rdataOf(type, words, origin) }
    }
  }
}

function rdataOf(type: number, words: Words, origin: Name): Uint8Array {
  if (words.peek()?.text !== '\\#') return rdataOfWords(type, words, origin)
  const [, , ...digits] = words.rest('rdata')
  return octetsOfHex(digits.map(({ text }) => text).join('')) ?? new Uint8Array(0)
}
