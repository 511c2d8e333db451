import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MILLISECOND, SECOND } from '../../base/clock.ts'
import { RttEstimator } from './rtt.ts'

const ms = (n: number) => n * MILLISECOND

test('RFC 6298 §2: the first measurement and those after it', () => {
  const rtt = new RttEstimator(SECOND, ms(1), 60 * SECOND)
  assert.equal(rtt.rto, SECOND)
  rtt.sample(ms(100))
  assert.equal(rtt.srtt, ms(100))
  assert.equal(rtt.rttvar, ms(50))
  assert.equal(rtt.rto, ms(300))
  rtt.sample(ms(180))
  assert.equal(rtt.rttvar, ms(57.5)) // 3/4 · 50 + 1/4 · |100 − 180|
  assert.equal(rtt.srtt, ms(110)) // 7/8 · 100 + 1/8 · 180
  assert.equal(rtt.rto, ms(340))
})

test('a steady path comes down to the floor above its round trip', () => {
  const rtt = new RttEstimator(SECOND, ms(200), 60 * SECOND)
  for (let i = 0; i < 100; i++) rtt.sample(ms(50))
  assert.equal(rtt.rto, ms(250))
  assert.equal(rtt.minRtt, ms(50))
})

test('the time-out doubles up to its ceiling, and a measurement ends that', () => {
  const rtt = new RttEstimator(SECOND, ms(200), 10 * SECOND)
  const seen = []
  for (let i = 0; i < 7; i++) {
    seen.push(rtt.rto / SECOND)
    rtt.backOff()
  }
  assert.deepEqual(seen, [1, 2, 4, 8, 10, 10, 10])
  rtt.sample(ms(100))
  assert.equal(rtt.rto, ms(300))
})

test('RFC 6298 §5.7: three seconds after a lost SYN, unless there is a measurement', () => {
  const rtt = new RttEstimator(SECOND, ms(200), 60 * SECOND)
  rtt.backOff()
  rtt.synWasLost()
  assert.equal(rtt.rto, 3 * SECOND)
  const measured = new RttEstimator(SECOND, ms(200), 60 * SECOND)
  measured.sample(ms(10))
  measured.synWasLost()
  assert.equal(measured.rto, ms(210))
})
