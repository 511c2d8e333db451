/**
 * node test/conformance/llhttp/run.ts [--json] PATH…
 *
 * Runs llhttp's cases (files or folders of its test/request and test/response) through our reader: whole, byte by
 * byte, and cut at random places, which must make no difference at all.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { below, SeededRandom } from '../../../src/base/random.ts'
import { type Case, parseCases } from './cases.ts'
import { reasonToDiffer } from './differences.ts'
import { actualStory, difference, expectedStory } from './story.ts'

export interface Outcome {
  readonly suite: 'llhttp'
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly failures: readonly { readonly case: string; readonly why: string }[]
}

const RANDOM_CUTS = 20

/** @param tell is given a line for each case that did not pass. */
export function runCases(paths: readonly string[], tell: (line: string) => void = () => {}): Outcome {
  const failures: { case: string; why: string }[] = []
  let passed = 0
  let skipped = 0
  for (const path of paths.flatMap(filesIn)) {
    const file = `${basename(dirname(path))}/${basename(path)}`
    for (const one of parseCases(file, readFileSync(path, 'utf8'))) {
      const unstable = cutDifference(one)
      const why = unstable || differenceOf(one)
      const reason = unstable === '' ? reasonToDiffer(one, why) : undefined
      if (why === '') passed++
      else if (reason !== undefined) {
        skipped++
        tell(`skip  ${one.name} [${one.type}]: ${reason}`)
      } else {
        failures.push({ case: one.name, why })
        tell(`FAIL  ${one.name} [${one.type}]: ${why}`)
      }
    }
  }
  return { suite: 'llhttp', passed, failed: failures.length, skipped, failures }
}

function differenceOf(one: Case): string {
  const expected = expectedStory(one.log)
  return difference(expected, actualStory(one, [], expected.refused !== ''))
}

/** The same bytes must tell the same story, to the byte of the verdict, however they arrive. */
function cutDifference(one: Case): string {
  const whole = JSON.stringify(actualStory(one, []))
  const { length } = one.bytes
  const random = new SeededRandom(one.name)
  const ways = [Array.from({ length }, (_, i) => i)]
  for (let i = 0; i < RANDOM_CUTS && length > 0; i++)
    ways.push(Array.from({ length: 1 + below(random, 4) }, () => below(random, length)).sort((a, b) => a - b))
  for (const cuts of ways) {
    const story = JSON.stringify(actualStory(one, cuts))
    if (story !== whole) return `cut at ${cuts.slice(0, 20)}: ${story}, whole: ${whole}`
  }
  return ''
}

function filesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return path.endsWith('.md') ? [path] : []
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesIn(join(path, name)))
}

if (import.meta.main) {
  const json = process.argv.includes('--json')
  const paths = process.argv.slice(2).filter((argument) => argument !== '--json')
  const outcome = runCases(paths, (line) => console.log(line))
  console.log(`${outcome.passed} passed, ${outcome.failed} failed, ${outcome.skipped} skipped`)
  if (json) console.log(JSON.stringify(outcome))
  process.exitCode = outcome.failed === 0 ? 0 : 1
}
