import assert from 'node:assert/strict'
import test from 'node:test'
import { formatDuration, MICROSECOND, MILLISECOND, SECOND } from './clock.ts'

test('durations are printed with three digits and the unit that fits', () => {
  assert.equal(formatDuration(0), '0 ns')
  assert.equal(formatDuration(999), '999 ns')
  assert.equal(formatDuration(45 * MICROSECOND), '45 µs')
  assert.equal(formatDuration(12_345_678), '12.3 ms')
  assert.equal(formatDuration(1.5 * MILLISECOND), '1.5 ms')
  assert.equal(formatDuration(90 * SECOND), '90 s')
})
