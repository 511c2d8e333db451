/** Encoded replies, decoded for the program. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { DECODED_CODINGS } from '../coding/decode.ts'
import { BodyTooLarge } from '../errors.ts'
import type { Handler } from '../exchange.ts'
import { serve } from '../server/serve.ts'
import { TestNetwork } from '../trial/network.ts'
import { Client } from './client.ts'
import { type DecodingOptions, decoding } from './decoding.ts'

async function world(handler: Handler, options: DecodingOptions = {}) {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80')
  const laptop = network.host('laptop', '10.0.0.2', {}, undefined, host.clock)
  await serve(host, handler, { port: 80 })
  return new Client(laptop, { layers: [decoding(options)] })
}

const TEXT = 'The network for TypeScript. '.repeat(9_000)
const ENCODED: Readonly<Record<string, Uint8Array>> = {
  gzip: gzipSync(TEXT),
  'x-gzip': gzipSync(TEXT),
  br: brotliCompressSync(TEXT), // where it is decoded: not by an unpatched Node
  zstd: zstdCompressSync(TEXT),
  deflate: deflateSync(TEXT),
  'gzip, zstd': zstdCompressSync(gzipSync(TEXT)),
}

test('each coding is asked for and decoded, and its fields are gone', async () => {
  for (const [coding, bytes] of Object.entries(ENCODED)) {
    if (!DECODED_CODINGS.includes('br') && coding.includes('br')) continue
    const client = await world((exchange) => {
      assert.deepEqual(exchange.header('accept-encoding')?.split(', '), DECODED_CODINGS)
      exchange.reply(200, ['Content-Encoding', coding, 'Content-Length', String(bytes.length), 'X-Mine', '1'], bytes)
    })
    const reply = await client.request('http://web/')
    assert.deepEqual(
      [reply.header('content-encoding'), reply.header('content-length'), reply.header('x-mine')],
      [undefined, undefined, '1'],
    )
    assert.equal(reply.body.length, null)
    assert.equal(await reply.body.text(), TEXT, coding)
    assert.equal(client.connections, 1)
  }
})

test('what is not decoded: asked for by the program, ranges, HEAD, 304, empty bodies, unknown codings', async () => {
  const seen: (string | undefined)[] = []
  const client = await world((exchange) => {
    seen.push(exchange.header('accept-encoding'))
    const [coding = '', status = '200'] = exchange.query.split('!')
    const bytes = exchange.path === '/empty' ? '' : ENCODED['gzip']!
    exchange.reply(Number(status), ['Content-Encoding', coding], status === '304' ? null : bytes)
  })
  const get = async (query: string, fields: string[] = [], method = 'GET') => {
    const reply = await client.request(`http://web/${query}`, { fields, method })
    return [reply.header('content-encoding'), (await reply.body.bytes()).length]
  }
  const whole = ENCODED['gzip']!.length
  assert.deepEqual(await get('?gzip', ['accept-encoding', 'gzip']), ['gzip', whole])
  assert.deepEqual(await get('?gzip', ['Range', 'bytes=0-']), ['gzip', whole])
  assert.deepEqual(await get('?gzip', [], 'HEAD'), ['gzip', 0])
  assert.deepEqual(await get('?gzip!304'), ['gzip', 0])
  assert.deepEqual(await get('empty?gzip'), [undefined, 0])
  assert.deepEqual(await get('?none'), ['none', whole])
  assert.deepEqual(await get('?gzip,gzip,gzip'), ['gzip,gzip,gzip', whole])
  assert.deepEqual(await get('?identity'), [undefined, whole])
  assert.deepEqual(seen.slice(0, 2), ['gzip', undefined])
})

test('a bomb ends at the limit of decoded bytes, a broken body with its reason', async () => {
  const zeros = { gzip: gzipSync(new Uint8Array(5_000_000)), zstd: zstdCompressSync(new Uint8Array(5_000_000)) }
  for (const [coding, bytes] of Object.entries(zeros)) {
    const client = await world((exchange) => exchange.reply(200, ['Content-Encoding', coding], bytes), {
      limit: 100_000,
    })
    let received = 0
    const failure = await new Promise<Error | null>((resolve, reject) => {
      client.request('http://web/').then(
        ({ body }) =>
          body.read({
            data: (piece) => void (received += piece.length),
            end: resolve,
          }),
        reject,
      )
    })
    assert.ok(failure instanceof BodyTooLarge, String(failure))
    assert.ok(received <= 100_000)
  }
  const cut = await world((exchange) =>
    exchange.reply(200, ['Content-Encoding', 'gzip'], ENCODED['gzip']!.subarray(0, 50)),
  )
  await assert.rejects((await cut.request('http://web/')).body.text(), { code: 'HTTP_BODY_REFUSED' })
  const wrong = await world((exchange) => exchange.reply(200, ['Content-Encoding', 'gzip'], 'not gzip'))
  await assert.rejects((await wrong.request('http://web/')).body.text(), { code: 'HTTP_BODY_REFUSED' })
})

test('a decoded body that is discarded lets go of its connection', async () => {
  const client = await world((exchange) => exchange.reply(200, ['Content-Encoding', 'gzip'], ENCODED['gzip']!))
  for (let i = 0; i < 20; i++) (await client.request('http://web/')).body.discard()
  assert.equal(client.connections, 1)
})
