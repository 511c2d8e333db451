/** ICMP messages for IPv4 (RFC 792, RFC 1122 §3.2.2, RFC 1191 §4). */

import { Fault } from '../base/fault.ts'
import { putU16, u16 } from '../base/octets.ts'
import { checksum } from './checksum.ts'

/** Where the fields of the header stand. */
export const FIELD = {
  type: 0,
  code: 1,
  checksum: 2,
  /** Of an echo. */
  identifier: 4,
  sequence: 6,
  /** Of "fragmentation needed". */
  mtu: 6,
} as const

export const HEADER_LENGTH = 8

/** RFC 1812 §4.3.2.3: a packet with an error is no longer than this, so it carries the head of the one that it quotes. */
export const ERROR_LENGTH = 576

export const ECHO_REPLY = 0
export const DESTINATION_UNREACHABLE = 3
export const ECHO_REQUEST = 8
export const TIME_EXCEEDED = 11
export const PARAMETER_PROBLEM = 12

/** Codes of "destination unreachable". */
export const NET_UNREACHABLE = 0
export const HOST_UNREACHABLE = 1
export const PROTOCOL_UNREACHABLE = 2
export const PORT_UNREACHABLE = 3
export const FRAGMENTATION_NEEDED = 4
export const ADMINISTRATIVELY_PROHIBITED = 13

export interface IcmpEcho {
  readonly kind: 'echo request' | 'echo reply'
  readonly identifier: number
  readonly sequence: number
  readonly payload: Uint8Array
}

export interface IcmpError {
  readonly kind: 'unreachable' | 'time exceeded' | 'parameter problem'
  readonly code: number
  /** RFC 1191: the next hop's MTU, with FRAGMENTATION_NEEDED; else 0. */
  readonly mtu: number
  /** The head of the packet that is complained of: its IP header and at least 8 octets. */
  readonly payload: Uint8Array
}

/** A message of a type that has no other shape here. */
export interface IcmpOther {
  readonly kind: 'other'
  readonly type: number
  readonly code: number
  readonly payload: Uint8Array
}

export type IcmpMessage = IcmpEcho | IcmpError | IcmpOther

/** null when a message with a right checksum stands there, else what is wrong. */
export function check(bytes: Uint8Array, offset: number, length: number): Fault | null {
  if (length < HEADER_LENGTH || offset + length > bytes.length)
    return new Fault(`ICMP message of ${length} octets, ${HEADER_LENGTH} needed`, offset)
  return checksum(bytes, offset, length) === 0 ? null : new Fault('ICMP checksum is wrong', offset + FIELD.checksum)
}

export const type = (bytes: Uint8Array, offset: number): number => bytes[offset + FIELD.type]!
export const code = (bytes: Uint8Array, offset: number): number => bytes[offset + FIELD.code]!
/** Of an echo request or reply. */
export const identifier = (bytes: Uint8Array, offset: number): number => u16(bytes, offset + FIELD.identifier)
/** Of an echo request or reply. */
export const sequence = (bytes: Uint8Array, offset: number): number => u16(bytes, offset + FIELD.sequence)
/** Of "fragmentation needed": what the next hop takes (RFC 1191 §4). */
export const mtu = (bytes: Uint8Array, offset: number): number => u16(bytes, offset + FIELD.mtu)

const ERROR_KINDS: { readonly [type: number]: IcmpError['kind'] } = {
  [DESTINATION_UNREACHABLE]: 'unreachable',
  [TIME_EXCEEDED]: 'time exceeded',
  [PARAMETER_PROBLEM]: 'parameter problem',
}

/** Whether a message of this type complains of another packet; no error is ever sent about one (RFC 1122 §3.2.2). */
export function isError(messageType: number): boolean {
  return messageType !== ECHO_REPLY && messageType !== ECHO_REQUEST && !(messageType >= 13 && messageType <= 18)
}

export function parse(bytes: Uint8Array, offset: number, length: number): IcmpMessage | Fault {
  const fault = check(bytes, offset, length)
  if (fault !== null) return fault
  const itsType = type(bytes, offset)
  const itsCode = code(bytes, offset)
  const payload = bytes.subarray(offset + HEADER_LENGTH, offset + length)
  if (itsType === ECHO_REQUEST || itsType === ECHO_REPLY) {
    return {
      kind: itsType === ECHO_REQUEST ? 'echo request' : 'echo reply',
      identifier: identifier(bytes, offset),
      sequence: sequence(bytes, offset),
      payload,
    }
  }
  const kind = ERROR_KINDS[itsType]
  if (kind === undefined) return { kind: 'other', type: itsType, code: itsCode, payload }
  const fits = kind === 'unreachable' && itsCode === FRAGMENTATION_NEEDED ? mtu(bytes, offset) : 0
  return { kind, code: itsCode, mtu: fits, payload }
}

/** Octets that `emit` writes. */
export function length(message: IcmpMessage): number {
  return HEADER_LENGTH + message.payload.length
}

const TYPES = {
  'echo request': ECHO_REQUEST,
  'echo reply': ECHO_REPLY,
  unreachable: DESTINATION_UNREACHABLE,
  'time exceeded': TIME_EXCEEDED,
  'parameter problem': PARAMETER_PROBLEM,
} as const

export function emit(message: IcmpMessage, bytes: Uint8Array, offset = 0): number {
  bytes.fill(0, offset, offset + HEADER_LENGTH)
  bytes[offset + FIELD.type] = message.kind === 'other' ? message.type : TYPES[message.kind]
  bytes[offset + FIELD.code] = 'code' in message ? message.code : 0
  if ('identifier' in message) {
    putU16(bytes, offset + FIELD.identifier, message.identifier)
    putU16(bytes, offset + FIELD.sequence, message.sequence)
  } else if ('mtu' in message) putU16(bytes, offset + FIELD.mtu, message.mtu)
  bytes.set(message.payload, offset + HEADER_LENGTH)
  const total = length(message)
  seal(bytes, offset, total)
  return total
}

/** Recomputes the checksum of a message that was changed in place. */
export function seal(bytes: Uint8Array, offset: number, length: number): void {
  putU16(bytes, offset + FIELD.checksum, 0)
  putU16(bytes, offset + FIELD.checksum, checksum(bytes, offset, length))
}

const UNREACHABLE_WORDS = ['net', 'host', 'protocol', 'port', 'need to frag']

/** `ICMP echo request, id 1, seq 2, length 64`, `ICMP port unreachable, length 36`. */
export function print(message: IcmpMessage): string {
  const size = `length ${length(message)}`
  if ('identifier' in message) return `ICMP ${message.kind}, id ${message.identifier}, seq ${message.sequence}, ${size}`
  if (message.kind === 'unreachable') {
    const word = UNREACHABLE_WORDS[message.code] ?? `code ${message.code}`
    return message.code === FRAGMENTATION_NEEDED
      ? `ICMP unreachable - need to frag (mtu ${message.mtu}), ${size}`
      : `ICMP ${word} unreachable, ${size}`
  }
  if (message.kind === 'other') return `ICMP type ${message.type}, code ${message.code}, ${size}`
  return `ICMP ${message.kind}, code ${message.code}, ${size}`
}
