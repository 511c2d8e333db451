/**
 * node test/conformance/dns-vectors/run.ts [--json] PATH…
 *
 * Runs Unbound's codec vectors: packets must parse and survive encoding, record texts must reach their wire form and
 * their canonical text. Hashes and signatures are skipped: there is no validator yet.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { packetVerdicts } from './packets.ts'
import { recordVerdicts } from './records.ts'

export type Verdict = { readonly passed: true } | { readonly failed: string } | { readonly skipped: string }

export interface Outcome {
  readonly suite: 'dns-vectors'
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly failures: readonly { readonly case: string; readonly why: string }[]
}

/** @param tell is given a line for each case that did not pass. */
export function runVectors(paths: readonly string[], tell: (line: string) => void = () => {}): Outcome {
  const failures: { case: string; why: string }[] = []
  let passed = 0
  let skipped = 0
  for (const path of paths.flatMap(filesIn)) {
    for (const [i, verdict] of verdictsOf(path).entries()) {
      const name = `${basename(path)}#${i + 1}`
      if ('passed' in verdict) passed++
      else if ('skipped' in verdict) {
        skipped++
        tell(`skip  ${name}: ${verdict.skipped}`)
      } else {
        failures.push({ case: name, why: verdict.failed })
        tell(`FAIL  ${name}: ${verdict.failed}`)
      }
    }
  }
  return { suite: 'dns-vectors', passed, failed: failures.length, skipped, failures }
}

function filesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesIn(join(path, name)))
}

function verdictsOf(path: string): Verdict[] {
  const name = basename(path)
  const text = readFileSync(path, 'utf8')
  if (name.startsWith('test_packets.')) return packetVerdicts(text)
  if (/^test_ldnsrr\.[0-9]+$/.test(name)) {
    const canonical = path.replace(/([0-9]+)$/, 'c$1')
    if (!existsSync(canonical)) return [{ failed: `${canonical} is missing` }]
    return recordVerdicts(text, readFileSync(canonical, 'utf8'))
  }
  if (/^test_(ds|nsec3_hash|signatures|sigs)\./.test(name))
    return [{ skipped: 'hashes and signatures need a validator, which there is not yet' }]
  return []
}

if (import.meta.main) {
  const json = process.argv.includes('--json')
  const paths = process.argv.slice(2).filter((word) => !word.startsWith('--'))
  if (paths.length === 0) {
    console.error('usage: node test/conformance/dns-vectors/run.ts [--json] PATH…')
    process.exit(2)
  }
  const outcome = runVectors(paths, json ? undefined : console.log)
  if (json) console.log(JSON.stringify(outcome))
  else console.log(`${outcome.passed} passed, ${outcome.failed} failed, ${outcome.skipped} skipped`)
  process.exitCode = outcome.failed === 0 ? 0 : 1
}
