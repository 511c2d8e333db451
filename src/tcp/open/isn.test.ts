import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../base/clock.ts'
import { SeededRandom } from '../../base/random.ts'
import { diff } from '../../wire/sequence.ts'
import { InitialSequence } from './isn.ts'
import { sipHash64 } from './siphash.ts'

test('SipHash-2-4: the vectors of its authors (key 00…0f, message 00 01 02 …)', () => {
  const key = Uint8Array.from({ length: 16 }, (_, i) => i)
  const message = (length: number) => Uint8Array.from({ length }, (_, i) => i)
  assert.equal(sipHash64(key, message(0)), 0x726fdb47dd0e0e31n)
  assert.equal(sipHash64(key, message(1)), 0x74f839c593dc67fdn)
  assert.equal(sipHash64(key, message(8)), 0x93f5f5799a932462n)
  assert.equal(sipHash64(key, message(15)), 0xa129ca6149be45e5n)
})

test('RFC 6528: the same connection moves with the clock, another starts elsewhere, another secret too', () => {
  const local = Uint8Array.of(10, 0, 0, 1)
  const remote = Uint8Array.of(192, 0, 2, 80)
  const isn = new InitialSequence(new SeededRandom(1))
  const first = isn.next(local, 1000, remote, 80, 0)
  assert.equal(diff(isn.next(local, 1000, remote, 80, SECOND), first), 250_000)
  assert.notEqual(isn.next(local, 1001, remote, 80, 0), first)
  assert.notEqual(new InitialSequence(new SeededRandom(2)).next(local, 1000, remote, 80, 0), first)
})

test('time stamps begin elsewhere for every peer, at the same place for the same one', () => {
  const made = new InitialSequence(new SeededRandom('stamps'))
  const [local, peer, other] = [Uint8Array.of(10, 0, 0, 1), Uint8Array.of(10, 0, 0, 2), Uint8Array.of(10, 0, 0, 3)]
  assert.equal(made.timestampOffset(local, peer), made.timestampOffset(local, peer))
  assert.notEqual(made.timestampOffset(local, peer), made.timestampOffset(local, other))
  assert.notEqual(made.timestampOffset(local, peer), made.timestampOffset(peer, local))
})
