import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MILLISECOND, SECOND } from '../../base/clock.ts'
import { DNS_LIMITS } from '../limits.ts'
import { Name } from '../message/name.ts'
import { TYPE } from '../message/types.ts'
import { ServerBook, UNKNOWN_RTT } from './book.ts'

const A = '192.0.2.1:53'
const { memory, streamMemory } = DNS_LIMITS.book

/** Time-outs one after the other, each of a question that was sent when the one before was known. */
function silent(book: ServerBook, times: number, type: number = TYPE.A, now = 0): void {
  for (let i = 0; i < times; i++) book.failed(A, type, 'timeout', now, book.timeouts(A, type, now), now)
}

test('the expected time follows the answers, and doubles with every time-out', () => {
  const book = new ServerBook()
  assert.equal(book.expected(A, TYPE.A, 0), UNKNOWN_RTT)
  book.replied(A, TYPE.A, 20 * MILLISECOND, 0)
  assert.equal(book.expected(A, TYPE.A, 0), 20 * MILLISECOND)
  book.replied(A, TYPE.A, 100 * MILLISECOND, 0)
  assert.equal(book.expected(A, TYPE.A, 0), 30 * MILLISECOND)
  silent(book, 2, TYPE.A, 1)
  assert.equal(book.expected(A, TYPE.A, 1), 120 * MILLISECOND)
  book.replied(A, TYPE.A, null, 2)
  assert.deepEqual([book.timeouts(A, TYPE.A, 2), book.expected(A, TYPE.A, 2)], [0, 30 * MILLISECOND])
})

test('many questions that are lost at once are one silence', () => {
  const book = new ServerBook()
  for (let i = 0; i < 50; i++) book.failed(A, TYPE.A, 'timeout', 0, 0, 400 * MILLISECOND)
  assert.equal(book.timeouts(A, TYPE.A, SECOND), 1)
  for (let i = 0; i < 50; i++) book.failed(A, TYPE.A, 'timeout', 400 * MILLISECOND, 1, SECOND)
  assert.equal(book.timeouts(A, TYPE.A, SECOND), 2)
})

test('a time-out of a question that was sent before the last answer says nothing new', () => {
  const book = new ServerBook()
  book.replied(A, TYPE.A, 500 * MILLISECOND, 2 * SECOND)
  book.failed(A, TYPE.A, 'timeout', SECOND, 0, 3 * SECOND)
  assert.equal(book.timeouts(A, TYPE.A, 3 * SECOND), 0)
  book.failed(A, TYPE.A, 'timeout', 2 * SECOND, 0, 3 * SECOND)
  assert.equal(book.timeouts(A, TYPE.A, 3 * SECOND), 1)
})

test('only silence is silence: whoever sends nonsense is there', () => {
  const book = new ServerBook()
  for (const cause of ['malformed', 'closed', 'mismatched', 'truncated', 'local'] as const)
    book.failed(A, TYPE.A, cause, 0, 0, SECOND)
  assert.equal(book.timeouts(A, TYPE.A, SECOND), 0)
  book.failed(A, TYPE.A, 'unreachable', 0, 0, SECOND)
  assert.equal(book.timeouts(A, TYPE.A, SECOND), 1)
})

test('a server that drops AAAA is not thought dead for A', () => {
  const book = new ServerBook()
  silent(book, 10, TYPE.AAAA)
  assert.equal(book.isSilent(A, TYPE.AAAA, 0), true)
  assert.equal(book.isSilent(A, TYPE.A, 0), false)
  assert.equal(book.expected(A, TYPE.A, 0), UNKNOWN_RTT)
})

test('a silent server is let alone for a while, then asked once more', () => {
  const book = new ServerBook()
  silent(book, 5)
  assert.equal(book.isSilent(A, TYPE.A, 0), false)
  silent(book, 1)
  assert.equal(book.isSilent(A, TYPE.A, 10 * SECOND), true)
  assert.equal(book.isSilent(A, TYPE.A, 25 * SECOND), false)
  silent(book, 1, TYPE.A, 25 * SECOND)
  assert.equal(book.isSilent(A, TYPE.A, 45 * SECOND), true)
})

