import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { ByteQueue } from './queue.ts'

test('whatever the pieces, the bytes come out in order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.nat({ max: 30 })), { maxLength: 60 }),
      (steps) => {
        const queue = new ByteQueue()
        const model: number[] = []
        for (const step of steps) {
          if (typeof step === 'number') assert.deepEqual([...queue.take(step)], model.splice(0, step))
          else {
            queue.push(step)
            model.push(...step)
          }
          assert.equal(queue.length, model.length)
        }
      },
    ),
  )
})

test('the queue keeps a copy: its giver may reuse the memory', () => {
  const queue = new ByteQueue()
  const bytes = Uint8Array.of(1, 2, 3)
  queue.push(bytes)
  bytes.fill(9)
  assert.deepEqual([...queue.take(10)], [1, 2, 3])
  assert.equal(queue.take(1).length, 0)
})
