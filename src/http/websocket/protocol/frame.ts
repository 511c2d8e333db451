/** The head of a frame (RFC 6455 §5.2). */
import { putU16, putU32 } from '../../../base/octets.ts'

export const OPCODE = Object.freeze({ continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const)

export const FIN = 0x80
/** With permessage-deflate: the message is compressed (RFC 7692 §6). */
export const RSV1 = 0x40
export const MASKED = 0x80
/** The longest head: two octets, a length of eight, a masking key of four. */
export const MOST_HEAD = 14
/** RFC 6455 §5.5 */
export const MOST_CONTROL = 125

const LENGTH_16 = 126
const LENGTH_64 = 127

/** How long the head is, by its second octet. */
export function headLength(second: number): number {
  const length = second & 0x7f
  const extended = length < LENGTH_16 ? 0 : length === LENGTH_16 ? 2 : 8
  return 2 + extended + ((second & MASKED) === 0 ? 0 : 4)
}

/** How long the head of a frame with such a payload is. */
export function headLengthFor(payload: number, masked: boolean): number {
  return (masked ? 6 : 2) + (payload < LENGTH_16 ? 0 : payload < 0x1_0000 ? 2 : 8)
}

/**
 * Writes a head. @param first FIN, RSV1 and the opcode. @param key null for a frame that is not masked.
 * @returns where the payload begins.
 */
export function writeHead(into: Uint8Array, at: number, first: number, payload: number, key: number | null): number {
  const flag = key === null ? 0 : MASKED
  into[at] = first
  let next = at + 2
  if (payload < LENGTH_16) into[at + 1] = flag | payload
  else if (payload < 0x1_0000) {
    into[at + 1] = flag | LENGTH_16
    putU16(into, at + 2, payload)
    next += 2
  } else {
    into[at + 1] = flag | LENGTH_64
    putU32(into, at + 2, Math.floor(payload / 0x1_0000_0000))
    putU32(into, at + 6, payload >>> 0)
    next += 8
  }
  if (key === null) return next
  into[next] = key
  into[next + 1] = key >>> 8
  into[next + 2] = key >>> 16
  into[next + 3] = key >>> 24
  return next + 4
}
