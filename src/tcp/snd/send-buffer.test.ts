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

test('a view stays right until its bytes are acknowledged, whatever is written meanwhile', () => {
  const buffer = new SendBuffer(seq(0))
  buffer.write(new Uint8Array(1000).fill(1))
  const view = buffer.slice(seq(0), 1000)
  for (let i = 0; i < 300; i++) buffer.write(new Uint8Array(1000).fill(2))
  buffer.acknowledge(seq(999))
  assert.ok(view.every((byte) => byte === 1))
})

test('a long stream needs the memory of what is in flight, not of what has gone through', () => {
  const buffer = new SendBuffer(seq(0))
  const blocks = new Set<ArrayBufferLike>()
  const chunk = new Uint8Array(64 * 1024)
  const flight = 512 * 1024
  while (buffer.length < flight) buffer.write(chunk)
  for (let i = 0; i < 200; i++) {
    blocks.add(buffer.slice(buffer.start, 1).buffer)
    buffer.acknowledge(add(buffer.start, chunk.length))
    buffer.write(chunk)
  }
  assert.ok(blocks.size <= flight / chunk.length + 4, `${blocks.size} blocks`)
})

test('short messages share memory, and what waits in small writes holds twice its size at most', () => {
  const buffers = [new SendBuffer(seq(0)), new SendBuffer(seq(0))]
  const memory = new Set<ArrayBufferLike>()
  for (let i = 0; i < 200; i++)
    for (const buffer of buffers) {
      buffer.write(new Uint8Array(100).fill(i))
      const view = buffer.slice(buffer.start, 100)
      assert.ok(view.every((byte) => byte === i))
      memory.add(view.buffer)
      buffer.acknowledge(buffer.end)
    }
  assert.ok(memory.size <= (2 * 200 * 100) / 8192 + 2, `${memory.size} pieces of memory`)
  const buffer = new SendBuffer(seq(0))
  for (let i = 0; i < 40; i++) buffer.write(new Uint8Array(20))
  assert.ok(buffer.slice(add(buffer.start, 700), 1).buffer.byteLength <= 1024)
})
