/** Message → wire, with names compressed and within a limit of length. */
import { DnsError } from '../errors.ts'
import { DNS_LIMITS, type MessageLimits } from '../limits.ts'
import { type Edns, ednsLength } from './edns.ts'
import { MAX_MESSAGE, type Message } from './message.ts'
import { schemaOf } from './rdata/schema.ts'
import type { ResourceRecord } from './record.ts'
import { TYPE } from './types.ts'
import { Writer } from './writer.ts'

/** How a message is written. */
export interface EncodeOptions {
  /** The most octets it may have; records that do not fit are left out set by set, with TC when they matter. */
  readonly limit?: number
  /** Whether names are compressed; default true. */
  readonly compress?: boolean
  readonly limits?: Partial<MessageLimits>
}

/** @throws DnsError `DNS_SIZE` when not even the header, the question and the OPT record fit the limit. */
export function encode(message: Message, options: EncodeOptions = {}): Uint8Array {
  const limit = Math.min(options.limit ?? MAX_MESSAGE, MAX_MESSAGE)
  const { compress = true, limits } = options
  const writer = new Writer(compress, limits === undefined ? DNS_LIMITS.message : { ...DNS_LIMITS.message, ...limits })
  writer.u16(message.id)
  writer.u16(flagsOf(message, message.tc))
  for (let count = 0; count < 4; count++) writer.u16(0)
  for (const question of message.question) {
    writer.name(question.name)
    writer.u16(question.type)
    writer.u16(question.class)
  }
  writer.patch16(4, message.question.length)
  const reserved = message.edns === null ? 0 : ednsLength(message.edns)
  if (writer.length + reserved > limit)
    throw new DnsError(
      'DNS_SIZE',
      `a message of ${writer.length + reserved} octets at least does not fit the limit of ${limit}`,
    )

  const truncated = writeSections(writer, message, limit - reserved)
  if (truncated) writer.patch16(2, flagsOf(message, true))
  if (message.edns !== null) writeOpt(writer, message.edns, message.rcode)
  return writer.finish()
}

function flagsOf(message: Message, tc: boolean): number {
  return (
    (message.qr ? 0x8000 : 0) |
    ((message.opcode & 15) << 11) |
    (message.aa ? 0x400 : 0) |
    (tc ? 0x200 : 0) |
    (message.rd ? 0x100 : 0) |
    (message.ra ? 0x80 : 0) |
    (message.z ? 0x40 : 0) |
    (message.ad ? 0x20 : 0) |
    (message.cd ? 0x10 : 0) |
    (message.rcode & 15)
  )
}

/** Writes as many whole sets as fit; whether the message is truncated thereby. */
function writeSections(writer: Writer, message: Message, limit: number): boolean {
  const withOpt = message.edns === null ? 0 : 1
  writer.patch16(10, withOpt)
  const answers = writeSets(writer, message.answer, limit)
  writer.patch16(6, answers)
  if (answers < message.answer.length) return true
  const authorities = writeSets(writer, message.authority, limit)
  writer.patch16(8, authorities)
  if (authorities < message.authority.length) return true
  const additionals = writeSets(writer, message.additional, limit)
  writer.patch16(10, additionals + withOpt)
  // RFC 2181 §9: TC only when what is missing was required, which additional records are not, save one kind.
  return message.additional.slice(additionals).some((record) => isNeededGlue(message, record))
}

/** RFC 9471 §3.1: glue for a name server inside the zone referred to: without it the referral leads nowhere. */
function isNeededGlue(message: Message, record: ResourceRecord): boolean {
  if (message.aa || message.answer.length > 0) return false
  if (record.type !== TYPE.A && record.type !== TYPE.AAAA) return false
  return message.authority.some((ns) => ns.type === TYPE.NS && record.name.isUnder(ns.name))
}

/** How many of the records were written: those up to the first set that does not fit as a whole. */
function writeSets(writer: Writer, records: readonly ResourceRecord[], limit: number): number {
  let setStart = 0
  let setLength = writer.length
  for (let i = 0; i < records.length; i++) {
    const record = records[i]!
    const before = records[i - 1]
    if (before === undefined || before.type !== record.type || !before.name.equals(record.name)) {
      setStart = i
      setLength = writer.length
    }
    writeRecord(writer, record)
    if (writer.length > limit) {
      writer.rollBack(setLength)
      return setStart
    }
  }
  return records.length
}

function writeRecord(writer: Writer, record: ResourceRecord): void {
  writer.name(record.name)
  writer.u16(record.type)
  writer.u16(record.class)
  writer.u32(record.ttl)
  const start = writer.length
  writer.u16(0)
  writeRdata(writer, record)
  writer.patch16(start, writer.length - start - 2)
}

/** The record alone as octets, nothing compressed. */
export function encodeRecord(record: ResourceRecord): Uint8Array {
  const writer = new Writer(false)
  writeRecord(writer, record)
  return writer.finish()
}

/** RFC 3597 §4: only the types of RFC 1035 may have their names compressed. */
function writeRdata(writer: Writer, record: ResourceRecord): void {
  const { rdata } = record
  const schema = schemaOf(record.type)
  let written = 0
  if (schema?.compressed) {
    let at = 0
    for (const field of schema.fields) {
      const next = field.end(rdata, at, rdata.length)
      if (next < 0) break
      if (field.name?.compress) {
        writer.copy(rdata, written, at)
        writer.compressedName(rdata, at)
        written = next
      }
      at = next
    }
  }
  writer.copy(rdata, written, rdata.length)
}

function writeOpt(writer: Writer, edns: Edns, rcode: number): void {
  writer.u8(0)
  writer.u16(TYPE.OPT)
  writer.u16(edns.udpSize)
  writer.u32(
    (((rcode >>> 4) << 24) | (edns.version << 16) | (edns.dnssecOk ? 0x8000 : 0) | (edns.flags & 0x7fff)) >>> 0,
  )
  writer.u16(ednsLength(edns) - 11)
  for (const option of edns.options) {
    writer.u16(option.code)
    writer.u16(option.data.length)
    writer.octets(option.data)
  }
}
