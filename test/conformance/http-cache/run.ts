/**
 * The client's cache against the cases of http-tests/cache-tests: `node test/conformance/http-cache/run.ts`. `--shared` for a
 * proxy's cache, `--all` to list what passes too. Prints a line for each case that does not pass, and counts by kind. `SOURCE.md`
 * says whose cases they are.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Case, type Outcome, runCase } from './engine.ts'

export interface Result {
  readonly one: Case
  readonly outcome: Outcome
}

/** @param shared whether the cache is one that several people share; cases for such ones are left out where it is not. */
export async function runCases(shared: boolean, wanted: (one: Case) => boolean = () => true): Promise<Result[]> {
  const lines = readFileSync(join(import.meta.dirname, 'cases.jsonl'), 'utf8')
    .trim()
    .split('\n')
  const results: Result[] = []
  for (const line of lines) {
    const one = JSON.parse(line) as Case
    if ((shared || !one.browser_skip) && wanted(one)) results.push({ one, outcome: await runCase(one, shared) })
  }
  return results
}

export function count(results: readonly Result[]): Record<string, Record<string, number>> {
  const counts: Record<string, Record<string, number>> = {}
  for (const { one, outcome } of results) {
    const kind = (counts[one.kind] ??= { pass: 0, fail: 0, setup: 0 })
    kind[outcome.kind]!++
  }
  return counts
}

if (import.meta.main) {
  const options = process.argv.slice(2)
  const results = await runCases(options.includes('--shared'))
  for (const { one, outcome } of results) {
    if (outcome.kind === 'pass' && !options.includes('--all')) continue
    const why = outcome.kind === 'pass' ? '' : `: ${outcome.why}`
    console.log(`${outcome.kind.padEnd(5)} ${one.kind.padEnd(8)} ${one.suite} ${one.id}${why}`)
  }
  console.log(JSON.stringify(count(results)))
}
