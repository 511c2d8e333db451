/** Fragmentation: a packet that is too long for the next link is cut into pieces (RFC 791 §3.2). */
import { putU16 } from '../../../base/octets.ts'
import * as ipv4 from '../../../wire/ipv4.ts'
import type { Frame, Frames } from '../../frames.ts'

/**
 * Cuts the packet in a frame into pieces of at most `mtu` octets, each in a frame of its own. Only the first keeps the
 * options: those that this stack could have sent need no copying (RFC 791 §3.1, "copied flag", is not looked at).
 */
export function* fragments(frames: Frames, frame: Frame, mtu: number): Generator<Frame> {
  const { bytes, start: at } = frame
  const header = ipv4.headerLength(bytes, at)
  const total = ipv4.totalLength(bytes, at)
  const first = ipv4.fragmentOffset(bytes, at)
  const moreFollow = ipv4.moreFragments(bytes, at)
  const room = (mtu - header) & ~7
  for (let offset = 0; offset < total - header; offset += room) {
    const size = Math.min(room, total - header - offset)
    const last = offset + size === total - header
    const piece = frames.take(header + size)
    const to = piece.start
    piece.bytes.set(bytes.subarray(at, at + header), to)
    const from = at + header + offset
    piece.bytes.set(bytes.subarray(from, from + size), to + header)
    putU16(piece.bytes, to + ipv4.FIELD.totalLength, header + size)
    const flags = !last || moreFollow ? ipv4.MORE_FRAGMENTS : 0
    putU16(piece.bytes, to + ipv4.FIELD.fragment, flags | ((first + offset) >>> 3))
    ipv4.sealHeader(piece.bytes, to)
    yield piece
  }
}
