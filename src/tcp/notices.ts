/** What the owner has yet to be told, kept until the machine has come to rest, then told in order. */
import type { ErrorCode } from '../base/errors.ts'
import type { TcbOwner } from './owner.ts'
import type { TcpState } from './state.ts'

export class Notices {
  #states: TcpState[] = []
  #data: Uint8Array[] = []
  #end = false
  #drain = false
  #closed: ErrorCode | null | undefined
  #delivering = false

  state(from: TcpState, to: TcpState): void {
    this.#states.push(from, to)
  }

  data(bytes: Uint8Array): void {
    this.#data.push(bytes)
  }

  end(): void {
    this.#end = true
  }

  drain(): void {
    this.#drain = true
  }

  closed(error: ErrorCode | null): void {
    this.#closed = error
  }

  get pending(): boolean {
    return this.#states.length > 0 || this.#data.length > 0 || this.#end || this.#drain || this.#closed !== undefined
  }

  /** The owner has closed: it wants no more bytes. */
  discard(): void {
    this.#data.length = 0
    this.#end = false
    this.#drain = false
  }

  /** Tells everything. Called again from inside (the owner polls in a callback) it leaves the rest to the outer call. */
  deliver(owner: TcbOwner): void {
    if (this.#delivering) return
    this.#delivering = true
    try {
      while (this.pending) this.#next(owner)
    } finally {
      this.#delivering = false
    }
  }

  #next(owner: TcbOwner): void {
    if (this.#states.length > 0) {
      const [from, to] = this.#states.splice(0, 2)
      owner.onState(from!, to!)
    } else if (this.#data.length > 0) {
      owner.onData(this.#data.length === 1 ? this.#data.pop()! : this.#data.shift()!)
    } else if (this.#end) {
      this.#end = false
      owner.onEnd()
    } else if (this.#drain) {
      this.#drain = false
      owner.onDrain()
    } else {
      const error = this.#closed ?? null
      this.#closed = undefined
      owner.onClosed(error)
    }
  }
}
