/**
 * TCP segments (RFC 9293 §3.1).
 *
 * Two levels: readers over `(bytes, offset)` for code that looks at one field of many packets (call `check` first,
 * then no reader can fail), and `TcpSegment`, a plain value with `parse`, `emit`, `length` and `print`.
 */

import { Fault } from '../base/fault.ts'
import { putU16, putU32, u16, u32 } from '../base/octets.ts'
import { type Coverage, fold, checksum as internetChecksum } from './checksum.ts'
import type { Seq } from './sequence.ts'

/** Where the fields of the header stand. */
export const FIELD = {
  sourcePort: 0,
  destinationPort: 2,
  seq: 4,
  ack: 8,
  /** Four bits of header length in words, three that are reserved, AE. */
  dataOffset: 12,
  flags: 13,
  window: 14,
  checksum: 16,
  urgent: 18,
} as const

/** Bytes of a header without options; also the least that `check` accepts. */
export const HEADER_LENGTH = 20
/** The data offset field counts at most 15 words. */
export const MAX_OPTIONS_LENGTH = 40

export const FIN = 0x01
export const SYN = 0x02
export const RST = 0x04
export const PSH = 0x08
export const ACK = 0x10
export const URG = 0x20
export const ECE = 0x40
export const CWR = 0x80
/** Accurate ECN: the ninth flag, in the octet of the data offset. */
export const AE = 0x100

/** Option kinds (IANA TCP Option Kind Numbers). */
const KIND = { end: 0, noOperation: 1, mss: 2, windowScale: 3, sackPermitted: 4, sack: 5, timestamps: 8 } as const

/** Bytes from `start` up to, not including, `end` have arrived (RFC 2018 §3). */
export interface SackBlock {
  readonly start: Seq
  readonly end: Seq
}

/** RFC 7323 §3.2. */
export interface Timestamps {
  /** TSval, 32 bits. */
  readonly value: number
  /** TSecr, 32 bits. */
  readonly echo: number
}

export interface UnknownOption {
  readonly kind: number
  /** Without kind and length. */
  readonly data: Uint8Array
}

/** What the options say, in no order. `emit` writes them in the order Linux does. */
export interface TcpOptions {
  /** Maximum segment size, or null when the option is absent. */
  readonly mss: number | null
  /** The shift count as sent, 0 to 255 (a receiver treats more than 14 as 14). */
  readonly windowScale: number | null
  readonly sackPermitted: boolean
  readonly sack: readonly SackBlock[]
  readonly timestamps: Timestamps | null
  /** Options this file does not know, in order of appearance. */
  readonly unknown: readonly UnknownOption[]
  /** An option had an impossible length: it and what followed were not read. */
  readonly malformed: boolean
}

export const NO_OPTIONS: TcpOptions = Object.freeze({
  mss: null,
  windowScale: null,
  sackPermitted: false,
  sack: Object.freeze([]),
  timestamps: null,
  unknown: Object.freeze([]),
  malformed: false,
})

export interface TcpSegment {
  readonly sourcePort: number
  readonly destinationPort: number
  readonly seq: Seq
  readonly ack: Seq
  /** FIN … AE, added up. */
  readonly flags: number
  /** The window field as it stands in the header, not scaled. */
  readonly window: number
  readonly urgent: number
  readonly options: TcpOptions
  readonly payload: Uint8Array
}

/** No bytes: the payload of a segment that carries none. */
export const NOTHING = new Uint8Array(0)

/** null when the readers may be used on the `length` bytes at `offset`, else what is wrong with them. */
export function check(bytes: Uint8Array, offset: number, length: number): Fault | null {
  if (length < HEADER_LENGTH || offset + length > bytes.length)
    return new Fault(`TCP segment of ${length} octets, ${HEADER_LENGTH} needed`, offset)
  const header = headerLength(bytes, offset)
  if (header >= HEADER_LENGTH && header <= length) return null
  const allowed = `${HEADER_LENGTH} to ${length}`
  return new Fault(`TCP header length ${header}, ${allowed} octets wanted`, offset + FIELD.dataOffset)
}

