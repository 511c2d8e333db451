/**
 * Files that visitors sent: kept under names that they did not choose, served so that none can act as a page of this
 * site, whatever is in it.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Machine } from '../../base/machine.ts'
import { randomBytes } from '../../base/random-bytes.ts'
import { sniffType, type Upload } from '../forms/upload.ts'
import type { Part } from '../site/group.ts'
import { files } from './files.ts'
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

/**
 * Writes an upload into a directory under a random name, with the extension that its content has (`bin` for what is
 * not known). The name; the directory is made when it is missing.
 */
export async function saveUpload(directory: string, upload: Upload, machine: Machine): Promise<string> {
  const type = sniffType(upload.bytes)
  const random = Buffer.from(randomBytes(machine, 16)).toString('hex')
  const name = `${random}.${type === null ? 'bin' : EXTENSIONS[type]}`
  const write = async () => {
    await mkdir(directory, { recursive: true })
    await writeFile(join(directory, name), upload.bytes, { flag: 'wx', mode: 0o644 })
  }
  await machine.clock.hold(write())
  return name
}

/** Serves a directory of uploads: `site.mount('/uploads', uploads('data/uploads'))`. */
export function uploads(directory: string): Part {
  return files(directory, {
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
