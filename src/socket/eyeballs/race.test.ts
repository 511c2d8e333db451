import assert from 'node:assert/strict'
import test from 'node:test'
import { MILLISECOND as MS } from '../../base/clock.ts'
import { precedence, Waiting } from './order.ts'
import { Race } from './race.ts'

const SETTINGS = { attemptDelay: 250 * MS, resolutionDelay: 50 * MS, addresses: 16 }
const SIX = ['2001:db8::1', '2001:db8::2']
const FOUR = ['192.0.2.1', '192.0.2.2']

function race(): Race {
  return new Race([6, 4], SETTINGS)
}

/** Which addresses are due, and when the next one is. */
function due(of: Race, now: number): string[] {
  const found: string[] = []
  for (let next = of.next(now * MS); next !== null; next = of.next(now * MS)) found.push(next)
  return found
}

test('IPv6 that is answered first begins at once, without IPv4 (RFC 8305 §3)', () => {
  const one = race()
  assert.deepEqual([due(one, 0), one.deadline], [[], null])
  one.answered(6, SIX, 10 * MS)
  assert.deepEqual(due(one, 10), ['2001:db8::1'])
  assert.equal(one.deadline, 260 * MS)
  one.answered(4, FOUR, 20 * MS)
  assert.deepEqual(due(one, 20), [], 'the attempt has its time')
  assert.deepEqual(due(one, 260), ['192.0.2.1'], 'the other family is next (§4)')
  assert.deepEqual(due(one, 510), ['2001:db8::2'])
  assert.deepEqual(due(one, 760), ['192.0.2.2'])
  assert.equal(one.deadline, null)
})

test('IPv4 that is answered first waits 50 ms for IPv6, and no longer (§3)', () => {
  const one = race()
  one.answered(4, FOUR, 0)
  assert.deepEqual([due(one, 49), one.deadline], [[], 50 * MS])
  assert.deepEqual(due(one, 50), ['192.0.2.1'])
  one.answered(6, SIX, 60 * MS)
  assert.deepEqual(due(one, 300), ['2001:db8::1'], 'what comes late joins the list')
})

test('within these 50 ms an answer of IPv6, with addresses or without, ends the waiting', () => {
  const some = race()
  some.answered(4, FOUR, 0)
  some.answered(6, SIX, 30 * MS)
  assert.deepEqual(due(some, 30), ['2001:db8::1'])
  const none = race()
  none.answered(4, FOUR, 0)
  none.answered(6, [], 30 * MS)
  assert.deepEqual(due(none, 30), ['192.0.2.1'])
})

test('an attempt that fails lets the next begin at once (§5)', () => {
  const one = race()
  one.answered(6, SIX, 0)
  one.answered(4, FOUR, 0)
  assert.deepEqual(due(one, 0), ['2001:db8::1'])
  one.failed(5 * MS)
  assert.deepEqual(due(one, 5), ['192.0.2.1'])
  assert.equal(one.deadline, 255 * MS)
})

test('a race is lost when nothing runs, waits, or is still looked up', () => {
  const one = race()
  one.answered(6, ['2001:db8::1'], 0)
  due(one, 0)
  one.failed(1 * MS)
  assert.equal(one.lost, false, 'IPv4 may still come')
  one.answered(4, ['192.0.2.1'], 2 * MS)
  assert.deepEqual([one.lost, due(one, 2)], [false, ['192.0.2.1']], 'and need not wait: nothing runs')
  assert.equal(one.lost, false)
  one.failed(3 * MS)
  assert.equal(one.lost, true)
  const nothing = race()
  nothing.answered(4, [], 0)
  assert.equal(nothing.lost, false)
  nothing.answered(6, [], 0)
  assert.equal(nothing.lost, true)
})

test('no more addresses than allowed, each once', () => {
  const one = new Race([6], { ...SETTINGS, addresses: 3 })
  one.answered(6, [...FOUR, ...FOUR, 'not an address', ...SIX, '192.0.2.9'], 0)
  const tried: string[] = []
  for (let now = 0; now < 5000; now += 250) tried.push(...due(one, now))
  assert.deepEqual(tried, ['2001:db8::1', '192.0.2.1', '192.0.2.2'])
})

test('precedence is RFC 6724’s', () => {
  const order = [
    '::1',
    '2001:db8::1',
    '192.0.2.1',
    '2002::1',
    '2001::1',
    'fd00::1',
    '::192.0.2.1',
    '3ffe::1',
    'fec0::1',
  ]
  const values = order.map(precedence)
  assert.deepEqual(values, [50, 40, 35, 30, 5, 3, 1, 1, 1])
  assert.equal(precedence('::ffff:192.0.2.1'), 35)
  assert.equal(precedence('fe80::1%eth0'), 40)
  assert.equal(precedence('127.0.0.1'), 35)
})

test('the better family begins, and within a family equal addresses keep the order of the answer', () => {
  const waiting = new Waiting()
  waiting.add(['192.0.2.2', 'fd00::1', '192.0.2.1', '2001::5'], 16)
  const taken: string[] = []
  while (!waiting.empty) taken.push(waiting.take())
  assert.deepEqual(taken, ['192.0.2.2', '2001::5', '192.0.2.1', 'fd00::1'])
})
