/** UDP datagrams (RFC 768). */

import { putU16, u16 } from '../base/octets.ts'
import { checksum } from './checksum.ts'

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
export function check(bytes: Uint8Array, offset: number, size: number, pseudo?: number): string | null {
  if (size < HEADER_LENGTH || offset + size > bytes.length)
    return `UDP datagram of ${size} octets, ${HEADER_LENGTH} needed`
  const total = u16(bytes, offset + 4)
  if (total < HEADER_LENGTH) return `UDP length ${total}, at least ${HEADER_LENGTH} wanted`
  if (total > size) return `UDP length ${total}, but ${size} octets are there`
  // RFC 768: an all-zero checksum means that the sender made none.
  if (pseudo === undefined || u16(bytes, offset + 6) === 0) return null
  if (checksum(bytes, offset, total, pseudo) !== 0) return 'UDP checksum is wrong'
  return null
}

export const sourcePort = (bytes: Uint8Array, offset: number): number => u16(bytes, offset)
export const destinationPort = (bytes: Uint8Array, offset: number): number => u16(bytes, offset + 2)
/** Header and payload. */
export const totalLength = (bytes: Uint8Array, offset: number): number => u16(bytes, offset + 4)

/** Writes the header of a datagram whose payload of `size` octets already stands at `offset + HEADER_LENGTH`. */
export function emitHeader(
  bytes: Uint8Array,
  offset: number,
  from: number,
  to: number,
  size: number,
  pseudo: number,
): void {
  putU16(bytes, offset, from)
  putU16(bytes, offset + 2, to)
  putU16(bytes, offset + 4, HEADER_LENGTH + size)
  putU16(bytes, offset + 6, 0)
  // RFC 768: a sum that comes out zero is sent as all ones, since zero would mean "none".
  putU16(bytes, offset + 6, checksum(bytes, offset, HEADER_LENGTH + size, pseudo) || 0xffff)
}

export function parse(bytes: Uint8Array, offset: number, size: number, pseudo?: number): UdpDatagram | string {
  const why = check(bytes, offset, size, pseudo)
  if (why !== null) return why
  return {
    sourcePort: sourcePort(bytes, offset),
    destinationPort: destinationPort(bytes, offset),
    payload: bytes.subarray(offset + HEADER_LENGTH, offset + totalLength(bytes, offset)),
  }
}

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
