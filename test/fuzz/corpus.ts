/**
 * What fuzzing has found, kept in `corpus/NAME.json`: a fuzz test runs these inputs before it makes new ones, and writes down
 * the smallest input of a new find. A find stays there after it has been mended.
 *
 *     fc.assert(fc.property(text, check), { numRuns: 400, ...corpus<[string]>('http-requests') })
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'

/** One input: the arguments of the property, and what it shows. */
interface Find {
  readonly shows: string
  /** Octets stand as `{ "hex": "…" }`. */
  readonly input: readonly unknown[]
}

/** Settings for `fc.assert`: the kept inputs as examples, and a reporter that keeps a new one. */
export function corpus<T extends unknown[]>(
  name: string,
): { readonly examples: T[]; readonly reporter: (run: fc.RunDetails<T>) => void } {
  return {
    examples: findsOf(name).map(({ input }) => input.map(revived) as T),
    reporter(run) {
      if (!run.failed) return
      if (run.counterexample !== null && process.env['CI'] === undefined) keepFind(name, run.counterexample)
      throw new Error(fc.defaultReportMessage(run) ?? 'the property failed')
    },
  }
}

export function fileOf(name: string): string {
  return join(import.meta.dirname, 'corpus', `${name}.json`)
}

function findsOf(name: string): readonly Find[] {
  const file = fileOf(name)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Find[]) : []
}

/** Writes an input down, unless it is there already. */
export function keepFind(name: string, input: readonly unknown[], shows = 'new: say what it shows'): void {
  const finds = findsOf(name)
  const kept = JSON.parse(JSON.stringify(input, frozen)) as unknown[]
  if (finds.some((find) => JSON.stringify(find.input) === JSON.stringify(kept))) return
  writeFileSync(fileOf(name), `${JSON.stringify([...finds, { shows, input: kept }], null, 2)}\n`)
}

function frozen(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { hex: Buffer.from(value).toString('hex') } : value
}

function revived(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('hex' in value)) return value
  return Uint8Array.from(Buffer.from(value.hex as string, 'hex'))
}
