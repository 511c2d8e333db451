import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type TestClient, testClient } from 'reticle/web'
import { wiki } from './site.ts'
import { api, to } from './urls.ts'

const title = 'Front page'

async function started(t: TestContext): Promise<TestClient> {
  return (await startedAt(t)).web
}

/** With the addresses of the API, which is mounted in the wiki. */
async function startedAt(t: TestContext) {
  const uploads = mkdtempSync(join(tmpdir(), 'reticle-wiki-'))
  t.after(() => rmSync(uploads, { recursive: true }))
  const secret = 'a secret for these tests, long enough'
  const site = await wiki({ db: 'sqlite::memory:', uploads, secret, debug: true })
  t.after(() => site.close())
  return {
    web: testClient(site),
    at: (params: { title: string }) => site.url(api.page, params),
    all: site.url(api.pages),
  }
}

async function signIn(web: TestClient, name = 'ada', password = 'correct horse') {
  return web.submit(to.signIn(), { name, password })
}

test('a page is written, linked, changed, and keeps its history', async (t) => {
  const web = await started(t)
  const missing = await web.get(to.home(), { follow: true })
  assert.equal(missing.status, 404)
  assert.match(missing.text, /Nobody has written this page yet/)
  assert.equal((await web.get(to.page.edit({ title }))).location, '/sign-in?next=%2Fwiki%2FFront_page%2Fedit')
  await signIn(web)
  const text = 'See [[Dürer (painter)]] & [[<b>]] & [[Ada\u0027s page]].\n\n<script>alert(1)</script>'
  const shown = await web.submit(to.page.edit({ title }), { text, summary: 'begun' }, { follow: true })
  assert.equal(shown.path, '/wiki/Front_page')
  assert.match(shown.text, /<a href="\/wiki\/D%C3%BCrer_%28painter%29">Dürer \(painter\)<\/a> &amp; \[\[&lt;b&gt;\]\]/)
  assert.match(shown.text, /<a href="\/wiki\/Ada(?:'|%27|&#39;)s_page">Ada&#39;s page<\/a>/)
  assert.doesNotMatch(shown.text, /<script>alert/)
  assert.match((await web.get(to.page.edit({ title }))).text, /See \[\[Dürer/, 'what stands is there to be changed')
  await web.submit(to.page.edit({ title }), { text: 'Shorter.', summary: '' })
  assert.match((await web.get(to.page.history({ title }))).text, /history\/2"[\s\S]*history\/1"[\s\S]*begun/)
  assert.match((await web.get(to.page.revision({ title, id: 1 }))).text, /An old revision[\s\S]*See/)
  assert.match((await web.get(to.recent())).text, /Front page/)
  assert.match((await web.get(to.search({ q: 'front' }))).text, /1 page with “front”[\s\S]*Front page/)
})

test('a title has one address, and what is not a title has none', async (t) => {
  const web = await started(t)
  assert.equal(to.page.show({ title: 'C. S. Lewis' }), '/wiki/C._S._Lewis')
  assert.throws(() => to.page.show({ title: '../secret' }))
  for (const path of ['/wiki/_a', '/wiki/a%20b', '/wiki/%3Cb%3E', `/wiki/${'a'.repeat(81)}`, '/wiki/a%2Fedit'])
    assert.match((await web.get(path)).text, /nothing at this address/, path)
})

test('the API speaks JSON, errors included', async (t) => {
  const { web, at: page, all } = await startedAt(t)
  const at = page({ title })
  assert.equal(at, '/api/pages/Front_page')
  assert.deepEqual((await web.get(at)).json(), { error: { status: 404, message: 'Not Found', reference: '' } })
  assert.equal((await web.json('PUT', at, { text: 'x' })).status, 401)
  await signIn(web)
  assert.deepEqual((await web.json('PUT', at, { text: '' })).json(), { errors: { text: 'This field is required.' } })
  const made = await web.json('PUT', at, { text: 'By a program.' })
  assert.equal(made.status, 201)
  assert.equal(made.location, at)
  const { text, author } = (await web.get(at)).json() as { text: string; author: string }
  assert.deepEqual({ text, author }, { text: 'By a program.', author: 'ada' })
  assert.deepEqual((await web.get(all)).json(), { total: 1, pages: [{ title, url: at }] })
  assert.match((await web.get(to.page.show({ title }))).text, /By a program/)
})

test('the export streams every page', async (t) => {
  const { web, at } = await startedAt(t)
  await signIn(web)
  for (const name of ['B', 'A', 'C']) await web.json('PUT', at({ title: name }), { text: `about ${name}` })
  const reply = await web.get(to.export())
  assert.equal(reply.headers.get('content-type'), 'application/jsonl')
  const lines = reply.text.trim().split('\n')
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { text: string }).text),
    ['about A', 'about B', 'about C'],
  )
})

test('files are attached, and lie where they can do nothing', async (t) => {
  const { web, at } = await startedAt(t)
  await signIn(web)
  await web.json('PUT', at({ title }), { text: 'x' })
  const file = new File(['<script>alert(1)</script>'], 'notes & <1>.html', { type: 'text/html' })
  const shown = await web.submit(to.page.show({ title }), { file }, { follow: true })
  const [, path, name] = /href="(\/files\/\w+\.bin)" download="([^"]*)"/.exec(shown.text) ?? []
  assert.equal(name, 'notes &amp; &lt;1&gt;.html')
  const served = await web.get(path!)
  assert.equal(served.headers.get('content-type'), 'application/octet-stream')
  assert.match(served.headers.get('content-disposition')!, /^attachment/)
  const large = new File([new Uint8Array(2_000_001)], 'large')
  assert.match((await web.submit(to.page.show({ title }), { file: large }, { follow: true })).text, /larger than/)
})

test('a name belongs to whoever had it first', async (t) => {
  const web = await started(t)
  await signIn(web)
  await web.submit(to.recent(), {}, { action: to.signOut() })
  const refused = await signIn(web, 'ada', 'another horse')
  assert.equal(refused.status, 422)
  assert.match(refused.text, /Somebody else has this name/)
  assert.equal((await signIn(web)).status, 303)
})
