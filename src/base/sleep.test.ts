import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BenchClock } from '../stack/trial/bench.ts'
import { type Duration, ms, sleep } from './duration.ts'

test('sleep takes a named duration, and refuses a number that was meant in milliseconds', async () => {
  const clock = new BenchClock()
  let woken = false
  void sleep(clock, ms(20)).then(() => (woken = true))
  clock.pass(ms(19))
  await Promise.resolve()
  assert.equal(woken, false)
  clock.pass(ms(1))
  await Promise.resolve()
  assert.equal(woken, true)
  assert.throws(() => sleep(clock, 20 as Duration), /20 is 20 ns: write ms\(20\)/)
})
