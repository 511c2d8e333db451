import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateRawSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib'
import { Fault } from '../../base/fault.ts'
import { below, SeededRandom } from '../../base/random.ts'
import { messageBody } from '../body/from-stream.ts'
import { BodyError, BodyTooLarge } from '../errors.ts'
import { HTTP_LIMITS } from '../limits.ts'
import { decodedBody } from './body.ts'
import type { CodedSink, Coder, Coding } from './coding.ts'
import { decoder as checkedDecoder, contentCodings, DECODED_CODINGS, type DecoderOptions, stages } from './decode.ts'
import { encoder, encodeWhole } from './encode.ts'
import { decodesBrotli } from './node/codings.ts'

const CODINGS: readonly Coding[] = ['gzip', 'deflate', 'br', 'zstd']
const compress = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync }
const expand = { gzip: gunzipSync, deflate: inflateSync, br: brotliDecompressSync, zstd: zstdDecompressSync }
/** Also of what is not sound here: the bodies are our own. */
function decoder(codings: Coding | readonly Coding[], sink: CodedSink, options?: DecoderOptions): Coder {
  return stages(typeof codings === 'string' ? [codings] : codings, sink, options)
}
const TEXT = Buffer.from('The network for TypeScript. '.repeat(9_000))

/** What a coder makes of pieces. */
async function through(
  make: (sink: (bytes: Uint8Array) => void | Promise<void>) => ReturnType<typeof decoder>,
  pieces: readonly Uint8Array[],
): Promise<Buffer> {
  const out: Uint8Array[] = []
  const coder = make((bytes) => void out.push(bytes.slice()))
  for (const piece of pieces) await coder.push(piece)
  await coder.end()
  return Buffer.concat(out)
}

/** Cut at random places. */
function cut(bytes: Uint8Array, seed: string): Uint8Array[] {
  const random = new SeededRandom(seed)
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + below(random, Math.ceil(bytes.length * 0.4)))
    pieces.push(bytes.subarray(at, end))
    at = end
  }
  return pieces
}

for (const coding of CODINGS)
  test(`${coding}: what is encoded in any pieces is decoded in any pieces, by us and by the library`, async () => {
    for (let run = 0; run < 4; run++) {
      const encoded = await through((sink) => encoder(coding, sink), cut(TEXT, `in ${run}`))
      assert.ok(encoded.length < TEXT.length / 20)
      assert.deepEqual(Buffer.from(expand[coding](encoded)), TEXT)
      assert.deepEqual(await through((sink) => decoder(coding, sink), cut(encoded, `out ${run}`)), TEXT)
    }
    assert.deepEqual(Buffer.from(expand[coding](encodeWhole(coding, TEXT)!)), TEXT)
    const nothing = await through((sink) => encoder(coding, sink), [])
    assert.equal((await through((sink) => decoder(coding, sink), [nothing])).length, 0)
    assert.equal((await through((sink) => decoder(coding, sink), [])).length, 0, 'no bytes are no body')
  })

test('memory that is used again after the call changes nothing', async () => {
  const out: Uint8Array[] = []
  const gzip = encoder('gzip', (bytes) => void out.push(bytes.slice()))
  const memory = Buffer.from('first')
  const pushed = gzip.push(memory)
  memory.fill('x')
  await pushed
  await gzip.end()
  assert.equal(gunzipSync(Buffer.concat(out)).toString(), 'first')
})

for (const coding of CODINGS)
  test(`${coding}: what was pushed can be read after a flush`, async () => {
    const seen: string[] = []
    const decoding = decoder(coding, (bytes) => void seen.push(Buffer.from(bytes).toString()))
    const encoding = encoder(coding, (bytes) => decoding.push(bytes))
    for (const event of ['data: one\n\n', 'data: two\n\n']) {
      await encoding.push(Buffer.from(event))
      await encoding.flush()
      assert.equal(seen.join(''), event)
      seen.length = 0
    }
    encoding.close()
    decoding.close()
  })

test('deflate is read in the zlib format and without it, gzip of several members as one', async () => {
  assert.deepEqual(await through((sink) => decoder('deflate', sink), [deflateRawSync(TEXT)]), TEXT)
  const members = Buffer.concat([gzipSync('one '), gzipSync('two')])
  assert.equal((await through((sink) => decoder('gzip', sink), cut(members, 'members'))).toString(), 'one two')
})

for (const coding of CODINGS)
  test(`${coding}: 1 GB of zeros stops at the limit`, async () => {
    const limit = 1_000_000
    let made = 0
    let pushed = 0
    const coder = decoder(coding, (bytes) => void (made += bytes.length), { limit })
    const zeros = new Uint8Array(16 * 1024 * 1024)
    // The bomb is made as it is eaten: 64 times 16 MiB, if nobody stops it.
    const bomb = encoder(coding, async (bytes) => {
      pushed += bytes.length
      await coder.push(bytes)
    })
    const explode = async () => {
      for (let i = 0; i < 64; i++) {
        await bomb.push(zeros)
        await bomb.flush()
      }
    }
    await assert.rejects(explode(), BodyTooLarge)
    assert.ok(made <= limit, `${made} bytes were handed on`)
    assert.ok(pushed < 200_000, `${pushed} encoded bytes were looked at`)
    await assert.rejects(coder.push(new Uint8Array(1)), 'nothing is decoded any more')
  })

