import { Fault } from '../../base/fault.ts'
import { codeName } from './codes.ts'

/** What is wrong with what a peer has sent: of one stream, or of the whole connection. A value: remote input never throws. */
export class SessionFault extends Fault {
  /** RFC 9113 §7: what the peer is told. */
  readonly code: number
  /** The stream; 0 where the connection cannot go on. */
  readonly stream: number

  constructor(code: number, why: string, stream: number) {
    super(why, stream)
    this.code = code
    this.stream = stream
  }

  /** `PROTOCOL_ERROR: an even stream number`. */
  override toString(): string {
    return `${codeName(this.code)}: ${this.why}`
  }
}
