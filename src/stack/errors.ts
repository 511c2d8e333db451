/** What a stack refuses. What goes wrong with sockets and in the network is a `SocketError`. */
import { CodedError } from '../base/errors.ts'

/** The `code` of a `StackError`. */
export type StackErrorCode =
  /** An address that is not one, or that the interface does not have. */
  'STACK_ADDRESS'

/** A stack was set up in a way that it cannot be; the message says what to do instead. */
export class StackError extends CodedError {
  override readonly name = 'StackError'
  override readonly code: StackErrorCode

  constructor(code: StackErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