export function sourcePort(bytes: Uint8Array, offset: number): number {
  return u16(bytes, offset + FIELD.sourcePort)
}

export function destinationPort(bytes: Uint8Array, offset: number): number {
  return u16(bytes, offset + FIELD.destinationPort)
}

export function seq(bytes: Uint8Array, offset: number): Seq {
  return u32(bytes, offset + FIELD.seq) as Seq
}

export function ack(bytes: Uint8Array, offset: number): Seq {
  return u32(bytes, offset + FIELD.ack) as Seq
}

/** Header with options, in bytes: where the payload begins. */
export function headerLength(bytes: Uint8Array, offset: number): number {
  return (bytes[offset + FIELD.dataOffset]! >>> 4) << 2
}

/** FIN … AE. The three reserved bits are not looked at (RFC 9293 §3.1). */
export function flags(bytes: Uint8Array, offset: number): number {
  return u16(bytes, offset + FIELD.dataOffset) & 0x1ff
}

export function window(bytes: Uint8Array, offset: number): number {
  return u16(bytes, offset + FIELD.window)
}

export function checksum(bytes: Uint8Array, offset: number): number {
  return u16(bytes, offset + FIELD.checksum)
}

export function urgent(bytes: Uint8Array, offset: number): number {
  return u16(bytes, offset + FIELD.urgent)
}

/** Whether the checksum over the `length` bytes and the pseudo-header's sum is right. */
export function verify(bytes: Uint8Array, offset: number, length: number, pseudoSum: number): boolean {
  return internetChecksum(bytes, offset, length, pseudoSum) === 0
}

/**
 * Reads a segment. The checksum is not looked at (`verify` does that). The payload is a view of `bytes`.
 * @returns the segment, or what is wrong with the bytes
 */
export function parse(bytes: Uint8Array, offset: number, length: number): TcpSegment | Fault {
  const fault = check(bytes, offset, length)
  if (fault !== null) return fault
  const header = headerLength(bytes, offset)
  return {
    sourcePort: sourcePort(bytes, offset),
    destinationPort: destinationPort(bytes, offset),
    seq: seq(bytes, offset),
    ack: ack(bytes, offset),
    flags: flags(bytes, offset),
    window: window(bytes, offset),
    urgent: urgent(bytes, offset),
    options: header === HEADER_LENGTH ? NO_OPTIONS : parseOptions(bytes, offset + HEADER_LENGTH, offset + header),
    payload: header === length ? NOTHING : bytes.subarray(offset + header, offset + length),
  }
}

function seqAt(bytes: Uint8Array, at: number): Seq {
  return u32(bytes, at) as Seq
}

/** Two no-operations, kind and length: what every segment of an open connection with time stamps carries (RFC 7323, appendix A). */
const STAMPS_ALONE = 0x0101080a

function stampsAlone(value: number, echo: number): TcpOptions {
  return {
    mss: null,
    windowScale: null,
    sackPermitted: false,
    sack: NO_OPTIONS.sack,
    timestamps: { value, echo },
    unknown: NO_OPTIONS.unknown,
    malformed: false,
  }
}

