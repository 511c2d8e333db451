import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { publicApi, REPORTS, reportFile, reportOf } from '../../bin/api.ts'

const api = publicApi()

test('the public API is what docs/api/ says: a change is meant, and shows in the diff (npm run api)', () => {
  for (const [path, symbols] of api) {
    const kept = existsSync(reportFile(path)) ? readFileSync(reportFile(path), 'utf8') : ''
    const made = reportOf(path, symbols)
    const changed = made.split('\n').filter((line) => !kept.includes(line))
    assert.ok(
      made === kept,
      `${reportFile(path)} differs; npm run api writes it anew. New lines:\n${changed.join('\n')}`,
    )
  }
  assert.equal(globSync('*.txt', { cwd: REPORTS }).length, api.size)
})

test('every public name has a doc comment', () => {
  const bare = [...api].flatMap(([path, symbols]) =>
    symbols.filter(({ documented }) => !documented).map(({ name, file }) => `reticle/${path}: ${name} (${file})`),
  )
  assert.deepEqual(bare, [])
})
