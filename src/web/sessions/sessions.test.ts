import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seconds } from '../../base/duration.ts'
import { testMachine } from '../../http/trial/machine.ts'
import type { Failure } from '../ground/log.ts'
import type { Reply } from '../request/reply.ts'
import { app } from '../site/app.ts'
import type { SiteOptions } from '../site/options.ts'
import { testClient } from '../testing/client.ts'
import { MemorySessions } from './memory-sessions.ts'
import type { SessionRecord } from './session.ts'
import { CookieSessions } from './signed-sessions.ts'
import type { SessionStore } from './store.ts'

const SECRET = 'a secret of more than thirty-two characters'
const OTHER = 'another secret of more than thirty-two characters'

function counting(options: SiteOptions<never> = {}) {
  const failures: Failure[] = []
  const machine = testMachine()
  const site = app({ secret: SECRET, machine, log: (failure) => void failures.push(failure), ...options })
  site.get('/count', (c) => {
    const n = Number(c.session.get('n') ?? 0) + 1
    c.session.set('n', n)
    return String(n)
  })
  site.get('/read', (c) => String(c.session.get('n') ?? 'none'))
  site.get('/none', () => 'no session')
  site.get('/clear', (c) => {
    c.session.clear()
    return 'cleared'
  })
  site.get('/big', (c) => {
    c.session.set('big', 'x'.repeat(5000))
    return 'kept'
  })
  site.get('/flash', (c) => {
    c.flash('<script>alert(1)</script>', 'error')
    return c.redirect('/flashes')
  })
  site.get('/flashes', (c) => ({ flashes: c.flashes() }))
  return { site, machine, failures, web: testClient(site) }
}

test('a session is kept in a cookie that is safe by default', async () => {
  const { web } = counting()
  assert.equal((await web.get('/none')).headers.get('set-cookie'), null)
  assert.equal((await web.get('/read')).headers.get('set-cookie'), null, 'reading makes no session')
  assert.equal((await web.get('/count')).text, '1')
  assert.equal((await web.get('/count')).text, '2')
  assert.equal((await web.get('/read')).text, '2')
  assert.match(web.cookies.line('session')!, /; Path=\/; Max-Age=1209600; HttpOnly; SameSite=Lax$/)
  const reply = await web.get('/count')
  assert.equal(reply.headers.get('vary'), 'Cookie')
  assert.equal(reply.headers.get('cache-control'), 'private')
})

test('over https the cookie is Secure', async () => {
  const { site } = counting()
  const web = testClient(site, { origin: 'https://localhost' })
  await web.get('/count')
  assert.match(web.cookies.line('__Host-session')!, /; Secure/)
  const behind = testClient(counting({ https: true }).site)
  await behind.get('/count')
  assert.match(behind.cookies.line('__Host-session')!, /; Secure/)
})

test('no tampered, foreign or outdated cookie is taken', async () => {
  const { web, machine } = counting()
  await web.get('/count')
  const good = web.cookies.get('session')!
  const [payload, time, mac] = good.split('.') as [string, string, string]
  const forged = Buffer.from('{"id":"x","data":{"n":99}}').toString('base64url')
  const flipped = (text: string) => (text.startsWith('A') ? `B${text.slice(1)}` : `A${text.slice(1)}`)
  const now = machine.clock.wallMillis()
  const foreign = new CookieSessions([OTHER]).save({ id: 'x', data: { n: 99 } }, now)
  const old = new CookieSessions([SECRET]).save({ id: 'x', data: { n: 99 } }, now - 15 * 24 * 3600 * 1000)
  const ahead = new CookieSessions([SECRET]).save({ id: 'x', data: { n: 99 } }, now + 3600 * 1000)
  const bad = [
    `${forged}.${time}.${mac}`,
    `${payload}.${time}.${flipped(mac)}`,
    `${payload}.zzzzzz.${mac}`,
    `${flipped(payload)}.${time}.${mac}`,
    foreign,
    old,
    ahead,
    '',
    '.',
    '..',
    'x',
    `${payload}.${time}`,
    `${payload}.${time}.`,
    `.${time}.${mac}`,
    good.slice(0, -1),
    `${good}x`,
    'x'.repeat(10_000),
  ]
  for (const value of bad) {
    web.cookies.set('session', value)
    assert.equal((await web.get('/read')).text, 'none', value.slice(0, 50))
  }
  web.cookies.set('session', good)
  assert.equal((await web.get('/read')).text, '1')
})

