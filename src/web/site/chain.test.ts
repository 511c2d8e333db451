/** The layers around a handler: hooks, guards and error pages, through groups and mounts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Slot } from '../../base/ambient.ts'
import { report } from '../../base/report.ts'
import { currentMachine, work } from '../../base/work.ts'
import { databases } from '../../models/database/databases.ts'
import { html } from '../../templates/index.ts'
import { login } from '../auth/sign-in.ts'
import { HttpError, notFound } from '../errors.ts'
import { currentExchange, exchange } from '../ground/current.ts'
import { key } from '../ground/key.ts'
import { addresses } from '../routing/address.ts'
import { testClient } from '../testing/client.ts'
import { quiet } from '../trial/fixture.ts'
import { RequestRecord } from './answer.ts'
import { app } from './app.ts'
import { currentSite, slot } from './site.ts'

const SECRET = 'a secret of more than thirty-two characters'

test('hooks guard what is mounted, however it is mounted', async () => {
  const admin = () => {
    const site = quiet().site
    site.get('/', () => 'SECRET ADMIN')
    site.get('/deep/{x}', () => 'SECRET ADMIN')
    return site
  }
  const places = [
    '/x',
    '/admin/',
    '/admin/deep/1',
    '/admin/nowhere',
    '/g/admin/',
    '/part/x',
    '/raw/x',
    '/raw',
    '/nowhere',
  ]
  const { site, web } = quiet()
  site.before((c) => (c.header('x-key') === 'k' ? undefined : c.text('no', { status: 403 })))
  site.get('/x', () => 'x')
  site.mount('/admin', admin())
  site.group('/g', (group) => group.mount('/admin', admin()))
  site.mount('/part', { install: (group) => void group.get('/x', () => 'part') })
  site.mount('/raw', (exchange) => exchange.reply(200, [], 'raw'))
  for (const path of places) {
    const refused = await web.get(path)
    assert.deepEqual([refused.status, refused.text], [403, 'no'], path)
    const opened = await web.get(path, { headers: { 'x-key': 'k' } })
    assert.notEqual(opened.status, 403, path)
  }
  const grouped = quiet()
  grouped.site.group('/staff', (group) => {
    group.before(() => new HttpError(403) && Promise.reject(new HttpError(403)))
    group.mount('/admin', admin())
  })
  assert.equal((await grouped.web.get('/staff/admin/')).status, 403)
})

test('after hooks, teardown, error pages, headers, limits and trusted origins hold inside a mount', async () => {
  const inner = app({ machine: quiet().site.machine })
  inner.get('/page', () => html`<p>x</p>`)
  inner.post('/save', async (c) => c.text(await c.body.text()))
  const torn: string[] = []
  const { site, web } = quiet({
    limits: { bodyBytes: 5 },
    headers: { csp: { 'img-src': ['https://pictures.example'] } },
    trustedOrigins: ['https://pay.example'],
  })
  site.after((_, reply) => void reply.setHeader('X-After', String(reply.status)))
  site.teardown((c) => void torn.push(c.path))
  site.onError(404, (c) => html`<h1>outer 404 for ${c.path}</h1>`)
  site.mount('/api', inner)
  const page = await web.get('/api/page')
  assert.equal(page.headers.get('x-after'), '200')
  assert.match(page.headers.get('content-security-policy')!, /img-src https:\/\/pictures\.example/)
  assert.match((await web.get('/api/nowhere')).text, /<h1>outer 404 for \/nowhere<\/h1>/)
  const headers = { 'sec-fetch-site': '', origin: 'https://pay.example', 'content-type': 'text/plain' }
  assert.equal((await web.request('POST', '/api/save', 'abc', { headers })).text, 'abc')
  assert.equal((await web.request('POST', '/api/save', 'abcdef', { headers })).status, 413)
  assert.equal(
    (await web.request('POST', '/api/save', 'x', { headers: { ...headers, origin: 'https://evil.example' } })).status,
    403,
  )
  assert.deepEqual(torn, ['/page', '/nowhere', '/save', '/save', '/save'])
})

test('what the inside says itself goes before, and what it adds is added', async () => {
  const inner = app({
    machine: quiet().site.machine,
    limits: { bodyBytes: 100 },
    headers: { csp: { 'img-src': ["'none'"] } },
    trustedOrigins: ['https://inner.example'],
  })
  inner.onError(404, () => 'inner 404')
  inner.get('/page', () => html`<p>x</p>`)
  inner.post('/save', async (c) => c.text(await c.body.text()))
  const open = app({ machine: quiet().site.machine, dangerouslyWithoutCsrf: true })
  open.post('/hook', () => 'hook')
  const { site, web } = quiet({ limits: { bodyBytes: 5 }, headers: { csp: { 'font-src': ['https://fonts.example'] } } })
  site.onError(404, () => 'outer 404')
  site.mount('/in', inner)
  site.mount('/open', open)
  const csp = (await web.get('/in/page')).headers.get('content-security-policy')!
  assert.match(csp, /img-src 'none'/)
  assert.match(csp, /font-src https:\/\/fonts\.example/)
  assert.equal((await web.get('/in/nowhere')).text, 'inner 404')
  assert.equal((await web.get('/nowhere')).text, 'outer 404')
  const from = (origin: string) => ({ 'sec-fetch-site': '', origin, 'content-type': 'text/plain' })
  assert.equal(
    (await web.request('POST', '/in/save', 'x'.repeat(50), { headers: from('https://inner.example') })).status,
    200,
  )
  assert.equal((await web.request('POST', '/open/hook', '', { headers: from('https://evil.example') })).status, 200)
  assert.equal((await web.request('POST', '/in/save', 'x', { headers: from('https://evil.example') })).status, 403)
})

test('a bare handler gets the fields of the site, its guards, and its check of origins', async () => {
  const { site, web } = quiet({ secret: SECRET })
  site.before((c) => {
    c.setHeader('X-Before', 'yes')
    c.session.set('seen', true)
  })
  const handler = (exchange: { reply(status: number, fields: string[], body: string): void }) =>
    exchange.reply(200, ['Content-Type', 'text/html', 'X-Frame-Options', 'SAMEORIGIN'], '<p>raw</p>')
  site.mount('/raw', handler as never)
  site.mount('/bare', handler as never, { dangerouslyWithoutHeaders: true, dangerouslyWithoutCsrf: true })
  const reply = await web.get('/raw/x')
  assert.equal(reply.headers.get('x-before'), 'yes')
  assert.equal(reply.headers.get('x-content-type-options'), 'nosniff')
  assert.equal(reply.headers.get('x-frame-options'), 'SAMEORIGIN', 'what the handler says stays')
  assert.match(reply.headers.get('content-security-policy')!, /default-src/)
  assert.ok(web.cookies.get('session'), 'what a hook put into the session is kept')
  assert.equal(reply.headers.get('cache-control'), 'private')
  const evil = { 'sec-fetch-site': 'cross-site' }
  assert.equal((await web.request('POST', '/raw/x', 'a=b', { headers: evil })).status, 403)
  assert.equal((await web.request('POST', '/bare/x', 'a=b', { headers: evil })).status, 200)
})

test('around runs outside in and back, may answer instead, and sees what is thrown', async () => {
  const { site, web } = quiet()
  const seen: string[] = []
  const noting = (name: string) => async (_: unknown, next: () => Promise<{ status: number }>) => {
    seen.push(`${name} in`)
    try {
      const reply = await next()
      seen.push(`${name} ${reply.status}`)
    } catch (error) {
      seen.push(`${name} ${(error as Error).message}`)
      throw error
    }
  }
  site.around(noting('site'))
  site.before(() => void seen.push('before'))
  site.group('/g', (group) => {
    group.around(noting('group'))
    group.get('/ok', async () => 'ok')
    group.get('/bad', () => notFound('lost'))
    group.around((c, next) => (c.query.has('early') ? 'early' : next()))
    group.around(async (c, next) => {
      const reply = await next()
      return c.query.has('wrap') ? { wrapped: reply.body } : reply
    })
  })
  assert.equal((await web.get('/g/ok')).text, 'ok')
  assert.deepEqual(seen, ['site in', 'before', 'group in', 'group 200', 'site 200'])
  seen.length = 0
  assert.equal((await web.get('/g/bad')).status, 404)
  assert.deepEqual(seen, ['site in', 'before', 'group in', 'group lost', 'site lost'])
  assert.equal((await web.get('/g/ok?early')).text, 'early')
  assert.deepEqual((await web.get('/g/ok?wrap')).json(), { wrapped: 'ok' })
  seen.length = 0
  assert.equal((await web.get('/nowhere')).status, 404)
  assert.deepEqual(seen, ['site in', 'before', 'site Not Found'], 'what no route takes is surrounded, too')
})

test('an around hook that forgets next, or calls it twice, is told so', async () => {
  const forgetful = quiet()
  forgetful.site.around(() => {})
  forgetful.site.get('/', () => 'x')
  assert.equal((await forgetful.web.get('/')).status, 500)
  assert.match(String(forgetful.failures[0]!.error), /neither called next\(\) nor gave an answer/)
  const eager = quiet()
  let runs = 0
  eager.site.around(async (_, next) => {
    await next()
    return next()
  })
  eager.site.get('/', () => `${++runs}`)
  assert.equal((await eager.web.get('/')).status, 500)
  assert.match(String(eager.failures[0]!.error), /called next\(\) twice/)
  assert.equal(runs, 1)
})

test('pages of errors, streams and teardown run in the surroundings of what was inside', async () => {
  const tenant = new Slot<string>('test.tenant')
  const seen: (string | undefined)[] = []
  const { site, web } = quiet()
  site.around((c, next) => tenant.run(c.query.get('t') ?? 'none', next))
  site.onError(404, () => `lost in ${tenant.get()}`)
  site.after(() => void seen.push(tenant.get()))
  site.teardown(() => void seen.push(tenant.get()))
  site.get('/x', () => notFound())
  site.get('/stream', async function* () {
    yield `streamed for ${tenant.get()}`
  })
  assert.equal((await web.get('/x?t=a')).text, 'lost in a')
  assert.equal((await web.get('/stream?t=b')).text, 'streamed for b')
  assert.deepEqual(seen, ['a', 'a', 'b', 'b'])
})

test('a stream that an around hook replaces is let go', async () => {
  const { site, web } = quiet()
  let open = 0
  site.around(async (c, next) => {
    await next()
    if (c.query.has('fail')) throw new Error('after all')
    return 'instead'
  })
  site.get('/', () => {
    open++
    return {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false as const, value: 'x' }),
        return: async () => {
          open--
          return { done: true as const, value: undefined }
        },
      }),
    }
  })
  assert.equal((await web.get('/')).text, 'instead')
  assert.equal((await web.get('/?fail')).status, 500)
  assert.equal(open, 0)
})

test('the record around a request has the slots that everybody looks into', async () => {
  const { site, web } = quiet()
  const record = new RequestRecord(
    { site, report: () => {} } as never,
    {} as never,
    { action: { place: {}, scope: {} } } as never,
  )
  const names = [slot, report, work, exchange, addresses, databases].map(({ name }) => name)
  assert.deepEqual(Object.keys(record).sort(), names.sort())
  site.get('/', (c) => {
    assert.equal(currentSite(), site)
    assert.equal(currentExchange(), c.exchange)
    assert.equal(currentMachine(), c.machine)
    return 'seen'
  })
  assert.equal((await web.get('/')).text, 'seen')
})

test('a hook whose expression is the context has answered nothing; a wrong answer names the hook', async () => {
  const { site, web, failures } = quiet()
  site.before((c) => c.setHeader('X-Before', 'yes'))
  site.before(async (c) => c.appendHeader('X-Before', 'twice'))
  site.around(async (c, next) => {
    await next()
    return c.setHeader('X-Around', 'yes')
  })
  site.after((c) => c.setHeader('X-After', 'yes'))
  site.get('/', () => 'page')
  site.group('/before', (g) => g.before(() => null as never).get('/', () => 'never'))
  site.group('/after', (g) => g.after(() => null as never).get('/', () => 'never'))
  site.group('/text', (g) => g.after(() => '').get('/', () => 'replaced'))
  const reply = await web.get('/')
  assert.deepEqual([reply.status, reply.text], [200, 'page'])
  assert.equal(reply.headers.get('x-before'), 'yes, twice')
  assert.deepEqual([reply.headers.get('x-around'), reply.headers.get('x-after')], ['yes', 'yes'])
  assert.equal((await web.get('/text/')).text, '', 'an empty text is an answer')
  assert.equal((await web.get('/before/')).status, 500)
  assert.equal((await web.get('/after/')).status, 500)
  const [before, after] = failures.map(({ error }) => String(error))
  assert.match(before!, /a before hook of \/before\/ answered null/)
  assert.match(after!, /an after hook of \/after\/ answered null/)
})

test('hooks hand typed values on', async () => {
  const tenant = key<{ name: string }>('tenant')
  const other = key<number>('tenant')
  const { site, web, failures } = quiet()
  site.before((c) => c.set(tenant, { name: 'blue' }))
  site.get('/', (c) => {
    const name: string = c.get(tenant).name
    return `${name} ${c.has(other)}`
  })
  site.get('/missing', (c) => String(c.get(other)))
  site.get('/text', (c) => c.set('tenant' as never, 1).text(''))
  assert.equal((await web.get('/')).text, 'blue false', 'keys of one name are two places')
  assert.equal((await web.get('/missing')).status, 500)
  assert.match(String(failures[0]!.error), /nothing has set 'tenant' yet/)
  assert.equal((await web.get('/text')).status, 500)
  assert.match(String(failures[1]!.error), /c\.set\(\) takes a key: .*, not "tenant"/)
})

interface Person {
  readonly id: number
  readonly name: string
  readonly role: 'member' | 'admin'
}
interface Admin extends Person {
  readonly role: 'admin'
}
const PEOPLE: readonly Person[] = [
  { id: 1, name: 'Ada', role: 'admin' },
  { id: 2, name: 'Lin', role: 'member' },
]

test('a guard says who may pass and what c.user is inside, through groups and mounts', async () => {
  const { site, web } = quiet<Person>({
    secret: SECRET,
    users: (id) => PEOPLE.find((one) => one.id === id) ?? null,
    login: '/in',
  })
  site.post('/in/{id:int}', (c) => {
    login(c, { id: c.params.id })
    return 'in'
  })
  const tool = app<Person>({ machine: site.machine })
  tool.get('/', (c) => `tool of ${c.user?.name}`)
  site.guard(
    async (c) => (c.user?.role === 'admin' ? (c.user as Admin) : null),
    (admins) => {
      admins.get('/admin', (c) => {
        const role: 'admin' = c.user.role
        return `${c.user.name} is ${role}`
      })
      admins.mount('/tool', tool)
      admins.mount('/raw', (exchange) => exchange.reply(200, [], 'raw'))
      admins.group('/more', (more) => more.get('/x', (c) => c.user.name))
    },
  )
  site.guard(
    (c) => (c.header('x-inside') === 'yes' ? true : c.text('only from inside', { status: 418 })),
    (inside) => inside.get('/inside', (c) => `inside ${c.user?.name ?? 'nobody'}`),
  )
  for (const path of ['/admin', '/tool/', '/raw/x', '/more/x']) {
    assert.equal((await testClient(site).get(path)).location, `/in?next=${encodeURIComponent(path)}`, path)
    assert.equal((await testClient(site).get(path, { headers: { accept: '*/*' } })).status, 401, path)
    const member = testClient(site)
    await member.login({ id: 2 })
    assert.equal((await member.get(path)).status, 403, path)
  }
  await web.login({ id: 1 })
  assert.equal((await web.get('/admin')).text, 'Ada is admin')
  assert.equal((await web.get('/tool/')).text, 'tool of Ada')
  assert.equal((await web.get('/raw/x')).text, 'raw')
  assert.equal((await web.get('/more/x')).text, 'Ada')
  assert.equal((await web.get('/inside')).status, 418)
  assert.equal((await web.get('/inside', { headers: { 'x-inside': 'yes' } })).text, 'inside Ada')
})

