import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conformancePath, needConformance } from '../../need.ts'
import { runCases } from './run.ts'

test('llhttp’s cases, whole and cut anywhere', { skip: needConformance('llhttp') }, () => {
  const outcome = runCases([conformancePath('llhttp')])
  assert.deepEqual(outcome.failures, [])
  assert.ok(outcome.passed >= 190, `${outcome.passed} passed`)
})
