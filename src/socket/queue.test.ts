import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { ByteQueue } from './queue.ts'

type Step = { readonly push: Uint8Array } | { readonly take: number } | { readonly into: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ push: fc.uint8Array({ maxLength: 20 }) }),
  fc.record({ push: fc.uint8Array({ minLength: 500, maxLength: 1100 }) }),
  fc.record({ take: fc.nat({ max: 30 }) }),
  fc.record({ take: fc.integer({ min: 500, max: 3000 }) }),
  fc.record({ into: fc.nat({ max: 700 }) }),
)

test('whatever the pieces, the bytes come out in order, are seen by peek and found by indexOf', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new ByteQueue()
      const model: number[] = []
      for (const one of steps) {
        if ('push' in one) {
          queue.push(one.push)
          model.push(...one.push)
        } else if ('take' in one) {
          assert.deepEqual([...queue.peek(one.take)], model.slice(0, one.take))
          assert.deepEqual([...queue.take(one.take)], model.splice(0, one.take))
        } else {
          const into = new Uint8Array(one.into)
          const count = queue.takeInto(into)
          assert.deepEqual([...into.subarray(0, count)], model.splice(0, one.into))
        }
        assert.equal(queue.length, model.length)
        for (const from of [0, 7, model.length]) assert.equal(queue.indexOf(10, from), model.indexOf(10, from))
      }
    }),
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

test('what is taken is the taker’s, with its memory', () => {
  const queue = new ByteQueue()
  queue.push(new Uint8Array(100).fill(1))
  queue.push(new Uint8Array(100).fill(2))
  const head = queue.take(50)
  structuredClone(head, { transfer: [head.buffer as ArrayBuffer] })
  const rest = queue.take(150)
  assert.deepEqual([rest[0], rest[149]], [1, 2])
})

test('a quarter of a million single bytes stand in few blocks', () => {
  const queue = new ByteQueue()
  const one = Uint8Array.of(7)
  for (let i = 0; i < 262_144; i++) queue.push(one)
  assert.ok(queue.blocks <= 24, `${queue.blocks} blocks`)
  assert.equal(queue.take(1 << 20).length, 262_144)
  assert.equal(queue.blocks, 0)
})

test('taken blocks are let go, also by a reader who never empties the queue', () => {
  const queue = new ByteQueue()
  queue.push(new Uint8Array(1000))
  for (let i = 0; i < 10_000; i++) {
    queue.push(new Uint8Array(100))
    queue.take(100)
  }
  assert.equal(queue.length, 1000)
  assert.ok(queue.blocks <= 4, `${queue.blocks} blocks`)
})
