/**
 * One TCP connection through a translator (RFC 5382 §5, RFC 7857 §2). What shortens its life must come from inside, or be
 * what the peer itself could have sent: a stranger's packet must not take a connection's translation away.
 */
import type { Nanos } from '../../../../base/clock.ts'
import * as tcp from '../../../../wire/tcp.ts'
import type { Flow } from './flow.ts'

export type SessionState = 'opening' | 'established' | 'closing'

/** What a segment does to a session, by who has sent it. */
type Step = 'opens' | 'carries' | 'ends'

/** What follows. An end of the peer's that nothing proves changes nothing: then there is no step. */
export const SESSION: { readonly [state in SessionState]: { readonly [step in Step]: SessionState } } = {
  opening: { opens: 'opening', carries: 'established', ends: 'closing' },
  established: { opens: 'established', carries: 'established', ends: 'closing' },
  closing: { opens: 'opening', carries: 'closing', ends: 'closing' },
}

export class Session {
  #state: SessionState = 'opening'
  expires: Nanos = 0
  /** What the host inside has acknowledged last: the number that a reset of the peer's must have (RFC 5961 §3). */
  #expected = -1
  /** What acknowledges the end of each side's data; -1: the side has not come to an end. */
  #endInside = -1
  #endOutside = -1
  #insideDone = false
  #outsideDone = false

  get state(): SessionState {
    return this.#state
  }

  /** A segment from inside. */
  sent(flow: Flow): void {
    const { flags, ack } = flow
    if (flags & tcp.SYN) this.#begin()
    if (flags & tcp.FIN) this.#endInside = flow.next
    if (flags & tcp.ACK) {
      this.#expected = ack
      if (ack === this.#endOutside) this.#outsideDone = true
    }
    const over = (flags & tcp.RST) !== 0 || (this.#insideDone && this.#outsideDone)
    this.#go(over ? 'ends' : flags & tcp.SYN ? 'opens' : 'carries')
  }

  /** A segment from its peer outside. */
  received(flow: Flow): void {
    const { flags, seq, ack } = flow
    if (flags & tcp.FIN) this.#endOutside = flow.next
    if (flags & tcp.ACK && ack === this.#endInside) this.#insideDone = true
    const reset = (flags & tcp.RST) !== 0 && seq === this.#expected
    if (reset || (this.#insideDone && this.#outsideDone)) this.#go('ends')
  }

  #begin(): void {
    this.#endInside = this.#endOutside = -1
    this.#insideDone = this.#outsideDone = false
  }

  #go(step: Step): void {
    this.#state = SESSION[this.#state][step]
  }
}
