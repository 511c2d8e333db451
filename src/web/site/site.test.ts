import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RecordingLog } from '../../base/events.ts'
import type { Exchange } from '../../http/exchange.ts'
import { checkFields } from '../../http/fields.ts'
import { testMachine } from '../../http/testing/machine.ts'
import { login } from '../auth/sign-in.ts'
import { abort, forbidden, HttpError, notFound } from '../errors/http-error.ts'
import type { Failure } from '../errors/log.ts'
import { urls } from '../routing/route.ts'
import { testClient } from '../testing/client.ts'
import { app } from './app.ts'
import { currentExchange } from './current.ts'
import type { SiteOptions } from './options.ts'
import { Reply } from './reply/reply.ts'
import type { Site } from './site.ts'

const to = urls({ home: '/', post: '/posts/{slug:slug}', edit: '/posts/{id:int}/edit', all: '/all' })

function quiet<U = never>(options: SiteOptions<U> = {}) {
  const failures: Failure[] = []
  const site = app<U>({ machine: testMachine(), log: (failure) => failures.push(failure), ...options })
  return { site, failures, web: testClient(site) }
}

async function* pieces() {
  yield '<p>'
  await null
  yield new TextEncoder().encode('ü')
  yield '</p>'
}

test('a handler answers with text, an object, bytes, a Response, pieces or a reply', async () => {
  const { site, web } = quiet()
  site.get('/text', () => '<b>hi</b>')
  site.get('/object', () => ({ a: [1, 'ü'] }))
  site.get('/array', async () => [1, 2])
  site.get('/bytes', () => new Uint8Array([1, 2, 3]))
  site.get('/response', () => new Response('made', { status: 201, headers: { 'X-Own': 'yes' } }))
  site.get('/pieces', () => pieces())
  site.get('/plain', (c) => c.text('plain', { status: 202, headers: { 'X-A': 'b' } }))
  site.get('/status', (c) => c.status(203).html('x'))
  site.get('/empty', (c) => c.empty())
  const seen = async (path: string) => {
    const reply = await web.get(path)
    return [reply.status, reply.headers.get('content-type'), reply.text]
  }
  assert.deepEqual(await seen('/text'), [200, 'text/html; charset=utf-8', '<b>hi</b>'])
  assert.deepEqual(await seen('/object'), [200, 'application/json', '{"a":[1,"ü"]}'])
  assert.deepEqual(await seen('/array'), [200, 'application/json', '[1,2]'])
  assert.deepEqual(await seen('/bytes'), [200, 'application/octet-stream', '\x01\x02\x03'])
  assert.deepEqual(await seen('/response'), [201, 'text/plain;charset=UTF-8', 'made'])
  assert.deepEqual(await seen('/pieces'), [200, 'text/html; charset=utf-8', '<p>ü</p>'])
  assert.deepEqual(await seen('/plain'), [202, 'text/plain; charset=utf-8', 'plain'])
  assert.deepEqual(await seen('/status'), [203, 'text/html; charset=utf-8', 'x'])
  assert.deepEqual(await seen('/empty'), [204, null, ''])
  assert.equal((await web.get('/response')).headers.get('x-own'), 'yes')
})

test('a handler that answers nothing is an error that says so', async () => {
  for (const [answer, expected] of [
    [undefined, /handler of \/x answered nothing: .*return/],
    [null, /answered null/],
    [7, /answered a number/],
  ] as const) {
    const { site, web, failures } = quiet()
    site.get('/x', () => answer as never)
    assert.equal((await web.get('/x')).status, 500)
    assert.match(String((failures[0]!.error as Error).message), expected)
  }
})

test('a plain answer is given without a promise', () => {
  const { site } = quiet()
  site.get('/x', (c) => c.text('x'))
  let replied = false
  const exchange = {
    machine: testMachine(),
    path: '/x',
    method: 'GET',
    scheme: 'http',
    authority: 'localhost',
    local: { address: '127.0.0.1', port: 80 },
    query: '',
    header: () => undefined,
    reply: () => {
      replied = true
    },
  }
  assert.equal(site.handle(exchange as never), undefined)
  assert.equal(replied, true)
})

test('parameters are typed by the route', async () => {
  const { site, web } = quiet()
  site.get(to.post, (c) => {
    const slug: string = c.params.slug
    // @ts-expect-error a slug is text
    const wrong: number = c.params.slug
    return slug + typeof wrong
  })
  site.get(to.edit, (c) => ({ next: c.params.id + 1 }))
  site.get('/literal/{n:int}/{rest:path}', (c) => `${c.params.n * 2} ${c.params.rest.length}`)
  assert.equal((await web.get(to.post({ slug: 'a-b' }))).text, 'a-bstring')
  assert.deepEqual((await web.get(to.edit({ id: 41 }))).json(), { next: 42 })
  assert.equal((await web.get('/literal/4/a/b')).text, '8 3')
})

