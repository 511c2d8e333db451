import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../base/clock.ts'
import { DNS_LIMITS } from '../limits.ts'
import { Name } from '../message/name.ts'
import { type Rrset, rrset } from '../message/record.ts'
import { CLASS, TYPE } from '../message/types.ts'
import { aged, RrsetCache } from './rrsets.ts'
import { TRUST } from './trust.ts'

const NAME = Name.parse('www.example.')

function set(last: number, ttl = 60, type: number = TYPE.A): Rrset {
  const rdata = type === TYPE.NS ? Name.parse(`ns${last}.example.`).wire : Uint8Array.of(192, 0, 2, last)
  return rrset(NAME, type, CLASS.IN, ttl, [rdata])
}

function lastOctet(cache: RrsetCache, now = 0): number | undefined {
  return cache.get(NAME, TYPE.A, CLASS.IN, now)?.rrset.rdatas[0]?.at(-1)
}

test('a set is kept for its time to live, which runs down', () => {
  const cache = new RrsetCache()
  cache.put(set(1), TRUST.answerAA, 10 * SECOND)
  const held = cache.get(NAME, TYPE.A, CLASS.IN, 40 * SECOND)
  assert.ok(held !== undefined)
  assert.equal(aged(held, 40 * SECOND).ttl, 30)
  assert.equal(cache.get(NAME, TYPE.A, CLASS.IN, 70 * SECOND), undefined)
  assert.equal(cache.get(Name.parse('WWW.Example.'), TYPE.A, CLASS.IN, 40 * SECOND), held)
})

test('RFC 2181 §5.4.1: less trusted data never replaces more trusted, until that has expired', () => {
  const cache = new RrsetCache()
  cache.put(set(1), TRUST.answerAA, 0)
  for (const trust of [TRUST.additional, TRUST.authority, TRUST.additionalAA, TRUST.answer, TRUST.authorityAA])
    cache.put(set(2), trust, 0)
  assert.equal(lastOctet(cache), 1)
  cache.put(set(2), TRUST.additional, 60 * SECOND)
  assert.equal(lastOctet(cache, 60 * SECOND), 2)
  cache.put(set(3), TRUST.answerAA, 60 * SECOND)
  assert.equal(lastOctet(cache, 60 * SECOND), 3)
})

test('equally trusted: new data replaces old, the same data does not renew its time', () => {
  const cache = new RrsetCache()
  cache.put(set(1), TRUST.answerAA, 0)
  cache.put(set(1), TRUST.answerAA, 30 * SECOND)
  assert.equal(cache.get(NAME, TYPE.A, CLASS.IN, 0)?.expires, 60)
  cache.put(set(2), TRUST.answerAA, 30 * SECOND)
  assert.equal(cache.get(NAME, TYPE.A, CLASS.IN, 0)?.expires, 90)
})

test('ghost domains: equally trusted name servers that change keep the old end of life', () => {
  const cache = new RrsetCache()
  cache.put(set(1, 60, TYPE.NS), TRUST.authorityAA, 0)
  cache.put(set(2, 86_400, TYPE.NS), TRUST.authorityAA, 30 * SECOND)
  const held = cache.get(NAME, TYPE.NS, CLASS.IN, 30 * SECOND)
  assert.deepEqual(held?.rrset.rdatas[0], Name.parse('ns2.example.').wire)
  assert.equal(held?.expires, 60)
})

test('a delegation ends when the one it was learnt through does', () => {
  const cache = new RrsetCache()
  assert.equal(cache.put(set(1, 600, TYPE.NS), TRUST.authority, 0, 100)?.delegatedUntil, 100)
  assert.equal(cache.get(NAME, TYPE.NS, CLASS.IN, 0)?.expires, 600)
})

test('the parent’s side is kept apart', () => {
  const cache = new RrsetCache()
  cache.put(set(1), TRUST.answerAA, 0)
  cache.put(set(2), TRUST.additional, 0, undefined, 'parent')
  assert.equal(lastOctet(cache), 1)
  assert.equal(cache.get(NAME, TYPE.A, CLASS.IN, 0, 'parent')?.rrset.rdatas[0]?.at(-1), 2)
})

test('limits: time to live, records per set, sets', () => {
  const cache = new RrsetCache({ ...DNS_LIMITS.cache, rrsets: 2, rdatasPerSet: 3, maxTtl: 100, minTtl: 5 })
  assert.equal(cache.put(set(1, 1000), TRUST.answerAA, 0)?.rrset.ttl, 100)
  assert.equal(cache.put(set(2, 0), TRUST.answerAA, 0)?.rrset.ttl, 5)
  const crowd = {
    ...set(1),
    name: Name.parse('crowd.'),
    rdatas: [1, 2, 3, 4].map((last) => Uint8Array.of(1, 1, 1, last)),
  }
  assert.equal(cache.put(crowd, TRUST.answerAA, 0), undefined)
  const signed = { ...crowd, rdatas: set(1).rdatas, signatures: crowd.rdatas }
  assert.equal(cache.put(signed, TRUST.answerAA, 0), undefined)
  for (const name of ['a.', 'b.', 'c.']) cache.put({ ...set(1), name: Name.parse(name) }, TRUST.answerAA, 0)
  assert.equal(cache.size, 2)
})
