/** One file as an answer: downloads that only some may have. */
import { openFile } from '#files'
import { HttpError } from '../errors.ts'
import type { Context } from '../request/context.ts'
import type { Reply } from '../request/reply.ts'
import { cleanFileName } from '../request/upload.ts'
import { fileReply } from './file-reply.ts'
import { typeOfFile } from './types.ts'

/** How one file is sent. */
export interface SendFileOptions {
  /** What the browser saves it as; without it the browser shows the file, if it can. */
  readonly download?: string
  /** By the extension of its name, when absent. */
  readonly type?: string
  /** The Cache-Control field; default `private, no-cache`. */
  readonly cacheControl?: string
}

/**
 * The reply for a file, with ranges and conditions. **The path is the program's**: what a visitor names belongs below
 * `staticFiles`, which lets nobody out of a directory.
 *
 * @example
 * site.signedIn((members) => members.get('/report', (c) => sendFile(c, 'data/report.pdf', { download: 'Report.pdf' })))
 * @throws HttpError 404 when there is no such file, 412, 416.
 */
export async function sendFile(
  c: Context<unknown, unknown> | Context<never, never>,
  path: string,
  options: SendFileOptions = {},
): Promise<Reply> {
  const any = c as Context<unknown, unknown>
  const send = async () => {
    const file = await openFile(path)
    if (file === null) throw new HttpError(404)
    const type = options.type ?? typeOfFile(path)
    const disposition = options.download === undefined ? 'inline' : attachment(options.download)
    return fileReply(any, file, {
      type,
      etag: file.etag,
      lastModified: file.mtimeMillis,
      cacheControl: options.cacheControl ?? 'private, no-cache',
      fields: { 'Content-Disposition': disposition },
    })
  }
  return c.machine.clock.hold(send())
}

/** How bytes at hand are sent. */
export interface SendBytesOptions extends SendFileOptions {
  /** With its quotes, as `formatEtag` makes it; strong where the bytes are the same each time, which ranges go by. */
  readonly etag?: string
  /** Milliseconds since 1970. */
  readonly lastModified?: number
}

/**
 * The reply for bytes at hand, with ranges and conditions: a picture out of a database, a report that was made.
 *
 * @example
 * site.get('/logo', async (c) => {
 *   const logo = await Logo.get({ id: 1 })
 *   return sendBytes(c, logo.bytes, { type: 'image/png', etag: formatEtag(String(logo.version)) })
 * })
 * @throws HttpError 412, 416.
 */
export function sendBytes(
  c: Context<unknown, unknown> | Context<never, never>,
  bytes: Uint8Array,
  options: SendBytesOptions = {},
): Promise<Reply> {
  const source = {
    size: bytes.length,
    descriptor: null,
    async read(into: Uint8Array, position: number): Promise<number> {
      const part = bytes.subarray(position, position + into.length)
      into.set(part)
      return part.length
    },
    async close(): Promise<void> {},
  }
  return fileReply(c as Context<unknown, unknown>, source, {
    type: options.type ?? typeOfFile(options.download ?? ''),
    etag: options.etag,
    lastModified: options.lastModified,
    cacheControl: options.cacheControl ?? 'private, no-cache',
    fields: { 'Content-Disposition': options.download === undefined ? 'inline' : attachment(options.download) },
  })
}

/**
 * A value for the Content-Disposition field: the browser saves the reply under this name. RFC 6266 §4.3: the name in ASCII
 * for old clients, and in full (RFC 8187).
 * @param name its last part is taken: a path would be the browser's to refuse.
 *
 * @example
 * c.text(csv, { headers: { 'Content-Disposition': attachment('Orders.csv') } })
 */
export function attachment(name: string): string {
  const clean = cleanFileName(name)
  if (clean === '') return 'attachment'
  // Old clients decode what is percent-encoded in it (RFC 6266, appendix D).
  const ascii = clean.replace(/[^\x20-\x7e]/g, '_').replace(/["%]/g, '_')
  const whole = encodeURIComponent(clean).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${ascii}"; filename*=UTF-8''${whole}`
}
