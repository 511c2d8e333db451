import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { corpus } from '../corpus.ts'
import { damage, damaged, nodeReading, ourReading, ourReplies, replies, stream } from './messages.ts'

const RUNS = Number(process.env['RETICLE_FUZZ_RUNS'] ?? 400)

test('a stream cut anywhere gives the same messages and the same verdict', () => {
  fc.assert(
    fc.property(fc.oneof(stream, damaged), fc.array(fc.nat(), { maxLength: 12 }), (text, cuts) => {
      const bytes = Buffer.from(text, 'latin1')
      const whole = ourReading(bytes)
      assert.deepEqual(ourReading(bytes, cuts), whole)
      assert.deepEqual(
        ourReading(
          bytes,
          Array.from({ length: bytes.length }, (_, i) => i),
        ),
        whole,
      )
    }),
    { numRuns: RUNS, ...corpus<[string, number[]]>('http-requests') },
  )
})

test('responses cut anywhere give the same messages and the same verdict', () => {
  fc.assert(
    fc.property(fc.oneof(replies, damage(replies)), fc.array(fc.nat(), { maxLength: 12 }), (text, cuts) => {
      const bytes = Buffer.from(text, 'latin1')
      const whole = ourReplies(bytes)
      assert.deepEqual(ourReplies(bytes, cuts), whole)
      const each = Array.from({ length: bytes.length }, (_, i) => i)
      assert.deepEqual(ourReplies(bytes, each), whole)
    }),
    { numRuns: RUNS, ...corpus<[string, number[]]>('http-responses') },
  )
  fc.assert(
    fc.property(replies, (text) => {
      const events = ourReplies(Buffer.from(text, 'latin1'))
      assert.equal(events.at(-1), 'true')
      assert.ok(!events.some((line) => / at byte \d+$/.test(line)), events.join('\n'))
    }),
    { numRuns: RUNS },
  )
})

test('valid messages are read as node:http reads them', async () => {
  await fc.assert(
    fc.asyncProperty(stream, async (text) => {
      const bytes = Buffer.from(text, 'latin1')
      const ours = ourReading(bytes)
      assert.equal(ours.refused, '')
      assert.deepEqual(ours.messages, (await nodeReading(bytes)).messages)
    }),
    { numRuns: RUNS },
  )
})

test('damaged messages are read as node:http reads them, or refused', async () => {
  await fc.assert(
    fc.asyncProperty<[string, number[]]>(damaged, fc.constant([]), async (text) => {
      const bytes = Buffer.from(text, 'latin1')
      const ours = ourReading(bytes)
      const nodes = await nodeReading(bytes)
      const common = Math.min(ours.messages.length, nodes.messages.length)
      assert.deepEqual(ours.messages.slice(0, common), nodes.messages.slice(0, common))
      // Where both refuse, node may have dropped messages that were whole before.
      if (ours.refused === '' && nodes.refused !== '') assert.match(nodes.refused, allowed(text))
    }),
    { numRuns: RUNS, ...corpus<[string, number[]]>('http-requests') },
  )
})

/** What node refuses and we take, with the reason why that is right. */
function allowed(text: string): RegExp {
  const reasons = [
    // Any token is a method (RFC 9110 §9.1).
    'Invalid method|Expected space after method',
    // What follows a message that closes is not read (RFC 9112 §9.6).
    'Data after `Connection: close`',
    // HTTP/1.2 is read as 1.1 (RFC 9112 §2.3).
    'Invalid HTTP version',
  ]
  // A tab is optional white space as a space is (RFC 9110 §5.6.3).
  if (/chunked *\t/.test(text)) reasons.push('invalid `Transfer-Encoding`')
  // An octet above 0x7F in a target can only mean itself: nginx and Go take it too.
  if (/ \/[^ \r]*[\x80-\xff]/.test(text)) reasons.push('Invalid char in url')
  return new RegExp(reasons.join('|'))
}
