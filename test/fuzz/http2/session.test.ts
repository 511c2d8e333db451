import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { corpus } from '../corpus.ts'
import { damaged, disputed, nodeReading, ourReading, requests, streams } from './frames.ts'

const RUNS = Number(process.env['RETICLE_FUZZ_RUNS'] ?? 300)

test('a stream of frames cut anywhere means the same', () => {
  fc.assert(
    fc.property(fc.oneof(streams, damaged, requests), fc.array(fc.nat(), { maxLength: 12 }), (octets, cuts) => {
      const whole = ourReading(octets)
      assert.deepEqual(ourReading(octets, cuts), whole)
      assert.deepEqual(
        ourReading(
          octets,
          Array.from(octets, (_, i) => i),
        ),
        whole,
      )
    }),
    { numRuns: RUNS, ...corpus<[Uint8Array, number[]]>('http2-frames') },
  )
})

test('well-formed requests are read as node:http2 reads them', async () => {
  await fc.assert(
    fc.asyncProperty(requests, async (octets) => {
      const ours = ourReading(octets)
      assert.equal(ours.ended, '')
      const node = await nodeReading(octets)
      const bodies = Object.fromEntries(Object.entries(ours.requests).map(([id, text]) => [id, text.split(' ')[2]]))
      assert.deepEqual(bodies, node.bodies)
    }),
    { numRuns: Math.ceil(RUNS / 4) },
  )
})

test('what we answer, node:http2 answers: nothing is read that it would refuse', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(streams, damaged), async (octets) => {
      const ours = ourReading(octets)
      // Half a frame may be refused already by who looks at its head alone.
      // What we refuse by a stream, nghttp2 refuses by the connection sometimes.
      const { takenBack, pongs } = disputed(octets)
      if (ours.ended !== '' || ours.midway || ours.refused > 0 || pongs > 0) return
      const answered = Object.entries(ours.requests).filter(([, text]) => text.endsWith('whole'))
      const node = await nodeReading(octets)
      // Node answers more: fields that are none it leaves out.
      const more = answered.map(([id]) => Number(id)).filter((id) => !takenBack.has(id) && !node.answered.includes(id))
      assert.deepEqual(more, [])
    }),
    { numRuns: RUNS, ...corpus<[Uint8Array]>('http2-streams') },
  )
})
