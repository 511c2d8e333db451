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
  const got = async (path: string) => (await outer.web.get(path, { follow: true })).text
  assert.equal(await got('/blog'), '/blog/a')
  assert.equal(await got('/blog/a'), 'a /a /blog/ /about')
  assert.equal(await got('/raw'), '/ /')
  assert.equal(await got('/raw/b/c?d=e'), '/b/c /b/c?d=e')
  assert.equal(await got('/part/x'), 'part')
  assert.equal((await outer.web.get('/blogs')).status, 404)
  assert.equal((await outer.web.get('/raws')).status, 404)
})

test('one application at two places, one route in two groups: each page links to its own', async () => {
  const to = urls({ home: '/', item: '/item/{id:int}' })
  const shop = quiet().site
  shop.get(to.home, (c) => c.text(`${to.item({ id: 1 })} ${c.url('item', { id: 1 })} ${c.url(to.item, { id: 1 })}`))
  shop.get(to.item, async (c) => {
    await null
    return `${c.prefix} ${to.home()}`
  })
  const { site, web } = quiet()
  site.mount('/a', shop)
  site.mount('/b', shop)
  const version = urls({ list: '/list', one: '/one/{id:int}' })
  for (const prefix of ['/v1', '/v2'])
    site.group(prefix, (group) => {
      group.get(version.list, () => version.one({ id: 7 }))
      group.get(version.one, () => version.list())
    })
  for (const at of ['/a', '/b']) {
    const address = `${at}/item/1`
    assert.equal((await web.get(`${at}/`)).text, [address, address, address].join(' '))
    assert.equal((await web.get(address)).text, `${at} ${at}/`)
  }
  for (const at of ['/v1', '/v2']) {
    assert.equal((await web.get(`${at}/list`)).text, `${at}/one/7`)
    assert.equal((await web.get(`${at}/one/7`)).text, `${at}/list`)
  }
  const [one, two] = await Promise.all([web.get('/a/item/2'), web.get('/b/item/2')])
  assert.deepEqual([one.text, two.text], ['/a /a/', '/b /b/'], 'also when both are asked at once')
  assert.equal(to.item({ id: 1 }), '/item/1', 'outside a request a route knows no place')
  assert.equal(await (await shop.fetch(new Request('http://localhost/item/3'))).text(), ' /', 'alone it has none')
})

test('an address that could be at several places is refused, and says how to write it', async () => {
  const to = urls({ item: '/item/{id:int}', only: '/only' })
  const shop = quiet().site
  shop.get(to.item, () => 'item')
  const { site, web, failures } = quiet()
  site.mount('/a', shop)
  site.group('/deep', (group) => group.mount('/b', shop))
  site.group('/x', (group) => group.get(to.only, () => 'only'))
  site.get('/fine', () => `${to.only()} /a${to.item.path({ id: 1 })}`)
  site.get('/unclear', () => to.item({ id: 1 }))
  assert.equal((await web.get('/fine')).text, '/x/only /a/item/1')
  assert.equal(site.url(to.only), '/x/only')
  assert.equal((await web.get('/unclear')).text, '/a/item/1', 'the one with fewer groups between is nearer')
  const other = quiet()
  other.site.mount('/a', shop)
  other.site.mount('/b', shop)
  other.site.get('/unclear', () => to.item({ id: 1 }))
  assert.equal((await other.web.get('/unclear')).status, 500)
  assert.match(
    String(other.failures[0]!.error),
    /item is registered at '\/a' and at '\/b', and neither is nearer.*route\.path/,
  )
  assert.throws(() => other.site.url(to.item, { id: 1 }), /registered at '\/a' and at '\/b'/)
  assert.deepEqual(failures, [])
})

test('registration writes into nothing that it is given', () => {
  const to = urls({ item: '/item/{id:int}' })
  assert.ok(Object.isFrozen(to) && Object.isFrozen(to.item))
  quiet()
    .site.group('/v1', (group) => group.get(to.item, () => 'x'))
    .begin()
  assert.equal(to.item({ id: 1 }), '/item/1')
})

test('a route that a mount would hide is refused when the site begins, with both places', () => {
  const hiding = quiet().site
  hiding.mount('/api', (exchange) => exchange.reply(200, [], 'x'))
  hiding.get('/api/own/{id}', () => 'never')
  assert.throws(
    () => hiding.begin(),
    /'\/api\/own\/\{id\}' at .*mounting\.test\.ts:\d+.* would never be reached: .*'\/api' \(.*mounting\.test\.ts:\d+/,
  )
  const inner = quiet().site
  inner.get('/x', () => 'inner')
  const outer = quiet().site
  outer.mount('/api', inner)
  outer.get('/api/x', () => 'outer')
  assert.throws(() => outer.begin(), /GET \/api\/x has two handlers: .*mounting\.test\.ts:\d+.*mounting\.test\.ts:\d+/)
  const twice = quiet()
    .site.mount('/a', () => {})
    .mount('/a', () => {})
  assert.throws(() => (twice as typeof outer).begin(), /two handlers are mounted at '\/a'/)
})

test('a route beside what is mounted is reached, and a site in itself is refused', async () => {
  const inner = quiet().site
  inner.get('/x', () => 'inner')
  const { site, web } = quiet()
  site.mount('/api', inner)
  site.get('/api/own', () => 'outer')
  assert.equal((await web.get('/api/own')).text, 'outer')
  assert.equal((await web.get('/api/x')).text, 'inner')
  const itself = quiet().site
  itself.group('/a', (group) => group.mount('/b', itself))
  assert.throws(() => itself.begin(), /cannot be mounted in itself/)
})

test('prefixes of other frameworks are refused with the right spelling', () => {
  for (const prefix of ['/api/*', '/:tenant', '/{tenant}'])
    assert.throws(() => quiet().site.mount(prefix, () => {}), /a prefix is literal and covers all below it/, prefix)
  for (const prefix of ['api', '/api/', '/', ''])
    assert.throws(() => quiet().site.mount(prefix, () => {}), /write it as '\/blog'/)
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
  inner.signedIn((r) => r.get('/who', (c) => c.user.name))
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
