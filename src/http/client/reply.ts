/** What a client gets for a request. */
import type { BodySource } from '../body/incoming.ts'
import { IncomingBody } from '../body/incoming.ts'
import type { FieldLines } from '../exchange.ts'
import { fieldValue } from '../fields/lines.ts'
import type { Framing } from '../machine/framing.ts'
import type { Head } from '../machine/head.ts'

export class Reply {
  readonly status: number
  readonly reason: string
  readonly version: 'HTTP/1.1' | 'HTTP/1.0'
  readonly fields: FieldLines
  /**
   * Read it or `discard()` it: until it has ended the connection serves no other request. Its trailers are complete
   * when it has ended.
   */
  readonly body: IncomingBody

  constructor(head: Head, framing: Framing, source: BodySource) {
    this.status = head.status
    this.reason = head.reason
    this.version = head.minor === 0 ? 'HTTP/1.0' : 'HTTP/1.1'
    this.fields = head.lines()
    const length = framing.kind === 'none' ? 0 : framing.length < 0 ? null : framing.length
    this.body = new IncomingBody(length, source, () => this.header('content-type'))
  }

  /** The field's value, lines joined; the name in lower case. */
  header(name: string): string | undefined {
    return fieldValue(this.fields, name)
  }
}
