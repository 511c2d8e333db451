import { Fault } from '../base/fault.ts'

/** What the machine says of octets that it does not take for a message. A value: remote input never throws. */
export class Verdict extends Fault {
  /** What a server answers; 502 where the message was a response. */
  readonly status: number

  /**
   * @param why in words, for the reply's body and the event log.
   * @param at byte offset: in the head, or in the body's framing when the fault is there.
   */
  constructor(status: number, why: string, at: number) {
    super(why, at)
    this.status = status
  }

  /** `bare LF at byte 17`. */
  override toString(): string {
    return `${this.why} at byte ${this.at}`
  }
}
