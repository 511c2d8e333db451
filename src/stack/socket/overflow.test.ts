import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Overflow } from './overflow.ts'

test('whatever is written and however little is taken at a time, the bytes come out in order', () => {
  const step = fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.nat(30))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const overflow = new Overflow()
      const written: number[] = []
      const sent: number[] = []
      for (const each of steps) {
        if (typeof each !== 'number') {
          overflow.add(each)
          written.push(...each)
          each.fill(0)
          continue
        }
        let room = each
        const empty = overflow.flush((bytes) => {
          const taken = Math.min(room, bytes.length)
          sent.push(...bytes.subarray(0, taken))
          room -= taken
          return taken
        })
        assert.equal(empty, overflow.bytes === 0 && sent.length === written.length)
      }
      assert.equal(overflow.bytes, written.length - sent.length)
      assert.deepEqual(sent, written.slice(0, sent.length))
    }),
  )
})

test('a million small writes are no quadratic matter', () => {
  const overflow = new Overflow()
  const one = Uint8Array.of(1)
  for (let i = 0; i < 300_000; i++) overflow.add(one)
  const started = process.cpuUsage().user
  assert.ok(overflow.flush((bytes) => bytes.length))
  assert.ok(process.cpuUsage().user - started < 500_000)
})
