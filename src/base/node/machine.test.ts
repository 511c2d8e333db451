import assert from 'node:assert/strict'
import { test } from 'node:test'
import { after, MILLISECOND } from '../clock.ts'
import { systemClock, systemMachine, systemRandom } from './machine.ts'

test('the clock counts whole nanoseconds from its start and never goes back', () => {
  const clock = systemClock()
  let last = clock.now()
  assert.ok(last >= 0 && last < 1000 * MILLISECOND)
  for (let i = 0; i < 10_000; i++) {
    const now = clock.now()
    assert.ok(Number.isInteger(now) && now >= last)
    last = now
  }
  assert.ok(Math.abs(clock.wallMillis() - Date.now()) < 1000)
})

test('a timer runs once and never early', async () => {
  const clock = systemClock()
  for (const delay of [1, 200_000, 1_500_000, 3_000_000]) {
    const when = clock.now() + delay
    await new Promise<void>((resolve) => clock.at(when, resolve))
    assert.ok(clock.now() >= when)
  }
})

test('a time in the past means next, and not at once', async () => {
  const clock = systemClock()
  let ran = false
  const done = new Promise<void>((resolve) =>
    clock.at(clock.now() - 5, () => {
      ran = true
      resolve()
    }),
  )
  assert.equal(ran, false)
  await done
})

test('a cancelled timer does not run', async () => {
  const clock = systemClock()
  const soon = after(clock, 0, () => assert.fail('was cancelled'))
  const later = after(clock, MILLISECOND, () => assert.fail('was cancelled'))
  soon.cancel()
  later.cancel()
  later.cancel()
  await new Promise<void>((resolve) => after(clock, 3 * MILLISECOND, resolve))
})

test('a delay beyond setTimeout’s reach waits instead of firing at once', async () => {
  const clock = systemClock()
  const timer = after(clock, 60 * 24 * 3600 * 1000 * MILLISECOND, () => assert.fail('sixty days have not passed'))
  await new Promise<void>((resolve) => after(clock, 2 * MILLISECOND, resolve))
  timer.cancel()
})

test('randomness fills its range, whole arrays, and forks', () => {
  const random = systemRandom()
  const draws = Array.from({ length: 5000 }, () => random.u32())
  assert.ok(draws.every((draw) => Number.isInteger(draw) && draw >= 0 && draw < 2 ** 32))
  assert.ok(new Set(draws).size > 4990, 'no pool is handed out twice')
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length / 2 ** 32
  assert.ok(mean > 0.45 && mean < 0.55)
  const bytes = new Uint8Array(100)
  random.fill(bytes)
  assert.ok(new Set(bytes).size > 30)
  assert.notEqual(random.fork('a').u32(), random.fork('a').u32())
})

test('a machine is named as it is told, or as it is', () => {
  assert.equal(systemMachine({ name: 'web' }).name, 'web')
  assert.ok(systemMachine().name.length > 0)
  assert.equal(systemMachine().events.on, false)
})
