/** The entries of a replay file: a message, how it is compared, and what is adjusted in it before it is sent. */

import { DecodeFailure, decode } from '../../../src/dns/message/decode.ts'
import { edns } from '../../../src/dns/message/edns.ts'
import { type Message, message, type Question } from '../../../src/dns/message/message.ts'
import { Name } from '../../../src/dns/message/name.ts'
import { Lexer, Words } from '../../../src/dns/message/rdata/lexer.ts'
import { parseTtl } from '../../../src/dns/message/rdata/numbers.ts'
import { rdataOfWords } from '../../../src/dns/message/rdata/text.ts'
import type { ResourceRecord } from '../../../src/dns/message/record.ts'
import { CLASS, OPCODE, parseClass, parseType, RCODE } from '../../../src/dns/message/types.ts'

export interface Entry {
  readonly match: ReadonlySet<string>
  readonly adjust: ReadonlySet<string>
  readonly message: Message
  /** HEX_ANSWER: a raw reply; what does not decode is sent as a server's nonsense is. */
  readonly nonsense: boolean
}

/** A line of the file with its number, comments and blanks at its ends gone. */
export interface Line {
  readonly number: number
  readonly text: string
}

export class ScenarioError extends Error {}

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
export function parseEntry(lines: readonly Line[], from: number): [entry: Entry, next: number] {
  const match = new Set<string>()
  const adjust = new Set<string>()
  let header: Partial<Message> = {}
  let section: SectionName | null = null
  let nonsense = false
  let raw: Message | null = null
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
      return [{ match, adjust, message: raw ?? composed, nonsense }, i + 1]
    }
    if (keyword === 'MATCH') for (const word of words) match.add(word)
    else if (keyword === 'ADJUST') for (const word of words) adjust.add(word)
    else if (keyword === 'REPLY') header = { ...header, ...replyWords(words, line) }
    else if (keyword === 'SECTION') section = sectionName(words[0] ?? '', line)
    else if (keyword === 'HEX_ANSWER_BEGIN') {
      const end = lines.findIndex((other, at) => at > i && other.text === 'HEX_ANSWER_END')
      const hex = lines
        .slice(i + 1, end)
        .map((other) => other.text.replace(/\s/g, ''))
        .join('')
      const decoded = decode(Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)))
      if (decoded instanceof DecodeFailure) nonsense = true
      else raw = decoded
      i = end
    } else if (keyword?.startsWith('HEX_EDNSDATA') || keyword === 'EXTRA_PACKET')
      throw new ScenarioError(`line ${line.number}: ${keyword} is not implemented`)
    else if (section === 'question') question.push(parseQuestion(line))
    else if (section !== null) sections[section].push(parseRecord(line))
    else throw new ScenarioError(`line ${line.number}: '${line.text}' is not understood`)
  }
  throw new ScenarioError('an ENTRY_BEGIN without its ENTRY_END')
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

function parseQuestion(line: Line): Question {
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
  return { name: Name.parse(name), type, class: rrclass }
}

/** A line of a master file: owner, then time to live and class in any order, type, rdata. */
export function parseRecord(line: Line): ResourceRecord {
  const entry = new Lexer(line.text).next()
  if (entry === null) throw new ScenarioError(`line ${line.number}: no record`)
  const words = new Words(entry.words, entry.end)
  const name = Name.parse(words.next('an owner').text)
  let ttl = 3600
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
      return { name, type, class: rrclass, ttl, rdata: rdataOfWords(type, words, Name.root) }
    }
  }
}
