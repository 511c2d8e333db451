/** 9 long messages, whole, in fragments and in small writes, and many short ones. */
import { BINARY, type Case, CONTINUATION, section, TEXT } from './case.ts'
import type { Peer } from './peer.ts'

const KILO = 1024
const MEGA = KILO * KILO

function long(opcode: number, size: number, how: { readonly fragment?: number; readonly chop?: number }) {
  const { fragment = size, chop = 0 } = how
  const type = opcode === TEXT ? 'text' : 'binary'
  const inside = fragment === size ? '' : ` in frames of ${fragment}`
  return {
    title: `${type} of ${size} octets${inside}${chop === 0 ? '' : `, ${chop} at a time`}`,
    async run(peer: Peer) {
      const payload = Buffer.alloc(size, opcode === TEXT ? 'BAsd7&jh23' : 0xfe)
      const sending = (async () => {
        for (let at = 0; at < size; at += fragment) {
          const part = payload.subarray(at, at + fragment)
          await peer.send(at === 0 ? opcode : CONTINUATION, part, { fin: at + fragment >= size, chop })
        }
      })()
      await peer.expect(type, payload)
      await sending
      await peer.leave()
    },
  }
}

function many(opcode: number, size: number, count: number) {
  const type = opcode === TEXT ? 'text' : 'binary'
  return {
    title: `${count} messages of ${size} octets, ${type}, each after the other's echo`,
    async run(peer: Peer) {
      const payload = Buffer.alloc(size, opcode === TEXT ? '*' : 0xfe)
      for (let i = 0; i < count; i++) {
        await peer.send(opcode, payload)
        await peer.expect(type, payload)
      }
      await peer.leave()
    },
  }
}

/** @param scale all sizes and counts divided by it. */
export function limitCases(scale: number): readonly Case[] {
  const sizes = [64 * KILO, 256 * KILO, MEGA, 4 * MEGA, 8 * MEGA, 16 * MEGA].map((size) => size / scale)
  const inFrames = [64, 256, KILO, 4 * KILO, 16 * KILO, 64 * KILO, 256 * KILO, MEGA, 4 * MEGA]
  const chops = [64, 128, 256, 512, KILO, 2 * KILO]
  const shorts = [0, 16, 64, 256, KILO, 4 * KILO]
  // Frames of 64 octets: 65,536 of them, which is more than this suite asks of a receiver.
  const fragmented = (opcode: number) =>
    inFrames.map((fragment) =>
      long(opcode, Math.min(4 * MEGA, fragment * 8_192) / scale, { fragment: Math.max(1, fragment / scale) }),
    )
  return [
    ...section(
      '9.1',
      sizes.map((size) => long(TEXT, size, {})),
    ),
    ...section(
      '9.2',
      sizes.map((size) => long(BINARY, size, {})),
    ),
    ...section('9.3', fragmented(TEXT)),
    ...section('9.4', fragmented(BINARY)),
    ...section(
      '9.5',
      chops.map((chop) => long(TEXT, MEGA / scale, { chop })),
    ),
    ...section(
      '9.6',
      chops.map((chop) => long(BINARY, MEGA / scale, { chop })),
    ),
    ...section(
      '9.7',
      shorts.map((size) => many(TEXT, size, 1_000 / scale)),
    ),
    ...section(
      '9.8',
      shorts.map((size) => many(BINARY, size, 1_000 / scale)),
    ),
  ]
}
