/**
 * A directory whose files may be read by anybody, and nothing beside it: no path out of it by any spelling, none
 * through a symbolic link that leads out, and no file whose name begins with a dot.
 */
import { constants, type FileHandle, mkdir, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import type { NewFile, OpenFile } from '../storage.ts'
import { type Found, keep, reuse, statusOf } from './open-files.ts'

export class Folder {
  readonly #directory: string
  #root: Promise<string> | null = null

  constructor(directory: string) {
    this.#directory = resolve(directory)
  }

  /** Opens a regular file; null for whatever may not be read or is not there. The caller closes it. */
  async open(path: string): Promise<OpenFile | null> {
    if (!isPlain(path)) return null
    const place = join(this.#directory, path)
    const key = `${this.#directory}\0${path}`
    const stat = statusOf(place)
    if (stat === undefined) return null
    const known = reuse(key, stat)
    if (known !== null) return opened(known)
    try {
      this.#root ??= realpath(this.#directory)
      const root = await this.#root
      // Where the path really leads, all links followed; the last step is not followed again when it is opened.
      const real = await realpath(join(root, path))
      if (!real.startsWith(root + sep)) return null
      return await openRegular(key, real)
    } catch (error) {
      this.#root = null // the directory may come later
      if (isAbsence(error)) return null
      throw error
    }
  }
}

/** Opens a file that the program has named; null when it is not there, or no file. The caller closes it. */
export async function openFile(path: string): Promise<OpenFile | null> {
  const key = `\0${resolve(path)}`
  const stat = statusOf(path)
  const known = stat === undefined ? null : reuse(key, stat)
  if (known !== null) return opened(known)
  try {
    return await openRegular(key, await realpath(path))
  } catch (error) {
    if (isAbsence(error)) return null
    throw error
  }
}

/**
 * A decoded path, relative, every segment a plain name. `.well-known` may stand first: RFC 8615 has put it into the path
 * on purpose.
 */
function isPlain(path: string): boolean {
  if (path === '' || path.includes('\0') || path.includes('\\')) return false
  const rest = path.startsWith('.well-known/') ? path.slice('.well-known/'.length) : path
  return rest.split('/').every((segment) => segment !== '' && !segment.startsWith('.'))
}

/** @param key under which it is kept open for the next request */
async function openRegular(key: string, real: string): Promise<OpenFile | null> {
  // O_NONBLOCK: a named pipe must not hold the thread.
  const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  const found = await handle.stat({ bigint: true })
  if (!found.isFile()) {
    await handle.close()
    return null
  }
  return opened(keep(key, handle, found))
}

function opened({ handle, stat, release }: Found): OpenFile {
  return {
    size: Number(stat.size),
    mtimeMillis: Number(stat.mtimeMs),
    etag: `"${stat.size.toString(36)}-${stat.mtimeNs.toString(36)}"`,
    descriptor: handle.fd,
    read: (into, position) => readFully(handle, into, position),
    close: release,
  }
}

async function readFully(handle: FileHandle, into: Uint8Array, position: number): Promise<number> {
  let got = 0
  while (got < into.length) {
    const { bytesRead } = await handle.read(into, got, into.length - got, position + got)
    if (bytesRead === 0) break // it has become shorter meanwhile
    got += bytesRead
  }
  return got
}

function isAbsence(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return ['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG', 'EINVAL', 'EISDIR', 'ENXIO'].includes(String(code))
}

/** Begins a file of a directory under a name that no visitor is given: it begins with a dot. */
export async function beginFile(directory: string, temporary: string): Promise<NewFile> {
  await mkdir(directory, { recursive: true })
  const path = join(directory, temporary)
  const handle = await open(path, 'wx', 0o644)
  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten
    },
    async keep(name) {
      await handle.sync()
      await handle.close()
      await rename(path, join(directory, name))
      await syncDirectory(directory)
    },
    async discard() {
      await handle.close().catch(() => {})
      await rm(path, { force: true })
    },
  }
}

/** What a directory holds is kept, too, when the machine loses power; where the system cannot say so it decides itself. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY).catch(() => null)
  if (handle === null) return
  await handle.sync().catch(() => {})
  await handle.close()
}

/** Takes a file away; false when there is none. */
export async function removeFile(directory: string, name: string): Promise<boolean> {
  try {
    await rm(join(directory, name))
    return true
  } catch (error) {
    if (isAbsence(error)) return false
    throw error
  }
}

/** The regular files of a directory, with the time of their last change; none when there is no such directory. */
export async function listFiles(directory: string): Promise<readonly { name: string; mtimeMillis: number }[]> {
  let names: string[]
  try {
    names = await readdir(directory)
  } catch (error) {
    if (isAbsence(error)) return []
    throw error
  }
  const found: { name: string; mtimeMillis: number }[] = []
  for (const name of names) {
    const about = await stat(join(directory, name)).catch(() => null)
    if (about?.isFile()) found.push({ name, mtimeMillis: about.mtimeMs })
  }
  return found
}