test('methods: HEAD comes with GET, OPTIONS with everything, 405 names what there is', async () => {
  const { site, web } = quiet()
  site.get('/a', () => 'body')
  site.post('/a', () => 'posted')
  site.any('/b', (c) => c.method)
  site.on('PROPFIND', '/c', () => 'found')
  const head = await web.head('/a')
  assert.deepEqual([head.status, head.text, head.headers.get('content-length')], [200, '', '4'])
  const options = await web.request('OPTIONS', '/a')
  assert.deepEqual([options.status, options.headers.get('allow')], [204, 'GET, HEAD, OPTIONS, POST'])
  const wrong = await web.delete('/a')
  assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'GET, HEAD, OPTIONS, POST'])
  assert.equal((await web.delete('/b')).text, 'DELETE')
  assert.equal((await web.head('/b')).status, 200)
  assert.equal((await web.request('PROPFIND', '/c')).status, 200)
  assert.equal((await web.get('/c')).status, 405)
})

test('the last slash leads to the page that there is, with the query', async () => {
  const { site, web } = quiet()
  site.get('/a', () => 'a')
  site.get('/b/', () => 'b')
  site.get('/n/{n:int}', () => 'n')
  const leads = async (path: string) => {
    const reply = await web.get(path)
    return [reply.status, reply.location]
  }
  assert.deepEqual(await leads('/a/?x=1'), [308, '/a?x=1'])
  assert.deepEqual(await leads('/b'), [308, '/b/'])
  assert.deepEqual(await leads('/n/5/'), [308, '/n/5'])
  assert.deepEqual(await leads('//a'), [404, null])
  assert.deepEqual(await leads('/a%2f'), [404, null])
  const strict = quiet({ trailingSlash: 'strict' })
  strict.site.get('/a', () => 'a')
  assert.equal((await strict.web.get('/a/')).status, 404)
})

test('two handlers of one thing are refused with both places', () => {
  const { site } = quiet()
  site.get('/a/{id:int}', () => 'one')
  site.get('/a/{id:int}', () => 'two')
  assert.throws(() => site.begin(), /GET \/a\/\{id:int\} has two handlers: .*site\.test\.ts:\d+.*site\.test\.ts:\d+/)
  const other = quiet().site
  other.get('/a/{id:int}/x', () => 'one')
  other.get('/a/{n:int}/x', () => 'two')
  assert.throws(
    () => other.begin(),
    /same names; the second is at .*site\.test\.ts:\d+.*the first at .*site\.test\.ts:\d+/,
  )
  const late = quiet().site
  late.begin()
  assert.throws(() => late.get('/x', () => 'x'), /comes too late/)
})

test('hooks run from outside in and back, teardown always', async () => {
  const { site, web, failures } = quiet()
  const seen: string[] = []
  site.before(() => void seen.push('before'))
  site.after((_, reply) => void reply.set('X-After', 'site'))
  site.teardown((_, error) => void seen.push(`teardown ${error === null ? 'ok' : (error as Error).message}`))
  site.group('/g', (g) => {
    g.before(async () => void seen.push('inner'))
    g.after((_, reply) => void seen.push(`after ${reply.status}`))
    g.teardown(() => {
      throw new Error('teardown failed')
    })
    g.get('/ok', () => 'ok')
    g.get('/bad', () => abort(418, 'teapot'))
    g.get('/early', () => 'never')
    g.before((c) => (c.path === '/g/early' ? c.text('early') : undefined))
  })
  const reply = await web.get('/g/ok')
  assert.deepEqual([reply.headers.get('x-after'), reply.text], ['site', 'ok'])
  assert.deepEqual(seen, ['before', 'inner', 'after 200', 'teardown ok'])
  assert.equal((failures[0]!.error as Error).message, 'teardown failed')
  seen.length = 0
  assert.equal((await web.get('/g/bad')).status, 418)
  assert.deepEqual(seen, ['before', 'inner', 'after 418', 'teardown teapot'])
  assert.equal((await web.get('/g/early')).text, 'early')
  seen.length = 0
  assert.equal((await web.get('/none')).status, 404)
  assert.deepEqual(seen, ['teardown Not Found'])
})

