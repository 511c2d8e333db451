/** Everything that a program hands to its site fails, in every way, at every moment: the site answers and lives. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { app, f, form, login, type Site, type SiteOptions } from 'reticle/web'
import { seconds } from '../../../src/base/duration.ts'
import { world } from '../http/world.ts'

const SECRET = 'a secret of more than thirty-two characters'

/** The ways to fail: at once, later, with what is no error, with what fails when it is looked at. */
const FAILURES: Readonly<Record<string, () => never | Promise<never>>> = {
  'throws an Error': () => {
    throw new Error('failed')
  },
  'rejects later': async () => {
    for (let i = 0; i < 5; i++) await null
    throw new Error('failed late')
  },
  'throws null': () => {
    throw null
  },
  'throws undefined': () => {
    throw undefined
  },
  'rejects with a text': () => Promise.reject('text'),
  'throws an object with a strange status': () => {
    throw { status: 200, message: 7 }
  },
  'throws what throws when it is read': () => {
    throw new Proxy(
      {},
      {
        get() {
          throw new Error('do not look')
        },
        getPrototypeOf() {
          throw new Error('do not look')
        },
      },
    )
  },
  'throws its own cause': () => {
    const error = new Error('round')
    error.cause = error
    throw error
  },
}

type User = { readonly id: number }
type Fail = () => never | Promise<never>

/** A site whose callback of that name fails. */
const PLACES: Readonly<Record<string, (fail: Fail) => SiteOptions<User> & { set?: (site: Site<User>) => void }>> = {
  handler: (fail) => ({ set: (site) => void site.get('/x', fail) }),
  'before hook': (fail) => ({ set: (site) => void site.before(fail) }),
  'around hook': (fail) => ({ set: (site) => void site.around(fail) }),
  'around hook, after what is inside': (fail) => ({
    set: (site) =>
      void site.around(async (_, next) => {
        await next()
        return fail()
      }),
  }),
  'around hook that does not wait': (fail) => ({
    set: (site) =>
      void site
        .around((_, next) => {
          void next()
          return 'early'
        })
        .get('/x', fail),
  }),
  guard: (fail) => ({ set: (site) => void site.guard(fail as never, (group) => group.get('/x', () => 'in')) }),
  authenticator: (fail) => ({ authenticators: [{ authenticate: fail as never }] }),
  challenge: (fail) => ({
    authenticators: [{ authenticate: () => null, challenge: fail as never }],
    set: (site) => void site.signedIn((group) => group.get('/x', () => 'in')),
  }),
  'start of the site': (fail) => ({ set: (site) => void site.onStart(fail) }),
  'after hook': (fail) => ({ set: (site) => void site.after(fail) }),
  'teardown hook': (fail) => ({ set: (site) => void site.teardown(fail) }),
  'error view': (fail) => ({
    set: (site) => void site.onError(Error, fail).onError(404, fail).onError(500, fail).get('/x', fail),
  }),
  'user loader': (fail) => ({ users: fail }),
  'failure log': (fail) => ({ log: fail as never, set: (site) => void site.get('/x', fail) }),
  'template context': (fail) => ({
    context: fail as never,
    templates: { render: () => '' },
    set: (site) => void site.get('/x', (c) => c.render('a')),
  }),
  'template engine': (fail) => ({
    templates: { render: fail as never },
    set: (site) => void site.get('/x', (c) => c.render('a')),
  }),
  'session load': (fail) => ({
    sessions: { asynchronous: true, maxAge: seconds(1), load: fail, save: () => 'a', forget() {} },
  }),
  'session load at once': (fail) => ({
    sessions: { asynchronous: false, maxAge: seconds(1), load: fail, save: () => 'a', forget() {} },
  }),
  'session save': (fail) => ({
    sessions: { asynchronous: true, maxAge: seconds(1), load: () => null, save: fail, forget() {} },
  }),
  'session forget': (fail) => ({
    sessions: {
      asynchronous: false,
      maxAge: seconds(1),
      load: () => ({ record: { id: 'a', data: {} }, stale: false }),
      save: () => 'a',
      forget: fail,
    },
  }),
  stream: (fail) => ({
    set: (site) =>
      void site.get('/x', async function* () {
        yield 'begun'
        await fail()
      }),
  }),
  'stream at once': (fail) => ({
    set: (site) => void site.get('/x', (c) => c.stream({ [Symbol.asyncIterator]: fail as never })),
  }),
  'mounted handler': (fail) => ({ set: (site) => void site.mount('/y', fail) }),
  'form field': (fail) => {
    const broken = f.text(9)
    Object.defineProperty(broken, 'parse', { value: fail })
    return { set: (site) => void site.post('/form', async (c) => ((await c.form(form({ broken }))).ok ? 'ok' : 'no')) }
  },
  'answer that cannot be JSON': (fail) => ({ set: (site) => void site.get('/x', () => ({ toJSON: fail })) }),
}

/** What no type lets be asynchronous. */
const SYNCHRONOUS = new Set(['challenge', 'form field', 'answer that cannot be JSON', 'stream at once'])

const REQUESTS = [
  'GET /x HTTP/1.1\r\nHost: localhost\r\nCookie: session=abc\r\n\r\n',
  'GET /y/z HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n',
  'GET /nowhere HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n',
  'GET /session HTTP/1.1\r\nHost: localhost\r\nCookie: session=abc\r\n\r\n',
  'POST /form HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 8\r\n\r\nbroken=a',
  'GET /x HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n',
]

for (const debug of [false, true])
  test(`whatever fails, each request has its reply${debug ? ', while developing too' : ''}`, async () => {
    const unhandled: unknown[] = []
    const listener = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', listener)
    try {
      for (const [place, make] of Object.entries(PLACES))
        for (const [how, fail] of Object.entries(FAILURES)) {
          if (SYNCHRONOUS.has(place) && /reject/.test(how)) continue
          const { set, ...options } = make(fail)
          const log = () => {}
          const site = app<User>({ log, debug, secret: SECRET, hosts: ['localhost'], ...options })
          site.get('/session', (c) => {
            login(c, { id: 1 })
            return 'in'
          })
          set?.(site)
          const { open, server } = await world((exchange) => site.handle(exchange))
          for (const request of REQUESTS) {
            const raw = await open()
            let reply = await raw.send(request)
            for (let i = 0; i < 20 && reply === '' && !raw.ended; i++) reply += await raw.send('')
            const status = /^HTTP\/1\.1 (\d{3}) /.exec(reply)?.[1]
            assert.ok(status !== undefined || raw.closed, `${place} ${how}: no reply to ${request.slice(0, 20)}`)
          }
          server.close()
        }
      await new Promise((resolve) => setImmediate(resolve))
      assert.deepEqual(unhandled, [])
    } finally {
      process.off('unhandledRejection', listener)
    }
  })
