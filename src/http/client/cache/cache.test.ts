/** The client's cache in virtual time: what `test/conformance/http-cache` does not try, and what it costs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../../base/clock.ts'
import { ms } from '../../../base/duration.ts'
import { messageBody } from '../../body/from-stream.ts'
import { RequestError } from '../../errors.ts'
import type { FieldLines } from '../../exchange.ts'
import { fieldValue } from '../../fields/lines.ts'
import { serve } from '../../server/serve.ts'
import { settle, testMachine } from '../../trial/machine.ts'
import { TestNetwork } from '../../trial/network.ts'
import { Client } from '../client.ts'
import { outgoing, type RequestOptions } from '../request.ts'
import { chain, type Outgoing, type Reply } from '../send.ts'
import { type CacheOptions, cache } from './layer.ts'
import { type CacheStore, MemoryCacheStore } from './store.ts'

type Answer = readonly [status: number, fields: FieldLines, body: string | ReadableStream<Uint8Array>] | Error
type Origin = (request: Outgoing, count: number) => Answer | Promise<Answer>

function world(origin: Origin, options: CacheOptions = {}) {
  const machine = testMachine()
  const asked: Outgoing[] = []
  const send = chain(
    [cache(options)],
    async (request) => {
      asked.push(request)
      const answer = await origin(request, asked.length)
      if (answer instanceof Error) throw answer
      const [status, fields, content] = answer
      return replyOf(request, status, fields, content)
    },
    machine,
  )
  const ask = (options: RequestOptions = {}, url = 'http://web/') => send(outgoing(url, options))
  const get = async (fields: string[] = [], url?: string) => {
    const reply = await ask({ fields }, url)
    const text = await reply.body.text()
    await settle(50)
    return `${reply.status} ${text}`
  }
  return { machine, clock: machine.clock, asked, ask, get }
}

function replyOf(
  { url }: Outgoing,
  status: number,
  fields: FieldLines,
  content: string | ReadableStream<Uint8Array>,
): Reply {
  const header = (name: string) => fieldValue(fields, name)
  const body = messageBody(content, header('content-type'))
  return { url, redirected: false, status, reason: '', version: 'HTTP/1.1', fields, body, connection: null, header }
}

const fresh =
  (seconds = 60, ...more: string[]): Origin =>
  (_request, count) => [200, ['Cache-Control', `max-age=${seconds}`, ...more], `body ${count}`]

test('through a real server and client: asked once, given with its age, asked again when it is old', async () => {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80')
  const laptop = network.host('laptop', '10.0.0.2', {}, undefined, host.clock)
  const seen: (string | undefined)[] = []
  await serve(
    host,
    (exchange) => {
      seen.push(exchange.header('if-none-match'))
      const fields = ['Cache-Control', 'max-age=10', 'ETag', '"a"', 'Content-Type', 'text/plain']
      if (exchange.header('if-none-match') === '"a"') exchange.reply(304, [...fields, 'X-Time', '2'], null)
      else exchange.reply(200, fields, 'caf\xe9')
    },
    { port: 80 },
  )
  const client = new Client(laptop, { layers: [cache()] })
  const get = async () => {
    const reply = await client.request('http://web/')
    return [reply.status, await reply.body.text(), reply.header('age'), reply.header('x-time')]
  }
  assert.deepEqual(await get(), [200, 'café', undefined, undefined])
  await host.clock.advance(9 * SECOND)
  assert.deepEqual(await get(), [200, 'café', '9', undefined])
  await host.clock.advance(2 * SECOND)
  assert.deepEqual(await get(), [200, 'café', '0', '2'])
  assert.deepEqual(await get(), [200, 'café', '0', '2'])
  assert.deepEqual(seen, [undefined, '"a"'])
})

test('requests that come together are asked once; those of what is not kept do not wait for each other', async () => {
  let release!: () => void
  const gate = new Promise<void>((resolve) => (release = resolve))
  const kept = world(async (_request, count) => {
    await gate
    return [200, ['Cache-Control', 'max-age=60'], `body ${count}`]
  })
  const all = Array.from({ length: 20 }, () => kept.get())
  await settle(100)
  release()
  assert.deepEqual(new Set(await Promise.all(all)), new Set(['200 body 1']))
  assert.equal(kept.asked.length, 1)

  const passed = world((_request, count) => [200, ['Cache-Control', 'no-store'], `body ${count}`])
  const first = await Promise.all(Array.from({ length: 5 }, () => passed.get()))
  assert.equal(new Set(first).size, 5)
  // The second time nobody waits: all are under way at once.
  void Array.from({ length: 5 }, () => passed.ask())
  await settle(20)
  assert.equal(passed.asked.length, 10)
})

test('nobody waits for another longer than told, nor after giving up, nor for one that fails', async () => {
  const slow = world((_request, count) => (count === 1 ? new Promise<never>(() => {}) : [200, [], 'second']), {
    collapseTime: ms(500),
  })
  void slow.ask()
  await settle(50)
  const second = slow.get()
  const giveUp = new AbortController()
  const third = slow.ask({ signal: giveUp.signal })
  await slow.clock.advance(ms(400))
  giveUp.abort()
  await assert.rejects(third, { code: 'HTTP_ABORTED' })
  assert.equal(slow.asked.length, 1)
  await slow.clock.advance(ms(200))
  assert.equal(await second, '200 second')
  assert.equal(slow.clock.timers, 0)

  const failing = world((_request, count) => (count === 1 ? new RequestError('closed', 'x') : [200, [], 'good']))
  const both = await Promise.allSettled([failing.get(), failing.get()])
  assert.deepEqual(
    both.map(({ status }) => status),
    ['rejected', 'fulfilled'],
  )
})

test('stale replies: given while the origin is asked once, given when it fails, each as long as was said', async () => {
  const fields = ['Cache-Control', 'max-age=10, stale-while-revalidate=20, stale-if-error=100']
  let state: 'good' | 'down' | '503' = 'good'
  const { clock, asked, get } = world((_request, count) =>
    state === 'good'
      ? [200, fields, `body ${count}`]
      : state === 'down'
        ? new RequestError('timeout', 'late')
        : [503, [], 'sorry'],
  )
  assert.equal(await get(), '200 body 1')
  await clock.advance(15 * SECOND)
  assert.deepEqual(await Promise.all([get(), get(), get()]), ['200 body 1', '200 body 1', '200 body 1'])
  assert.equal(asked.length, 2)
  assert.equal(await get(), '200 body 2')
  await clock.advance(40 * SECOND)
  for (state of ['down', '503'] as const) assert.equal(await get(), '200 body 2')
  await clock.advance(80 * SECOND)
  assert.equal(await get(), '503 sorry')
  state = 'down'
  await assert.rejects(get(), { code: 'HTTP_TIMEOUT' })
})

test('a failure behind the back of a stale reply is nobody’s, and the next request asks again', async () => {
  const fields = ['Cache-Control', 'max-age=1, stale-while-revalidate=100']
  const { clock, asked, get } = world((_request, count) =>
    count === 2 ? new RequestError('closed', 'x') : [200, fields, `body ${count}`],
  )
  await get()
  await clock.advance(5 * SECOND)
  assert.equal(await get(), '200 body 1')
  assert.equal(await get(), '200 body 1')
  assert.equal(await get(), '200 body 3')
  assert.equal(asked.length, 3)
})

test('what one person is given is not given to another: Authorization, Vary, private', async () => {
  const own = world((request, count) => [
    200,
    ['Cache-Control', 'max-age=60'],
    `${fieldValue(request.fields, 'authorization') ?? 'nobody'} ${count}`,
  ])
  assert.equal(await own.get(['Authorization', 'a']), '200 a 1')
  assert.equal(await own.get(['Authorization', 'b']), '200 b 2')
  assert.equal(await own.get(), '200 nobody 3')
  assert.equal(await own.get(['Authorization', 'a']), '200 a 1')
  assert.equal(await own.get(), '200 nobody 3')
  for (const [control, times] of [
    ['max-age=60', 2],
    ['public, max-age=60', 1],
    ['private, max-age=60', 2],
    ['s-maxage=60', 1],
  ] as const) {
    const shared = world(() => [200, ['Cache-Control', control], 'x'], { shared: true })
    await shared.get(['Authorization', 'a'])
    await shared.get(['Authorization', 'b'])
    assert.equal(shared.asked.length, times, control)
  }
})

test('a reply that sets a cookie is shared only where its origin says that it is for all', async () => {
  for (const [control, shared, times] of [
    ['max-age=60', true, 2],
    ['', true, 2],
    ['public, max-age=60', true, 1],
    ['s-maxage=60', true, 1],
    ['max-age=60', false, 1],
  ] as const) {
    const modified = 'Sat, 01 Jan 2000 00:00:00 GMT'
    const fields = ['Cache-Control', control, 'Last-Modified', modified, 'Set-Cookie', 'session=alice']
    const { asked, get } = world(() => [200, fields, 'x'], { shared })
    await get()
    await get()
    assert.equal(asked.length, times, `${control}, shared ${shared}`)
  }
})

test('news of a reply that it is no longer to be kept, or not for others, is heeded', async () => {
  for (const [control, shared, kept] of [
    ['no-store, max-age=60', false, false],
    ['private, max-age=60', true, false],
    ['private, max-age=60', false, true],
    ['max-age=60', true, true],
  ] as const) {
    const { asked, get, clock } = world(
      (_, count) =>
        count === 1
          ? [200, ['Cache-Control', 'max-age=1', 'ETag', '"a"'], 'first']
          : [count === 2 ? 304 : 200, ['Cache-Control', control, 'ETag', '"a"'], count === 2 ? '' : 'anew'],
      { shared },
    )
    await get()
    await clock.advance(5 * SECOND)
    // Who has asked gets what the origin has said is good.
    assert.equal(await get(), '200 first', control)
    assert.equal(await get(), kept ? '200 first' : '200 anew', control)
    assert.equal(asked.length, kept ? 2 : 3, control)
  }
})

test('what is changed is forgotten, with what the reply names, of the same origin only', async () => {
  const { asked, get, ask } = world((request, count) => {
    if (request.method === 'GET') return [200, ['Cache-Control', 'max-age=60'], `body ${count}`]
    const status = request.method === 'PATCH' ? 500 : 201
    return [status, ['Location', '/b', 'Content-Location', 'http://other/c'], '']
  })
  const urls = ['http://web/a', 'http://web/b', 'http://other/c']
  for (const url of urls) await get([], url)
  for (const method of ['POST', 'PATCH', 'DELETE', 'MKCOL']) {
    asked.length = 0
    ;(await ask({ method }, 'http://web/a#part')).body.discard()
    for (const url of urls) await get([], url)
    const again = asked.filter((one) => one.method === 'GET').map(({ url }) => url.href)
    assert.deepEqual(again, method === 'PATCH' ? [] : urls.slice(0, 2), method)
  }
})

test('parts are cut out of a whole, joined where a strong tag says that they are of one, and make a whole', async () => {
  const whole = '0123456789'
  const ranged: Origin = (request) => {
    const match = /^bytes=(\d+)-(\d+)$/.exec(fieldValue(request.fields, 'range') ?? '')
    const fields = ['Cache-Control', 'max-age=60', 'ETag', '"a"']
    if (match === null) return [200, fields, whole]
    const [start, end] = [Number(match[1]), Number(match[2])]
    return [206, [...fields, 'Content-Range', `bytes ${start}-${end}/10`], whole.slice(start, end + 1)]
  }
  const one = world(ranged)
  await one.get()
  const cut = await one.ask({ fields: ['Range', 'bytes=-3'] })
  assert.deepEqual([cut.status, cut.header('content-range'), await cut.body.text()], [206, 'bytes 7-9/10', '789'])
  assert.equal(await one.get(['Range', 'bytes=10-']), '416 ')
  assert.equal(await one.get(['Range', 'bytes=0-1', 'If-Range', '"b"']), `200 ${whole}`)
  assert.equal(one.asked.length, 1)
  const two = world(ranged)
  for (const range of ['0-3', '7-9', '4-6']) await two.get(['Range', `bytes=${range}`])
  assert.equal(two.asked.length, 3)
  assert.equal(await two.get(['Range', 'bytes=4-5']), '206 45')
  // 7-9 did not touch 0-3 and took its place; with 4-6 it is 4-9.
  assert.equal(await two.get(['Range', 'bytes=0-3']), '206 0123')
  assert.equal(two.asked.length, 4)
  assert.equal(await two.get(), `200 ${whole}`)
  assert.equal(two.asked.length, 4)
  // Another tag, or a weak one: never mixed.
  for (const tag of ['"b"', 'W/"a"']) {
    const mixed = world((request, count) => {
      const [status, fields, body] = ranged(request, count) as Exclude<Answer, Error>
      return [status, fields.map((text) => (text === '"a"' && count > 1 ? tag : text)), body]
    })
    for (const range of ['0-4', '5-9']) await mixed.get(['Range', `bytes=${range}`])
    await mixed.get()
    assert.equal(mixed.asked.length, 3, tag)
  }
})

test('a 206 that lies about its length, has several parts or no total is passed on and not kept', async () => {
  for (const range of ['bytes 0-4/10', 'bytes 0-1/*', 'bytes 5-2/10', 'bytes 0-2/2', 'lines 0-2/10']) {
    const { asked, get } = world(() => [206, ['Cache-Control', 'max-age=60', 'Content-Range', range], 'abc'])
    assert.equal(await get(['Range', 'bytes=0-2']), '206 abc')
    await get(['Range', 'bytes=0-2'])
    assert.equal(asked.length, 2, range)
  }
})

test('a body that breaks off, is cut by its reader or is longer than cacheEntryBytes is passed on and not kept', async () => {
  const broken = world(() => {
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(3))
        controller.error(new Error('cut'))
      },
    })
    return [200, ['Cache-Control', 'max-age=60'], stream]
  })
  await assert.rejects(broken.get(), /cut/)
  await assert.rejects(broken.get(), /cut/)
  assert.equal(broken.asked.length, 2)
  const long = world(fresh(), { limits: { cacheEntryBytes: 5 } })
  assert.equal(await long.get(), '200 body 1')
  assert.equal(await long.get(), '200 body 2')
  const endless = world(() => {
    const stream = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(1000)) })
    return [200, ['Cache-Control', 'max-age=60'], stream]
  })
  for (let i = 1; i <= 2; i++) {
    ;(await endless.ask()).body.discard()
    await settle(50)
    assert.equal(endless.asked.length, i)
  }
})

test('a redirect that is kept is followed without asking again', async () => {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80')
  const laptop = network.host('laptop', '10.0.0.2', {}, undefined, host.clock)
  const paths: string[] = []
  await serve(
    host,
    (exchange) => {
      paths.push(exchange.path)
      if (exchange.path === '/old') exchange.reply(301, ['Location', '/new', 'Cache-Control', 'max-age=60'], 'moved')
      else exchange.reply(200, ['Cache-Control', 'no-store'], 'here')
    },
    { port: 80 },
  )
  const client = new Client(laptop, { layers: [cache()] })
  for (let i = 0; i < 2; i++) {
    const reply = await client.request('http://web/old', { redirect: 'follow' })
    assert.equal(await reply.body.text(), 'here')
  }
  assert.deepEqual(paths, ['/old', '/new', '/new'])
})

test('only-if-cached asks nobody; no-store leaves no trace', async () => {
  const { asked, get } = world(fresh())
  assert.equal(await get(['Cache-Control', 'only-if-cached']), '504 ')
  await get(['Cache-Control', 'no-store'])
  await get(['Cache-Control', 'no-store'])
  assert.equal(await get(['Cache-Control', 'only-if-cached']), '504 ')
  assert.equal(asked.length, 2)
  await get()
  assert.equal(await get(['Cache-Control', 'only-if-cached']), '200 body 3')
})

test('a store that fails, or lies about time, is as one that has nothing', async () => {
  const failing: CacheStore = {
    get: () => Promise.reject(new Error('disk')),
    put: () => {
      throw new Error('disk')
    },
    remove: () => Promise.reject(new Error('disk')),
  }
  const { asked, get, ask } = world(fresh(), { store: failing })
  assert.equal(await get(), '200 body 1')
  assert.equal(await get(), '200 body 2')
  ;(await ask({ method: 'POST' })).body.discard()
  assert.equal(asked.length, 3)
})

test('a cache is bounded: cacheBytes, cacheVariants, cacheDirectives, cachePassed', async () => {
  const store = new MemoryCacheStore({ cacheBytes: 10_000, cacheVariants: 3 })
  const bytes = world(fresh(), { store })
  for (let i = 0; i < 100; i++) {
    await bytes.get([], `http://web/${i}`)
    await bytes.get([], 'http://web/0')
    assert.ok(store.bytes <= 10_000)
  }
  assert.equal(bytes.asked.length, 100)
  const variants = world(fresh(60, 'Vary', 'X'), { store })
  for (let i = 0; i < 10; i++) await variants.get(['X', String(i)], 'http://web/vary')
  assert.equal(store.get('http://web/vary').length, 3)
  for (const url of ['http://web/0', 'http://web/vary']) store.remove(url)
  const many = world(() => [200, ['Cache-Control', `${'a,b=c,'.repeat(10)}max-age=60`], 'x'], {
    limits: { cacheDirectives: 3 },
  })
  await many.get()
  await many.get()
  assert.equal(many.asked.length, 1)
  const late = world(() => [200, ['Cache-Control', 'a, b, max-age=60'], 'x'], { limits: { cacheDirectives: 2 } })
  await late.get()
  await late.get()
  assert.equal(late.asked.length, 2)
  // What stands behind the last one that is looked at is not known: it could be the one that forbids.
  const hidden = world(() => [200, ['Cache-Control', 'max-age=60, a, private'], 'x'], {
    shared: true,
    limits: { cacheDirectives: 2 },
  })
  await hidden.get()
  await hidden.get()
  assert.equal(hidden.asked.length, 2)
  const passed = world(() => [200, ['Cache-Control', 'no-store'], 'x'], { limits: { cachePassed: 1 } })
  for (const url of ['http://web/a', 'http://web/b']) await passed.get([], url)
  passed.asked.length = 0
  // Of /a nothing is remembered any more: its second request waits for the first.
  void passed.ask({}, 'http://web/a')
  void passed.ask({}, 'http://web/a')
  void passed.ask({}, 'http://web/b')
  void passed.ask({}, 'http://web/b')
  await settle(3)
  assert.deepEqual(
    passed.asked.map(({ url }) => url.pathname),
    ['/a', '/b', '/b'],
  )
})

test('what is misread in a field is stale, and costs one pass', async () => {
  for (const control of [
    'max-age',
    'max-age=',
    'max-age=-1',
    'max-age=1.5',
    'max-age=1 2',
    'max-age="',
    'max-age=0x10',
  ]) {
    const { asked, get } = world(() => [200, ['Cache-Control', control], 'x'])
    await get()
    await get()
    assert.equal(asked.length, 2, control)
  }
  for (const piece of [',', 'a=",', '=', '"', ' ', 'max-age=1,', '\\']) {
    const text = piece.repeat(60_000 / piece.length)
    const { get } = world(() => [200, ['Cache-Control', text, 'Vary', text, 'Age', text, 'Expires', text], 'x'])
    await get()
    await get(['Cache-Control', text])
  }
})
