/** What a program does wrong with TCP itself; what goes wrong on the network is a `SocketError`. */
import { CodedError } from '../base/errors.ts'

/** A setting that no connection can have. */
export class TcpSettingError extends CodedError {
  override readonly name = 'TcpSettingError'
  override readonly code = 'TCP_SETTING'
}
