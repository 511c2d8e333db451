import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MILLISECOND, type Nanos, SECOND } from '../base/clock.ts'
import { type Deadlined, Sweep } from './sweep.ts'
import { ManualClock } from './trial/machine.ts'

function member(clock: ManualClock, deadline: Nanos) {
  const one: Deadlined & { expired: Nanos[] } = {
    deadline,
    expired: [],
    expire(now) {
      this.expired.push(now)
      this.deadline = Number.POSITIVE_INFINITY
    },
  }
  assert.ok(deadline >= clock.now())
  return one
}

test('each is told after its deadline and within the grain, by one timer', async () => {
  const clock = new ManualClock()
  const sweep = new Sweep(clock)
  const members = [3, 1, 2, 1].map((seconds) => member(clock, seconds * SECOND))
  for (const one of members) sweep.add(one)
  assert.equal(clock.timers, 1)
  await clock.advance(10 * SECOND)
  for (const [i, seconds] of [3, 1, 2, 1].entries()) {
    assert.equal(members[i]!.expired.length, 1)
    const late = members[i]!.expired[0]! - seconds * SECOND
    assert.ok(late >= 0 && late <= 500 * MILLISECOND, `${late} ns late`)
  }
  assert.equal(clock.timers, 0)
})

test('a deadline moved on is met there, one moved forward too', async () => {
  const clock = new ManualClock()
  const sweep = new Sweep(clock)
  const later = member(clock, SECOND)
  const sooner = member(clock, 100 * SECOND)
  sweep.add(later)
  sweep.add(sooner)
  later.deadline = 50 * SECOND
  sooner.deadline = 2 * SECOND
  sweep.note(sooner.deadline)
  await clock.advance(5 * SECOND)
  assert.deepEqual([later.expired.length, sooner.expired.length], [0, 1])
  await clock.advance(50 * SECOND)
  assert.equal(later.expired.length, 1)
})

test('who is deleted is not told, and the last one takes the timer along', async () => {
  const clock = new ManualClock()
  const sweep = new Sweep(clock)
  const one = member(clock, SECOND)
  sweep.add(one)
  sweep.delete(one)
  assert.equal(clock.timers, 0)
  await clock.advance(5 * SECOND)
  assert.deepEqual(one.expired, [])
})

test('who leaves a passed deadline standing is met a grain later, not for ever at one instant', async () => {
  const clock = new ManualClock()
  const sweep = new Sweep(clock)
  let met = 0
  sweep.add({ deadline: SECOND, expire: () => void met++ })
  await clock.advance(3 * SECOND)
  assert.ok(met > 2 && met < 12, `${met} times`)
})
