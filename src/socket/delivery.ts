/**
 * What the owner of a connection is told, in which order: bytes, the end, the close. The part of `ConnectionOwner`'s
 * promises that does not depend on where the bytes come from, so that every host keeps it with the same code.
 */
import type { SocketError } from '../base/errors.ts'
import { requireBytes } from './bytes.ts'
import { HeldBytes } from './held.ts'
import type { ConnectionOwner } from './host.ts'

export class Delivery {
  readonly #soon: () => void
  #owner: ConnectionOwner | null = null
  #paused = false
  /** What came while the owner was absent or paused, and what was put back. */
  #held: HeldBytes | null = null
  /** The peer's end of the stream. */
  #end: 'open' | 'come' | 'told' = 'open'
  /** This side has closed: nothing is told any more but the close. */
  #dropping = false
  /** How the connection ended; undefined while it lives. */
  #outcome: SocketError | null | undefined = undefined
  #closeTold = false
  #running = false

  /** @param soon arranges a call of `run` from outside the owner's calls. */
  constructor(soon: () => void) {
    this.#soon = soon
  }

  /** Whether bytes that arrive now reach the owner at once. */
  get flowing(): boolean {
    return this.#owner !== null && !this.#paused && !this.#dropping && (this.#held === null || this.#held.empty)
  }

  /** Whether there is something to tell, as soon as the owner wants it. */
  get due(): boolean {
    if (this.#held !== null && !this.#held.empty) return true
    return this.#end === 'come' || (this.#outcome !== undefined && !this.#closeTold)
  }

  get owner(): ConnectionOwner | null {
    return this.#owner
  }

  get endTold(): boolean {
    return this.#end === 'told'
  }

  // ── what the owner asks for ────────────────────────────────────────────────────────────────────────────────────

  /** Who takes over is told the end and the close as well, though the former owner has been. */
  attach(owner: ConnectionOwner): void {
    if (owner !== this.#owner) {
      if (this.#end === 'told') this.#end = 'come'
      this.#closeTold = false
    }
    this.#owner = owner
    this.#paused = false
    this.#soon()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    if (this.#owner !== null) this.#soon()
  }

  /** The end that was told already is taken back, and told again after the bytes. */
  unread(bytes: Uint8Array): void {
    requireBytes('unread', bytes)
    if (bytes.length === 0 || this.#dropping || this.#closeTold) return
    this.#held ??= new HeldBytes()
    this.#held.putBack(bytes)
    if (this.#end === 'told') this.#end = 'come'
    this.#soon()
  }

  /** `close` or `reset` was called. */
  drop(): void {
    this.#dropping = true
    this.#held?.clear()
  }

  // ── what the host says, never from inside the owner's calls ─────────────────────────────────────────────────────

  arrived(bytes: Uint8Array): void {
    if (this.flowing) this.#owner!.onData(bytes)
    else if (!this.#dropping) {
      this.#held ??= new HeldBytes()
      this.#held.append(bytes)
    }
  }

  /** The peer has finished sending. */
  ended(): void {
    if (this.#end !== 'open') return
    this.#end = 'come'
    this.run()
  }

  /** The connection is over. An error is told at once; an orderly end after what came before it. */
  closed(error: SocketError | null): void {
    if (this.#outcome !== undefined) return
    this.#outcome = error
    this.run()
  }

  /** Tells what is due. What an owner throws leaves the rest for the next call. */
  run(): void {
    if (this.#running) return
    this.#running = true
    try {
      while (this.#tellNext());
    } finally {
      this.#running = false
    }
  }

  #tellNext(): boolean {
    const owner = this.#owner
    if (owner === null || this.#closeTold) return false
    const readable = !this.#paused && !this.#dropping
    const waiting = this.#held !== null && !this.#held.empty
    if (readable && waiting) owner.onData(this.#held!.take())
    else if (readable && this.#end === 'come') {
      this.#end = 'told'
      owner.onEnd()
    } else if (this.#outcome !== undefined && this.#mayClose(waiting)) {
      this.#closeTold = true
      owner.onClose(this.#dropping ? null : this.#outcome)
    } else return false
    return true
  }

  /** A failure does not wait for a paused reader: whoever waits for something else has to learn of it. */
  #mayClose(waiting: boolean): boolean {
    return this.#dropping || this.#outcome !== null || (!waiting && this.#end !== 'come')
  }
}
