/** What the program that uses DNS is told when it asks for what cannot be. What comes from outside is a `Fault`. */
import { CodedError } from '../base/errors.ts'

/** What a `DnsError` is about. */
export type DnsErrorCode =
  /** A text, or labels, that make no domain name. */
  | 'DNS_NAME'
  /** A text in presentation format that cannot be read. */
  | 'DNS_TEXT'
  /** A value that its field cannot hold, or rdata that are not of their type. */
  | 'DNS_VALUE'
  /** Records that are no zone. */
  | 'DNS_ZONE'
  /** A message that does not fit the size it was given. */
  | 'DNS_SIZE'
  /** A setting that makes no sense. */
  | 'DNS_SETTING'

/** The program asked for what cannot be; `code` says what kind of mistake it is. */
export class DnsError extends CodedError {
  override readonly name: string = 'DnsError'
  override readonly code: DnsErrorCode

  constructor(code: DnsErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
