/**
 * Arrays of struct mmsghdr for recvmmsg(2) and sendmmsg(2), with all that they point to: names, control messages and
 * the bytes of the datagrams. One system call moves up to `COUNT` of them.
 */
import type { Libc } from '../libc.ts'
import { PAGE, sharedMemory } from '../memory.ts'

/** Datagrams in one call. */
export const COUNT = 64
/** More than the longest payload (65,527 octets over IPv6). Only what was written to costs memory. */
const BYTES = 65_536
/** struct mmsghdr on a 64-bit machine, in words: name, name's length, iov, iov's length, control, its length, flags, len. */
const HEADER_WORDS = 16
const NAME = 0
const NAME_LENGTH = 2
const IOV = 4
const IOV_LENGTH = 6
const CONTROL = 8
const CONTROL_LENGTH = 10
const FLAGS = 12
const LENGTH = 14
const IOVEC_WORDS = 4
/** struct sockaddr_un needs 110, struct sockaddr_in6 28. */
const NAME_BYTES = 112
/** Room for one IPV6_PKTINFO and one IPV6_TCLASS (CMSG_SPACE of 20 and of 4), and to spare. */
const CONTROL_BYTES = 96
const FIXED = COUNT * (HEADER_WORDS * 4 + IOVEC_WORDS * 4 + NAME_BYTES + CONTROL_BYTES)
const TWO_32 = 0x1_0000_0000

/** Of which processors the layout is known. */
export const KNOWN: ReadonlySet<string> = new Set(['x64', 'arm64', 'riscv64', 'loong64'])

/** Where a message goes: it writes itself into the message. */
export interface Target {
  /** struct sockaddr of the peer: its length. */
  writeName(vector: MessageVector, i: number): number
  /** The control message that has the message leave from one of our addresses: its length, 0 for none. */
  writeSource(vector: MessageVector, i: number): number
}

export class MessageVector {
  /** For the system call. */
  readonly address: bigint
  readonly bytes: Uint8Array
  readonly words: Uint32Array
  readonly #memory: ArrayBuffer

  constructor(libc: Libc) {
    this.#memory = sharedMemory(PAGE * Math.ceil(FIXED / PAGE) + COUNT * BYTES)
    this.bytes = new Uint8Array(this.#memory)
    this.words = new Uint32Array(this.#memory)
    this.address = libc.ffi.addressOf(this.bytes)
    for (let i = 0; i < COUNT; i++) {
      const header = i * HEADER_WORDS
      this.#point(header + NAME, nameAt(i))
      this.#point(header + IOV, iovecAt(i))
      this.words[header + IOV_LENGTH] = 1
      this.#point(header + CONTROL, controlAt(i))
      this.#point(iovecAt(i) / 4, payloadAt(i))
      this.prepareToReceive(i)
    }
  }

  /** Lets the kernel fill message `i` anew. */
  prepareToReceive(i: number): void {
    const header = i * HEADER_WORDS
    this.words[header + NAME_LENGTH] = NAME_BYTES
    this.words[header + CONTROL_LENGTH] = CONTROL_BYTES
    this.words[header + FLAGS] = 0
    this.words[iovecAt(i) / 4 + 2] = BYTES
  }

  /** The datagram that message `i` has brought. The view is the caller's until the next call. */
  payload(i: number): Uint8Array {
    return new Uint8Array(this.#memory, payloadAt(i), this.words[i * HEADER_WORDS + LENGTH]!)
  }

  /** MSG_TRUNC and others. */
  flags(i: number): number {
    return this.words[i * HEADER_WORDS + FLAGS]!
  }

  nameLength(i: number): number {
    return this.words[i * HEADER_WORDS + NAME_LENGTH]!
  }

  controlLength(i: number): number {
    return this.words[i * HEADER_WORDS + CONTROL_LENGTH]!
  }

  /** Fills message `i` for sending. The name and the control message are written by the caller. */
  prepareToSend(i: number, payload: Uint8Array, nameLength: number, controlLength: number): void {
    const header = i * HEADER_WORDS
    this.bytes.set(payload, payloadAt(i))
    this.words[iovecAt(i) / 4 + 2] = payload.length
    this.words[header + NAME_LENGTH] = nameLength
    this.words[header + CONTROL_LENGTH] = controlLength
    this.words[header + FLAGS] = 0
  }

  /** The bytes of message `i`, filled for sending. */
  sending(i: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory, payloadAt(i), length)
  }

  /** Where the header of message `i` is, for a call that begins with it. */
  headerAddress(i: number): bigint {
    return i === 0 ? this.address : this.address + BigInt(i * HEADER_WORDS * 4)
  }

  #point(word: number, at: number): void {
    const address = Number(this.address) + at
    this.words[word] = address % TWO_32
    this.words[word + 1] = address / TWO_32
  }
}

function iovecAt(i: number): number {
  return COUNT * HEADER_WORDS * 4 + i * IOVEC_WORDS * 4
}

/** Where the socket address of message `i` is; in bytes from the memory's start, as all that follows. */
export function nameAt(i: number): number {
  return COUNT * (HEADER_WORDS + IOVEC_WORDS) * 4 + i * NAME_BYTES
}

export function controlAt(i: number): number {
  return COUNT * ((HEADER_WORDS + IOVEC_WORDS) * 4 + NAME_BYTES) + i * CONTROL_BYTES
}

function payloadAt(i: number): number {
  return PAGE * Math.ceil(FIXED / PAGE) + i * BYTES
}
