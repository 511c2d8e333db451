import { Fault } from '../../../base/fault.ts'

/** What is wrong with what the peer has sent, and the code to close with. */
export class WebSocketFault extends Fault {
  /** `CLOSE_CODE.protocolError`, `invalidData`, `messageTooBig`, `policyViolation`. */
  readonly code: number

  /** @param at octets that the connection carried before the one that cannot be meant. */
  constructor(code: number, why: string, at: number) {
    super(why, at)
    this.code = code
  }
}
