/** Compiles the bare C loop into a directory of its own. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Limit {
  /** The program: `PROGRAM [PORT]` prints `listening PORT`. */
  readonly program: string
  remove(): void
}

/** @throws when there is no C compiler. */
export function buildLimit(): Limit {
  const directory = mkdtempSync(join(tmpdir(), 'reticle-limit-'))
  const program = join(directory, 'epoll')
  execFileSync('cc', ['-O2', '-Wall', '-o', program, fileURLToPath(new URL('epoll.c', import.meta.url))])
  return { program, remove: () => rmSync(directory, { recursive: true }) }
}
