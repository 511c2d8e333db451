/** The reply for content that has a length and can be read anywhere: conditions, ranges, and the body as fast as the client takes it. */

import { randomText } from '../../base/random-bytes.ts'
import {
  type ByteRange,
  checkConditions,
  formatContentRange,
  formatDate,
  frameByteranges,
  type Selection,
  selectRange,
} from '../../http/index.ts'
import { HttpError } from '../errors.ts'
import type { Context } from '../request/context.ts'
import { FilePieces } from '../request/file-pieces.ts'
import { Reply } from '../request/reply.ts'
import type { OpenFile } from './storage.ts'

/** Files up to this size are read whole and sent at once: a copy costs less than another way through the layers. */
const SMALL = 16 * 1024
/** A piece of one of several parts. */
const PIECE = 64 * 1024
const WHOLE: Selection = { kind: 'whole' }
/** No content has 144 random bits by chance. */
const BOUNDARY_BYTES = 18

/** What can be read at any place: an open file, bytes at hand. */
export type Source = Pick<OpenFile, 'size' | 'descriptor' | 'read' | 'close'>

/** How content is sent. */
export interface FileReplyOptions {
  readonly type: string
  readonly cacheControl: string
  /** With its quotes. */
  readonly etag?: string | undefined
  /** Milliseconds since 1970. */
  readonly lastModified?: number | undefined
  readonly fields: Readonly<Record<string, string>>
  /** Nothing of it depends on the visitor. */
  readonly forEverybody?: boolean
}

/** The reply for a source, which it closes. @throws HttpError 412, 416. */
export async function fileReply(
  c: Context<unknown, unknown>,
  source: Source,
  options: FileReplyOptions,
): Promise<Reply> {
  const { etag, lastModified } = options
  const reply = new Reply(200, options.type, null)
  reply.forEverybody = options.forEverybody === true
  reply.setHeader('Cache-Control', options.cacheControl).setHeader('Accept-Ranges', 'bytes')
  if (lastModified !== undefined) reply.setHeader('Last-Modified', formatDate(lastModified))
  if (etag !== undefined) reply.setHeader('ETag', etag)
  for (const [name, value] of Object.entries(options.fields)) reply.setHeader(name, value)
  try {
    return await fill(c, reply, source, { etag, lastModified })
  } catch (error) {
    await source.close()
    throw error
  }
}

/** Puts status, length and body into the reply; the source is closed when the body has been sent. */
async function fill(
  c: Context<unknown, unknown>,
  reply: Reply,
  source: Source,
  validators: Pick<FileReplyOptions, 'etag' | 'lastModified'>,
): Promise<Reply> {
  const field = (name: string) => c.header(name)
  const now = c.machine.clock.wallMillis()
  const condition = checkConditions(c.method, field, validators, now)
  if (condition === 'failed') throw new HttpError(412)
  if (condition === 'not modified') {
    await source.close()
    reply.status = 304
    return reply
  }
  const { size } = source
  // RFC 9110 §14.2: a Range counts with GET alone.
  const wanted = c.method === 'GET' ? selectRange(field, size, validators, now) : WHOLE
  if (wanted.kind === 'unsatisfiable')
    throw new HttpError(416, undefined, { headers: { 'Content-Range': formatContentRange(wanted, size) } })
  if (wanted.kind === 'parts') return severalParts(c, reply, source, wanted.parts)
  const { start, end } = wanted.kind === 'part' ? wanted : { start: 0, end: size }
  if (wanted.kind === 'part') {
    reply.status = 206
    reply.setHeader('Content-Range', formatContentRange(wanted, size))
  }
  const length = end - start
  if (length <= SMALL && c.method === 'GET') {
    const bytes = new Uint8Array(length)
    const got = await source.read(bytes, start)
    await source.close()
    reply.body = bytes.subarray(0, got)
    return reply
  }
  reply.setHeader('Content-Length', String(length))
  const { clock } = c.machine
  const read = (into: Uint8Array, position: number) => clock.hold(source.read(into, position))
  reply.body = new FilePieces({ descriptor: source.descriptor, read, close: () => source.close() }, start, end)
  return reply
}

/** RFC 9110 §15.3.7.2: the parts in one body, each with its own head. */
function severalParts(c: Context<unknown, unknown>, reply: Reply, source: Source, parts: readonly ByteRange[]): Reply {
  const frame = frameByteranges(parts, source.size, reply.type, randomText(c.machine, BOUNDARY_BYTES))
  reply.status = 206
  reply.type = frame.type
  reply.setHeader('Content-Length', String(frame.length))
  reply.body = pieces(c, source, [...parts.flatMap((part, i) => [frame.heads[i]!, part]), frame.end])
  return reply
}

/** Text and ranges of a source one after another; closes the source at the end, also when it is never begun or broken off. */
function pieces(
  c: Context<unknown, unknown>,
  source: Source,
  wanted: readonly (string | ByteRange)[],
): AsyncIterable<Uint8Array | string> {
  let next = 0
  let at = 0
  const close = async () => {
    await source.close()
    return { done: true as const, value: undefined }
  }
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const segment = wanted[next]
        if (segment === undefined) return close()
        if (typeof segment === 'string') {
          next++
          return { done: false, value: segment }
        }
        const from = Math.max(at, segment.start)
        const bytes = new Uint8Array(Math.min(PIECE, segment.end - from))
        const got = await c.machine.clock.hold(source.read(bytes, from))
        // The length has been promised: a body that ends early must not look whole.
        if (got < bytes.length) {
          await close()
          throw new Error('the file became shorter while it was sent')
        }
        at = from + got
        if (at >= segment.end) {
          at = 0
          next++
        }
        return { done: false, value: bytes }
      },
      return: close,
    }),
  }
}
