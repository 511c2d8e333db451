import assert from 'node:assert/strict'
import test from 'node:test'
import { didYouMean, nearest } from './nearest.ts'

test('a mistyped word finds what was meant', () => {
  const commands = ['look', 'dig', 'dns serve', 'dns resolve', 'completion']
  for (const [typed, meant] of [
    ['loook', 'look'],
    ['lok', 'look'],
    ['olok', 'look'],
    ['comp', 'completion'],
    ['dns srve', 'dns serve'],
    ['LOOK', 'look'],
    ['xyzzy', null],
    ['', null],
    ['x'.repeat(10_000), null],
  ] as const)
    assert.equal(nearest(typed, commands), meant, typed)
  assert.equal(didYouMean('--sitte', ['--site', '--seed']), " (did you mean '--site'?)")
  assert.equal(didYouMean('--zzzzzz', ['--site']), '')
})
