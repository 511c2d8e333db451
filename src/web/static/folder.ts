/**
 * A directory whose files may be read by anybody, and nothing beside it: no path out of it by any spelling, none
 * through a symbolic link that leads out, and no file whose name begins with a dot.
 */
import { constants, type FileHandle, open, realpath } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'

export interface OpenFile {
  readonly handle: FileHandle
  readonly size: number
  readonly mtimeMillis: number
  /** A strong validator (RFC 9110 §8.8.3): size and time of change to the nanosecond. */
  readonly etag: string
}

export class Folder {
  readonly #directory: string
  #root: Promise<string> | null = null

  constructor(directory: string) {
    this.#directory = resolve(directory)
  }

  /** Opens a regular file; null for whatever may not be read or is not there. The caller closes it. */
  async open(path: string): Promise<OpenFile | null> {
    if (!isPlain(path)) return null
    try {
      this.#root ??= realpath(this.#directory)
      const root = await this.#root
      // Where the path really leads, all links followed; the last step is not followed again when it is opened.
      const real = await realpath(join(root, path))
      if (!real.startsWith(root + sep)) return null
      return await openRegular(real)
    } catch (error) {
      this.#root = null // the directory may come later
      if (isAbsence(error)) return null
      throw error
    }
  }
}

/** A decoded path, relative, every segment a plain name. */
function isPlain(path: string): boolean {
  if (path === '' || path.includes('\0') || path.includes('\\')) return false
  return path.split('/').every((segment) => segment !== '' && !segment.startsWith('.'))
}

async function openRegular(real: string): Promise<OpenFile | null> {
  // O_NONBLOCK: a named pipe must not hold the thread.
  const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  const stat = await handle.stat({ bigint: true })
  if (!stat.isFile()) {
    await handle.close()
    return null
  }
  const etag = `"${stat.size.toString(36)}-${stat.mtimeNs.toString(36)}"`
  return { handle, size: Number(stat.size), mtimeMillis: Number(stat.mtimeMs), etag }
}

function isAbsence(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return ['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG', 'EINVAL', 'EISDIR', 'ENXIO'].includes(String(code))
}
