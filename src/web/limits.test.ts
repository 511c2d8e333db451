/** Every limit of the floor is set to something small here and crossed; those of forms have more in forms.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seconds } from '../base/duration.ts'
import { testMachine } from '../http/trial/machine.ts'
import { f, Model } from '../models/index.ts'
import { WEB_LIMITS, type WebLimits } from './limits.ts'
import { MemoryRates } from './policies/rate-limit.ts'
import { MemorySessions } from './sessions/memory-sessions.ts'
import type { Session } from './sessions/session.ts'
import { app } from './site/app.ts'
import { testClient } from './testing/client.ts'

const SECRET = 'a secret of more than thirty-two characters'

function made(limits: Partial<WebLimits>, options: object = {}) {
  const site = app({ machine: testMachine(), secret: SECRET, log: () => {}, limits, ...options })
  site.post('/text', async (c) => c.text(await c.body.text()))
  site.post('/form', async (c) => ({ a: (await c.body.form()).get('a') }))
  site.get('/query', (c) => `${c.query.size}`)
  const flashing = (c: { session: Session; flashes(): readonly { text: string }[] }, texts: readonly string[]) => {
    for (const text of texts) c.session.flash(text)
    return c.flashes().map(({ text }) => text)
  }
  site.get('/flashes', (c) => flashing(c, ['one', 'two', 'three']))
  return { site, web: testClient(site) }
}

const file = (size: number) => new File([new Uint8Array(size)], 'x')

const CROSSED: { readonly [limit in keyof WebLimits]: () => Promise<void> } = {
  async bodyBytes() {
    const { web } = made({ bodyBytes: 3 })
    assert.equal((await web.request('POST', '/text', 'abc')).status, 200)
    assert.equal((await web.request('POST', '/text', 'abcd')).status, 413)
  },
  async formBytes() {
    const { web } = made({ formBytes: 10 })
    assert.equal((await web.post('/form', { a: 'short' })).status, 200)
    assert.equal((await web.post('/form', { a: 'much too long' })).status, 413)
  },
  async formFields() {
    const { web } = made({ formFields: 2 })
    assert.equal((await web.post('/form', { a: 1, b: 2 })).status, 200)
    assert.equal((await web.post('/form', { a: 1, b: 2, c: 3 })).status, 413)
  },
  async fileBytes() {
    const { web } = made({ fileBytes: 10 })
    assert.equal((await web.post('/form', { a: 'x', f: file(10) })).status, 200)
    assert.equal((await web.post('/form', { a: 'x', f: file(11) })).status, 413)
  },
  async filesBytes() {
    const { web } = made({ filesBytes: 15 })
    assert.equal((await web.post('/form', { a: 'x', f: file(10) })).status, 200)
    assert.equal((await web.post('/form', { a: 'x', f: file(10), g: file(10) })).status, 413)
  },
  async query() {
    const { web } = made({ query: 2 })
    assert.equal((await web.get('/query?a=1&b=2')).text, '2')
    assert.equal((await web.get('/query?a=1&b=2&c=3')).status, 400)
  },
  async flashes() {
    assert.deepEqual((await made({ flashes: 2 }).web.get('/flashes')).json(), ['two', 'three'])
  },
  async flashBytes() {
    assert.deepEqual((await made({ flashBytes: 40 }).web.get('/flashes')).json(), ['three'])
  },
  async flashLength() {
    assert.deepEqual((await made({ flashLength: 3 }).web.get('/flashes')).json(), ['one', 'two', 'thr…'])
  },
  async recordedEvents() {
    class Note extends Model {
      id = f.id()
    }
    const statements = async (recordedEvents: number) => {
      const { site } = made({ recordedEvents }, { debug: true, db: 'sqlite::memory:', models: [Note] })
      await site.createTables()
      site.get('/sql', async () => {
        for (let i = 0; i < 20; i++) await Note.count()
        throw new Error('bad')
      })
      return [...(await testClient(site).get('/sql')).text.matchAll(/, 1 rows</g)].length
    }
    assert.equal(await statements(500), 20)
    assert.ok((await statements(4)) <= 4)
  },
  async refusedHosts() {
    const told: unknown[] = []
    const { site } = made({ refusedHosts: 1 }, { log: (failure: unknown) => void told.push(failure) })
    const remote = { address: '192.0.2.1', port: 1 }
    for (const host of ['a.example', 'b.example', 'c.example'])
      await site.fetch(new Request('http://x/', { headers: { host } }), { remote })
    assert.equal(told.length, 1)
  },
  async memoryRates() {
    assert.equal(new MemoryRates().limit, WEB_LIMITS.memoryRates)
    const rates = new MemoryRates(2)
    for (const who of ['a', 'b', 'c']) rates.count(who, { quota: 1, window: seconds(1) }, 0)
    assert.equal(rates.size, 2)
  },
  async memorySessions() {
    const sessions = new MemorySessions({ limit: 2 })
    for (const id of ['a', 'b', 'c']) sessions.save({ id, data: {} }, 0)
    assert.equal(sessions.size, 2)
    assert.equal(new MemorySessions().limit, WEB_LIMITS.memorySessions)
  },
}

for (const [name, cross] of Object.entries(CROSSED)) test(`limits.${name} is set, and held`, cross)

test('the defaults are frozen, and all of them are crossed here', () => {
  assert.ok(Object.isFrozen(WEB_LIMITS))
  assert.deepEqual(Object.keys(CROSSED).sort(), Object.keys(WEB_LIMITS).sort())
})

test('a route has limits of its own, larger or smaller, and the server takes the largest', async () => {
  const { site, web } = made({ bodyBytes: 3 })
  site.post('/large', async (c) => c.text(await c.body.text()), { limits: { bodyBytes: 10 } })
  site.post('/small', async (c) => c.text(await c.body.text()), { limits: { bodyBytes: 1 } })
  assert.equal((await web.request('POST', '/large', 'abcdefghij')).status, 200)
  assert.equal((await web.request('POST', '/large', 'abcdefghijk')).status, 413)
  assert.equal((await web.request('POST', '/small', 'ab')).status, 413)
  assert.equal((await web.request('POST', '/text', 'abcd')).status, 413)
})

test('a limit that limits nothing is refused where it is given', () => {
  const wrong = (limits: object) => limits as Partial<WebLimits>
  assert.throws(
    () => app({ limits: wrong({ formBytes: '5' }) }),
    /app\(\): limits.formBytes must be a number from 0, not "5"/,
  )
  assert.throws(() => app({ limits: wrong({ formBytes: undefined }) }), /limits.formBytes must be a number from 0/)
  assert.throws(() => app({ limits: wrong({ query: Number.NaN }) }), /limits.query must be a number from 0/)
  assert.throws(() => app({ limits: wrong({ fromBytes: 5 }) }), /there is no limit 'fromBytes'; there are bodyBytes, /)
  assert.throws(
    () => app().post('/x', () => '', { limits: wrong({ fileBytes: -1 }) }),
    /POST \/x: limits.fileBytes must/,
  )
})
