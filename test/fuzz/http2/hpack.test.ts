/** HPACK against nghttp2, which `node:http2` has inside: both ways, tables that change included. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2, { type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { duplexPair } from 'node:stream'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { FrameType, PREFACE } from '../../../src/http/h2/codes.ts'
import { FrameReader } from '../../../src/http/h2/frame-reader.ts'
import { Decoder, FieldList } from '../../../src/http/h2/hpack/decoder.ts'
import { Encoder } from '../../../src/http/h2/hpack/encoder.ts'
import { frame, join, settingsFrame } from '../../../src/http/trial/frames.ts'

const RUNS = Number(process.env['RETICLE_FUZZ_RUNS'] ?? 40)

const name = fc.oneof(
  fc.constantFrom(
    'accept',
    'user-agent',
    'x-a',
    'x-b',
    'etag',
    'cookie',
    'authorization',
    'cache-control',
    'x-long-name-of-a-field',
  ),
  fc.stringMatching(/^x-[a-z0-9!#$%&'*+.^_`|~-]{1,20}$/),
)
const character = fc
  .integer({ min: 0x21, max: 0xff })
  .filter((code) => code !== 0x7f)
  .map((code) => String.fromCharCode(code))
const value = fc.oneof(
  fc.constantFrom('', 'gzip, deflate', 'Mon, 21 Oct 2013 20:13:21 GMT', 'v'.repeat(500)),
  fc.string({ unit: character, maxLength: 60 }),
)
const list = fc.array(fc.tuple(name, value), { maxLength: 10 })
/** Header lists in a row on one connection, with changes of the size of the table between. */
const rows = fc.array(
  fc.record({ fields: list, size: fc.option(fc.constantFrom(0, 31, 64, 200, 1_000, 4_096, 65_536), { freq: 4 }) }),
  {
    minLength: 1,
    maxLength: 12,
  },
)

test('what our encoder writes, nghttp2 reads', async () => {
  await fc.assert(
    fc.asyncProperty(rows, async (all) => {
      const server: Http2Server = http2.createServer({ maxSessionMemory: 100 })
      const seen = new Map<number, string[]>()
      server.on('stream', (stream: ServerHttp2Stream, _headers, _flags, raw) => {
        seen.set(stream.id!, raw as unknown as string[])
        stream.on('error', () => {})
        stream.respond({ ':status': 200 }, { endStream: true })
      })
      const [near, far] = duplexPair()
      server.emit('connection', far)
      near.resume()
      near.write(join(PREFACE, settingsFrame()))
      const encoder = new Encoder()
      const expected = new Map<number, string[]>()
      for (const [i, { fields, size }] of all.entries()) {
        // nghttp2 allows 4,096 bytes as long as it says nothing else: any size below is ours to choose.
        if (size !== null) encoder.allow(size)
        const lines = [':method', 'GET', ':scheme', 'http', ':path', `/${i}`, ':authority', 'web', ...fields.flat()]
        const into = new Uint8Array(Encoder.most(lines))
        encoder.begin(into, 0)
        for (let f = 0; f < lines.length; f += 2) encoder.field(lines[f]!, lines[f + 1]!)
        near.write(frame(FrameType.headers, 5, 2 * i + 1, into.subarray(0, encoder.at)))
        expected.set(2 * i + 1, lines)
      }
      for (let i = 0; i < 20 && seen.size < all.length; i++) await turn()
      near.destroy()
      far.destroy()
      assert.deepEqual(seen, expected)
    }),
    { numRuns: RUNS },
  )
})

test('what nghttp2 writes, our decoder reads', async () => {
  await fc.assert(
    // Node refuses to send some names twice.
    fc.asyncProperty(
      fc.array(fc.uniqueArray(fc.tuple(name, value), { selector: ([of]) => of, maxLength: 10 }), {
        minLength: 1,
        maxLength: 12,
      }),
      async (all) => {
        const [near, far] = duplexPair()
        const decoder = new Decoder()
        const seen: string[][] = []
        const reader = new FrameReader(
          {
            frame: (type, flags, _stream, bytes, from, to) => {
              if (type !== FrameType.headers) return true
              const fields = new FieldList(1e6, 1e6)
              const start = (flags & 0x20) !== 0 ? from + 5 : from
              assert.equal(decoder.decode(bytes, start, to, fields), null)
              seen.push(fields.take().flatMap(({ name, value }) => [name, value]))
              return true
            },
            oversized() {},
            strange() {},
          },
          0xff_ffff,
          true,
        )
        far.on('data', (bytes) => reader.feed(bytes))
        far.write(settingsFrame())
        const session = http2.connect('http://web', { createConnection: () => near })
        session.on('error', () => {})
        await once(session, 'connect')
        const expected = all.map((fields, i) => [
          ':method',
          'GET',
          ':authority',
          'web',
          ':scheme',
          'http',
          ':path',
          `/${i}`,
          ...fields.flat(),
        ])
        for (const lines of expected) {
          const stream = session.request(lines as unknown as http2.OutgoingHttpHeaders, { endStream: true })
          stream.on('error', () => {})
        }
        for (let i = 0; i < 20 && seen.length < all.length; i++) await turn()
        session.destroy()
        far.destroy()
        assert.deepEqual(seen, expected)
      },
    ),
    { numRuns: RUNS },
  )
})
