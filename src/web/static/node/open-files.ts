/**
 * Files that are kept open for the next request. To find the way to a file, open it, ask for its size and close it again are
 * four errands to other threads, each dearer than to send a page of it; one look at what stands there now tells whether
 * the file that is open is still the one.
 */
import { type BigIntStats, statSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'

/** Descriptors that are kept at most while nobody uses them. */
const MOST = 64
/** How long a file that nobody asks for stays open: a deleted one holds its place on the disk meanwhile. */
const IDLE_MS = 5000

export interface Found {
  readonly handle: FileHandle
  readonly stat: BigIntStats
  /** The caller is through with it. */
  release(): Promise<void>
}

interface Entry {
  readonly handle: FileHandle
  readonly stat: BigIntStats
  users: number
  /** Nobody gets it any more; closed when the last is through. */
  stale: boolean
  used: number
}

/** In the order in which they were used last. */
const entries = new Map<string, Entry>()
let sweeping: NodeJS.Timeout | null = null

/** What stands at the path now; undefined when there is nothing, or nothing that may be seen. */
export function statusOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

/** The open file of that key, if what stands at its path is still it. */
export function reuse(key: string, stat: BigIntStats): Found | null {
  const entry = entries.get(key)
  if (entry === undefined) return null
  entries.delete(key)
  if (!isSame(entry.stat, stat)) {
    discard(entry)
    return null
  }
  entries.set(key, entry)
  return taken(entry, stat)
}

/** Keeps a file that has just been opened, and gives it. */
export function keep(key: string, handle: FileHandle, stat: BigIntStats): Found {
  const entry: Entry = { handle, stat, users: 0, stale: false, used: 0 }
  const before = entries.get(key)
  if (before !== undefined) discard(before)
  entries.delete(key)
  entries.set(key, entry)
  for (const [oldest, one] of entries) {
    if (entries.size <= MOST) break
    entries.delete(oldest)
    discard(one)
  }
  sweeping ??= setInterval(sweep, IDLE_MS).unref()
  return taken(entry, stat)
}

function taken(entry: Entry, stat: BigIntStats): Found {
  entry.users++
  let released = false
  return {
    handle: entry.handle,
    stat,
    async release() {
      if (released) return
      released = true
      entry.used = performance.now()
      if (--entry.users === 0 && entry.stale) await entry.handle.close()
    },
  }
}

/** The change time moves with the content, with the owner and with the permissions. */
function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return one.ino === other.ino && one.dev === other.dev && one.ctimeNs === other.ctimeNs && one.size === other.size
}

function discard(entry: Entry): void {
  entry.stale = true
  if (entry.users === 0) entry.handle.close().catch(() => {})
}

function sweep(): void {
  const before = performance.now() - IDLE_MS
  for (const [key, entry] of entries) {
    if (entry.users > 0 || entry.used > before) continue
    entries.delete(key)
    discard(entry)
  }
  if (entries.size > 0 || sweeping === null) return
  clearInterval(sweeping)
  sweeping = null
}
