/** What the owner has yet to be told, kept in order until the machine has come to rest. */
import type { ErrorCode } from '../../base/errors.ts'
import type { TcbOwner } from './owner.ts'
import type { TcpState } from './state.ts'

type Notice = Uint8Array | 'end' | 'drain' | { readonly from: TcpState; readonly to: TcpState }

export class Notices {
  #queue: Notice[] = []
  #closed: ErrorCode | null | undefined
  #delivering = false

  state(from: TcpState, to: TcpState): void {
    this.#queue.push({ from, to })
  }

  data(bytes: Uint8Array): void {
    this.#queue.push(bytes)
  }

  end(): void {
    this.#queue.push('end')
  }

  drain(): void {
    this.#queue.push('drain')
  }

  closed(error: ErrorCode | null): void {
    this.#closed = error
  }

  /** The owner has closed: it wants to hear of states and of the end only. */
  discard(): void {
    this.#queue = this.#queue.filter((notice) => typeof notice !== 'string' && !(notice instanceof Uint8Array))
  }

  /** Tells everything. Called again from inside (the owner polls in a callback) it leaves the rest to the outer call. */
  deliver(owner: TcbOwner): void {
    if (this.#delivering || (this.#queue.length === 0 && this.#closed === undefined)) return
    this.#delivering = true
    try {
      for (let notice = this.#queue.shift(); notice !== undefined; notice = this.#queue.shift()) tell(owner, notice)
      const error = this.#closed
      this.#closed = undefined
      if (error !== undefined) owner.onClosed(error)
    } finally {
      this.#delivering = false
    }
  }
}

function tell(owner: TcbOwner, notice: Notice): void {
  if (notice instanceof Uint8Array) owner.onData(notice)
  else if (notice === 'end') owner.onEnd()
  else if (notice === 'drain') owner.onDrain()
  else owner.onState(notice.from, notice.to)
}
