/**
 * Reassembly of fragments (RFC 791 §3.2, RFC 815): pieces are copied to their place in one buffer for each packet, and only
 * the gaps are remembered. Bounded as RFC 1858 and Linux bound it.
 */
import { putU16 } from '../../../base/octets.ts'
import type { Task } from '../../../base/schedule.ts'
import * as icmp from '../../../wire/icmp.ts'
import * as ipv4 from '../../../wire/ipv4.ts'
import type { DropReason } from '../../events.ts'
import type { Interface } from '../../link/interface.ts'
import type { Ip4Host } from './host.ts'

/** A packet that is whole again. Its IP header begins at `offset`. */
export interface Whole {
  readonly bytes: Uint8Array
  readonly offset: number
  /** A piece of it came to a broadcast or multicast address, of IP or of the link. */
  readonly group: boolean
}

/** A packet that was given up when its time had run out. */
export interface Expired {
  readonly through: Interface
  /** The beginning of its first piece, with the IP header; null when that piece has not come. */
  readonly head: Uint8Array | null
  readonly group: boolean
}

/** Octets of the payload that have come, without a gap: from, to. */
interface Run {
  readonly from: number
  readonly to: number
}

/** Room in front of the payload for any header. */
const HEADER_ROOM = 60
const FIRST_SIZE = 2048
const CONGESTION_EXPERIENCED = 3

class Assembly implements Task {
  readonly key: string
  readonly through: Interface
  group = false
  slot = -1
  head: Uint8Array | null = null
  /** The payload begins at HEADER_ROOM. */
  #bytes = new Uint8Array(FIRST_SIZE)
  /** In order, and never touching each other. */
  readonly #runs: Run[] = []
  /** How long the payload is: known once the last piece is there; else -1. */
  #total = -1
  /** Bit n: a piece had the ECN codepoint n. */
  #codepoints = 0
  readonly #gaps: number
  readonly #expired: (assembly: Assembly) => void

  constructor(key: string, through: Interface, gaps: number, expired: (assembly: Assembly) => void) {
    this.key = key
    this.through = through
    this.#gaps = gaps
    this.#expired = expired
  }

  run(): void {
    this.slot = -1
    this.#expired(this)
  }

  /** Enters a piece. False: it contradicts the others. */
  put(bytes: Uint8Array, offset: number): boolean {
    const header = ipv4.headerLength(bytes, offset)
    const from = ipv4.fragmentOffset(bytes, offset)
    const length = ipv4.totalLength(bytes, offset) - header
    const to = from + length
    const more = ipv4.moreFragments(bytes, offset)
    const start = offset + header
    const at = this.#place(from)
    // RFC 5722 §4 lets exact doubles pass: the network makes them.
    if (this.#isDouble(at, from, to, bytes, start)) return true
    if (!this.#fits(at, to, more)) return false
    if (!more) this.#total = to
    this.#codepoints |= 1 << ipv4.ecn(bytes, offset)
    if (from === 0) this.head = bytes.slice(offset, offset + Math.min(header + length, icmp.ERROR_LENGTH))
    this.#grow(HEADER_ROOM + to)
    this.#bytes.set(bytes.subarray(start, start + length), HEADER_ROOM + from)
    this.#enter(at, from, to)
    return this.#runs.length <= this.#gaps
  }

  /** How many runs lie wholly before an octet. */
  #place(octet: number): number {
    let low = 0
    let high = this.#runs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#runs[middle]!.to <= octet) low = middle + 1
      else high = middle
    }
    return low
  }

  #isDouble(at: number, from: number, to: number, bytes: Uint8Array, start: number): boolean {
    const run = this.#runs[at]
    if (run === undefined || run.from > from || run.to < to) return false
    for (let i = from; i < to; i++) if (this.#bytes[HEADER_ROOM + i] !== bytes[start + i - from]) return false
    return true
  }

