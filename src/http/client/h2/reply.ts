/** A reply that came on a stream of HTTP/2. */
import type { Connection } from '../../../socket/host.ts'
import type { FieldLines, MessageBody } from '../../exchange.ts'
import { fieldValue } from '../../fields/lines.ts'
import type { Reply } from '../send.ts'

export class StreamReply implements Reply {
  readonly url: URL
  readonly redirected = false
  readonly status: number
  /** HTTP/2 has no reason phrases (RFC 9113 §8.3.2). */
  readonly reason = ''
  readonly version = 'HTTP/2'
  readonly fields: FieldLines
  readonly body: MessageBody
  readonly connection: Connection | null

  constructor(url: URL, status: number, fields: FieldLines, body: MessageBody, connection: Connection | null) {
    this.url = url
    this.status = status
    this.fields = fields
    this.body = body
    this.connection = connection
  }

  header(name: string): string | undefined {
    return fieldValue(this.fields, name)
  }
}
