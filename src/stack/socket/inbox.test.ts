import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Inbox } from './inbox.ts'

test('what comes out is what went in, whatever is added and taken when', () => {
  const step = fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.constant(0))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const inbox = new Inbox()
      let next = 0
      let expected = 0
      const take = () => {
        for (const byte of inbox.take()) assert.equal(byte, expected++ & 255)
      }
      for (const size of steps) {
        if (size > 0) inbox.add(Uint8Array.from({ length: size }, () => next++ & 255))
        else if (!inbox.empty) take()
      }
      while (!inbox.empty) take()
      assert.equal(expected, next)
    }),
    { numRuns: 100 },
  )
})

test('many single bytes are few pieces', () => {
  const inbox = new Inbox()
  for (let i = 0; i < 10_000; i++) inbox.add(Uint8Array.of(i))
  let pieces = 0
  for (; !inbox.empty; pieces++) inbox.take()
  assert.ok(pieces <= 5, `${pieces} pieces`)
})
