import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Name } from './name.ts'
import { recordsOf, rrsetsOf } from './record.ts'
import { TYPE } from './types.ts'

test('records gather into sets: one time to live, nothing twice, in the order they come', () => {
  const record = (name: string, type: number, octet: number, ttl: number) => ({
    name: Name.parse(name),
    type,
    class: 1,
    ttl,
    rdata: Uint8Array.of(octet),
  })
  const sets = rrsetsOf([
    record('b.', 1, 1, 60),
    record('a.', 1, 2, 60),
    record('B.', 1, 3, 30),
    record('b.', 1, 1, 90),
    record('b.', 16, 1, 60),
  ])
  assert.deepEqual(
    sets.map(({ name, type, ttl, rdatas }) => [String(name), type, ttl, rdatas.map((rdata) => rdata[0])]),
    [
      ['b.', 1, 30, [1, 3]],
      ['a.', 1, 60, [2]],
      ['b.', 16, 60, [1]],
    ],
  )
  assert.deepEqual(
    recordsOf(sets[0]!).map(({ ttl, rdata }) => [ttl, rdata[0]]),
    [
      [30, 1],
      [30, 3],
    ],
  )
})

test('signatures go with the set they cover; those without their set are a set of their own', () => {
  const name = Name.parse('a.')
  const record = (type: number, ttl: number, ...rdata: number[]) => ({
    name,
    type,
    class: 1,
    ttl,
    rdata: Uint8Array.from(rdata),
  })
  const [a, txt, lone, ...more] = rrsetsOf([
    record(TYPE.RRSIG, 60, 0, TYPE.A, 1),
    record(TYPE.A, 60, 1),
    record(TYPE.RRSIG, 60, 0, TYPE.A, 2),
    record(TYPE.RRSIG, 60, 0, TYPE.A, 2),
    record(TYPE.TXT, 90, 3),
    record(TYPE.RRSIG, 5, 0, TYPE.TXT, 4),
    record(TYPE.RRSIG, 60, 0, TYPE.MX, 5),
  ])
  assert.deepEqual(more, [])
  assert.deepEqual([a!.type, a!.signatures.map((octets) => octets[2])], [TYPE.A, [1, 2]])
  // RFC 4034 §3: a signature's time to live is that of its set.
  assert.deepEqual([txt!.ttl, txt!.signatures.length], [90, 1])
  assert.deepEqual([lone!.type, lone!.rdatas[0]![2], lone!.signatures], [TYPE.RRSIG, 5, []])
  assert.deepEqual(
    recordsOf(txt!, true).map(({ type, ttl }) => [type, ttl]),
    [
      [TYPE.TXT, 90],
      [TYPE.RRSIG, 90],
    ],
  )
  assert.equal(recordsOf(txt!).length, 1)
})
