import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliDecompressSync, createGunzip, gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { Exchange, FieldLines } from '../exchange.ts'
import { answer } from '../platform/memory.ts'
import { testMachine } from '../trial/machine.ts'
import { type CompressOptions, compressed, isCompressible } from './compress.ts'

const PAGE = '<p>The network for TypeScript.</p>\n'.repeat(400)
const HTML: FieldLines = ['Content-Type', 'text/html; charset=utf-8', 'ETag', '"v1"', 'Accept-Ranges', 'bytes']

interface Got {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
}

async function ask(
  handler: (exchange: Exchange) => void | Promise<void>,
  fields: Record<string, string> = { 'accept-encoding': 'gzip, br, zstd' },
  options: CompressOptions = {},
  method = 'GET',
): Promise<Got> {
  const request = new Request('http://a/', { method, headers: fields })
  const response = await answer(compressed(handler, options), request, testMachine())
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) }
}

const whole =
  (fields: FieldLines = HTML, body: string | Uint8Array = PAGE, status = 200) =>
  (exchange: Exchange) =>
    exchange.reply(status, fields, body)

test('a reply is encoded by what the client likes best of what the server likes', async () => {
  const table: [string, string, (bytes: Uint8Array) => Buffer][] = [
    ['gzip, deflate, br, zstd', 'zstd', zstdDecompressSync],
    ['gzip, deflate, br', 'br', brotliDecompressSync],
    ['gzip', 'gzip', gunzipSync],
    ['br;q=0.1, gzip;q=0.9', 'gzip', gunzipSync],
  ]
  for (const [accepted, coding, expand] of table) {
    const got = await ask(whole(), { 'accept-encoding': accepted })
    assert.equal(got.headers.get('content-encoding'), coding)
    assert.equal(got.headers.get('content-length'), String(got.bytes.length))
    assert.equal(got.headers.get('vary'), 'Accept-Encoding')
    assert.equal(got.headers.get('etag'), 'W/"v1"', 'other bytes, another strong tag')
    assert.equal(got.headers.get('accept-ranges'), null)
    assert.equal(expand(got.bytes).toString(), PAGE)
  }
})

test('what is not encoded stays as it is; caches are told where it might have been', async () => {
  const plain = async (got: Promise<Got>, vary: string | null) => {
    const { headers, bytes } = await got
    assert.equal(headers.get('content-encoding'), null)
    assert.equal(headers.get('vary'), vary)
    return bytes.toString()
  }
  assert.equal(await plain(ask(whole(), {}), 'Accept-Encoding'), PAGE)
  assert.equal(await plain(ask(whole(), { 'accept-encoding': 'gzip;q=0' }), 'Accept-Encoding'), PAGE)
  assert.equal(await plain(ask(whole(), { 'accept-encoding': '*;q=0' }), 'Accept-Encoding'), PAGE)
  await plain(ask(whole(HTML, 'short')), null)
  await plain(ask(whole(['Content-Type', 'image/png'])), null)
  await plain(ask(whole([])), null)
  await plain(ask(whole([...HTML, 'Cache-Control', 'public, No-Transform'])), null)
  await plain(ask(whole([...HTML, 'Content-Range', 'bytes 0-9/10'], PAGE, 206)), null)
  const coded = await ask(whole([...HTML, 'Content-Encoding', 'x-own']))
  assert.equal(coded.headers.get('content-encoding'), 'x-own')
  await plain(ask(whole(HTML, 'x'.repeat(1023))), null)
  assert.equal((await ask(whole(HTML, 'x'.repeat(1024)))).headers.get('content-encoding'), 'zstd')
  assert.equal(
    (await ask(whole(HTML, 'x'.repeat(20)), undefined, { least: 20 })).headers.get('content-encoding'),
    'zstd',
  )
  assert.equal(
    (await ask(whole([...HTML, 'Vary', 'Cookie, accept-encoding']))).headers.get('vary'),
    'Cookie, accept-encoding',
  )
  assert.equal((await ask(whole(HTML, PAGE, 404))).headers.get('content-encoding'), 'zstd', 'error pages too')
})