test('an after hook may give another reply', async () => {
  const { site, web } = quiet()
  site.after((_, reply) => (reply.status === 200 ? { wrapped: reply.body } : undefined))
  site.get('/', () => 'inner')
  assert.deepEqual((await web.get('/')).json(), { wrapped: 'inner' })
})

test('errors are answered by status or class, the innermost group first', async () => {
  class Broke extends Error {}
  const { site, web, failures } = quiet()
  site.error(404, (c) => c.html('<h1>lost</h1>'))
  site.error(Broke, (_, error) => ({ broke: error.message }))
  site.group('/in', (g) => {
    g.error(HttpError, (_, error) => `inner ${error.status}`)
    g.get('/x', () => notFound('x'))
    g.get('/y', () => {
      throw new Broke('leg')
    })
  })
  site.get('/z', () => forbidden('not you'))
  site.error(410, () => {
    throw new Error('the error handler failed')
  })
  site.get('/gone', () => abort(410))
  const got = async (path: string) => {
    const reply = await web.get(path)
    return [reply.status, reply.text]
  }
  assert.deepEqual(await got('/nowhere'), [404, '<h1>lost</h1>'])
  assert.deepEqual(await got('/in/x'), [404, 'inner 404'])
  assert.deepEqual(await got('/in/y'), [500, '{"broke":"leg"}'])
  assert.equal((await got('/z'))[0], 403)
  assert.match(String((await got('/z'))[1]), /not you/)
  assert.match(String((await got('/gone'))[1]), /<h1>500 Internal Server Error/)
  assert.equal(failures.length, 2)
})

test('an error without status is a 500 that says nothing outside and everything in the log', async () => {
  const { site, web, failures } = quiet()
  site.get('/x', () => {
    throw new Error('password hunter2 in the message')
  })
  const reply = await web.get('/x')
  const text = reply.text
  assert.equal(reply.status, 500)
  assert.doesNotMatch(text, /hunter2/)
  const reference = /Reference: ([\w-]+)</.exec(text)?.[1]
  assert.equal(failures[0]?.reference, reference)
  assert.ok(reference && reference.length >= 8)
  const json = (await web.get('/x', { headers: { accept: 'application/json' } })).json() as never
  assert.equal((json as { error: { status: number } }).error.status, 500)
})

test('the header functions refuse what would split a reply', async () => {
  const { site, web, failures } = quiet()
  site.get('/set', (c) => c.set('X-A', 'a\r\nSet-Cookie: x=1').text('x'))
  site.get('/init', (c) => c.text('x', { headers: { 'X-A\r\nX-B': 'a' } }))
  site.get('/redirect', (c) => c.redirect('/a\r\nSet-Cookie: x=1'))
  site.get('/cookie', (c) => {
    c.setCookie('a', 'b; Domain=evil\r\nX: y')
    return 'x'
  })
  for (const path of ['/set', '/init', '/redirect', '/cookie']) {
    const reply = await web.get(path)
    assert.equal(reply.status, 500, path)
    assert.equal(reply.headers.get('set-cookie'), null)
  }
  assert.equal(failures.length, 4)
})

test('a redirect leads within the site, however the target is spelled', async () => {
  const { site, web } = quiet()
  site.get('/to', (c) => c.redirect(c.query.get('to') ?? ''))
  site.get('/next', (c) => c.redirect(c.next('/home')))
  site.get('/out', (c) => c.redirect('https://other.example/a', { dangerouslyElsewhere: true }))
  const bad = [
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    'https:evil.example',
    'http://localhost@evil.example/',
    'http://user@localhost/',
    'evil.example',
    '',
    '/..//evil.example',
    ' /a',
    'data:text/html,x',
  ]
  for (const to of bad) {
    assert.equal((await web.get(`/to?to=${encodeURIComponent(to)}`)).status, 500, to)
    assert.equal((await web.get(`/next?next=${encodeURIComponent(to)}`)).location, '/home', to)
  }
  assert.equal((await web.get(`/next?next=${encodeURIComponent('/a?b=c#d')}`)).location, '/a?b=c#d')
  assert.equal((await web.get('/to?to=/ü')).location, '/%C3%BC')
  assert.equal((await web.get('/out')).location, 'https://other.example/a')
  assert.equal((await web.get('/out')).status, 303)
})

