import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { corpus, fileOf } from './corpus.ts'

const NAME = `trial-${process.pid}`

test('the smallest input of a find is kept, and tried first from then on', (t) => {
  t.after(() => rmSync(fileOf(NAME), { force: true }))
  const ci = process.env['CI']
  delete process.env['CI']
  t.after(() => {
    if (ci !== undefined) process.env['CI'] = ci
  })
  const tried: number[][] = []
  const property = fc.property(fc.uint8Array({ maxLength: 8 }), (octets) => {
    tried.push([...octets])
    assert.ok(!octets.includes(7))
  })
  const attempt = (): void =>
    fc.assert(property, { numRuns: 5000, seed: 1, ...corpus<[Uint8Array<ArrayBuffer>]>(NAME) })
  assert.throws(attempt, /Counterexample/)
  assert.deepEqual(JSON.parse(readFileSync(fileOf(NAME), 'utf8')), [
    { shows: 'new: say what it shows', input: [{ hex: '07' }] },
  ])
  tried.length = 0
  assert.throws(attempt)
  assert.deepEqual(tried[0], [7])
  assert.equal(existsSync(fileOf(NAME)), true)
})