/** Reads the options between two offsets. Never fails: what cannot be read sets `malformed`. */
export function parseOptions(bytes: Uint8Array, start: number, end: number): TcpOptions {
  if (end - start === 12 && u32(bytes, start) === STAMPS_ALONE)
    return stampsAlone(u32(bytes, start + 4), u32(bytes, start + 8))
  const options = { ...NO_OPTIONS } as { -readonly [name in keyof TcpOptions]: TcpOptions[name] }
  const unknown: UnknownOption[] = []
  let at = start
  while (at < end) {
    const kind = bytes[at]!
    if (kind === KIND.end) break
    if (kind === KIND.noOperation) {
      at++
      continue
    }
    const length = at + 1 < end ? bytes[at + 1]! : 0
    // RFC 9293 §3.2, MUST-7: an illegal length, zero among them, must do no harm. As Linux does, the rest is ignored.
    if (length < 2 || at + length > end) {
      options.malformed = true
      break
    }
    const data = at + 2
    if (kind === KIND.mss && length === 4) options.mss = u16(bytes, data)
    else if (kind === KIND.windowScale && length === 3) options.windowScale = bytes[data]!
    else if (kind === KIND.sackPermitted && length === 2) options.sackPermitted = true
    else if (kind === KIND.timestamps && length === 10)
      options.timestamps = { value: u32(bytes, data), echo: u32(bytes, data + 4) }
    else if (kind === KIND.sack && length > 2 && (length - 2) % 8 === 0) {
      const blocks: SackBlock[] = []
      for (let i = data; i < at + length; i += 8) blocks.push({ start: seqAt(bytes, i), end: seqAt(bytes, i + 4) })
      options.sack = blocks
    } else unknown.push({ kind, data: bytes.slice(data, at + length) })
    at += length
  }
  if (unknown.length > 0) options.unknown = unknown
  return options
}

/** Bytes the options take, padded to whole words. */
export function optionsLength(options: TcpOptions): number {
  if (options === NO_OPTIONS) return 0
  let length = 0
  if (options.mss !== null) length += 4
  if (options.timestamps !== null) length += 12
  else if (options.sackPermitted) length += 4
  if (options.windowScale !== null) length += 4
  if (options.sack.length > 0) length += 4 + options.sack.length * 8
  for (const option of options.unknown) length += 2 + option.data.length
  return (length + 3) & ~3
}

/** Bytes that `emit` writes. */
export function length(segment: TcpSegment): number {
  return HEADER_LENGTH + optionsLength(segment.options) + segment.payload.length
}

/**
 * Writes the segment with its checksum at `offset`; there must be room for `length(segment)` bytes.
 * @param pseudoSum `pseudoSum4` or `pseudoSum6` over that length
 * @param covers what the checksum is to cover
 * @returns how many bytes were written
 * @throws RangeError when the options do not fit 40 bytes or the buffer is too short
 */
export function emit(
  segment: TcpSegment,
  bytes: Uint8Array,
  offset: number,
  pseudoSum: number,
  covers: Coverage = 'whole',
): number {
  const optionBytes = optionsLength(segment.options)
  if (optionBytes > MAX_OPTIONS_LENGTH)
    throw new RangeError(`tcp.emit: ${optionBytes} bytes of options, at most ${MAX_OPTIONS_LENGTH} fit a header`)
  const header = HEADER_LENGTH + optionBytes
  const total = header + segment.payload.length
  if (offset + total > bytes.length)
    throw new RangeError(`tcp.emit: ${total} bytes at ${offset} do not fit a buffer of ${bytes.length}`)
  putU16(bytes, offset + FIELD.sourcePort, segment.sourcePort)
  putU16(bytes, offset + FIELD.destinationPort, segment.destinationPort)
  putU32(bytes, offset + FIELD.seq, segment.seq)
  putU32(bytes, offset + FIELD.ack, segment.ack)
  putU16(bytes, offset + FIELD.dataOffset, ((header >>> 2) << 12) | segment.flags)
  putU16(bytes, offset + FIELD.window, segment.window)
  putU16(bytes, offset + FIELD.checksum, 0)
  putU16(bytes, offset + FIELD.urgent, segment.urgent)
  if (optionBytes > 0) emitOptions(segment.options, bytes, offset + HEADER_LENGTH, offset + header)
  bytes.set(segment.payload, offset + header)
  const sum = covers === 'whole' ? internetChecksum(bytes, offset, total, pseudoSum) : fold(pseudoSum)
  putU16(bytes, offset + FIELD.checksum, sum)
  return total
}

