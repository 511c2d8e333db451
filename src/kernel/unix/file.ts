/**
 * The file that a Unix socket is bound to. The kernel makes it and does not remove it: who has bound it does, when the
 * socket is closed and when the process ends. A process that is killed leaves it behind.
 */
import { lstatSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { SocketError } from '../../base/errors.ts'
import { type Address, type PathAddress, placeOf } from '../../socket/address.ts'
import type { SocketFileOptions } from '../../socket/host.ts'

/** Whether the address is a file: a name of the abstract name space is none, and nor is a pipe of Windows. */
export function hasFile(at: Address): at is PathAddress {
  return at.path !== undefined && at.path !== '' && !at.path.startsWith('\0') && process.platform !== 'win32'
}

/** Files of open sockets. */
const open = new Set<SocketFile>()
let watching = false

export class SocketFile {
  readonly #path: string
  /** Which file it was: another may have taken its place. */
  readonly #device: bigint
  readonly #inode: bigint

  /** @param path where a socket of this process has just been bound */
  constructor(path: string) {
    const { dev, ino } = lstatSync(path, { bigint: true })
    this.#path = path
    this.#device = dev
    this.#inode = ino
    open.add(this)
    if (watching) return
    watching = true
    process.on('exit', () => {
      for (const file of open) file.remove()
    })
  }

  /** Removes the file, if it is still the same. */
  remove(): void {
    if (!open.delete(this)) return
    try {
      const { dev, ino } = lstatSync(this.#path, { bigint: true })
      if (dev === this.#device && ino === this.#inode) unlinkSync(this.#path)
    } catch {} // somebody has removed it, or may not be hindered by us
  }
}

/**
 * Opens a socket that is bound to `at`; a file there that nobody listens at any more is removed where that is allowed,
 * and named in the error where it is not.
 * @throws SocketError what `open` throws
 */
export async function claim<T>(at: PathAddress, options: SocketFileOptions, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    if (!(error instanceof SocketError) || error.code !== 'EADDRINUSE' || !hasFile(at)) throw error
    const found = await occupant(at.path)
    if (found !== 'stale') throw explained(error, at, HINTS[found])
    if (options.removeStale !== true) throw explained(error, at, HINTS.stale)
    unlinkSync(at.path)
    return await open()
  }
}

type Occupant = 'stale' | 'live' | 'other'

const HINTS: { readonly [found in Occupant]: string } = {
  stale:
    'nobody listens there any more: the file was left behind by a process that was killed; remove the file, or listen with { removeStale: true }',
  live: 'another socket is open there',
  other: 'the file there is not a socket: choose another path',
}

/** Who is at that path. */
async function occupant(path: string): Promise<Occupant> {
  try {
    if (!lstatSync(path).isSocket()) return 'other'
  } catch {
    return 'live' // gone, or not to be seen: nothing to be removed
  }
  return await new Promise((resolve) => {
    const probe = connect({ path })
    probe.once('connect', () => {
      probe.destroy()
      resolve('live')
    })
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED' ? 'stale' : 'live'))
  })
}

function explained(error: SocketError, at: PathAddress, hint: string): SocketError {
  return new SocketError('EADDRINUSE', error.syscall, { ...placeOf(at), hint, cause: error })
}
