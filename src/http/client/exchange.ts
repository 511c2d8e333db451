/** One request under way, from the call to the end of its reply's body. */
import type { Nanos } from '../../base/clock.ts'
import type { FieldLines } from '../exchange.ts'
import type { Reply } from './reply.ts'
import type { Prepared } from './request.ts'

export class ClientExchange {
  readonly id: number
  readonly request: Prepared
  readonly reply: Promise<Reply>
  readonly onInformation: ((status: number, fields: FieldLines) => void) | undefined
  /** By when the head of the reply must be there. */
  readonly due: Nanos
  /** All of the request has been written. */
  sent = false
  sentBytes = 0
  answered: Reply | null = null
  interims = 0
  /** How often it has been put on a connection. */
  attempts = 0
  settled = false
  /** Called when it is over, whichever way. */
  onSettled: () => void = () => {}
  #resolve!: (reply: Reply) => void
  #reject!: (error: Error) => void

  constructor(id: number, request: Prepared, due: Nanos, onInformation?: (status: number, fields: FieldLines) => void) {
    this.id = id
    this.request = request
    this.due = due
    this.onInformation = onInformation
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  answer(reply: Reply): void {
    this.answered = reply
    this.#resolve(reply)
  }

  /** Fails the call, or the body when the head is through already. */
  fail(error: Error): void {
    if (this.settled) return
    this.#reject(error)
    this.answered?.body.finish(error)
    this.settle()
  }

  settle(): void {
    if (this.settled) return
    this.settled = true
    this.onSettled()
  }
}