test('sites and handlers are mounted, and addresses know where', async () => {
  const blogTo = urls({ index: '/', post: '/{slug:slug}' })
  const blog = quiet().site
  blog.get(blogTo.index, () => blogTo.post({ slug: 'a' }))
  blog.get(blogTo.post, (c) => `${c.params.slug} ${c.path} ${c.url('index')}`)
  const outer = quiet()
  outer.site.mount('/blog', blog)
  outer.site.mount('/raw', (exchange) => exchange.reply(200, [], `${exchange.path} ${exchange.target}`))
  outer.site.mount('/part', { install: (group) => void group.get('/x', () => 'part') })
  outer.site.get('/blog/{x}', () => 'never: mounted sites go first')
  const got = async (path: string) => (await outer.web.get(path, { follow: true })).text
  assert.equal(await got('/blog'), '/blog/a')
  assert.equal(await got('/blog/a'), 'a /a /blog/')
  assert.equal(await got('/raw/b/c?d=e'), '/b/c /b/c?d=e')
  assert.equal(await got('/part/x'), 'part')
  assert.equal((await outer.web.get('/blogs')).status, 404)
  assert.throws(() => quiet().site.mount('/again', blog), /mounted at \/blog already/)
})

test('the log tells route and duration, and code below finds the exchange', async () => {
  const events = new RecordingLog()
  const machine = testMachine('web', events)
  const { site } = quiet({ machine })
  let id: number | undefined
  site.get(to.post, async () => {
    await null
    id = currentExchange()?.exchange.id
    return 'x'
  })
  await testClient(site).get('/posts/a')
  assert.deepEqual(
    events.events.map((event) => event.type),
    ['web.route', 'web.done'],
  )
  assert.ok(id !== undefined && id === (events.events[0] as never as { exchange: number }).exchange)
  assert.equal((events.events[0] as never as { route: string }).route, 'post')
})

test('a stream that fails on the way does not look whole', async () => {
  const { site, failures } = quiet()
  site.get('/x', async function* () {
    yield 'begun'
    throw new Error('lost')
  })
  const reply = await site.fetch(new Request('http://localhost/x'))
  await assert.rejects(reply.text())
  assert.equal((failures[0]!.error as Error).message, 'lost')
})

test('a client that leaves need not wait for the source', async () => {
  const { site } = quiet()
  let left = false
  let done: (() => void) | null = null
  const ended = new Promise<void>((resolve) => (done = resolve))
  site.get('/x', () => ({
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      return: async () => {
        left = true
        return { done: true as const, value: undefined }
      },
    }),
  }))
  site.teardown(() => done!())
  const leaving = new AbortController()
  const reply = await site.fetch(new Request('http://localhost/x', { signal: leaving.signal }))
  assert.equal(reply.status, 200)
  leaving.abort()
  await ended
  assert.equal(left, true)
})

test('a body that an error or a hook put aside is let go of', async () => {
  const { site, web } = quiet()
  let released = 0
  const held = () => ({
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false as const, value: 'x' }),
      return: async () => {
        released++
        throw new Error('nobody hears this')
      },
    }),
  })
  site.get('/replaced', held)
  site.get('/failed', (c) => c.stream(held(), { headers: { 'X-Bad': 'ü\u1234' } }))
  site.after((c) => (c.path === '/replaced' ? 'other' : undefined))
  assert.equal((await web.get('/replaced')).text, 'other')
  assert.equal((await web.get('/failed')).status, 500)
  assert.equal(released, 2)
})

test('what depends on the visitor says so to caches', async () => {
  const { site, web } = quiet({ secret: 'a secret of more than thirty-two characters', users: () => null })
  const kept = new Reply(200, 'text/plain', 'kept')
  site.get('/user', (c) => String(c.user))
  site.get('/plain', () => 'plain')
  site.get('/kept', (c) => {
    void c.user
    return kept
  })
  assert.equal((await web.get('/user')).headers.get('vary'), 'Cookie')
  assert.equal((await web.get('/plain')).headers.get('vary'), null)
  for (let i = 0; i < 3; i++) assert.equal((await web.get('/kept')).headers.get('vary'), 'Cookie')
})

test('a HEAD of a stream does not run it', async () => {
  const { site, web } = quiet()
  let ran = false
  site.get('/x', () =>
    (async function* () {
      ran = true
      yield 'x'
    })(),
  )
  assert.equal((await web.head('/x')).status, 200)
  assert.equal(ran, false)
})

test('a hook that fails is explained without it', async () => {
  const { site, web, failures } = quiet({ debug: true })
  site.after(() => {
    throw new Error('the hook failed')
  })
  site.get('/x', () => 'x')
  const reply = await web.get('/x')
  assert.equal(reply.status, 500)
  assert.match(reply.text, /the hook failed/)
  assert.equal(failures.length, 2)
})

