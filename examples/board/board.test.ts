import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type TestClient, testClient } from 'reticle/web'
import { Member, Post } from './models.ts'
import { board } from './site.ts'
import { to } from './urls.ts'

const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52])

async function started(t: TestContext): Promise<TestClient> {
  return testClient(await newBoard(t))
}

async function newBoard(t: TestContext) {
  const uploads = mkdtempSync(join(tmpdir(), 'reticle-board-'))
  t.after(() => rmSync(uploads, { recursive: true }))
  return board({ db: 'sqlite::memory:', uploads, secret: 'a secret for these tests, long enough' })
}

async function signUp(web: TestClient, name = 'ada'): Promise<void> {
  const done = await web.submit(to.accounts.signUp(), { name, password: 'correct horse' }, { follow: true })
  assert.match(done.text, /Welcome to the board/)
}

test('sign up, write, read, comment, search, sign out and in again', async (t) => {
  const web = await started(t)
  await signUp(web)
  const written = await web.submit(
    to.posts.create(),
    { title: 'Hello <b>', body: 'One\n\nTwo & three' },
    { follow: true },
  )
  assert.match(written.text, /<h1>Hello &lt;b&gt;<\/h1>/)
  assert.match(written.text, /<p>One<\/p>\s*<p>Two &amp; three<\/p>/)
  const action = to.posts.comment({ id: 1 })
  const said = await web.submit(to.posts.show({ id: 1 }), { body: 'First!' }, { action, follow: true })
  assert.match(said.text, /1 comment<[\s\S]*First!/)
  assert.match((await web.get(`${to.home()}?q=three`)).text, /1 post with “three”[\s\S]*Hello &lt;b&gt;/)
  assert.match((await web.get(`${to.home()}?q=nowhere`)).text, /Nothing found/)
  await web.submit(to.home(), {}, { action: to.accounts.signOut() })
  assert.equal((await web.get(to.posts.create())).status, 303, 'writing needs a member')
  const wrong = await web.submit(to.accounts.signIn(), { name: 'ada', password: 'wrong horse' })
  assert.equal(wrong.status, 422)
  assert.match(wrong.text, /no member with this name and password/)
  const back = await web.submit(to.accounts.signIn(), { name: 'ada', password: 'correct horse' }, { follow: true })
  assert.match(back.text, /Sign out/)
})

test('a name is taken once; what is wrong stands beside its field, and what was typed stays', async (t) => {
  const web = await started(t)
  await signUp(web)
  web.logout()
  const taken = await web.submit(to.accounts.signUp(), { name: 'ada', password: 'another one' })
  assert.equal(taken.status, 422)
  assert.match(taken.text, /value="ada"/)
  assert.match(taken.text, /id="field-name-error"/)
  for (const name of ['ADA', 'Ada'])
    assert.equal((await web.submit(to.accounts.signUp(), { name, password: 'another one' })).status, 422)
  const short = await web.submit(to.accounts.signUp(), { name: 'lin', password: 'short' })
  assert.match(short.text, /id="field-password-error"/)
  assert.doesNotMatch(short.text, /value="short"/)
})

test('a picture is kept and shown; what only claims to be one is refused', async (t) => {
  const site = await newBoard(t)
  const web = testClient(site)
  await signUp(web)
  const picture = new File([PNG], '../../evil.png', { type: 'image/png' })
  const shown = await web.submit(to.posts.create(), { title: 'See', body: 'this', picture }, { follow: true })
  const path = /src="(\/pictures\/[0-9a-f]{32}\.png)"/.exec(shown.text)?.[1]
  assert.ok(path, 'the post shows its picture under a name of the site’s own')
  const served = await web.get(path)
  assert.equal(served.headers.get('content-type'), 'image/png')
  assert.equal(served.headers.get('x-content-type-options'), 'nosniff')
  const script = new File(['<script>alert(1)</script>'], 'a.png', { type: 'image/png' })
  const refused = await web.submit(to.posts.create(), { title: 'No', body: 'no', picture: script })
  assert.equal(refused.status, 422)
  assert.equal(await site.run(() => Post.count()), 1)
})

