import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hours } from '../../base/duration.ts'
import { testMachine } from '../../http/trial/machine.ts'
import { HttpError } from '../errors.ts'
import { app } from '../site/app.ts'
import { type CorsOptions, cors } from './cors.ts'

const APP = 'https://app.example'

function site(options: CorsOptions) {
  const made = app({ machine: testMachine(), log: () => {}, trustedOrigins: [APP], secret: 'x'.repeat(40) })
  made.before(cors(options))
  made.get('/data', (c) => c.json({ a: 1 }))
  made.put('/data', (c) => c.empty())
  made.get('/fails', () => {
    throw new HttpError(403, 'no')
  })
  made.signedIn((members) => members.get('/own', (c) => c.text('own')))
  return async (method: string, path: string, headers: Record<string, string> = {}) => {
    const reply = await made.fetch(new Request(`http://localhost${path}`, { method, headers }))
    const of = (name: string) => reply.headers.get(`access-control-allow-${name}`)
    return { reply, status: reply.status, vary: reply.headers.get('vary'), of }
  }
}

const PREFLIGHT = {
  origin: APP,
  'access-control-request-method': 'PUT',
  'access-control-request-headers': 'content-type',
}

test('an origin that is named may read, also errors; others may not, and caches know', async () => {
  const ask = site({ origins: [APP], expose: ['ETag', 'X-Total'] })
  for (const [path, status] of [
    ['/data', 200],
    ['/fails', 403],
    ['/nowhere', 404],
  ] as const) {
    const own = await ask('GET', path, { origin: APP })
    assert.equal(own.status, status)
    assert.equal(own.of('origin'), APP, path)
    assert.equal(own.of('credentials'), null)
    assert.equal(own.reply.headers.get('access-control-expose-headers'), 'ETag, X-Total')
    for (const origin of [
      'https://evil.example',
      'https://app.example.evil',
      'http://app.example',
      'null',
      `${APP}:444`,
    ]) {
      const other = await ask('GET', path, { origin })
      assert.equal(other.of('origin'), null, origin)
      assert.equal(other.vary, 'Origin')
    }
    assert.equal((await ask('GET', path)).vary, 'Origin', 'also where nobody asks')
  }
})

test('a preflight is answered before guards and routes, with what is allowed', async () => {
  const ask = site({ origins: [APP], headers: ['Content-Type', 'Authorization'], maxAge: hours(1) })
  for (const path of ['/data', '/own', '/nowhere']) {
    const yes = await ask('OPTIONS', path, PREFLIGHT)
    assert.equal(yes.status, 204, path)
    assert.equal(yes.of('origin'), APP)
    assert.equal(yes.of('methods'), 'GET, HEAD, POST, PUT, PATCH, DELETE')
    assert.equal(yes.of('headers'), 'Content-Type, Authorization')
    assert.equal(yes.reply.headers.get('access-control-max-age'), '3600')
    assert.equal(yes.vary, 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers')
    const no = await ask('OPTIONS', path, { ...PREFLIGHT, origin: 'https://evil.example' })
    assert.deepEqual([no.status, no.of('origin'), no.of('methods'), no.of('headers')], [204, null, null, null])
  }
  const plain = await ask('OPTIONS', '/data', { origin: APP })
  assert.equal(plain.reply.headers.get('allow'), 'GET, HEAD, OPTIONS, PUT', 'OPTIONS that is no preflight')
  assert.equal((await ask('PUT', '/data', { origin: APP })).status, 204)
})

test('credentials are for named origins; a private network must be opened', async () => {
  const ask = site({ origins: [APP], credentials: true, privateNetwork: true })
  assert.equal((await ask('GET', '/data', { origin: APP })).of('credentials'), 'true')
  const asked = { ...PREFLIGHT, 'access-control-request-private-network': 'true' }
  assert.equal((await ask('OPTIONS', '/data', asked)).of('private-network'), 'true')
  assert.equal((await ask('OPTIONS', '/data', PREFLIGHT)).of('private-network'), null)
  const closed = site({ origins: [APP] })
  assert.equal((await closed('OPTIONS', '/data', asked)).of('private-network'), null)
  assert.throws(() => cors({ origins: '*', credentials: true }), /every page on the web/)
})

test('everybody may read what is for everybody', async () => {
  const ask = site({ origins: '*' })
  const reply = await ask('GET', '/data', { origin: 'https://anybody.example' })
  assert.deepEqual([reply.of('origin'), reply.vary], ['*', null])
})

test('what is no origin and no name is refused where it is written', () => {
  for (const origin of [
    'app.example',
    'https://app.example/',
    'https://App.example',
    'null',
    '*',
    'file://',
    'https://*.example',
    '',
  ])
    assert.throws(() => cors({ origins: [origin] }), /takes origins/, origin)
  assert.throws(() => cors({ origins: [APP], headers: ['X\r\nY'] }), /names of methods and fields/)
  assert.throws(() => cors({ origins: [APP], maxAge: 600 as never }), /seconds\(|ms\(/)
})