  /** RFC 5722 §4, which Linux follows for IPv4 too: pieces that overlap or contradict each other void the packet. */
  #fits(at: number, to: number, more: boolean): boolean {
    const next = this.#runs[at]
    if (next !== undefined && next.from < to) return false
    if (this.#total >= 0) return more ? to <= this.#total : to === this.#total
    return more || (this.#runs.at(-1)?.to ?? 0) <= to
  }

  #grow(size: number): void {
    if (size <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(size, Math.min(this.#bytes.length * 2, HEADER_ROOM + ipv4.MAX_LENGTH)))
    larger.set(this.#bytes)
    this.#bytes = larger
  }

  /** Enters a run, joined with those that it touches. */
  #enter(at: number, from: number, to: number): void {
    const before = this.#runs[at - 1]
    const after = this.#runs[at]
    const joinsBefore = before !== undefined && before.to === from
    const joinsAfter = after !== undefined && after.from === to
    const run = { from: joinsBefore ? before.from : from, to: joinsAfter ? after.to : to }
    this.#runs.splice(joinsBefore ? at - 1 : at, (joinsBefore ? 1 : 0) + (joinsAfter ? 1 : 0), run)
  }

  get complete(): boolean {
    return this.head !== null && this.#runs.length === 1 && this.#runs[0]!.to === this.#total
  }

  /** The packet, when nothing is missing; null when its pieces do not agree about congestion. */
  whole(): Whole | null {
    const header = ipv4.headerLength(this.head!, 0)
    const bytes = this.#bytes.subarray(0, HEADER_ROOM + this.#total)
    const offset = HEADER_ROOM - header
    bytes.set(this.head!.subarray(0, header), offset)
    putU16(bytes, offset + ipv4.FIELD.totalLength, header + this.#total)
    putU16(bytes, offset + ipv4.FIELD.fragment, 0)
    if (this.#codepoints & (1 << CONGESTION_EXPERIENCED)) {
      // RFC 3168 §5.3: a mark on any piece is a mark on the packet, unless another piece was not to be marked at all.
      if (this.#codepoints & 1) return null
      bytes[offset + ipv4.FIELD.trafficClass]! |= CONGESTION_EXPERIENCED
    }
    ipv4.sealHeader(bytes, offset)
    return { bytes, offset, group: this.group }
  }
}

export class Reassembler {
  readonly #host: Ip4Host
  readonly #expired: (what: Expired) => void
  /** Oldest first. */
  readonly #assemblies = new Map<string, Assembly>()

  /** @param expired is told of packets that have not become whole in time */
  constructor(host: Ip4Host, expired: (what: Expired) => void) {
    this.#host = host
    this.#expired = expired
  }

  /** How many packets are being put together. */
  get size(): number {
    return this.#assemblies.size
  }

  /**
   * Takes a piece of a packet.
   * @returns the whole packet when that was the last piece missing; null when others are; or why the piece is dropped
   */
  arrived(through: Interface, bytes: Uint8Array, offset: number, group: boolean): Whole | DropReason | null {
    const header = ipv4.headerLength(bytes, offset)
    const length = ipv4.totalLength(bytes, offset) - header
    const end = ipv4.fragmentOffset(bytes, offset) + length
    // RFC 791: all pieces but the last are multiples of eight octets; and no packet is longer than its length field says.
    if (length === 0 || end + header > ipv4.MAX_LENGTH) return 'fragment malformed'
    if (ipv4.moreFragments(bytes, offset) && length % 8 !== 0) return 'fragment malformed'
    const assembly = this.#of(through, bytes, offset)
    assembly.group ||= group
    if (!assembly.put(bytes, offset)) {
      this.#drop(assembly)
      return 'fragments contradict each other'
    }
    if (!assembly.complete) return null
    this.#drop(assembly)
    return assembly.whole() ?? 'fragments contradict each other'
  }

  /** RFC 791: source, destination, protocol and identification tell packets apart. */
  #of(through: Interface, bytes: Uint8Array, offset: number): Assembly {
    const { limits, timers, journal } = this.#host
    const key = `${ipv4.source(bytes, offset)} ${ipv4.destination(bytes, offset)} ${ipv4.protocol(bytes, offset)} ${ipv4.identification(bytes, offset)}`
    const known = this.#assemblies.get(key)
    if (known !== undefined) return known
    if (this.#assemblies.size >= limits.reassemblies) {
      const oldest = this.#assemblies.values().next().value!
      this.#drop(oldest)
      journal.dropped('too many packets are put together', oldest.through, null, oldest.head ?? NOTHING)
    }
    const made = new Assembly(key, through, limits.reassemblyGaps, (assembly) => this.#timedOut(assembly))
    made.slot = timers.at(timers.now() + limits.reassemblyTime, made)
    this.#assemblies.set(key, made)
    return made
  }

  #drop(assembly: Assembly): void {
    if (assembly.slot >= 0) this.#host.timers.cancel(assembly.slot)
    this.#assemblies.delete(assembly.key)
  }

  #timedOut(assembly: Assembly): void {
    this.#assemblies.delete(assembly.key)
    const { through, head, group } = assembly
    this.#host.journal.dropped('fragments missing', through, null, head ?? NOTHING)
    this.#expired({ through, head, group })
  }
}

const NOTHING = new Uint8Array(0)
