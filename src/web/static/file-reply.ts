/** The reply for one file: conditions, ranges, and the body as fast as the client takes it. */
import { checkConditions, formatContentRange, formatDate, type Selection, selectRange } from '../../http/index.ts'
import { HttpError } from '../errors.ts'
import type { Context } from '../request/context.ts'
import { FilePieces } from '../request/file-pieces.ts'
import { Reply } from '../request/reply.ts'
import type { OpenFile } from './storage.ts'

/** Files up to this size are read whole and sent at once: a copy costs less than another way through the layers. */
const SMALL = 16 * 1024

const WHOLE: Selection = { kind: 'whole' }

/** How a file is sent. */
export interface FileReplyOptions {
  readonly type: string
  readonly cacheControl: string
  /** In place of the file's own, where what is sent is a coding of another file. */
  readonly etag?: string
  readonly fields: Readonly<Record<string, string>>
}

/** The reply for an open file, which it closes. @throws HttpError 412, 416. */
export async function fileReply(
  c: Context<unknown, unknown>,
  file: OpenFile,
  options: FileReplyOptions,
): Promise<Reply> {
  const etag = options.etag ?? file.etag
  const reply = new Reply(200, options.type, null)
  reply.setHeader('Cache-Control', options.cacheControl)
  reply.setHeader('Last-Modified', formatDate(file.mtimeMillis)).setHeader('Accept-Ranges', 'bytes')
  reply.setHeader('ETag', etag)
  for (const [name, value] of Object.entries(options.fields)) reply.setHeader(name, value)
  try {
    return await fill(c, reply, file, etag)
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Puts status, length and body into the reply; the file is closed when the body has been sent. */
async function fill(c: Context<unknown, unknown>, reply: Reply, file: OpenFile, etag: string): Promise<Reply> {
  const field = (name: string) => c.header(name)
  const validators = { etag, lastModified: file.mtimeMillis }
  const now = c.machine.clock.wallMillis()
  const condition = checkConditions(c.method, field, validators, now)
  if (condition === 'failed') throw new HttpError(412)
  if (condition === 'not modified') {
    await file.close()
    reply.status = 304
    return reply
  }
  const wanted = c.method === 'GET' ? selectRange(field, file.size, validators, now) : WHOLE
  if (wanted.kind === 'unsatisfiable')
    throw new HttpError(416, undefined, { headers: { 'Content-Range': formatContentRange(wanted, file.size) } })
  if (wanted.kind === 'part') {
    reply.status = 206
    reply.setHeader('Content-Range', formatContentRange(wanted, file.size))
  }
  const { start, end } = wanted.kind === 'part' ? wanted : { start: 0, end: file.size }
  const length = end - start
  if (length <= SMALL && c.method === 'GET') {
    const bytes = new Uint8Array(length)
    const got = await file.read(bytes, start)
    await file.close()
    reply.body = bytes.subarray(0, got)
    return reply
  }
  reply.setHeader('Content-Length', String(length))
  const { clock } = c.machine
  const read = (into: Uint8Array, position: number) => clock.hold(file.read(into, position))
  reply.body = new FilePieces({ descriptor: file.descriptor, read, close: () => file.close() }, start, end)
  return reply
}
