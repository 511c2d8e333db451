import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { DECODED_CODINGS } from '../../http/index.ts'
import { testMachine } from '../../http/trial/machine.ts'
import { app } from '../site/app.ts'

const site = app({
  machine: testMachine(),
  log: () => {},
  dangerouslyWithoutCsrf: true,
  limits: { bodyBytes: 10_000, formBytes: 10_000 },
})
site.post('/json', async (c) => c.json(await c.body.json()))
site.post('/form', async (c) => c.text((await c.body.form()).get('a') ?? ''))
site.post('/parts', async (c) => {
  const names: string[] = []
  for await (const part of c.body.parts()) names.push(part.name)
  return names.join()
})

function post(path: string, body: Uint8Array, coding: string, type: string): Promise<Response> {
  const headers = { 'content-encoding': coding, 'content-type': type }
  return site.fetch(new Request(`http://localhost${path}`, { method: 'POST', body: new Uint8Array(body), headers }))
}

test('JSON, forms and parts that come encoded are read as what they were', async () => {
  const json = Buffer.from('{"a":"grüße"}')
  const read = async (reply: Promise<Response>) => (await reply).text()
  assert.equal(await read(post('/json', gzipSync(json), 'gzip', 'application/json')), json.toString())
  assert.equal(
    await read(post('/json', zstdCompressSync(gzipSync(json)), 'gzip, zstd', 'application/json')),
    json.toString(),
  )
  assert.equal(await read(post('/json', json, 'identity', 'application/json')), json.toString())
  assert.equal(await read(post('/form', gzipSync('a=b+c'), 'x-gzip', 'application/x-www-form-urlencoded')), 'b c')
  const form = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nin parts\r\n--x--\r\n'
  const multipart = 'multipart/form-data; boundary=x'
  assert.equal(await read(post('/form', gzipSync(form), 'gzip', multipart)), 'in parts')
  assert.equal(await read(post('/parts', gzipSync(form), 'gzip', multipart)), 'a')
})

test('bombs, unknown codings and broken bodies are refused with what would do', async () => {
  const bomb = gzipSync(`"${'x'.repeat(5_000_000)}"`)
  assert.ok(bomb.length < 10_000)
  assert.equal((await post('/json', bomb, 'gzip', 'application/json')).status, 413)
  assert.equal(
    (await post('/form', gzipSync(`a=${'x'.repeat(1e6)}`), 'gzip', 'application/x-www-form-urlencoded')).status,
    413,
  )
  assert.equal((await post('/json', gzipSync('{}').subarray(0, 15), 'gzip', 'application/json')).status, 400)
  for (const coding of ['compress', 'gzip, gzip, gzip', 'gzip;q=1']) {
    const refused = await post('/json', gzipSync('{}'), coding, 'application/json')
    assert.equal(refused.status, 415)
    assert.equal(refused.headers.get('accept-encoding'), DECODED_CODINGS.join(', '))
  }
  const brotli = await post('/json', brotliCompressSync('{}'), 'br', 'application/json')
  assert.equal(brotli.status, DECODED_CODINGS.includes('br') ? 200 : 415)
})
