/** Wire → message. Whatever the bytes are, the answer is a message or a failure with its place, in linear time. */
import { Fault } from '../../base/fault.ts'
import { u16 } from '../../base/octets.ts'
import { DNS_LIMITS, type MessageLimits } from '../limits.ts'
import { type Edns, parseOptions } from './edns.ts'
import type { Header, Message, Question } from './message.ts'
import type { Name } from './name.ts'
import type { Field } from './rdata/field.ts'
import { schemaOf } from './rdata/schema.ts'
import { Reader } from './reader.ts'
import type { ResourceRecord } from './record.ts'
import { CLASS, OPCODE, TYPE, typeName } from './types.ts'

/** A part of a message. */
export type Section = 'header' | 'question' | 'answer' | 'authority' | 'additional'

/** Why bytes are not a DNS message. `at` counts octets from the start of the message. */
export class MessageFault extends Fault {
  readonly section: Section
  /** What the header said; null when even that is too short: nobody can be answered. */
  readonly header: Header | null
  /**
   * The sections before the one with the fault, which stand whole; that one and those after it are empty. Null when
   * the question is not among them.
   */
  readonly readable: Message | null

  constructor(fault: Fault, section: Section, header: Header | null, readable: Message | null = null) {
    super(fault.why, fault.at)
    this.section = section
    this.header = header
    this.readable = readable
  }

  override toString(): string {
    return `malformed message at octet ${this.at} (${this.section}): ${this.why}`
  }
}

/** How a message is read. */
export interface DecodeOptions {
  readonly limits?: Partial<MessageLimits>
  /**
   * As resolvers read what servers send: octets after the last record are passed over, and records that are not of
   * their type are left out, since their length says where the next one begins. Otherwise both are faults.
   */
  readonly tolerant?: boolean
}

/** The twelve octets that every message starts with; null when there are fewer. `rcode` has its four low bits only. */
export function decodeHeader(bytes: Uint8Array): Header | null {
  if (bytes.length < 12) return null
  const high = bytes[2]!
  const low = bytes[3]!
  return {
    id: u16(bytes, 0),
    qr: (high & 0x80) !== 0,
    opcode: (high >>> 3) & 15,
    aa: (high & 4) !== 0,
    tc: (high & 2) !== 0,
    rd: (high & 1) !== 0,
    ra: (low & 0x80) !== 0,
    z: (low & 0x40) !== 0,
    ad: (low & 0x20) !== 0,
    cd: (low & 0x10) !== 0,
    rcode: low & 15,
  }
}

/** The message that those bytes are. Nothing of `bytes` is kept: the caller may reuse the memory. */
export function decode(bytes: Uint8Array, options: DecodeOptions = {}): Message | MessageFault {
  const header = decodeHeader(bytes)
  if (header === null) {
    const why = `the message has ${bytes.length} octets, and its header alone needs 12`
    return new MessageFault(new Fault(why, bytes.length), 'header', null)
  }
  return new Decoder(bytes, header, options).message()
}

class Decoder {
  readonly #reader: Reader
  readonly #header: Header
  readonly #ednsOptions: number
  readonly #tolerant: boolean
  #edns: Edns | null = null
  #rcodeHigh = 0

  constructor(bytes: Uint8Array, header: Header, options: DecodeOptions) {
    const { limits = DNS_LIMITS.message, tolerant = false } = options
    this.#reader = new Reader(bytes, 4, limits.pointerJumps)
    this.#header = header
    this.#ednsOptions = limits.ednsOptions ?? DNS_LIMITS.message.ednsOptions
    this.#tolerant = tolerant
  }

  message(): Message | MessageFault {
    const reader = this.#reader
    const [questions, answers, authorities, additionals] = [reader.u16(), reader.u16(), reader.u16(), reader.u16()]
    const question = this.#questions(questions)
    if (reader.fault !== null) return this.#fault('question', null)
    const answer = this.#records(answers, 'answer')
    if (reader.fault !== null) return this.#fault('answer', this.#message(question, [], [], []))
    const authority = this.#records(authorities, 'authority')
    if (reader.fault !== null) return this.#fault('authority', this.#message(question, answer, [], []))
    const additional = this.#records(additionals, 'additional')
    if (!this.#tolerant && reader.at < reader.bytes.length)
      reader.fail(`${reader.bytes.length - reader.at} octets follow the last record`)
    if (reader.fault === null) return this.#message(question, answer, authority, additional)
    this.#edns = null
    this.#rcodeHigh = 0
    return this.#fault('additional', this.#message(question, answer, authority, []))
  }

  #message(
    question: readonly Question[],
    answer: readonly ResourceRecord[],
    authority: readonly ResourceRecord[],
    additional: readonly ResourceRecord[],
  ): Message {
    const rcode = this.#header.rcode | this.#rcodeHigh
    return { ...this.#header, rcode, question, answer, authority, additional, edns: this.#edns }
  }

  #fault(section: Section, readable: Message | null): MessageFault {
    return new MessageFault(this.#reader.fault!, section, this.#header, readable)
  }

  #questions(count: number): Question[] {
    const reader = this.#reader
    const questions: Question[] = []
    for (let i = 0; i < count; i++) {
      const name = reader.name()
      const type = reader.u16()
      const rrclass = reader.u16()
      if (reader.fault !== null) break
      questions.push({ name, type, class: rrclass })
    }
    return questions
  }

