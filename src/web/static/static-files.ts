/** Serves the files of a directory: `site.mount('/static', staticFiles('public'))`. */
import { Folder } from '#files'
import { parseItem, splitList } from '../../http/index.ts'
import { HttpError } from '../errors.ts'
import type { Part } from '../groups/group.ts'
import type { Context } from '../request/context.ts'
import { Reply } from '../request/reply.ts'
import { fileReply } from './file-reply.ts'
import type { OpenFile } from './storage.ts'
import { isText, typeOfFile } from './types.ts'

/** How the files of a directory are served. */
export interface StaticFilesOptions {
  /** The Cache-Control field; default `no-cache`: kept, but asked for again each time (RFC 9111 §5.2.2.4). */
  readonly cacheControl?: string
  /** Sends `name.br` or `name.gz` in place of `name` to whom it may; default false. */
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
  const compressible = options.precompressed === true && isText(type)
  return fileReply(c, file, {
    type,
    cacheControl: options.cacheControl ?? 'no-cache',
    ...(coding !== '' && { etag: `${file.etag.slice(0, -1)}-${coding}"` }),
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

interface Found {
  readonly file: OpenFile
  readonly coding: '' | 'br' | 'gzip'
}

async function choose(
  c: Context<unknown, unknown>,
  folder: Folder,
  path: string,
  type: string,
  options: StaticFilesOptions,
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
  return splitList(field.toLowerCase()).some((element) => {
    const item = parseItem(element, 1)
    return item?.value === coding && !/^0(?:\.0{0,3})?$/.test(item.parameters.get('q') ?? '')
  })
}
