import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Clock, type Nanos, SECOND } from '../base/clock.ts'
import { type Duration, seconds } from '../base/duration.ts'
import { CloseTimer } from './close-timer.ts'

/** A clock that is turned by hand, with one timer at a time. */
class HandClock implements Clock {
  time: Nanos = 0
  due: { when: Nanos; run: () => void } | null = null
  now = () => this.time
  wallMillis = () => 0
  hold = <T>(work: Promise<T>) => work

  at(when: Nanos, run: () => void) {
    this.due = { when, run }
    return { cancel: () => void (this.due = null) }
  }

  pass(time: Duration): void {
    this.time += time
    const due = this.due
    if (due === null || due.when > this.time) return
    this.due = null
    due.run()
  }
}

test('without a deadline, only a time without any progress is too long', () => {
  const clock = new HandClock()
  let late = 0
  const timer = new CloseTimer(clock, undefined, seconds(30), () => late++)
  for (let i = 0; i < 10; i++) {
    clock.pass(seconds(25))
    timer.progress()
  }
  assert.equal(late, 0)
  clock.pass(seconds(60))
  clock.pass(seconds(60))
  assert.equal(late, 1)
})

test('with a deadline, progress does not help', () => {
  const clock = new HandClock()
  let late = 0
  const timer = new CloseTimer(clock, seconds(10), seconds(30), () => late++)
  for (let i = 0; i < 9; i++) {
    clock.pass(seconds(1))
    timer.progress()
  }
  assert.equal(late, 0)
  clock.pass(seconds(1))
  assert.equal(late, 1)
})

test('a stopped timer is silent', () => {
  const clock = new HandClock()
  new CloseTimer(clock, seconds(1), seconds(1), () => assert.fail('stopped')).stop()
  clock.pass(seconds(5))
  assert.equal(clock.time, 5 * SECOND)
})
