import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { RecordingLog } from '../../base/events.ts'
import { testMachine } from '../../http/trial/machine.ts'
import { html, ObjectLoader, Templates } from '../../templates/index.ts'
import { currentExchange } from '../ground/current.ts'
import type { Failure } from '../ground/log.ts'
import { Reply } from '../request/reply.ts'
import { urls } from '../routing/route.ts'
import { MemorySessions } from '../sessions/memory-sessions.ts'
import { testClient } from '../testing/client.ts'
import { quiet } from '../trial/fixture.ts'
import { app } from './app.ts'
import type { SiteOptions } from './options.ts'
import type { Site } from './site.ts'

const to = urls({ home: '/', post: '/posts/{slug:slug}', edit: '/posts/{id:int}/edit', all: '/all' })

async function* pieces() {
  yield '<p>'
  await null
  yield new TextEncoder().encode('ü')
  yield '</p>'
}

test('a handler answers with text, an object, bytes, a Response, pieces or a reply', async () => {
  const { site, web } = quiet()
  site.get('/text', () => '<b>hi</b>')
  site.get('/html', () => html`<b>${'<i>'}</b>`)
  site.get('/object', () => ({ a: [1, 'ü'] }))
  site.get('/array', async () => [1, 2])
  site.get('/bytes', () => new Uint8Array([1, 2, 3]))
  site.get('/response', () => new Response('made', { status: 201, headers: { 'X-Own': 'yes' } }))
  site.get('/pieces', () => pieces())
  site.get('/plain', (c) => c.text('plain', { status: 202, headers: { 'X-A': 'b' } }))
  site.get('/status', (c) => c.status(203).html(html`<i>x</i>`))
  site.get('/empty', (c) => c.empty())
  const seen = async (path: string) => {
    const reply = await web.get(path)
    return [reply.status, reply.headers.get('content-type'), reply.text]
  }
  assert.deepEqual(await seen('/text'), [200, 'text/plain; charset=utf-8', '<b>hi</b>'])
  assert.deepEqual(await seen('/html'), [200, 'text/html; charset=utf-8', '<b>&lt;i&gt;</b>'])
  assert.deepEqual(await seen('/object'), [200, 'application/json', '{"a":[1,"ü"]}'])
  assert.deepEqual(await seen('/array'), [200, 'application/json', '[1,2]'])
  assert.deepEqual(await seen('/bytes'), [200, 'application/octet-stream', '\x01\x02\x03'])
  assert.deepEqual(await seen('/response'), [201, 'text/plain;charset=UTF-8', 'made'])
  assert.deepEqual(await seen('/pieces'), [200, 'text/plain; charset=utf-8', '<p>ü</p>'])
  assert.deepEqual(await seen('/plain'), [202, 'text/plain; charset=utf-8', 'plain'])
  assert.deepEqual(await seen('/status'), [203, 'text/html; charset=utf-8', '<i>x</i>'])
  assert.deepEqual(await seen('/empty'), [204, null, ''])
  assert.equal((await web.get('/response')).headers.get('x-own'), 'yes')
})

test('a handler that answers nothing is an error that says so', async () => {
  const circle: { to?: object } = {}
  circle.to = circle
  for (const [answer, expected] of [
    [undefined, /handler of \/x answered nothing: .*return/],
    [null, /answered null/],
    [7, /answered a number/],
    [new Map([['a', 1]]), /answered a Map, which has no JSON: spread/],
    [new Set([1]), /answered a Set/],
    [new Error('x'), /answered an Error: throw it/],
    [(function* () {})(), /answered a generator: .*async function\*/],
    [/x/, /class RegExp without properties of its own/],
    [new ArrayBuffer(1), /an ArrayBuffer: return new Uint8Array/],
    [new Blob(['x']), /a Blob: return new Response/],
    [{ a: 5n }, /cannot be converted to JSON: .*BigInt/],
    [circle, /cannot be converted to JSON: .*circular/],
    [{ posts: Promise.resolve([]) }, /'posts' is a promise or a query, whose JSON is \{\}: await it/],
    [[Promise.resolve(1)], /'0' is a promise/],
    [{ posts: [1].map(async (n) => n) }, /'posts\.0' is a promise/],
  ] as const) {
    const { site, web, failures } = quiet()
    site.get('/x', () => answer as never)
    assert.equal((await web.get('/x')).status, 500)
    assert.match(String((failures[0]!.error as Error).message), expected)
  }
})

