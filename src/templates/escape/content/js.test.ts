/** JavaScript is read as a parser reads it, or the script is refused. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { difference, parsedKinds } from '../../trial/parsed.ts'
import { scripts } from '../../trial/scripts.ts'

const RUNS = Number(process.env['RETICLE_RUNS'] ?? 4000)

test('scripts made at random are read as a parser reads them, or refused', () => {
  let [compared, refused] = [0, 0]
  fc.assert(
    fc.property(scripts, (script) => {
      const kinds = parsedKinds(script)
      if (kinds === null) return
      compared++
      const found = difference(script, kinds)
      if (found.refused) refused++
      assert.equal(found.at, null)
    }),
    { numRuns: RUNS },
  )
  assert.ok(compared > RUNS / 20, `only ${compared} scripts of ${RUNS} are any`)
  assert.ok(refused < compared / 2, `${refused} of ${compared} scripts are refused`)
})

test('published programs are read as a parser reads them', () => {
  const modules = join(import.meta.dirname, '../../../../node_modules')
  for (const name of [
    'acorn/dist/acorn.js',
    'fast-check/lib/fast-check.js',
    'esbuild/lib/main.js',
    'playwright-core/lib/bootstrap.js',
  ]) {
    const script = readFileSync(join(modules, name), 'utf8')
    const found = difference(script, parsedKinds(script)!)
    assert.deepEqual(found, { refused: false, at: null }, name)
  }
})
