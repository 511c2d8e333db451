/**
 * What a test needs from outside the repository: a command, root, others' test data. Where it is missing the test is
 * skipped with the reason; with RETICLE_REQUIRE=all (as in CI) a missing thing is a failure.
 */
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const required = process.env['RETICLE_REQUIRE'] === 'all'

/** For `test(name, { skip: … }, …)`: false when there, else the reason. @throws when everything is required. */
type Skip = string | false

function missing(what: string): string {
  if (required) throw new Error(`RETICLE_REQUIRE=all, but ${what}`)
  return what
}

/** Anything else: io_uring, a folder of data. */
export function need(present: boolean, what: string): Skip {
  return present ? false : missing(`needs ${what}`)
}

/** A program on the path: `dig`, `curl`, `tshark`. */
export function needCommand(...names: readonly string[]): Skip {
  for (const name of names) if (commandPath(name) === null) return missing(`needs the program ${name}`)
  return false
}

export function commandPath(name: string): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {}
  }
  return null
}

export function needRoot(): Skip {
  return process.getuid?.() === 0 ? false : missing('needs root')
}

/** A folder of others' test data, beside the project: `conformance('rpl')`, or null where it is not. */
export function conformancePath(suite: string): string {
  const base = process.env['RETICLE_CONFORMANCE'] ?? join(import.meta.dirname, '../../shared/conformance')
  return join(base, suite)
}

export function needConformance(suite: string): Skip {
  return existsSync(conformancePath(suite)) ? false : missing(`needs the test data ${conformancePath(suite)}`)
}
