/** The states that one end says it goes through, against RFC 9293 §3.3.2 and what it has sent and got. */
import { type Nanos, SECOND } from '../../../../src/base/clock.ts'
import type { Receiver } from './receiver.ts'
import type { Sender } from './sender.ts'

type Say = (rule: string, at: Nanos, what: string) => void

/** Figure 5. */
const NEXT: { readonly [state: string]: readonly string[] } = {
  CLOSED: ['SYN-SENT'],
  LISTEN: ['SYN-RECEIVED'],
  'SYN-SENT': ['ESTABLISHED', 'SYN-RECEIVED', 'CLOSED'],
  'SYN-RECEIVED': ['ESTABLISHED', 'FIN-WAIT-1', 'CLOSED'],
  ESTABLISHED: ['FIN-WAIT-1', 'CLOSE-WAIT', 'CLOSED'],
  'FIN-WAIT-1': ['FIN-WAIT-2', 'CLOSING', 'TIME-WAIT', 'CLOSED'],
  'FIN-WAIT-2': ['TIME-WAIT', 'CLOSED'],
  'CLOSE-WAIT': ['LAST-ACK', 'CLOSED'],
  CLOSING: ['TIME-WAIT', 'CLOSED'],
  'LAST-ACK': ['CLOSED'],
  'TIME-WAIT': ['CLOSED'],
}

/** 2 MSL, as Linux has it. */
const TIME_WAIT = 60 * SECOND

export class States {
  readonly #say: Say
  state: string | null = null
  #since: Nanos = 0

  constructor(say: Say) {
    this.#say = say
  }

  moved(from: string, to: string, at: Nanos, sender: Sender, receiver: Receiver): void {
    const before = this.state ?? from
    if (this.state === null && from !== 'CLOSED' && from !== 'LISTEN')
      this.#say('RFC 9293 §3.3.2', at, `begins in ${from}`)
    if (from !== before) this.#say('RFC 9293 §3.3.2', at, `leaves ${from}, was in ${before}`)
    if (!(NEXT[from] ?? []).includes(to)) this.#say('RFC 9293 §3.3.2', at, `no way leads from ${from} to ${to}`)
    const wrong = this.#unfounded(from, to, at, sender, receiver)
    if (wrong !== null) this.#say('RFC 9293 §3.3.2', at, `${from} → ${to}, but ${wrong}`)
    this.state = to
    this.#since = at
  }

  /** What would have to have happened for this step, and has not. */
  #unfounded(from: string, to: string, at: Nanos, sender: Sender, receiver: Receiver): string | null {
    switch (to) {
      case 'SYN-RECEIVED':
        return receiver.irs === null ? 'no SYN has come' : null
      case 'ESTABLISHED':
        return sender.sndUna < 1 || receiver.irs === null ? 'the SYNs have not both been acknowledged' : null
      case 'CLOSE-WAIT':
      case 'CLOSING':
        return receiver.finished ? null : 'no FIN has come'
      case 'FIN-WAIT-2':
        return sender.finAcknowledged ? null : 'its FIN has not been acknowledged'
      case 'TIME-WAIT':
        return sender.finAcknowledged && receiver.finished ? null : 'the FINs have not both been acknowledged'
      case 'CLOSED':
        if (from === 'LAST-ACK' && !sender.finAcknowledged) return 'its FIN has not been acknowledged'
        return from === 'TIME-WAIT' && at - this.#since < TIME_WAIT ? 'it has not waited 2 MSL' : null
      default:
        return null
    }
  }

  /** A FIN leaves in these states only. */
  sentFin(at: Nanos): void {
    if (this.state === null || !['FIN-WAIT-1', 'CLOSING', 'LAST-ACK'].includes(this.state))
      this.#say('RFC 9293 §3.6', at, `a FIN leaves in ${this.state}`)
  }
}
