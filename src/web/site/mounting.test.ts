import assert from 'node:assert/strict'
import { test } from 'node:test'
import { login } from '../auth/sign-in.ts'
import { urls } from '../routing/route.ts'
import { testClient } from '../testing/client.ts'
import { quiet } from '../trial/fixture.ts'
import { app } from './app.ts'

test('sites and handlers are mounted, and addresses know where', async () => {
  const blogTo = urls({ index: '/', post: '/{slug:slug}' })
  const blog = quiet().site
  blog.get(blogTo.index, () => blogTo.post({ slug: 'a' }))
  blog.get(blogTo.post, (c) => `${c.params.slug} ${c.path} ${c.url('index')} ${c.url('about')}`)
  const outer = quiet()
  outer.site.get(urls({ about: '/about' }).about, () => 'about')
  outer.site.mount('/blog', blog)
  outer.site.mount('/raw', (exchange) => exchange.reply(200, [], `${exchange.path} ${exchange.target}`))
  outer.site.mount('/part', { install: (group) => void group.get('/x', () => 'part') })
  outer.site.get('/blog/{x}', () => 'never: mounted sites go first')
  const got = async (path: string) => (await outer.web.get(path, { follow: true })).text
  assert.equal(await got('/blog'), '/blog/a')
  assert.equal(await got('/blog/a'), 'a /a /blog/ /about')
  assert.equal(await got('/raw/b/c?d=e'), '/b/c /b/c?d=e')
  assert.equal(await got('/part/x'), 'part')
  assert.equal((await outer.web.get('/blogs')).status, 404)
  assert.throws(() => quiet().site.mount('/again', blog), /mounted at \/blog already/)
})

test('a mounted site has the hosts, secret, users and debugging of the one around', async () => {
  const outer = quiet<{ id: number; name: string }>({
    hosts: ['board.example'],
    secret: 'a secret of more than thirty-two characters',
    users: () => ({ id: 1, name: 'Ada' }),
    login: '/in',
  })
  const inner = app<{ id: number; name: string }>({ machine: outer.site.machine })
  outer.site.mount('/inner', inner)
  outer.site.get('/in', (c) => {
    login(c, { id: 1 })
    return 'in'
  })
  inner.users((r) => r.get('/who', (c) => c.user.name))
  inner.get('/bad', () => {
    throw new Error('bad')
  })
  const web = testClient(outer.site, { origin: 'http://board.example' })
  assert.equal((await web.get('/inner/who')).location, '/in?next=%2Finner%2Fwho')
  await web.get('/in')
  assert.equal((await web.get('/inner/who')).text, 'Ada')
  await web.get('/inner/bad')
  assert.equal(outer.failures.length, 1)
  const elsewhere = testClient(outer.site, { origin: 'http://evil.example' })
  assert.equal((await elsewhere.get('/inner/who')).status, 400)
})