test('a before hook may say who it is, and signedIn believes it', async () => {
  const { site, web } = quiet<Person>()
  site.before((c) => {
    if (c.header('x-user') === 'ada') c.user = PEOPLE[0]!
  })
  site.signedIn((members) => members.get('/x', (c) => c.user.name))
  assert.equal((await web.get('/x', { headers: { 'x-user': 'ada' } })).text, 'Ada')
  assert.equal((await web.get('/x')).status, 401)
})

test('a user may be a name alone; an authenticator of your own finds it', async () => {
  const { site, web } = quiet<string>({
    authenticators: [{ authenticate: (c) => c.header('x-user') ?? null, challenge: () => 'Name' }],
  })
  site.signedIn((members) => members.get('/x', (c) => c.user.toUpperCase()))
  assert.equal((await web.get('/x', { headers: { 'x-user': 'ada' } })).text, 'ADA')
  const none = await web.get('/x')
  assert.deepEqual([none.status, none.headers.get('www-authenticate')], [401, 'Name'])
})

test('a verdict that is none of those lets nobody pass', async () => {
  for (const verdict of [0, '', 'yes', 7, NaN, false, null, undefined, Symbol('x')]) {
    const { site, web } = quiet()
    site.guard(
      () => verdict as never,
      (group) => group.get('/x', () => 'SECRET'),
    )
    assert.equal((await web.get('/x')).status, 401, String(verdict))
  }
})

