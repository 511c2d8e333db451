import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MILLISECOND, SECOND } from '../../base/clock.ts'
import { defaultCacheLimits } from '../limits.ts'
import { Name } from '../message/name.ts'
import { TYPE } from '../message/types.ts'
import { SERVER_MEMORY, ServerBook, UNKNOWN_RTT } from './book.ts'

const A = '192.0.2.1:53'

test('the expected time follows the answers, and doubles with every timeout', () => {
  const servers = new ServerBook()
  assert.equal(servers.expected(A, TYPE.A, 0), UNKNOWN_RTT)
  servers.answered(A, TYPE.A, 20 * MILLISECOND, 0)
  assert.equal(servers.expected(A, TYPE.A, 0), 20 * MILLISECOND)
  servers.answered(A, TYPE.A, 100 * MILLISECOND, 0)
  assert.equal(servers.expected(A, TYPE.A, 0), 30 * MILLISECOND)
  servers.timedOut(A, TYPE.A, 0)
  servers.timedOut(A, TYPE.A, 0)
  assert.equal(servers.expected(A, TYPE.A, 0), 120 * MILLISECOND)
  servers.answered(A, TYPE.A, 30 * MILLISECOND, 0)
  assert.equal(servers.timeouts(A, TYPE.A, 0), 0)
})

test('a server that drops AAAA is not thought dead for A', () => {
  const servers = new ServerBook()
  for (let i = 0; i < 10; i++) servers.timedOut(A, TYPE.AAAA, 0)
  assert.equal(servers.isSilent(A, TYPE.AAAA, 0), true)
  assert.equal(servers.isSilent(A, TYPE.A, 0), false)
  assert.equal(servers.expected(A, TYPE.A, 0), UNKNOWN_RTT)
})

test('a silent server is let alone for a while, then asked once more', () => {
  const servers = new ServerBook()
  for (let i = 0; i < 6; i++) servers.timedOut(A, TYPE.A, 0)
  assert.equal(servers.isSilent(A, TYPE.A, 10 * SECOND), true)
  assert.equal(servers.isSilent(A, TYPE.A, 25 * SECOND), false)
  servers.timedOut(A, TYPE.A, 25 * SECOND)
  assert.equal(servers.isSilent(A, TYPE.A, 45 * SECOND), true)
})

test('all is forgotten in time', () => {
  const servers = new ServerBook()
  const zone = Name.parse('example.')
  servers.answered(A, TYPE.A, MILLISECOND, 0)
  servers.setLame(zone, A, 'lame', 0)
  assert.equal(servers.lameness(zone, A, TYPE.MX, 0), 'lame')
  assert.equal(servers.lameness(Name.parse('other.'), A, TYPE.A, 0), undefined)
  assert.equal(servers.expected(A, TYPE.A, SERVER_MEMORY), UNKNOWN_RTT)
  assert.equal(servers.lameness(zone, A, TYPE.MX, SERVER_MEMORY), undefined)
})

test('lame for one type only', () => {
  const servers = new ServerBook()
  servers.setLame(Name.root, A, 'lame', 0, TYPE.AAAA)
  assert.equal(servers.lameness(Name.root, A, TYPE.AAAA, 0), 'lame')
  assert.equal(servers.lameness(Name.root, A, TYPE.A, 0), undefined)
})

test('the time to wait is bounded both ways', () => {
  const servers = new ServerBook()
  servers.answered(A, TYPE.A, MILLISECOND, 0)
  assert.equal(servers.timeout(A, TYPE.A, 0, 200 * MILLISECOND, 3 * SECOND), 200 * MILLISECOND)
  for (let i = 0; i < 5; i++) servers.timedOut(A, TYPE.A, 0)
  assert.equal(servers.timeout(A, TYPE.A, 0, 200 * MILLISECOND, 3 * SECOND), 3 * SECOND)
})

test('the number of servers is bounded', () => {
  const servers = new ServerBook({ ...defaultCacheLimits, servers: 2 })
  for (let i = 0; i < 5; i++) servers.answered(`192.0.2.${i}:53`, TYPE.A, MILLISECOND, 0)
  const known = [0, 1, 2, 3, 4].filter((i) => servers.expected(`192.0.2.${i}:53`, TYPE.A, 0) !== UNKNOWN_RTT)
  assert.deepEqual(known, [3, 4])
})
