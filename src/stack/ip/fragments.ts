/** Fragmentation and reassembly (RFC 791 §3.2, RFC 815), bounded as RFC 1858 and Linux bound it. */
import type { Nanos } from '../../base/clock.ts'
import { putU16, u16 } from '../../base/octets.ts'
import type { Task } from '../../base/schedule.ts'
import * as icmp from '../../wire/icmp.ts'
import * as ipv4 from '../../wire/ipv4.ts'
import { LINK_HEADROOM } from '../frames.ts'
import type { Stack } from '../stack.ts'

/**
 * Cuts the packet in a frame into pieces of at most `mtu` octets, each in a frame of its own. Only the first keeps the
 * options: those that this stack could have sent need no copying (RFC 791 §3.1, "copied flag", is not looked at).
 */
export function* fragments(stack: Stack, frame: Uint8Array, mtu: number): Generator<Uint8Array> {
  const at = LINK_HEADROOM
  const header = ipv4.headerLength(frame, at)
  const total = ipv4.totalLength(frame, at)
  const before = u16(frame, at + 6)
  const first = (before & 0x1fff) * 8
  const room = (mtu - header) & ~7
  for (let offset = 0; offset < total - header; offset += room) {
    const size = Math.min(room, total - header - offset)
    const last = offset + size === total - header
    const piece = stack.frames.take(at + header + size)
    piece.set(frame.subarray(at, at + header), at)
    piece.set(frame.subarray(at + header + offset, at + header + offset + size), at + header)
    putU16(piece, at + 2, header + size)
    const more = !last || (before & ipv4.MORE_FRAGMENTS) !== 0
    putU16(piece, at + 6, (more ? ipv4.MORE_FRAGMENTS : 0) | ((first + offset) >>> 3))
    ipv4.sealHeader(piece, at)
    yield piece
  }
}

interface Piece {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** A packet that is being put together. */
class Assembly implements Task {
  readonly key: string
  readonly pieces: Piece[] = []
  /** Known once the last piece is there; else -1. */
  total = -1
  received = 0
  /** The header, and the packet of the piece that had it: offset 0. */
  head: { readonly bytes: Uint8Array; readonly offset: number } | null = null
  slot = -1
  readonly #expired: (assembly: Assembly) => void

  constructor(key: string, expired: (assembly: Assembly) => void) {
    this.key = key
    this.#expired = expired
  }

  run(): void {
    this.slot = -1
    this.#expired(this)
  }
}

export class Reassembler {
  readonly #stack: Stack
  /** Oldest first. */
  readonly #assemblies = new Map<string, Assembly>()

  constructor(stack: Stack) {
    this.#stack = stack
  }

  get size(): number {
    return this.#assemblies.size
  }

  /** Takes a piece; answers the whole packet (IP header at 0) when that was the last one missing. */
  arrived(bytes: Uint8Array, offset: number): Uint8Array | null {
    const header = ipv4.headerLength(bytes, offset)
    const piece: Piece = {
      offset: ipv4.fragmentOffset(bytes, offset),
      bytes: bytes.subarray(offset + header, offset + ipv4.totalLength(bytes, offset)),
    }
    const more = (u16(bytes, offset + 6) & ipv4.MORE_FRAGMENTS) !== 0
    const end = piece.offset + piece.bytes.length
    // RFC 791: all pieces but the last are multiples of eight octets; and no packet is longer than its length field says.
    if ((more && piece.bytes.length % 8 !== 0) || piece.bytes.length === 0 || end + header > ipv4.MAX_LENGTH)
      return null
    const assembly = this.#of(bytes, offset)
    // RFC 5722 §4 lets exact doubles pass: the network makes them.
    if (assembly.pieces.some((other) => isSame(other, piece))) return null
    if (piece.offset === 0) assembly.head = { bytes, offset }
    if (!this.#fits(assembly, piece, more, end)) {
      // RFC 5722 §4, which Linux follows for IPv4 too: pieces that overlap or contradict each other void the packet.
      this.#drop(assembly)
      return null
    }
    if (!more) assembly.total = end
    assembly.pieces.push(piece)
    assembly.received += piece.bytes.length
    if (assembly.received !== assembly.total || assembly.head === null) return null
    this.#drop(assembly)
    return whole(assembly)
  }

  #fits(assembly: Assembly, piece: Piece, more: boolean, end: number): boolean {
    if (assembly.pieces.length >= this.#stack.limits.reassemblyPieces) return false
    if (!more && assembly.total >= 0 && assembly.total !== end) return false
    const limit = more ? assembly.total : end
    for (const other of assembly.pieces) {
      const otherEnd = other.offset + other.bytes.length
      if (piece.offset < otherEnd && other.offset < end) return false
      if (!more && otherEnd > end) return false
    }
    return limit < 0 || end <= limit
  }

  /** RFC 791: source, destination, protocol and identification tell packets apart. */
  #of(bytes: Uint8Array, offset: number): Assembly {
    const key = `${ipv4.source(bytes, offset)} ${ipv4.destination(bytes, offset)} ${ipv4.protocol(bytes, offset)} ${u16(bytes, offset + 4)}`
    const known = this.#assemblies.get(key)
    if (known !== undefined) return known
    if (this.#assemblies.size >= this.#stack.limits.reassemblies) this.#drop(this.#assemblies.values().next().value!)
    const made = new Assembly(key, (assembly) => this.#expired(assembly))
    const due: Nanos = this.#stack.clock.now() + this.#stack.limits.reassemblyTime
    made.slot = this.#stack.at(due, made)
    this.#assemblies.set(key, made)
    return made
  }

  #drop(assembly: Assembly): void {
    if (assembly.slot >= 0) this.#stack.cancel(assembly.slot)
    this.#assemblies.delete(assembly.key)
  }

  /** RFC 1122 §3.3.2: the sender is told, if the piece is there that says who that is. */
  #expired(assembly: Assembly): void {
    this.#assemblies.delete(assembly.key)
    this.#stack.counters.ipReassemblyFailed++
    if (assembly.head !== null)
      this.#stack.icmp.complain(icmp.TIME_EXCEEDED, 1, 0, assembly.head.bytes, assembly.head.offset)
  }
}

function isSame(a: Piece, b: Piece): boolean {
  return a.offset === b.offset && a.bytes.length === b.bytes.length && a.bytes.every((octet, i) => octet === b.bytes[i])
}

function whole({ head, pieces, total }: Assembly): Uint8Array {
  const { bytes, offset } = head!
  const header = ipv4.headerLength(bytes, offset)
  const packet = new Uint8Array(header + total)
  packet.set(bytes.subarray(offset, offset + header))
  for (const piece of pieces) packet.set(piece.bytes, header + piece.offset)
  putU16(packet, 2, packet.length)
  putU16(packet, 6, 0)
  ipv4.sealHeader(packet, 0)
  return packet
}