test('a HEAD has the fields of the GET', async () => {
  const got = await ask(whole(), undefined, {}, 'HEAD')
  const same = await ask(whole())
  assert.equal(got.headers.get('content-encoding'), 'zstd')
  assert.equal(got.headers.get('content-length'), same.headers.get('content-length'))
  assert.equal(got.bytes.length, 0)
})

test('a large body goes through in pieces, and a Content-Length of other bytes is not sent', async () => {
  const large = PAGE.repeat(50)
  const got = await ask(whole(), { 'accept-encoding': 'gzip' })
  assert.equal(gunzipSync(got.bytes).toString(), PAGE)
  for (const body of [large, Buffer.from(large)]) {
    const streamed = await ask(whole(HTML, body), { 'accept-encoding': 'gzip' })
    assert.equal(gunzipSync(streamed.bytes).toString(), large)
  }
  const pieces = await ask(
    async (exchange) => {
      const body = exchange.start(200, [...HTML, 'Content-Length', String(large.length)])
      for (let at = 0; at < large.length; at += 10_000)
        if (!body.write(large.slice(at, at + 10_000))) await body.ready()
      body.end()
    },
    { 'accept-encoding': 'gzip' },
  )
  assert.equal(pieces.headers.get('content-length'), null)
  assert.equal(gunzipSync(pieces.bytes).toString(), large)
})

test('a stream is flushed when its writer pauses', async () => {
  const next = Promise.withResolvers<void>()
  const request = new Request('http://a/', { headers: { 'accept-encoding': 'gzip' } })
  const response = await answer(
    compressed(async (exchange) => {
      const body = exchange.start(200, ['Content-Type', 'text/event-stream'])
      body.write('data: one\n')
      body.write('\n')
      await next.promise
      body.write('data: two\n\n')
      body.end()
    }),
    request,
    testMachine(),
  )
  const gunzip = createGunzip()
  let text = ''
  const saw = (what: string) =>
    new Promise<void>((resolve) => gunzip.on('data', () => text.includes(what) && resolve()))
  gunzip.on('data', (bytes) => (text += bytes))
  const feeding = (async () => {
    for await (const bytes of response.body!) gunzip.write(bytes)
    gunzip.end()
  })()
  await saw('data: one\n\n')
  next.resolve()
  await feeding
  await saw('data: two\n\n')
  assert.equal(text, 'data: one\n\ndata: two\n\n')
})

test('a writer is held back while nobody reads, and let go when the reader leaves', async () => {
  let wrote = 0
  const left = Promise.withResolvers<unknown>()
  const noise = new Uint8Array(100_000)
  for (let i = 0; i < noise.length; i++) noise[i] = (i * 7919 + (i >> 3) * 104_729) & 255
  const response = await answer(
    compressed(async (exchange) => {
      const body = exchange.start(200, ['Content-Type', 'text/plain'])
      try {
        for (; wrote < 1_000; wrote++) if (!body.write(noise)) await body.ready()
      } catch (error) {
        left.resolve(error)
      }
    }),
    new Request('http://a/', { headers: { 'accept-encoding': 'gzip' } }),
    testMachine(),
  )
  for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve))
  assert.ok(wrote < 100, `${wrote} pieces of 100 KB were taken for a client that reads nothing`)
  await response.body!.cancel()
  assert.ok((await left.promise) instanceof Error)
})

test('trailers come through, and those that may not be are refused at once', async () => {
  let refused: unknown
  await ask((exchange) => {
    const body = exchange.start(200, HTML)
    body.write(PAGE)
    try {
      body.end(['Content-Length', '1'])
    } catch (error) {
      refused = error
    }
    body.end(['Server-Timing', 'a'])
    assert.throws(() => body.write('more'), /has ended/)
  })
  assert.match(String(refused), /may not be a trailer/)
})

test('types that get smaller', () => {
  for (const type of [
    'text/html; charset=utf-8',
    'application/json',
    'Application/LD+JSON',
    'image/svg+xml',
    'application/wasm',
    'text/event-stream',
    'font/ttf',
  ])
    assert.ok(isCompressible(type), type)
  for (const type of [
    'image/png',
    'application/zip',
    'application/octet-stream',
    'font/woff2',
    'video/mp4',
    '',
    'application/jsonx',
  ])
    assert.ok(!isCompressible(type), type)
})