/** Linux's order and padding (tcp_options_write): MSS, SACK-permitted and time stamps, window scale, SACK. */
function emitOptions(options: TcpOptions, bytes: Uint8Array, start: number, end: number): void {
  if (end - start === 12 && options.timestamps !== null && !options.sackPermitted) {
    putU32(bytes, start, STAMPS_ALONE)
    putU32(bytes, start + 4, options.timestamps.value)
    putU32(bytes, start + 8, options.timestamps.echo)
    return
  }
  let at = start
  const put = (...values: number[]) => {
    for (const value of values) bytes[at++] = value
  }
  const putWord = (value: number) => {
    putU32(bytes, at, value)
    at += 4
  }
  if (options.mss !== null) put(KIND.mss, 4, options.mss >>> 8, options.mss)
  if (options.timestamps !== null) {
    if (options.sackPermitted) put(KIND.sackPermitted, 2)
    else put(KIND.noOperation, KIND.noOperation)
    put(KIND.timestamps, 10)
    putWord(options.timestamps.value)
    putWord(options.timestamps.echo)
  } else if (options.sackPermitted) put(KIND.noOperation, KIND.noOperation, KIND.sackPermitted, 2)
  if (options.windowScale !== null) put(KIND.noOperation, KIND.windowScale, 3, options.windowScale)
  if (options.sack.length > 0) {
    put(KIND.noOperation, KIND.noOperation, KIND.sack, 2 + options.sack.length * 8)
    for (const block of options.sack) {
      putWord(block.start)
      putWord(block.end)
    }
  }
  for (const option of options.unknown) {
    put(option.kind, 2 + option.data.length)
    bytes.set(option.data, at)
    at += option.data.length
  }
  while (at < end) bytes[at++] = KIND.end
}

const FLAG_LETTERS = [
  [FIN, 'F'],
  [SYN, 'S'],
  [RST, 'R'],
  [PSH, 'P'],
  [URG, 'U'],
  [ECE, 'E'],
  [CWR, 'W'],
  [AE, 'e'],
  [ACK, '.'],
] as const

/** tcpdump's letters: `S`, `S.`, `P.`, `F.`, `R`, `none`. */
export function printFlags(flags: number): string {
  let letters = ''
  for (const [bit, letter] of FLAG_LETTERS) if (flags & bit) letters += letter
  return letters === '' ? 'none' : letters
}

/** One line like tcpdump's: `49152 > 80: Flags [S], seq 1000, win 65535, options [mss 1460,wscale 7], length 0`. */
export function print(segment: TcpSegment): string {
  const size = segment.payload.length
  const parts = [`${segment.sourcePort} > ${segment.destinationPort}: Flags [${printFlags(segment.flags)}]`]
  if (size > 0) parts.push(`seq ${segment.seq}:${(segment.seq + size) >>> 0}`)
  else if (segment.flags & (SYN | FIN | RST)) parts.push(`seq ${segment.seq}`)
  if (segment.flags & ACK) parts.push(`ack ${segment.ack}`)
  parts.push(`win ${segment.window}`)
  if (segment.flags & URG) parts.push(`urg ${segment.urgent}`)
  const options = printOptions(segment.options)
  if (options !== '') parts.push(`options [${options}]`)
  parts.push(`length ${size}`)
  return parts.join(', ')
}

function printOptions(options: TcpOptions): string {
  const parts: string[] = []
  if (options.mss !== null) parts.push(`mss ${options.mss}`)
  if (options.sackPermitted) parts.push('sackOK')
  if (options.timestamps !== null) parts.push(`TS val ${options.timestamps.value} ecr ${options.timestamps.echo}`)
  if (options.windowScale !== null) parts.push(`wscale ${options.windowScale}`)
  if (options.sack.length > 0)
    parts.push(`sack ${options.sack.length} ${options.sack.map((block) => `{${block.start}:${block.end}}`).join('')}`)
  for (const option of options.unknown) parts.push(`unknown-${option.kind}`)
  if (options.malformed) parts.push('malformed')
  return parts.join(',')
}
