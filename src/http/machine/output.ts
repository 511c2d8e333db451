/**
 * What is to be sent, put together in one slab and handed to the connection once: at the end of the event that caused
 * it, or in the microtask after a late reply. One slab serves all connections of a server, since a connection takes
 * the bytes before `write` returns.
 */
import type { Connection } from '../../socket/host.ts'
import { latin1Bytes, utf8, writeLatin1, writeUtf8 } from './text.ts'

/** Whose bytes are in the slab. */
export interface OutputOwner {
  /** Whether an event is being handled at whose end the owner flushes. */
  readonly corked: boolean
  readonly connection: Connection
  /** Hands bytes to the network. */
  transmit(bytes: Uint8Array): void
}

/** Heads of a whole pipeline with small bodies; larger bodies go past it. */
const SLAB_BYTES = 65_536
/** Copying less than this is cheaper than another call to the network. */
const COPY_BYTES = 16_384

export class Output {
  /** Where `claim` makes room. */
  readonly slab = new Uint8Array(SLAB_BYTES)
  /** What was sent last: replies of one length come in rows, and a view is the dearest part of sending one. */
  #view = this.slab.subarray(0, 0)
  #used = 0
  #owner: OutputOwner | null = null
  #scheduled = false
  readonly #late = () => {
    this.#scheduled = false
    this.flush()
  }

  /** A string whose characters are all below U+0100. */
  latin1(owner: OutputOwner, text: string): void {
    if (!this.#room(owner, text.length)) owner.transmit(latin1Bytes(text))
    else this.#used += writeLatin1(this.slab, this.#used, text)
  }

  /** A string that takes `length` bytes of UTF-8. */
  utf8(owner: OutputOwner, text: string, length: number): void {
    if (!this.#room(owner, length)) owner.transmit(utf8(text))
    else this.#used += writeUtf8(this.slab, this.#used, text, length)
  }

  bytes(owner: OutputOwner, bytes: Uint8Array): void {
    if (bytes.length > COPY_BYTES) {
      // The head before it and the body go to the network together.
      owner.connection.cork()
      this.flush()
      owner.transmit(bytes)
      owner.connection.uncork()
    } else if (this.#room(owner, bytes.length)) {
      this.slab.set(bytes, this.#used)
      this.#used += bytes.length
    }
  }

  /** Room for `length` bytes, at most half a slab, that the caller writes itself, at once: where in `slab` it begins. */
  claim(owner: OutputOwner, length: number): number {
    this.#room(owner, length)
    return this.#used
  }

  /** So many bytes were written where room was claimed. */
  wrote(length: number): void {
    this.#used += length
  }

  flush(): void {
    const owner = this.#owner
    const used = this.#used
    this.#owner = null
    this.#used = 0
    if (owner === null || used === 0) return
    if (this.#view.length !== used) this.#view = this.slab.subarray(0, used)
    owner.transmit(this.#view)
  }

  /** Makes the slab the owner's with `length` bytes free; false when that is more than a slab, which is then empty. */
  #room(owner: OutputOwner, length: number): boolean {
    if (this.#owner !== owner || this.#used + length > SLAB_BYTES) this.flush()
    if (length > SLAB_BYTES) return false
    this.#owner = owner
    if (!owner.corked && !this.#scheduled) {
      this.#scheduled = true
      queueMicrotask(this.#late)
    }
    return true
  }
}