test('an outermost around hook runs before anybody is known: for the database of a tenant', async () => {
  const order: string[] = []
  const { site, web } = quiet<Person>({
    authenticators: [
      {
        authenticate: () => {
          order.push('authenticated')
          return PEOPLE[0]!
        },
      },
    ],
  })
  site.around((c, next) => {
    order.push(`around ${c.user?.name}`)
    return next()
  })
  site.around(
    (c, next) => {
      order.push(`outermost ${c.user?.name}`)
      return next()
    },
    { outermost: true },
  )
  site.get('/', (c) => `${c.user?.name}`)
  assert.equal((await web.get('/')).text, 'Ada')
  assert.deepEqual(order, ['outermost undefined', 'authenticated', 'around Ada'])
  const wrong = quiet().site
  wrong.group('/g', (group) => group.around((_, next) => next(), { outermost: true }))
  assert.throws(() => wrong.begin(), /belongs to a site/)
})

test('one site between two others: the users of each are its own', async () => {
  const load = (people: readonly Person[]) => (id: string | number) => people.find((one) => one.id === id) ?? null
  const staff = [{ id: 1, name: 'Staff One', role: 'member' as const }]
  const inner = app<Person>({ machine: quiet().site.machine, users: load(staff), debug: true, secret: SECRET })
  inner.get('/who', (c) => `${c.user?.name}`)
  inner.post('/in', (c) => {
    login(c, { id: 1 })
    return 'in'
  })
  const { site, web } = quiet<Person>({ secret: SECRET, users: load(PEOPLE) })
  site.get('/who', (c) => `${c.user?.name}`)
  site.mount('/staff', inner)
  await web.login({ id: 1 })
  assert.equal((await web.get('/who')).text, 'Ada')
  assert.equal((await web.get('/staff/who')).text, 'undefined', 'an id of one site is none of another')
  await web.post('/staff/in')
  assert.equal((await web.get('/staff/who')).text, 'Staff One')
  assert.equal((await web.get('/who')).text, 'Ada')
})
