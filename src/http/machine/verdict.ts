/** What the machine says of bytes that it does not take for a message. A value: remote input never throws. */
export class Verdict {
  /** What a server answers; 502 where the message was a response. */
  readonly status: number
  /** In words, for the reply's body and the event log. */
  readonly why: string
  /** Byte offset: in the head, or in the body's framing when the fault is there. */
  readonly at: number

  constructor(status: number, why: string, at: number) {
    this.status = status
    this.why = why
    this.at = at
  }

  /** `bare LF at byte 17`. */
  toString(): string {
    return `${this.why} at byte ${this.at}`
  }
}