test('a server that was silent rests, longer each time, and is tried once in between', () => {
  const book = new ServerBook()
  assert.equal(book.isRested(A, TYPE.A, 0), false) // it never was silent
  silent(book, 1)
  assert.deepEqual([book.isRested(A, TYPE.A, 14 * SECOND), book.isRested(A, TYPE.A, 15 * SECOND)], [false, true])
  book.tried(A, TYPE.A, 15 * SECOND)
  assert.deepEqual([book.isRested(A, TYPE.A, 29 * SECOND), book.isRested(A, TYPE.A, 30 * SECOND)], [false, true])
  silent(book, 1, TYPE.A, 30 * SECOND)
  assert.deepEqual([book.isRested(A, TYPE.A, 59 * SECOND), book.isRested(A, TYPE.A, 60 * SECOND)], [false, true])
})

test('all is forgotten in time', () => {
  const book = new ServerBook()
  const zone = Name.parse('example.')
  book.replied(A, TYPE.A, MILLISECOND, 0)
  book.setLame(zone, A, 'lame', 0)
  book.setLacks(A, 'edns', 0)
  book.setLacks(A, 'tcp', 0)
  assert.equal(book.lameness(zone, A, TYPE.MX, 0), 'lame')
  assert.equal(book.lameness(Name.parse('other.'), A, TYPE.A, 0), undefined)
  assert.deepEqual(
    [book.lacks(A, 'edns', 0), book.lacks(A, 'tcp', 0), book.lacks(A, 'mixed case', 0)],
    [true, true, false],
  )
  assert.equal(book.lacks(A, 'tcp', streamMemory), false)
  assert.equal(book.lacks(A, 'edns', streamMemory), true)
  assert.equal(book.expected(A, TYPE.A, memory), UNKNOWN_RTT)
  assert.equal(book.lameness(zone, A, TYPE.MX, memory), undefined)
  assert.equal(book.lacks(A, 'edns', memory), false)
  // What was forgotten does not come back with a reply whose time nobody knows.
  book.replied(A, TYPE.A, null, memory)
  assert.equal(book.expected(A, TYPE.A, memory), UNKNOWN_RTT)
})

test('lame for one type only', () => {
  const book = new ServerBook()
  book.setLame(Name.root, A, 'lame', 0, TYPE.AAAA)
  assert.equal(book.lameness(Name.root, A, TYPE.AAAA, 0), 'lame')
  assert.equal(book.lameness(Name.root, A, TYPE.A, 0), undefined)
})

test('the time to wait is bounded both ways', () => {
  const book = new ServerBook()
  book.replied(A, TYPE.A, MILLISECOND, 0)
  assert.equal(book.timeout(A, TYPE.A, 1, 200 * MILLISECOND, 3 * SECOND), 200 * MILLISECOND)
  silent(book, 5, TYPE.A, 1)
  assert.equal(book.timeout(A, TYPE.A, 1, 200 * MILLISECOND, 3 * SECOND), 3 * SECOND)
})

test('the number of servers is bounded, and that of zones of one', () => {
  const book = new ServerBook({ ...DNS_LIMITS.book, servers: 2, zonesPerServer: 2 })
  for (let i = 0; i < 5; i++) book.replied(`192.0.2.${i}:53`, TYPE.A, MILLISECOND, 0)
  const known = [0, 1, 2, 3, 4].filter((i) => book.expected(`192.0.2.${i}:53`, TYPE.A, 0) !== UNKNOWN_RTT)
  assert.deepEqual(known, [3, 4])
  const zones = [0, 1, 2, 3, 4].map((i) => Name.parse(`z${i}.`))
  for (const zone of zones) book.setLame(zone, A, 'lame', 0)
  assert.equal(zones.filter((zone) => book.lameness(zone, A, TYPE.A, 0) !== undefined).length, 2)
})

test('the time from doubling is bounded', () => {
  const book = new ServerBook({ ...DNS_LIMITS.book, doublings: 2, silentAfter: 3 })
  silent(book, 9)
  assert.equal(book.expected(A, TYPE.A, 0), 4 * UNKNOWN_RTT)
  assert.equal(book.isSilent(A, TYPE.A, 0), true)
})