test('a bomb within a bomb stops between the codings', async () => {
  const inner = gzipSync(new Uint8Array(64 * 1024 * 1024))
  const outer = gzipSync(Buffer.concat(Array.from({ length: 40 }, () => inner)))
  let made = 0
  const coder = decoder(['gzip', 'gzip'], (bytes) => void (made += bytes.length), { limit: 300_000 })
  await assert.rejects(coder.push(outer), BodyTooLarge)
  assert.ok(made <= 300_000)
})

test('what is not of the coding, breaks off, or goes on after the end is refused', async () => {
  for (const coding of CODINGS) {
    const good = compress[coding](TEXT)
    const bad: [string, Uint8Array][] = [
      ['other bytes', Buffer.from('hello, this is not encoded at all')],
      ['broken off', good.subarray(0, -5)],
    ]
    if (coding === 'gzip' || coding === 'deflate')
      bad.push(['altered', Uint8Array.from(good).map((byte, i) => (i > 20 && i < 40 ? byte ^ 0xa5 : byte))])
    if (coding !== 'gzip') bad.push(['goes on', Buffer.concat([good, Buffer.from('GET / HTTP/1.1')])])
    for (const [what, bytes] of bad)
      await assert.rejects(
        through((sink) => decoder(coding, sink), [bytes]),
        (error) => error instanceof BodyError && error.status === 400 && error.message.includes(coding),
        `${coding}: ${what}`,
      )
  }
})

test('what the sink throws is what the caller gets', async () => {
  const coder = decoder('br', () => {
    throw new Error('no room')
  })
  await assert.rejects(coder.push(compress.br(TEXT)), /no room/)
})

test('a Content-Encoding names at most two codings that we have', () => {
  assert.deepEqual(contentCodings(undefined), [])
  assert.deepEqual(contentCodings('identity'), [])
  assert.deepEqual(contentCodings(' X-GZIP ,, Zstd'), ['gzip', 'zstd'])
  for (const bad of ['compress', 'gzip, gzip, gzip', 'gzip;q=1', '__proto__'])
    assert.ok(contentCodings(bad) instanceof Fault, bad)
  assert.equal(HTTP_LIMITS.codings, 2)
  assert.deepEqual(contentCodings('gzip, zstd, gzip', 3), ['gzip', 'zstd', 'gzip'])
})

test('a body is decoded as it is read: text, trailers, failures, and an end to it', async () => {
  const twice = zstdCompressSync(gzipSync('grüße'))
  const body = decodedBody(messageBody(new Uint8Array(twice)), ['gzip', 'zstd'], 'text/plain; charset=utf-8')
  assert.equal(body.length, null)
  assert.equal(await body.text(), 'grüße')
  const bomb = messageBody(new Uint8Array(gzipSync(new Uint8Array(1_000_000))))
  await assert.rejects(decodedBody(bomb, ['gzip'], undefined, { limit: 1_000 }).bytes(), BodyTooLarge)
  const broken = messageBody(new Uint8Array(gzipSync(TEXT).subarray(0, 50)))
  await assert.rejects(decodedBody(broken, ['gzip']).bytes(), /body is not gzip/)
  const plain = messageBody('as it is')
  assert.equal(decodedBody(plain, []), plain)
})

test('a body that is decoded stands still while its reader does, and lets go when nobody wants it', async () => {
  let asked = 0
  const zeros = gzipSync(new Uint8Array(4 * 1024 * 1024))
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (asked * 256 >= zeros.length) return controller.close()
      controller.enqueue(new Uint8Array(zeros.subarray(asked * 256, ++asked * 256)))
    },
  })
  const body = decodedBody(messageBody(stream), ['gzip'])
  const reader = body.stream().getReader()
  await reader.read()
  await new Promise((resolve) => setImmediate(resolve))
  const then = asked
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(asked, then, 'nothing is taken for a reader that does not read')
  assert.ok(asked * 256 < zeros.length)
  await reader.cancel()
})

test('Brotli is decoded only where its decoder is sound (CVE-2026-111497)', () => {
  for (const sound of ['24.22.1', '24.23.0', '26.12.1', '26.13.0', '27.0.0', '28.1.0'])
    assert.equal(decodesBrotli(sound), true, sound)
  for (const not of ['20.20.2', '22.23.4', '24.3.0', '24.22.0', '25.9.0', '26.10.0', '26.12.0', '', 'x'])
    assert.equal(decodesBrotli(not), false, not)
  const here = decodesBrotli(process.versions.node)
  assert.equal(DECODED_CODINGS.includes('br'), here)
  assert.equal(contentCodings('br') instanceof Fault, !here)
  if (!here) assert.throws(() => checkedDecoder('br', () => {}), /cannot be decoded here/)
})