  #records(count: number, section: Section): ResourceRecord[] {
    const reader = this.#reader
    const records: ResourceRecord[] = []
    for (let i = 0; i < count; i++) {
      const start = reader.at
      const name = reader.name()
      const type = reader.u16()
      const rrclass = reader.u16()
      const ttl = reader.u32()
      const length = reader.u16()
      if (reader.fault !== null) break
      const end = reader.at + length
      if (end > reader.bytes.length) {
        reader.fail(`the rdata of ${typeName(type)} run ${end - reader.bytes.length} octets past the message`)
        break
      }
      if (type === TYPE.OPT) {
        this.#opt(start, section, name, rrclass, ttl, end)
      } else {
        const rdata = this.#rdata(type, rrclass, end)
        if (this.#tolerant && reader.fault !== null) {
          reader.resume(end)
          continue
        }
        // RFC 2181 §8: a time to live with its top bit set is taken as zero.
        records.push({ name, type, class: rrclass, ttl: ttl > 0x7fffffff ? 0 : ttl, rdata })
      }
      if (reader.fault !== null) break
    }
    return records
  }

  #opt(start: number, section: Section, name: Name, udpSize: number, ttl: number, end: number): void {
    const reader = this.#reader
    // RFC 6891 §6.1.1: one at most, in the additional section, owned by the root.
    if (section !== 'additional') reader.fail(`an OPT record in the ${section} section`, start)
    if (this.#edns !== null) reader.fail('a second OPT record', start)
    if (!name.isRoot) reader.fail(`an OPT record owned by ${name}`, start)
    const { at } = reader
    const options = parseOptions(reader.octets(end), at, this.#ednsOptions)
    if (!Array.isArray(options)) {
      reader.fail(options.why, options.at)
      return
    }
    this.#rcodeHigh = (ttl >>> 24) << 4
    this.#edns = {
      udpSize,
      version: (ttl >>> 16) & 255,
      dnssecOk: (ttl & 0x8000) !== 0,
      flags: ttl & 0x7fff,
      options,
    }
  }

  /** The rdata up to `end`, checked against their schema and with their names uncompressed. */
  #rdata(type: number, rrclass: number, end: number): Uint8Array {
    const reader = this.#reader
    const schema = schemaOf(type)
    // RFC 2136 §2.4, §2.5: in an UPDATE, classes ANY and NONE come with empty rdata.
    const empty = reader.at === end && this.#header.opcode === OPCODE.UPDATE
    if (schema === undefined || (empty && (rrclass === CLASS.ANY || rrclass === CLASS.NONE))) return reader.octets(end)
    const rdata = schema.named ? this.#namedRdata(schema.fields, end) : this.#plainRdata(schema.fields, end)
    if (reader.fault !== null)
      reader.fault = new Fault(`in the rdata of ${typeName(type)}: ${reader.fault.why}`, reader.fault.at)
    else if (reader.at < end) reader.fail(`${end - reader.at} octets follow the rdata of ${typeName(type)}`)
    return rdata
  }

  #plainRdata(fields: readonly Field[], end: number): Uint8Array {
    const reader = this.#reader
    let at = reader.at
    for (const field of fields) {
      at = field.end(reader.bytes, at, end)
      if (at < 0) {
        reader.fail(DOES_NOT_FIT)
        return reader.bytes.subarray(0, 0)
      }
    }
    return reader.octets(at)
  }

  #namedRdata(fields: readonly Field[], end: number): Uint8Array {
    const reader = this.#reader
    if (fields.length === 1 && fields[0]!.name !== undefined) return reader.name(end).wire
    const parts: Uint8Array[] = []
    let length = 0
    for (const field of fields) {
      if (field.name !== undefined) parts.push(reader.name(end).wire)
      else {
        const next = field.end(reader.bytes, reader.at, end)
        if (next < 0) reader.fail(DOES_NOT_FIT)
        else parts.push(reader.octets(next))
      }
      if (reader.fault !== null) break
      length += parts.at(-1)!.length
    }
    const rdata = new Uint8Array(length)
    if (reader.fault !== null) return rdata
    let at = 0
    for (const part of parts) {
      rdata.set(part, at)
      at += part.length
    }
    return rdata
  }
}

const DOES_NOT_FIT = 'a field does not fit'
