/** UDP datagrams (RFC 768). */

import { Fault } from '../base/fault.ts'
import { putU16, u16 } from '../base/octets.ts'
import { type Coverage, checksum, fold } from './checksum.ts'

/** Where the fields of the header stand. */
export const FIELD = { sourcePort: 0, destinationPort: 2, length: 4, checksum: 6 } as const

export const HEADER_LENGTH = 8

export interface UdpDatagram {
  readonly sourcePort: number
  readonly destinationPort: number
  readonly payload: Uint8Array
}

/**
 * null when a whole datagram with a right checksum stands there, else what is wrong.
 * @param pseudo the sum of the pseudo-header; absent: the checksum is not looked at.
 */
export function check(bytes: Uint8Array, offset: number, length: number, pseudo?: number): Fault | null {
  if (length < HEADER_LENGTH || offset + length > bytes.length)
    return new Fault(`UDP datagram of ${length} octets, ${HEADER_LENGTH} needed`, offset)
  const total = totalLength(bytes, offset)
  const at = offset + FIELD.length
  if (total < HEADER_LENGTH) return new Fault(`UDP length ${total}, at least ${HEADER_LENGTH} wanted`, at)
  if (total > length) return new Fault(`UDP length ${total}, but ${length} octets are there`, at)
  // RFC 768: an all-zero checksum means that the sender made none.
  if (pseudo === undefined || u16(bytes, offset + FIELD.checksum) === 0) return null
  if (checksum(bytes, offset, total, pseudo) !== 0) return new Fault('UDP checksum is wrong', offset + FIELD.checksum)
  return null
}

export const sourcePort = (bytes: Uint8Array, offset: number): number => u16(bytes, offset + FIELD.sourcePort)
export const destinationPort = (bytes: Uint8Array, offset: number): number => u16(bytes, offset + FIELD.destinationPort)
/** Header and payload. */
export const totalLength = (bytes: Uint8Array, offset: number): number => u16(bytes, offset + FIELD.length)

/**
 * Writes the header of a datagram whose payload of `size` octets already stands at `offset + HEADER_LENGTH`.
 * @param covers what the checksum is to cover
 */
export function emitHeader(
  bytes: Uint8Array,
  offset: number,
  from: number,
  to: number,
  size: number,
  pseudo: number,
  covers: Coverage = 'whole',
): void {
  putU16(bytes, offset + FIELD.sourcePort, from)
  putU16(bytes, offset + FIELD.destinationPort, to)
  putU16(bytes, offset + FIELD.length, HEADER_LENGTH + size)
  if (covers === 'pseudo-header') {
    putU16(bytes, offset + FIELD.checksum, fold(pseudo))
    return
  }
  putU16(bytes, offset + FIELD.checksum, 0)
  // RFC 768: a sum that comes out zero is sent as all ones, since zero would mean "none".
  putU16(bytes, offset + FIELD.checksum, checksum(bytes, offset, HEADER_LENGTH + size, pseudo) || 0xffff)
}

/** Reads a datagram; the payload is a view of `bytes`. `pseudo` as for `check`. */
export function parse(bytes: Uint8Array, offset: number, length: number, pseudo?: number): UdpDatagram | Fault {
  const fault = check(bytes, offset, length, pseudo)
  if (fault !== null) return fault
  return {
    sourcePort: sourcePort(bytes, offset),
    destinationPort: destinationPort(bytes, offset),
    payload: bytes.subarray(offset + HEADER_LENGTH, offset + totalLength(bytes, offset)),
  }
}

/** Octets that `emit` writes. */
export function length(datagram: UdpDatagram): number {
  return HEADER_LENGTH + datagram.payload.length
}

/** @param pseudo the sum of the pseudo-header, `pseudoSum4` or `pseudoSum6`. */
export function emit(datagram: UdpDatagram, bytes: Uint8Array, offset: number, pseudo: number): number {
  bytes.set(datagram.payload, offset + HEADER_LENGTH)
  emitHeader(bytes, offset, datagram.sourcePort, datagram.destinationPort, datagram.payload.length, pseudo)
  return length(datagram)
}

/** `UDP 5353 > 53, length 28`: the payload's length, as tcpdump has it. */
export function print(datagram: UdpDatagram): string {
  return `UDP ${datagram.sourcePort} > ${datagram.destinationPort}, length ${datagram.payload.length}`
}
