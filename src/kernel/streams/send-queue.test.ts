import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { libc, libcMissing } from '../libc.ts'
import { LARGEST, SendChunks } from './send-chunks.ts'
import { SendQueue } from './send-queue.ts'

const library = libc()
const skip = library === null ? libcMissing() : false

test('bytes come out as they went in, whatever the pieces, and every chunk goes back', { skip }, () => {
  const chunks = new SendChunks(library!.ffi, 1 << 26)
  const size = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: LARGEST - 2, max: LARGEST + 2 }))
  const step = fc.record({ append: size, send: fc.double({ min: 0, max: 1, noNaN: true }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const queue = new SendQueue(chunks)
      let written = 0
      let sent = 0
      for (const { append, send } of steps) {
        queue.append(Uint8Array.from({ length: append }, (_, i) => (written + i) % 251))
        written += append
        if (queue.length === 0) continue
        const { bytes, start, end } = queue.head
        const count = Math.ceil((end - start) * send)
        for (let i = 0; i < count; i++) assert.equal(bytes[start + i], (sent + i) % 251)
        queue.consume(count)
        sent += count
        assert.equal(queue.length, written - sent)
      }
      queue.clear()
      assert.equal(queue.length, 0)
      assert.equal(chunks.taken, 0)
    }),
    { numRuns: 60 },
  )
})

test('small writes that follow each other take few chunks', { skip }, () => {
  const chunks = new SendChunks(library!.ffi, 1 << 26)
  const queue = new SendQueue(chunks)
  for (let i = 0; i < 1000; i++) queue.append(new Uint8Array(300))
  // 4 + 8 + 16 + 32 + 64 KiB, and 64 KiB for each of what is left of 300,000 bytes.
  assert.ok(chunks.taken <= 9, `${chunks.taken} chunks`)
  queue.clear()
})