test('what can be awaited is awaited, whoever made it', async () => {
  const { site, web } = quiet()
  const query = {
    // biome-ignore lint/suspicious/noThenProperty: as a query of the models has
    then: (resolve: (rows: number[]) => void) => resolve([1, 2]),
    async *[Symbol.asyncIterator]() {
      yield 1
    },
  }
  site.get('/x', () => query)
  // biome-ignore lint/suspicious/noThenProperty: the same of a hook
  const nothing = { then: (resolve: (nothing: undefined) => void) => resolve(undefined) }
  site.before(() => nothing as never)
  assert.deepEqual((await web.get('/x')).json(), [1, 2])
})

test('pieces are text or bytes', async () => {
  const { site, failures } = quiet()
  site.get('/x', async function* () {
    yield { a: 1 }
  } as never)
  const reply = await site.fetch(new Request('http://localhost/x'))
  await assert.rejects(reply.text())
  assert.match((failures[0]!.error as Error).message, /neither text nor bytes/)
})

test('a query of more parameters than the limit is refused when it is read', async () => {
  const { site, web } = quiet({ limits: { query: 3 } })
  site.get('/x', (c) => c.query.get('a') ?? 'none')
  site.get('/y', () => 'not read')
  assert.equal((await web.get('/x?a=1&b=2&c=3')).text, '1')
  assert.equal((await web.get('/x?a=1&b=2&c=3&d=4')).status, 400)
  assert.equal((await web.get('/y?a=1&b=2&c=3&d=4')).status, 200)
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

test('a cookie that browsers would drop is an error here', async () => {
  const { site, web, failures } = quiet()
  site.get('/x', (c) => {
    c.setCookie('a', 'x'.repeat(4080))
    return 'x'
  })
  site.get('/ok', (c) => {
    c.setCookie('a', 'x'.repeat(4000), { sameSite: 'Strict', maxAge: 60 })
    return 'x'
  })
  assert.equal((await web.get('/x')).status, 500)
  assert.match((failures[0]!.error as Error).message, /browsers keep 4096/)
  assert.match((await web.get('/ok')).headers.get('set-cookie')!, /Max-Age=60; HttpOnly; SameSite=Strict$/)
})

test('whatever is asked, the answer is no 5xx, and nothing escapes', async () => {
  const { site, failures } = quiet<never>({
    secret: 'a secret of more than thirty-two characters',
    users: () => null,
    login: '/in',
  })
  site.get('/', (c) => `${c.session.get('a')} ${c.query.get('q')} ${c.cookies.get('session')}`)
  site.post('/{a}/{rest:path}', async (c) => ({ ...c.params, type: c.body.type, user: c.user }))
  site.users((r) => r.any('/u/{id:int}', (c) => c.redirect(c.next('/'))))
  const texts = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.constantFrom('__proto__', '..', '%2e', '%', '//', 'a'.repeat(5000), '\u2028', 'session=x.y.z'),
  )
  const asked = fc.record({
    method: fc.constantFrom('GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'get', 'BREW'),
    path: fc.oneof(
      texts.map((text) => `/${text}`),
      fc.constantFrom('*', '', '/', '/u/7', '/u/7/', '/a/b/c'),
    ),
    query: texts,
    authority: fc.oneof(fc.constant('localhost'), texts),
    fields: fc.dictionary(
      fc.constantFrom('cookie', 'origin', 'sec-fetch-site', 'accept', 'content-type', 'x-csrf-token'),
      texts,
    ),
  })
  await fc.assert(
    fc.asyncProperty(asked, async ({ method, path, query, authority, fields }) => {
      const { status, lines } = await raw(site, { method, path, query, authority, header: (name) => fields[name] })
      assert.ok(status >= 200 && status < 500, `${status}`)
      for (const line of lines) assert.doesNotMatch(line, /[\r\n\0]/)
    }),
    { numRuns: 400 },
  )
  assert.deepEqual(failures, [])
})

/** Asks with an exchange that nobody has tidied up. */
function raw(site: Site<never>, asked: Partial<Exchange>): Promise<{ status: number; lines: readonly string[] }> {
  return new Promise((resolve, reject) => {
    const exchange = {
      machine: testMachine(),
      id: 1,
      target: asked.path,
      scheme: 'http',
      local: { address: '127.0.0.1', port: 80 },
      remote: { address: '127.0.0.1', port: 1 },
      body: { length: 0, text: async () => '' },
      answered: false,
      fields: () => [],
      ...asked,
      reply: (status: number, lines: readonly string[]) => {
        checkFields(lines)
        exchange.answered = true
        resolve({ status, lines })
      },
    }
    Promise.resolve(site.handle(exchange as unknown as Exchange)).catch(reject)
  })
}
