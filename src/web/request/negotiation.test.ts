import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatEtag } from '../../http/index.ts'
import { testMachine } from '../../http/trial/machine.ts'
import { abort } from '../errors.ts'
import { app } from '../site/app.ts'
import { testClient } from '../testing/client.ts'

test('a route answers in the type and language that is wanted most, and tells caches', async () => {
  const site = app({ machine: testMachine(), log: () => {} })
  site.get('/post', (c) => {
    const type = c.accepts('text/html', 'application/json') ?? abort(406, 'There is HTML and JSON.')
    const language = c.acceptsLanguage('en', 'de') ?? 'en'
    return c.text(`${type} ${language}`)
  })
  const web = testClient(site)
  const reply = await web.get('/post', {
    headers: { accept: 'application/json', 'accept-language': 'de-CH, en;q=0.5' },
  })
  assert.equal(reply.text, 'application/json de')
  assert.equal(reply.headers.get('vary'), 'Accept, Accept-Language')
  const refused = await web.get('/post', { headers: { accept: 'image/png' } })
  assert.equal(refused.status, 406)
  assert.match(refused.text, /There is HTML and JSON/)
})

test('pages that are made: 304 before the page is made, 412 before anything is written, 428 where a condition is wanted', async () => {
  let version = 1
  let made = 0
  const site = app({ machine: testMachine(), log: () => {}, dangerouslyWithoutCsrf: true })
  const state = () => ({ etag: formatEtag(String(version)), lastModified: Date.UTC(2026, 0, version) })
  site.get('/post', (c) => {
    const unchanged = c.unchanged(state())
    if (unchanged) return unchanged
    made++
    return c.html({ html: `version ${version}` } as never)
  })
  site.put('/post', (c) => {
    c.unchanged(state(), { required: true })
    version++
    return c.empty()
  })
  site.put('/new', (c) => {
    c.unchanged({ exists: version > 5 })
    return c.empty({ status: 201 })
  })
  const web = testClient(site)
  const first = await web.get('/post')
  assert.equal(first.headers.get('etag'), '"1"')
  assert.equal(first.headers.get('last-modified'), 'Thu, 01 Jan 2026 00:00:00 GMT')
  const again = await web.get('/post', { headers: { 'if-none-match': '"1"' } })
  assert.deepEqual([again.status, again.headers.get('etag'), again.text, made], [304, '"1"', '', 1])
  const weak = { headers: { 'if-none-match': 'W/"1", "x"' } }
  assert.equal((await web.get('/post', weak)).status, 304, 'compressed, it had a weak one')
  const put = (headers: Record<string, string>) => web.put('/post', {}, { headers }).then((reply) => reply.status)
  assert.equal(await put({}), 428)
  assert.equal(await put({ 'if-match': '"0"' }), 412)
  assert.equal(await put({ 'if-match': 'W/"1"' }), 412, 'a weak tag does not say that nothing has changed')
  assert.equal(await put({ 'if-unmodified-since': 'Wed, 31 Dec 2025 00:00:00 GMT' }), 412)
  assert.equal(version, 1)
  assert.equal(await put({ 'if-match': '"1"' }), 204)
  assert.equal(version, 2)
  assert.equal(await web.put('/new', {}, { headers: { 'if-none-match': '*' } }).then((reply) => reply.status), 201)
  assert.equal(await web.put('/new', {}, { headers: { 'if-match': '*' } }).then((reply) => reply.status), 412)
})
