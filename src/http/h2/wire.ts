/** Where frames are written: in place, into memory that several connections share, and that goes out at the end of an event. */
import type { Output, OutputOwner } from '../machine/output.ts'

export interface Wire {
  /** Where to write; only until anything else is written. */
  readonly slab: Uint8Array
  /** Room for `length` octets, at most `WIRE_ROOM`: where it begins. */
  claim(length: number): number
  /** So many octets were written where room was claimed. */
  wrote(length: number): void
  /** Whether the peer leaves lying what was written before. */
  readonly blocked: boolean
}

/** More is never claimed at once: a frame of the least size that every peer takes, twice. */
export const WIRE_ROOM = 32_768

export class SlabWire implements Wire {
  readonly slab: Uint8Array
  readonly #output: Output
  readonly #owner: OutputOwner & { readonly blocked: boolean }

  constructor(output: Output, owner: OutputOwner & { readonly blocked: boolean }) {
    this.#output = output
    this.#owner = owner
    this.slab = output.slab
  }

  claim(length: number): number {
    return this.#output.claim(this.#owner, length)
  }

  wrote(length: number): void {
    this.#output.wrote(length)
  }

  get blocked(): boolean {
    return this.#owner.blocked
  }
}
