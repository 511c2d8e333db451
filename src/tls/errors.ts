/** What goes wrong with TLS. What goes wrong with the connection below is a `SocketError`. */
import { CodedError } from '../base/errors.ts'

/** The `code` of a `TlsError`. */
export type TlsErrorCode =
  /** What was set up cannot be used: a key that does not belong to its certificate, for one. */
  | 'TLS_SETTINGS'
  /** The certificate is not yet valid, or no longer. */
  | 'TLS_CERTIFICATE_EXPIRED'
  /** The certificate is for other names. */
  | 'TLS_WRONG_NAME'
  /** No trusted authority stands behind the certificate. */
  | 'TLS_UNTRUSTED'
  /** None of the keys is pinned. */
  | 'TLS_NOT_PINNED'
  /** The other side broke the handshake off, or speaks no TLS. */
  | 'TLS_HANDSHAKE'
  /** The handshake took longer than it may. */
  | 'TLS_TIMEOUT'
  /** There is no TLS where this runs. */
  | 'TLS_MISSING'

/** A connection could not be secured, and why. */
export class TlsError extends CodedError {
  override readonly name = 'TlsError'
  override readonly code: TlsErrorCode

  constructor(code: TlsErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.code = code
  }
}