test('errors look like the board, and greet those who are signed in', async (t) => {
  const web = await started(t)
  await signUp(web)
  for (const path of ['/nowhere', to.posts.show({ id: 7 })]) {
    const missing = await web.get(path)
    assert.equal(missing.status, 404)
    assert.match(missing.text, /class="who">ada<[\s\S]*<h1>There is no such page<\/h1>/)
  }
  assert.match((await web.delete(to.home())).text, /<h1>This page takes no such request<\/h1>/)
  const long = await web.submit(to.posts.create(), { title: 'x', body: 'y'.repeat(1_100_000) })
  assert.equal(long.status, 413)
  assert.match(long.text, /<h1>This is too large<\/h1>/)
  const picture = new File([PNG, new Uint8Array(11_000_000)], 'a.png')
  const large = await web.submit(to.posts.create(), { title: 'Kept', body: 'as well', picture })
  assert.equal(large.status, 422)
  assert.match(large.text, /value="Kept"[\s\S]*The file is larger than 5 MB\./)
})

test('browsers are told what belongs into the fields', async (t) => {
  const web = await started(t)
  const signUp = (await web.get(to.accounts.signUp())).text
  assert.match(signUp, /name="name"[^>]*autocomplete="username"/)
  assert.match(signUp, /name="password"[^>]*autocomplete="new-password"/)
  const signIn = (await web.get(to.accounts.signIn())).text
  assert.match(signIn, /name="name"[^>]*autocomplete="username"/)
  assert.match(signIn, /name="password"[^>]*autocomplete="current-password"/)
  await web.submit(to.accounts.signUp(), { name: 'ada', password: 'correct horse' })
  assert.match((await web.get(to.posts.create())).text, /accept="image\/png,image\/jpeg,image\/gif,image\/webp"/)
})

test('posts come in pages, newest first', async (t) => {
  const site = await newBoard(t)
  const web = testClient(site)
  await site.run(async () => {
    const author = await Member.create({ name: 'ada', password: 'correct horse' })
    for (let i = 1; i <= 23; i++) await Post.create({ title: `Post number ${i}`, body: 'x', author })
  })
  const first = await web.get(to.home())
  assert.match(first.text, /Post number 23[\s\S]*Post number 14</)
  assert.match(first.text, /Page 1 of 3/)
  const last = await web.get(`${to.home()}?page=3`)
  assert.match(last.text, /Post number 1</)
  assert.doesNotMatch(last.text, /Older/)
  for (const page of ['0', '-1', '99', 'x', '1e9'])
    assert.equal((await web.get(`${to.home()}?page=${page}`)).status, 200)
})

test('only its author deletes a post, and its comments go with it', async (t) => {
  const web = await started(t)
  await signUp(web)
  await web.submit(to.posts.create(), { title: 'Mine', body: 'x' })
  await web.submit(to.posts.show({ id: 1 }), { body: 'comment' }, { action: to.posts.comment({ id: 1 }) })
  web.logout()
  await signUp(web, 'lin')
  assert.doesNotMatch((await web.get(to.posts.show({ id: 1 }))).text, /Delete this post/)
  assert.equal((await web.post(to.posts.remove({ id: 1 }))).status, 403)
  web.logout()
  await web.submit(to.accounts.signIn(), { name: 'ada', password: 'correct horse' })
  const gone = await web.submit(to.posts.show({ id: 1 }), {}, { action: to.posts.remove({ id: 1 }), follow: true })
  assert.match(gone.text, /The post is gone/)
  assert.equal((await web.get(to.posts.show({ id: 1 }))).status, 404)
})

test('a form from elsewhere changes nothing', async (t) => {
  const site = await newBoard(t)
  const web = testClient(site)
  await signUp(web)
  const headers = { 'sec-fetch-site': 'cross-site' }
  assert.equal((await web.post(to.posts.create(), { title: 'x', body: 'y' }, { headers })).status, 403)
  assert.equal(await site.run(() => Post.count()), 0)
})
