import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { add, diff, seq } from '../../wire/sequence.ts'
import { SendBuffer } from './send-buffer.ts'

test('property: what is read back is what was written, across blocks, acknowledgements and the wrap', () => {
  const step = fc.oneof(
    fc.record({ write: fc.integer({ min: 0, max: 90_000 }) }),
    fc.record({ acknowledge: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({ read: fc.double({ min: 0, max: 1, noNaN: true }), length: fc.integer({ min: 0, max: 3000 }) }),
  )
  fc.assert(
    fc.property(fc.integer({ min: 0xffff0000, max: 0xffffffff }), fc.array(step, { maxLength: 40 }), (start, steps) => {
      const first = seq(start)
      const buffer = new SendBuffer(first)
      for (const action of steps) {
        if ('write' in action) {
          const from = diff(buffer.end, first)
          const bytes = new Uint8Array(action.write).map((_, i) => byteAt(from + i))
          const before = buffer.length
          buffer.write(bytes)
          assert.equal(buffer.length, before + action.write)
          bytes.fill(0) // the caller may reuse its memory
        } else if ('acknowledge' in action) {
          buffer.acknowledge(add(buffer.start, Math.floor(buffer.length * action.acknowledge)))
        } else {
          const offset = Math.floor(buffer.length * action.read)
          const length = Math.min(action.length, buffer.length - offset)
          const from = add(buffer.start, offset)
          const base = diff(from, first)
          const view = buffer.slice(from, length)
          assert.equal(view.length, length)
          for (let i = 0; i < length; i++) assert.equal(view[i], byteAt(base + i))
        }
      }
    }),
    { numRuns: 60 },
  )
})

function byteAt(position: number): number {
  return (position * 7 + (position >>> 8)) & 255
}

test('a view stays right after its bytes were acknowledged and others written', () => {
  const buffer = new SendBuffer(seq(0))
  buffer.write(new Uint8Array(1000).fill(1))
  const view = buffer.slice(seq(0), 1000)
  buffer.acknowledge(seq(1000))
  for (let i = 0; i < 100; i++) {
    buffer.write(new Uint8Array(1000).fill(2))
    buffer.acknowledge(buffer.end)
  }
  assert.ok(view.every((byte) => byte === 1))
})
