import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Tuple, TupleTable } from './tuples.ts'

interface Entry extends Tuple<Entry> {}

const entry = (localAddress: number, localPort: number, remoteAddress: number, remotePort: number): Entry => ({
  localAddress,
  localPort,
  remoteAddress,
  remotePort,
  nextInBucket: null,
})

test('any mix of calls agrees with a map by text', () => {
  const numbers = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3), fc.nat(3))
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('add', 'remove'), numbers), { maxLength: 400 }), (calls) => {
      const table = new TupleTable<Entry>(12345)
      const model = new Map<string, Entry>()
      for (const [kind, [a, b, c, d]] of calls) {
        const key = `${a} ${b} ${c} ${d}`
        const known = model.get(key)
        assert.equal(table.get(a, b, c, d), known ?? null)
        if (kind === 'add' && known === undefined) {
          const made = entry(a, b, c, d)
          table.add(made)
          model.set(key, made)
        } else if (kind === 'remove' && known !== undefined) {
          table.remove(known)
          model.delete(key)
        }
        assert.equal(table.size, model.size)
      }
      assert.deepEqual(new Set(table), new Set(model.values()))
    }),
  )
})

test('100,000 connections from one address: look-ups cost no more than in a table of 1,000', () => {
  const filled = (count: number) => {
    const table = new TupleTable<Entry>(1)
    for (let i = 0; i < count; i++) table.add(entry(0xc0000201, 80, (0x0a000000 + (i >>> 14)) >>> 0, i & 0x3fff))
    return table
  }
  const cost = (table: TupleTable<Entry>, count: number) => {
    const started = process.cpuUsage()
    for (let round = 0; round < 200_000; round++) {
      const i = (round * 7919) % count
      if (table.get(0xc0000201, 80, (0x0a000000 + (i >>> 14)) >>> 0, i & 0x3fff) === null) assert.fail()
    }
    return process.cpuUsage(started).user
  }
  const [small, large] = [filled(1000), filled(100_000)]
  cost(small, 1000)
  // A scan would cost a hundred times as much; caches alone a few times.
  assert.ok(cost(large, 100_000) < 25 * cost(small, 1000) + 1000)
})