test('what registers routes does so at once, and what is registered can be meant', () => {
  const late = async (group: { get(path: string, view: () => string): unknown }) => {
    await null
    group.get('/late', () => 'never')
  }
  const site = () => quiet().site
  assert.throws(() => site().group('/g', late), /group\('\/g'\) must be synchronous/)
  assert.throws(() => site().signedIn(late), /signedIn\(\) must be synchronous/)
  assert.throws(() => site().guard(() => null, late), /guard\(\) must be synchronous/)
  assert.throws(() => site().use({ install: late }), /install\(\) of a part must be synchronous/)
  assert.throws(
    () => site().mount('/m', Promise.resolve({}) as never),
    /mount\('\/m'\) was given a promise: await it first/,
  )
  assert.throws(() => site().get(/x/ as never, () => ''), /GET: the route must be a pattern .*, not \/x\//)
  assert.throws(() => site().get(undefined as never, () => ''), /GET: the route must be a pattern/)
  for (const wrong of ['after', 'teardown', 'before', 'around'] as const)
    assert.throws(() => site()[wrong]('x' as never), new RegExp(`${wrong}\\(\\) takes a function, not x`))
  assert.throws(() => site().group('/g', undefined as never), /group\('\/g'\) takes a function/)
  assert.throws(() => site().onError(404, 'x' as never), /onError\(\) takes a function/)
  for (const wrong of ['404', 200, 404.5, null])
    assert.throws(() => site().onError(wrong as never, () => ''), /takes a status from 400 to 599 or a class of errors/)
  assert.throws(() => app({ models: [class Thing {}] }), /app\(\{ models \}\) needs app\(\{ db \}\)/)
})

test('what cannot be sent does not compile', () => {
  interface Row {
    readonly id: number
    readonly title: string
    label(): string
  }
  const row: Row = { id: 1, title: 'x', label: () => 'x' }
  const types = () => {
    const { site } = quiet()
    site.get('/row', () => row)
    site.get('/rows', async () => [row])
    site.get('/empty', () => ({}))
    site.get('/html', () => html`<p>x</p>`)
    site.get('/pieces', () => pieces())
    // @ts-expect-error a Map has no JSON
    site.get('/map', () => new Map())
    // @ts-expect-error a Set has no JSON
    site.get('/set', () => new Set())
    // @ts-expect-error a generator that is not asynchronous is no stream
    site.get('/generator', function* () {
      yield 'x'
    })
    // @ts-expect-error a number is no answer
    site.get('/number', () => 7)
    // @ts-expect-error nothing is no answer
    site.get('/nothing', () => {})
    // @ts-expect-error a string is not safe HTML
    site.get('/string', (c) => c.html('<p>x</p>'))
    // @ts-expect-error c.user may be null here
    quiet<{ id: number }>().site.get('/user', (c) => `${c.user.id}`)
    // @ts-expect-error a number of milliseconds is no duration
    site.get('/cookie', (c) => c.text('x', void c.cookies.set('a', 'b', { maxAge: 60 })))
  }
  assert.equal(typeof types, 'function')
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
    remote: { address: '127.0.0.1', port: 40_000 },
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
  site.route('PROPFIND', '/c', () => 'found')
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
  assert.throws(() => late.get('/x', () => 'x'), /called after the first request/)
})

test('the log tells route and duration, and code below finds the exchange', async () => {
  const events = new RecordingLog()
  const machine = testMachine('web', events)
  const { site } = quiet({ machine })
  let id: number | undefined
  site.get(to.post, async () => {
    await null
    id = currentExchange()?.id
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

test('a site has template filters of its own, and says where they do not belong', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reticle-filters-'))
  writeFileSync(join(folder, 'a.html'), '<p>{{ x|shout }}</p>')
  const { site, web } = quiet({ templates: folder, filters: { shout: (text) => `${text}<!>` } })
  site.get('/', (c) => c.render('a.html', { x: 'a' }))
  assert.equal((await web.get('/')).text, '<p>a&lt;!&gt;</p>')
  rmSync(folder, { recursive: true })
  assert.throws(() => app({ filters: { shout: String } }), /needs app\(\{ templates \}\) to be a directory/)
})

test('a page waits for the promises and queries that its template needs, and answers their failure', async () => {
  const templates = new Templates({
    'list.html': '<p>{{ n }}: {% for x in list %}{{ x }} {% endfor %}</p>{{ flashes|length }}',
    'none.html': '<p>none</p>',
  })
  const secret = 'a secret of more than thirty-two characters'
  const { site, failures, web } = quiet({ templates, secret })
  const list = async () => ['<a>', 'b']
  const broken = async () => {
    throw new Error('the disk is gone')
  }
  site.get('/', (c) => {
    c.flash('kept')
    return c.render('list.html', { n: Promise.resolve(2), list: list() }, { status: 201, headers: { 'X-A': 'b' } })
  })
  site.get('/broken', (c) => c.render('list.html', { n: 1, list: broken() }))
  site.get('/unneeded', (c) => c.render('none.html', { list: broken(), all: [list(), broken()] }))
  site.get('/dropped', (c) => {
    c.render('list.html', { n: broken() })
    return 'another answer'
  })
  site.after((_, reply) => void reply.setHeader('X-Length', String((reply.body as string).length)))
  const page = await web.get('/')
  assert.deepEqual([page.status, page.text], [201, '<p>2: &lt;a&gt; b </p>1'])
  assert.deepEqual([page.headers.get('x-a'), page.headers.get('x-length')], ['b', '23'])
  assert.equal((await web.get('/unneeded')).text, '<p>none</p>')
  assert.equal((await web.get('/dropped')).text, 'another answer')
  assert.equal(failures.length, 0)
  assert.equal((await web.get('/broken')).status, 500)
  assert.match(String(failures[0]?.error), /list\.html:1:\d+: What was awaited here failed: the disk is gone/)
})

test('a site that will need a secret says so when it begins', () => {
  const templates = new Templates(new ObjectLoader({}))
  const form = (options: SiteOptions<never>, route = {}) => app(options).post('/', () => 'x', route) as Site<never>
  const refused = (site: Site<never>) =>
    assert.throws(() => site.begin(), { name: 'SecretError', message: /app\(\{ secret \}\)/ })
  const secret = 'a secret of more than thirty-two characters'
  refused(form({ templates }))
  refused(app().mount('/in', form({ templates })) as Site<never>)
  const fine = [{ templates, secret }, { templates, debug: true }, { templates, dangerouslyWithoutCsrf: true }, {}]
  for (const options of fine) form(options).begin()
  form({ templates, sessions: new MemorySessions() }).begin()
  form({ templates }, { dangerouslyWithoutCsrf: true }).begin()
  const outer = app({ secret }).mount('/in', form({ templates })) as Site<never>
  outer.begin()
})

test('the test client finds names that a template misspells; the site itself renders them empty', async () => {
  const templates = new Templates(new ObjectLoader({ 'a.html': '<h1>{{ tittle }}</h1>{{ sub|default("-") }}' }))
  const failures: Failure[] = []
  const site = app({ templates, machine: testMachine(), log: (failure) => void failures.push(failure) })
  const mounted = app({ templates, machine: testMachine() })
  for (const each of [site, mounted]) each.get('/', (c) => c.render('a.html', { title: 'A' }))
  site.mount('/in', mounted)
  assert.equal(await (await site.fetch(new Request('http://localhost/'))).text(), '<h1></h1>-')
  const web = testClient(site)
  assert.equal((await web.get('/')).status, 500)
  assert.match(String(failures[0]?.error), /There is no variable tittle: did you mean title\?/)
  assert.equal((await web.get('/in/')).status, 500)
})