test('secrets are changed without throwing anybody out', async () => {
  const before = counting()
  await before.web.get('/count')
  const after = counting({ secret: [OTHER, SECRET] })
  after.web.cookies.set('session', before.web.cookies.get('session')!)
  assert.equal((await after.web.get('/count')).text, '2')
  const last = counting({ secret: [OTHER] })
  last.web.cookies.set('session', before.web.cookies.get('session')!)
  assert.equal((await last.web.get('/read')).text, 'none')
  last.web.cookies.set('session', after.web.cookies.get('session')!)
  assert.equal((await last.web.get('/read')).text, '2')
})

test('a session of somebody active is renewed, seldom', async () => {
  const { web, machine } = counting()
  await web.get('/count')
  assert.equal((await web.get('/read')).headers.get('set-cookie'), null)
  await machine.clock.advance(2 * 24 * 3600 * 1e9)
  assert.notEqual((await web.get('/read')).headers.get('set-cookie'), null)
  await machine.clock.advance(13 * 24 * 3600 * 1e9)
  assert.equal((await web.get('/read')).text, '1')
  await machine.clock.advance(15 * 24 * 3600 * 1e9)
  assert.equal((await web.get('/read')).text, 'none')
})

test('a session that no cookie can hold is an error that says what is in it', async () => {
  const { web, failures } = counting()
  await web.get('/count')
  assert.equal((await web.get('/big')).status, 500)
  assert.match((failures[0]!.error as Error).message, /browsers keep 3896.*it holds n, big.*MemorySessions/)
})

test('flash messages wait for the next page, once, and not without end', async () => {
  const { web, site } = counting()
  const shown = await web.get('/flash', { follow: true })
  assert.deepEqual(shown.json(), { flashes: [{ text: '<script>alert(1)</script>', kind: 'error' }] })
  assert.deepEqual((await web.get('/flashes')).json(), { flashes: [] })
  assert.equal(web.cookies.get('session'), undefined, 'an empty session takes its cookie away')
  void site
  for (let i = 0; i < 25; i++) await web.get('/flash')
  assert.equal(((await web.get('/flashes')).json() as { flashes: [] }).flashes.length, 20)
})

test('messages that nobody reads leave room for the session, however long they are', async () => {
  const { web, site } = counting()
  const words = ['é'.repeat(200), '\u0000'.repeat(100), 'a'.repeat(3000), 'short']
  site.get('/say/{i:int}', (c) => {
    c.flash(words[c.params.i]!)
    return 'said'
  })
  await web.get('/count')
  for (let i = 0; i < 40; i++) assert.equal((await web.get(`/say/${i % 4}`)).status, 200)
  const { flashes } = (await web.get('/flashes')).json() as { flashes: { text: string }[] }
  assert.equal(flashes.at(-1)!.text, 'short', 'the newest is kept')
  assert.match(flashes.at(-2)!.text, /^a{100,}…$/, 'and a long one is cut')
  assert.equal((await web.get('/read')).text, '1')
})

test('the memory store keeps large sessions, forgets replaced ones, and is bounded', async () => {
  const sessions = new MemorySessions({ limit: 3 })
  const { web, site, machine } = counting({ sessions })
  assert.equal((await web.get('/big')).text, 'kept')
  const first = web.cookies.get('session')!
  assert.ok(first.length < 40)
  await web.get('/clear')
  assert.equal(sessions.load(first, machine.clock.wallMillis()), null)
  for (let i = 0; i < 5; i++) await testClient(site).get('/count')
  assert.equal(sessions.size, 3)
  const short = new MemorySessions({ maxAge: seconds(10) })
  const id = short.save({ id: 'a', data: {} }, 0)
  assert.notEqual(short.load(id, 9_000), null)
  assert.equal(short.load(id, 30_000), null)
})

