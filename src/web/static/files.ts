/** Serves the files of a directory: `site.mount('/static', files('public'))`. */
import { checkConditions, formatContentRange, formatDate, type Selection, selectRange } from '../../http/index.ts'
import { HttpError } from '../errors/http-error.ts'
import { FILE_PIECE } from '../limits.ts'
import type { Context } from '../site/context/context.ts'
import type { Group, Part } from '../site/group.ts'
import { Reply } from '../site/reply/reply.ts'
import { Folder, type OpenFile } from './folder.ts'
import { isText, typeOfFile } from './types.ts'

export interface FilesOptions {
  /** The Cache-Control field; default `no-cache`: kept, but asked for again each time (RFC 9111 §5.2.2.4). */
  readonly cacheControl?: string
  /** Sends `name.br` or `name.gz` in place of `name` to whom it may; default false. */
  readonly precompressed?: boolean
  /** More fields for a file of this name and type. */
  readonly fields?: (name: string, type: string) => Readonly<Record<string, string>>
  readonly typeOf?: (name: string) => string
}

export function files(directory: string, options: FilesOptions = {}): Part {
  const folder = new Folder(directory)
  return {
    install(group: Group<unknown>) {
      group.get('/{path:path}', (c) => c.machine.clock.hold(serveFile(c, folder, c.params.path, options)))
    },
  }
}

/** The reply for a file of a folder. @throws HttpError 404, 412, 416. */
async function serveFile(
  c: Context<unknown, unknown>,
  folder: Folder,
  path: string,
  options: FilesOptions,
): Promise<Reply> {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const type = (options.typeOf ?? typeOfFile)(name)
  const found = await choose(c, folder, path, type, options)
  if (found === null) throw new HttpError(404)
  const { file, coding } = found
  const reply = new Reply(200, type, null)
  reply.set('Cache-Control', options.cacheControl ?? 'no-cache')
  reply.set('Last-Modified', formatDate(file.mtimeMillis)).set('Accept-Ranges', 'bytes')
  const etag = coding === '' ? file.etag : `${file.etag.slice(0, -1)}-${coding}"`
  reply.set('ETag', etag)
  if (options.precompressed && isText(type)) reply.append('Vary', 'Accept-Encoding')
  if (coding !== '') reply.set('Content-Encoding', coding)
  for (const [field, value] of Object.entries(options.fields?.(name, type) ?? {})) reply.set(field, value)
  try {
    return await fill(c, reply, file, etag)
  } catch (error) {
    await file.handle.close()
    throw error
  }
}

const WHOLE: Selection = { kind: 'whole' }

interface Found {
  readonly file: OpenFile
  readonly coding: '' | 'br' | 'gzip'
}

async function choose(
  c: Context<unknown, unknown>,
  folder: Folder,
  path: string,
  type: string,
  options: FilesOptions,
): Promise<Found | null> {
  if (options.precompressed && isText(type)) {
    const accepted = c.header('accept-encoding') ?? ''
    for (const [coding, extension] of [
      ['br', 'br'],
      ['gzip', 'gz'],
    ] as const) {
      if (!acceptsCoding(accepted, coding)) continue
      const file = await folder.open(`${path}.${extension}`)
      if (file !== null) return { file, coding }
    }
  }
  const file = await folder.open(path)
  return file && { file, coding: '' }
}

/** Whether a coding is named, and not with `q=0` (RFC 9110 §12.5.3). */
function acceptsCoding(field: string, coding: string): boolean {
  return field.split(',').some((item) => {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
    return name === coding && !parameters.some((parameter) => /^q=0(?:\.0{0,3})?$/.test(parameter))
  })
}

/** Puts status, length and body into the reply; the file is closed when the body has been sent. */
async function fill(c: Context<unknown, unknown>, reply: Reply, file: OpenFile, etag: string): Promise<Reply> {
  const field = (name: string) => c.header(name)
  const validators = { etag, lastModified: file.mtimeMillis }
  const now = c.machine.clock.wallMillis()
  const condition = checkConditions(c.method, field, validators, now)
  if (condition === 'failed') throw new HttpError(412)
  if (condition === 'not modified') {
    await file.handle.close()
    reply.status = 304
    return reply
  }
  const wanted = c.method === 'GET' ? selectRange(field, file.size, validators, now) : WHOLE
  if (wanted.kind === 'unsatisfiable')
    throw new HttpError(416, undefined, { headers: { 'Content-Range': formatContentRange(wanted, file.size) } })
  if (wanted.kind === 'part') {
    reply.status = 206
    reply.set('Content-Range', formatContentRange(wanted, file.size))
  }
  const { start, end } = wanted.kind === 'part' ? wanted : { start: 0, end: file.size }
  const length = end - start
  if (length <= FILE_PIECE && c.method === 'GET') {
    reply.body = await readAll(file, start, length)
    await file.handle.close()
    return reply
  }
  reply.set('Content-Length', String(length))
  reply.body = pieces(c, file, start, end)
  return reply
}

async function readAll(file: OpenFile, first: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let got = 0
  while (got < length) {
    const { bytesRead } = await file.handle.read(bytes, got, length - got, first + got)
    if (bytesRead === 0) break // it has become shorter meanwhile
    got += bytesRead
  }
  return got === length ? bytes : bytes.subarray(0, got)
}

/** Pieces of a file; closes it at the end, also when it is never begun or broken off. */
function pieces(c: Context<unknown, unknown>, file: OpenFile, start: number, end: number): AsyncIterable<Uint8Array> {
  let at = start
  const close = async () => {
    await file.handle.close()
    return { done: true as const, value: undefined }
  }
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        if (at >= end) return close()
        const length = Math.min(FILE_PIECE, end - at)
        const bytes = new Uint8Array(length)
        const { bytesRead } = await c.machine.clock.hold(file.handle.read(bytes, 0, length, at))
        // The length has been promised: a body that ends early must not look whole.
        if (bytesRead === 0) {
          await close()
          throw new Error('the file became shorter while it was sent')
        }
        at += bytesRead
        return { done: false, value: bytes.subarray(0, bytesRead) }
      },
      return: close,
    }),
  }
}
