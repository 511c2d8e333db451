/**
 * node test/conformance/rpl/run.ts [--json] [--set] PATH…
 *
 * Runs replay files of Unbound's (`*.rpl`; folders are searched) against the iterating resolver. `--set` compares the
 * sections of messages as sets, for triage; the default is testbound's own strictness.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { play } from './play.ts'
import { parseScenario } from './scenario.ts'

const options = process.argv.slice(2).filter((word) => word.startsWith('--'))
const paths = process.argv.slice(2).filter((word) => !word.startsWith('--'))
if (paths.length === 0 || options.some((option) => option !== '--json' && option !== '--set')) {
  console.error('usage: node test/conformance/rpl/run.ts [--json] [--set] PATH…')
  process.exit(2)
}

const mode = options.includes('--set') ? 'set' : 'strict'
const failures: { case: string; why: string }[] = []
let passed = 0
for (const path of paths.flatMap(filesIn)) {
  const why = await verdict(path)
  if (why === '') passed++
  else failures.push({ case: path, why })
  if (!options.includes('--json')) console.log(why === '' ? `ok    ${path}` : `FAIL  ${path}: ${why}`)
}
if (options.includes('--json'))
  console.log(JSON.stringify({ suite: 'rpl', passed, failed: failures.length, skipped: 0, failures }))
else console.log(`${passed} passed, ${failures.length} failed`)
process.exitCode = failures.length === 0 ? 0 : 1

async function verdict(path: string): Promise<string> {
  try {
    return await play(parseScenario(readFileSync(path, 'utf8')), mode)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function filesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesIn(join(path, name)))
    .filter((file) => file.endsWith('.rpl'))
}
