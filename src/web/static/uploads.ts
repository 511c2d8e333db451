/**
 * Files that visitors sent: kept under names that they did not choose, served so that none can act as a page of this
 * site, whatever is in it.
 */
import { beginFile, listFiles, removeFile } from '#files'
import { MILLISECOND } from '../../base/clock.ts'
import { type Duration, hours, requireDuration } from '../../base/duration.ts'
import type { Machine } from '../../base/machine.ts'
import { randomBytes } from '../../base/random-bytes.ts'
import { currentMachine } from '../../base/work.ts'
import { HttpError, UsageError } from '../errors.ts'
import type { Part } from '../groups/group.ts'
import type { BodyPart } from '../request/parts.ts'
import { isUpload, SNIFFED_OCTETS, sniffType, type Upload } from '../request/upload.ts'
import { staticFiles } from './static-files.ts'
import { OCTETS, typeOfFile } from './types.ts'

const EXTENSIONS = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'application/pdf': 'pdf',
} as const

/** Shown in the page; everything else is saved by the browser. None of them runs scripts. */
const SHOWN: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])

/** The names that `saveUpload` gives. */
const NAME = /^[0-9a-f]{32}\.(?:png|jpg|gif|webp|pdf|bin)$/
/** Those of files that are not whole yet; no visitor is given one. */
const TEMPORARY = /^\.[0-9a-f]{32}\.part$/

/** How an upload is kept. */
export interface SaveOptions {
  /** Bytes that are taken of a part of `c.body.parts()`; more is refused with 413. */
  readonly max?: number
  /** Whose randomness names the file; default: that of the code around. */
  readonly machine?: Machine
}

/**
 * Writes an upload into a directory under a random name, with the extension that its content has (`bin` for what is
 * not known), and gives the name. It is written beside its place and put there when it is whole: a client that leaves,
 * or a program that is killed, leaves no half file under a name that is served.
 * @param upload of a form, or a part of `c.body.parts()`, which is written as it comes in.
 *
 * @example
 * const name = await saveUpload('data/pictures', form.data.picture)
 * await Post.create({ picture: name })
 */
export function saveUpload(directory: string, upload: Upload | BodyPart, options: SaveOptions = {}): Promise<string> {
  const machine = options.machine ?? currentMachine()
  const save = isUpload(upload)
    ? write(machine, directory, one(upload.bytes), options)
    : write(machine, directory, upload, options)
  // A file that is whole costs no virtual time; one that is still coming in takes what the network takes.
  return isUpload(upload) ? machine.clock.hold(save) : save
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function write(
  machine: Machine,
  directory: string,
  pieces: AsyncIterable<Uint8Array>,
  { max = Number.POSITIVE_INFINITY }: SaveOptions,
): Promise<string> {
  const random = Array.from(randomBytes(machine, 16), (octet) => octet.toString(16).padStart(2, '0')).join('')
  const file = await beginFile(directory, `.${random}.part`)
  const first = new Uint8Array(SNIFFED_OCTETS)
  let size = 0
  try {
    for await (const piece of pieces) {
      if (size < first.length) first.set(piece.subarray(0, first.length - size), size)
      size += piece.length
      if (size > max) throw new HttpError(413, `The file takes more than ${max} bytes.`)
      await file.write(piece)
    }
    const type = sniffType(first.subarray(0, Math.min(size, first.length)))
    const name = `${random}.${type === null ? 'bin' : EXTENSIONS[type]}`
    await file.keep(name)
    return name
  } catch (error) {
    await file.discard()
    throw error
  }
}

/**
 * Takes an upload away, once nothing names it any more: after the commit that deletes its row, say. False when there is
 * none of that name.
 * @throws UsageError for a name that `saveUpload` cannot have given.
 *
 * @example
 * onCommit(() => removeUpload('data/pictures', post.picture))
 */
export function removeUpload(directory: string, name: string): Promise<boolean> {
  if (!NAME.test(name)) throw new UsageError(`removeUpload(): '${name}' is not a name of an upload`)
  return currentMachine().clock.hold(removeFile(directory, name))
}

/** Which uploads are left alone. */
export interface SweepOptions {
  /** Files that are younger are left alone: the row that names one may not be written yet. Default an hour. */
  readonly olderThan?: Duration
}

/**
 * Takes away uploads that nothing names, and what is left of uploads that never became whole.
 * @param isNamed whether a row names the file.
 * @returns the names of what was taken away.
 *
 * @example
 * await sweepUploads('data/pictures', (name) => Post.exists({ picture: name }))
 */
export function sweepUploads(
  directory: string,
  isNamed: (name: string) => boolean | PromiseLike<boolean>,
  options: SweepOptions = {},
): Promise<readonly string[]> {
  const { clock } = currentMachine()
  const age = requireDuration('sweepUploads({ olderThan })', options.olderThan ?? hours(1)) / MILLISECOND
  const sweep = async () => {
    const gone: string[] = []
    for (const { name, mtimeMillis } of await listFiles(directory)) {
      if (clock.wallMillis() - mtimeMillis < age) continue
      if (!TEMPORARY.test(name) && (!NAME.test(name) || (await isNamed(name)))) continue
      if (await removeFile(directory, name)) gone.push(name)
    }
    return gone
  }
  return clock.hold(sweep())
}

/**
 * Serves a directory of uploads: `site.mount('/uploads', uploadedFiles('data/uploads'))`.
 *
 * @example
 * site.signedIn((members) => members.mount('/pictures', uploadedFiles('data/pictures')))
 */
export function uploadedFiles(directory: string): Part {
  return staticFiles(directory, {
    // Names are random and never written again.
    cacheControl: 'private, max-age=31536000, immutable',
    typeOf: (name) => {
      const type = typeOfFile(name)
      return SHOWN.has(type) || type === 'application/pdf' ? type : OCTETS
    },
    fields: (_, type) => ({
      'Content-Security-Policy': "default-src 'none'; sandbox",
      'Content-Disposition': SHOWN.has(type) ? 'inline' : 'attachment',
    }),
  })
}
