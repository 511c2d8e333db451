import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync, zstdCompressSync } from 'node:zlib'
import { testMachine } from '../../http/trial/machine.ts'
import { app } from '../site/app.ts'
import type { SiteOptions } from '../site/options.ts'
import { sendBytes } from '../static/send-file.ts'
import { staticFiles } from '../static/static-files.ts'

const TEXT = 'A page that anybody may read. '.repeat(200)

function site(options: SiteOptions<never> = {}) {
  const made = app({ machine: testMachine(), log: () => {}, secret: 'x'.repeat(40), ...options })
  made.get('/', () => TEXT)
  made.get('/short', () => 'hello')
  made.get('/sets', (c) => {
    c.cookies.set('theme', 'dark')
    return TEXT
  })
  made.get('/streamed', async function* () {
    yield TEXT
    yield TEXT
  })
  made.get('/missing', (c) => c.json({ error: TEXT }, { status: 404 }))
  return made
}

/** The coding of the reply. */
async function coding(of: ReturnType<typeof site>, path: string, fields: Record<string, string> = {}) {
  const headers = { 'accept-encoding': 'gzip', ...fields }
  const reply = await of.fetch(new Request(`http://localhost${path}`, { headers }))
  const bytes = Buffer.from(await reply.arrayBuffer())
  const { headers: given } = reply
  if (given.get('content-encoding') === 'gzip') gunzipSync(bytes)
  return given.get('content-encoding')
}

test('pages are compressed for clients that take them so, streams and errors too', async () => {
  const made = site()
  for (const path of ['/', '/sets?', '/streamed', '/missing'])
    assert.equal(await coding(made, path, { 'sec-fetch-site': 'none' }), 'gzip', path)
  assert.equal(await coding(made, '/'), 'gzip')
  assert.equal(await coding(made, '/short'), null)
  assert.equal(await coding(site({ compress: false }), '/'), null)
  assert.equal(await coding(site({ compress: { least: 1e6 } }), '/'), null)
})

test('BREACH: the length of a known visitor’s page is not told to the page of another site that asked for it', async () => {
  const made = site()
  const known: Record<string, string>[] = [
    { cookie: 'session=abc' },
    { authorization: 'Basic YTpi' },
    { authorization: 'Negotiate abc' },
  ]
  for (const visitor of known) {
    for (const from of ['cross-site', 'same-site', 'nonsense'])
      assert.equal(await coding(made, '/', { ...visitor, 'sec-fetch-site': from }), null, from)
    assert.equal(await coding(made, '/', visitor), null, 'a browser that does not say')
    for (const from of ['same-origin', 'none'])
      assert.equal(await coding(made, '/', { ...visitor, 'sec-fetch-site': from }), 'gzip', from)
  }
  assert.equal(
    await coding(made, '/sets', { 'sec-fetch-site': 'cross-site' }),
    null,
    'the reply makes the visitor known',
  )
  assert.equal(await coding(made, '/', { authorization: 'Bearer abc' }), 'gzip', 'no other page can send a token')
  const careless = site({ compress: { dangerouslyPersonal: true } })
  assert.equal(await coding(careless, '/', { cookie: 'a=b', 'sec-fetch-site': 'cross-site' }), 'gzip')
})

test('public files are compressed for everybody, from the file beside the file where there is one', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reticle-compress-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'a.css'), TEXT)
  writeFileSync(join(folder, 'b.css'), TEXT)
  writeFileSync(join(folder, 'b.css.zst'), zstdCompressSync(TEXT))
  const made = site()
  made.mount('/static', staticFiles(folder, { precompressed: true }))
  made.get('/own', (c) => sendBytes(c, Buffer.from(TEXT), { type: 'text/plain' }))
  const cross = { cookie: 'a=b', 'sec-fetch-site': 'cross-site' }
  assert.equal(await coding(made, '/static/a.css', cross), 'gzip')
  assert.equal(await coding(made, '/static/b.css', { ...cross, 'accept-encoding': 'gzip, zstd' }), 'zstd')
  assert.equal(
    await coding(made, '/static/b.css', { ...cross, 'accept-encoding': 'gzip, br' }),
    'br',
    'made on the fly',
  )
  assert.equal(await coding(made, '/own', cross), null)
  const part = await made.fetch(
    new Request('http://localhost/static/a.css', { headers: { 'accept-encoding': 'gzip', range: 'bytes=0-9' } }),
  )
  assert.equal(part.status, 206)
  assert.equal(part.headers.get('content-encoding'), null)
})
