import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Framer } from './framing.ts'

test('messages come out whole, however the stream is cut', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 700 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1 }), (sent, cuts) => {
      const stream = Buffer.concat(
        sent.flatMap((message) => [Uint8Array.of(message.length >>> 8, message.length), message]),
      )
      const framer = new Framer()
      const received: Uint8Array[] = []
      for (let at = 0, i = 0; at < stream.length; i++) {
        const piece = Uint8Array.from(stream.subarray(at, at + cuts[i % cuts.length]!))
        at += piece.length
        framer.push(piece)
        piece.fill(0xee) // the driver's memory is used again
        for (let message = framer.next(); message !== null; message = framer.next()) received.push(message)
      }
      assert.deepEqual(received, sent)
    }),
    { numRuns: 100 },
  )
})
