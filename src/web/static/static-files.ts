/** Serves the files of a directory: `site.mount('/static', staticFiles('public'))`. */
import { Folder } from '#files'
import { chooseCoding, isCompressible } from '../../http/index.ts'
import { HttpError } from '../errors.ts'
import type { Part } from '../groups/group.ts'
import type { Context } from '../request/context.ts'
import { Reply } from '../request/reply.ts'
import { fileReply } from './file-reply.ts'
import type { OpenFile } from './storage.ts'
import { typeOfFile } from './types.ts'

/** How the files of a directory are served. */
export interface StaticFilesOptions {
  /** The Cache-Control field; default `no-cache`: kept, but asked for again each time (RFC 9111 §5.2.2.4). */
  readonly cacheControl?: string
  /** Sends `name.zst`, `name.br` or `name.gz` in place of `name` to whom it may; default false. */
  readonly precompressed?: boolean
  /** The file that is sent for a directory, `index.html`; without it directories are not found. */
  readonly index?: string
  /** More fields for a file of this name and type. */
  readonly fields?: (name: string, type: string) => Readonly<Record<string, string>>
  /** The media type of a file of this name. */
  readonly typeOf?: (name: string) => string
}

/**
 * Serves a directory to everybody. Files whose names begin with a dot are not served, except below `.well-known`.
 *
 * @example
 * site.mount('/docs', staticFiles('docs/html', { index: 'index.html' }))
 */
export function staticFiles(directory: string, options: StaticFilesOptions = {}): Part {
  const folder = new Folder(directory)
  const { index } = options
  return {
    name: `files of ${directory}`,
    install(group) {
      group.get('/{path:path}', (c) => c.machine.clock.hold(serveFile(c, folder, c.params.path, options)))
      if (index !== undefined) group.get('/', (c) => c.machine.clock.hold(serveFile(c, folder, index, options)))
    },
  }
}

/** The reply for a file of a folder. @throws HttpError 404, 412, 416. */
async function serveFile(
  c: Context<unknown, unknown>,
  folder: Folder,
  asked: string,
  options: StaticFilesOptions,
): Promise<Reply> {
  const { index } = options
  const path = asked.endsWith('/') && index !== undefined ? asked + index : asked
  const name = path.slice(path.lastIndexOf('/') + 1)
  const type = (options.typeOf ?? typeOfFile)(name)
  const found = await choose(c, folder, path, type, options)
  if (found === null) return directoryOf(c, folder, path, index)
  const { file, coding } = found
  const compressible = options.precompressed === true && isCompressible(type)
  return fileReply(c, file, {
    type,
    cacheControl: options.cacheControl ?? 'no-cache',
    etag: coding === '' ? file.etag : `${file.etag.slice(0, -1)}-${coding}"`,
    lastModified: file.mtimeMillis,
    forEverybody: true,
    fields: {
      ...(compressible && { Vary: 'Accept-Encoding' }),
      ...(coding !== '' && { 'Content-Encoding': coding }),
      ...options.fields?.(name, type),
    },
  })
}

/** A directory with an index is asked for with a slash, so that links in it lead into it. @throws HttpError 404. */
async function directoryOf(
  c: Context<unknown, unknown>,
  folder: Folder,
  path: string,
  index: string | undefined,
): Promise<Reply> {
  const file = index === undefined ? null : await folder.open(`${path}/${index}`)
  if (file === null) throw new HttpError(404)
  await file.close()
  const { path: raw, query } = c.exchange
  return new Reply(308, '', null).setHeader('Location', query === '' ? `${raw}/` : `${raw}/?${query}`)
}

/** The codings of files beside a file, and how their names end; the one that is liked best first. */
const BESIDE = { zstd: 'zst', br: 'br', gzip: 'gz' } as const
const CODINGS = Object.keys(BESIDE) as (keyof typeof BESIDE)[]

interface Found {
  readonly file: OpenFile
  readonly coding: '' | keyof typeof BESIDE
}

async function choose(
  c: Context<unknown, unknown>,
  folder: Folder,
  path: string,
  type: string,
  options: StaticFilesOptions,
): Promise<Found | null> {
  if (options.precompressed && isCompressible(type)) {
    let left = CODINGS
    for (;;) {
      const coding = chooseCoding(c.header('accept-encoding'), left)
      if (coding === null || coding === 'identity') break
      const file = await folder.open(`${path}.${BESIDE[coding]}`)
      if (file !== null) return { file, coding }
      left = left.filter((other) => other !== coding)
    }
  }
  const file = await folder.open(path)
  return file && { file, coding: '' }
}
