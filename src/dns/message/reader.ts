/** Reads a message: bounds, and names with their compression (RFC 1035 §4.1.4). Never throws, never reads outside. */
import { Fault } from '../../base/fault.ts'
import { u16 } from '../../base/octets.ts'
import { DNS_LIMITS } from '../limits.ts'
import { MAX_NAME, Name } from './name.ts'

const HEADER = 12

/** Where the labels of the name that is being read are gathered. */
const scratch = new Uint8Array(MAX_NAME)

/** Octets that are being read. */
export class Reader {
  readonly bytes: Uint8Array
  at: number
  /** The first thing that was wrong; what is read after it means nothing. */
  fault: Fault | null = null
  /** Names by where they start: a message says few names often. */
  readonly #names = new Map<number, Name>()

  readonly #pointerJumps: number

  constructor(bytes: Uint8Array, at = 0, pointerJumps: number = DNS_LIMITS.message.pointerJumps) {
    this.bytes = bytes
    this.at = at
    this.#pointerJumps = pointerJumps
  }

  fail(why: string, at: number = this.at): void {
    this.fault ??= new Fault(why, at)
  }

  /** Passes over what was wrong, and goes on at `at`. */
  resume(at: number): void {
    this.fault = null
    this.at = at
  }

  u8(): number {
    if (this.at + 1 > this.bytes.length) return this.#short(1)
    return this.bytes[this.at++]!
  }

  u16(): number {
    if (this.at + 2 > this.bytes.length) return this.#short(2)
    const value = u16(this.bytes, this.at)
    this.at += 2
    return value
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16()
  }

  /** The octets up to `end`, in memory of their own, and moves there. */
  octets(end: number): Uint8Array {
    const { bytes, at } = this
    const octets = new Uint8Array(end - at)
    // Rdata are a few octets as a rule: a loop beats `slice`.
    if (octets.length > 64) octets.set(bytes.subarray(at, end))
    else for (let i = 0; i < octets.length; i++) octets[i] = bytes[at + i]!
    this.at = end
    return octets
  }

  #short(wanted: number): number {
    this.fail(`the message ends where ${wanted} more octets should be`)
    this.at = this.bytes.length
    return 0
  }

  /**
   * The name that starts here, compressed or not, and moves past it. Its labels before the first pointer must lie
   * before `end` (the end of the rdata it is in); pointers go strictly backward, so they come to an end.
   */
  name(end: number = this.bytes.length): Name {
    const { bytes } = this
    const start = this.at
    const first = bytes[start]
    if (first !== undefined && first >= 0xc0 && start + 2 <= end) {
      // The most frequent name of all: nothing but a pointer to one that was read before.
      const known = this.#names.get(u16(bytes, start) & 0x3fff)
      if (known !== undefined) {
        this.at = start + 2
        return known
      }
    }
    const length = this.#collect(start, end)
    if (length < 0) return Name.root
    const wire = new Uint8Array(length)
    for (let i = 0; i < length; i++) wire[i] = scratch[i]!
    const name = length === 1 ? Name.root : new Name(wire)
    this.#names.set(start, name)
    if (first! >= 0xc0) this.#names.set(u16(bytes, start) & 0x3fff, name)
    return name
  }

  /** Gathers the labels into the scratch and moves past the name; its length, or -1 after a fault. */
  #collect(start: number, end: number): number {
    const { bytes } = this
    let at = start
    let limit = end
    let lowest = start // a pointer must lead to before the place where this run of labels began
    let length = 0
    let jumps = 0
    for (;;) {
      if (at >= limit) return this.#reject(at, 'a name runs past the end')
      const octet = bytes[at]!
      if (octet < 64) {
        if (at + octet >= limit && octet !== 0) return this.#reject(at, 'a label runs past the end')
        if (length + octet + 1 > MAX_NAME - (octet === 0 ? 0 : 1))
          return this.#reject(start, `a name is longer than ${MAX_NAME} octets`)
        for (let i = 0; i <= octet; i++) scratch[length++] = bytes[at + i]!
        at += octet + 1
        if (octet !== 0) continue
        if (jumps === 0) this.at = at
        return length
      }
      if (octet < 0xc0) return this.#reject(at, `label type 0x${(octet & 0xc0).toString(16)} is not in use`)
      if (at + 2 > limit) return this.#reject(at, 'a compression pointer runs past the end')
      const target = u16(bytes, at) & 0x3fff
      if (target < HEADER) return this.#reject(at, 'a compression pointer leads into the header')
      if (target >= lowest) return this.#reject(at, `a compression pointer leads to ${target}, not backward`)
      if (++jumps > this.#pointerJumps) return this.#reject(at, `more than ${this.#pointerJumps} compression pointers`)
      if (jumps === 1) this.at = at + 2
      lowest = target
      at = target
      limit = bytes.length
    }
  }

  #reject(at: number, why: string): -1 {
    this.fail(why, at)
    return -1
  }
}
