/** A reply out of a cache. */
import { messageBody } from '../../body/from-stream.ts'
import type { FieldLines, MessageBody } from '../../exchange.ts'
import { fieldValue } from '../../fields/lines.ts'
import type { Outgoing, Reply } from '../send.ts'
import { currentAge } from './freshness.ts'
import { fieldsBut, type StoredReply } from './stored.ts'

export class CachedReply implements Reply {
  readonly url: URL
  readonly redirected = false
  readonly status: number
  readonly reason: string
  readonly version = 'HTTP/1.1'
  readonly fields: FieldLines
  readonly body: MessageBody
  readonly connection = null

  constructor(url: URL, status: number, reason: string, fields: FieldLines, body: Uint8Array | null) {
    this.url = url
    this.status = status
    this.reason = reason
    this.fields = fields
    this.body = messageBody(body, fieldValue(fields, 'content-type'))
  }

  header(name: string): string | undefined {
    return fieldValue(this.fields, name)
  }
}

/** A stored reply as it is given, with its age (RFC 9111 §5.1). */
export function given({ url, method }: Outgoing, stored: StoredReply, now: number): CachedReply {
  const { status, reason } = stored
  const age = String(Math.floor(currentAge(stored, now)))
  const fields = [...fieldsBut(stored.fields, (name) => name === 'age'), 'Age', age]
  return new CachedReply(url, status, reason, fields, method === 'HEAD' ? null : stored.body)
}

/** What the client has already is good (RFC 9110 §15.4.5). */
export function notModified({ url }: Outgoing, stored: StoredReply, now: number): CachedReply {
  const age = String(Math.floor(currentAge(stored, now)))
  const leave = (name: string) => name === 'age' || name === 'content-length' || name === 'content-range'
  return new CachedReply(url, 304, 'Not Modified', [...fieldsBut(stored.fields, leave), 'Age', age], null)
}

/** RFC 9111 §5.2.1.7: nothing is here, and nobody else was to be asked. */
export function notHere({ url }: Outgoing): CachedReply {
  return new CachedReply(url, 504, 'Gateway Timeout', ['Content-Length', '0'], null)
}
