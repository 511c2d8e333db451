/** A reply as it was received. */
import type { Connection } from '../../socket/host.ts'
import type { FieldLines, MessageBody } from '../exchange.ts'
import { fieldValue } from '../fields/lines.ts'
import type { Head } from '../machine/head.ts'
import type { Reply } from './send.ts'

export class ReceivedReply implements Reply {
  readonly url: URL
  readonly redirected = false
  readonly status: number
  readonly reason: string
  readonly version: 'HTTP/1.1' | 'HTTP/1.0'
  readonly fields: FieldLines
  readonly body: MessageBody
  readonly connection: Connection | null

  constructor(url: URL, head: Head, body: MessageBody, connection: Connection | null) {
    this.url = url
    this.status = head.status
    this.reason = head.reason
    this.version = head.minor === 0 ? 'HTTP/1.0' : 'HTTP/1.1'
    this.fields = head.lines()
    this.body = body
    this.connection = connection
  }

  header(name: string): string | undefined {
    return fieldValue(this.fields, name)
  }
}