test('a store that needs time is waited for', async () => {
  const kept = new Map<string, SessionRecord>()
  const later: SessionStore = {
    asynchronous: true,
    maxAge: seconds(100),
    load: async (value) => (kept.has(value) ? { record: kept.get(value)!, stale: false } : null),
    save: async (record) => {
      kept.set(record.id, record)
      return record.id
    },
    forget: async (id) => void kept.delete(id),
  }
  const { web } = counting({ sessions: later })
  assert.equal((await web.get('/count')).text, '1')
  assert.equal((await web.get('/count')).text, '2')
  await web.get('/clear')
  assert.equal(kept.size, 0)
})

test('without a secret sessions say what is missing; while developing one is made', async () => {
  const bare = app({ machine: testMachine(), log: (failure) => void failures.push(failure) })
  const failures: Failure[] = []
  bare.get('/x', (c) => String(c.session.get('x')))
  bare.post('/y', (c) => c.csrfToken)
  assert.equal((await testClient(bare).get('/x')).status, 200, 'nothing is signed by reading')
  assert.equal((await testClient(bare).post('/y')).status, 500)
  assert.match((failures[0]!.error as Error).message, /need app\(\{ secret/)
  assert.throws(() => app({ secret: 'short' }), /at least 32 characters, and this one has 5/)
  assert.throws(() => app({ secret: [] }), /no secret/)
  assert.throws(() => app({ users: () => null }), /no secret/)
  const { web } = counting({ secret: undefined as never, debug: true })
  assert.equal((await web.get('/count')).text, '1')
  assert.equal((await web.get('/count')).text, '2')
})

test('names like __proto__ are names like any other', async () => {
  const site = app({ secret: SECRET, machine: testMachine() })
  site.get('/set', (c) => {
    c.session.set('__proto__', { polluted: true })
    return 'x'
  })
  site.get('/get', (c) => ({ own: c.session.get('__proto__'), other: c.session.get('polluted') ?? null }))
  const web = testClient(site)
  await web.get('/set')
  assert.deepEqual((await web.get('/get')).json(), { own: { polluted: true }, other: null })
  assert.equal(({} as { polluted?: boolean }).polluted, undefined)
})

test('no shared cache keeps a reply that sets a session, whatever the program says', async () => {
  const site = app({ secret: SECRET, machine: testMachine() })
  const paths: Record<
    string,
    (c: { setHeader(name: string, value: string): unknown; text(text: string, init?: object): Reply }) => Reply
  > = {
    '/context': (c) => {
      c.setHeader('Cache-Control', 'public, max-age=60')
      return c.text('x')
    },
    '/reply': (c) => c.text('x', { headers: { 'cache-control': 'public, s-maxage=60, max-age=60' } }),
    '/quoted': (c) => c.text('x', { headers: { 'Cache-Control': 'no-cache="a, public, b"' } }),
    '/none': (c) => c.text('x'),
    '/store': (c) => c.text('x', { headers: { 'Cache-Control': 'no-store' } }),
  }
  for (const [path, answer] of Object.entries(paths)) {
    site.get(path, (c) => {
      c.session.set('a', 1)
      return answer(c)
    })
    site.get(`/plain${path}`, answer)
  }
  const field = async (path: string) => (await testClient(site).get(path)).headers.get('cache-control')
  assert.equal(await field('/context'), 'max-age=60, private')
  assert.equal(await field('/reply'), 'max-age=60, private')
  assert.equal(await field('/quoted'), 'no-cache="a, public, b", private', 'what stands in quotes is one directive')
  assert.equal(await field('/none'), 'private')
  assert.equal(await field('/store'), 'no-store')
  assert.equal(await field('/plain/context'), 'public, max-age=60', 'without a session the program decides')
})
