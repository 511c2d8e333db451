import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Name } from './name.ts'
import { recordsOf, rrsetsOf } from './record.ts'

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
    recordsOf(sets[0]!, 5).map(({ ttl, rdata }) => [ttl, rdata[0]]),
    [
      [5, 1],
      [5, 3],
    ],
  )
})
