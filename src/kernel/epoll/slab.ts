/** Memory that all sockets receive into, one at a time: what a read has brought is delivered before the next. */
import type { Ffi } from '../ffi/ffi.ts'
import { sharedMemory } from '../memory.ts'
import type { ReceivePool } from '../streams/engine.ts'

/** Four TLS records (RFC 8446 §5.1); more would leave the cache. */
const BYTES = 65_536

export class Slab implements ReceivePool {
  readonly size = BYTES
  readonly address: bigint
  /** For read(2). */
  readonly room = BigInt(BYTES)
  readonly #memory: ArrayBuffer

  constructor(ffi: Ffi) {
    this.#memory = sharedMemory(BYTES)
    this.address = ffi.addressOf(new Uint8Array(this.#memory))
  }

  view(_id: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory, 0, length)
  }

  /** There is one, and it is always there. */
  give(): void {}
  starved(): void {}
}
