/** The client as a chain: redirects for every call, and layers that a program adds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageBody } from '../body/from-stream.ts'
import { HttpMisuse, RequestError } from '../errors.ts'
import type { FieldLines, Handler } from '../exchange.ts'
import { serve } from '../server/serve.ts'
import { settle } from '../trial/machine.ts'
import { TestNetwork } from '../trial/network.ts'
import { Client, type ClientOptions } from './client.ts'
import { fetchOn } from './fetch.ts'
import { type Layer, type Reply, ReplyDecorator } from './send.ts'

async function world(handler: Handler, options: ClientOptions = {}) {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80')
  const laptop = network.host('laptop', '10.0.0.2', {}, undefined, host.clock)
  const other = network.host('other', '10.0.0.81', {}, undefined, host.clock)
  await serve(host, handler, { port: 80 })
  await serve(other, handler, { port: 80 })
  return { network, clock: host.clock, client: new Client(laptop, options) }
}

const text = (reply: Reply) => reply.body.text()

/** Redirects as the query says: `/?302,http://other/x`; else tells what came. */
const redirecting: Handler = async (exchange) => {
  const [status, location] = exchange.query.split(',')
  if (location !== undefined) exchange.reply(Number(status), ['Location', decodeURIComponent(location)], 'moved')
  else {
    const told = [exchange.method, exchange.authority, exchange.path, await exchange.body.text()]
    for (const name of ['authorization', 'cookie', 'content-type', 'x-mine']) told.push(exchange.header(name) ?? '-')
    exchange.reply(200, [], told.join(' '))
  }
}

test('a request follows redirects when asked, as the Fetch standard does', async () => {
  const { client } = await world(redirecting)
  const fields = ['Authorization', 'secret', 'Cookie', 'a=b', 'Content-Type', 'text/plain', 'X-Mine', '1']
  const post = (query: string) =>
    client.request(`http://web/?${query}`, { method: 'POST', body: 'x', fields, redirect: 'follow' })
  const table: [string, string, string][] = [
    ['301,/a', 'GET web /a  secret a=b - 1', 'http://web/a'],
    ['302,/a', 'GET web /a  secret a=b - 1', 'http://web/a'],
    ['303,/a', 'GET web /a  secret a=b - 1', 'http://web/a'],
    ['307,/a', 'POST web /a x secret a=b text/plain 1', 'http://web/a'],
    ['308,/a', 'POST web /a x secret a=b text/plain 1', 'http://web/a'],
    ['307,http://other/a', 'POST other /a x - - text/plain 1', 'http://other/a'],
    ['303,http://other/a%23frag', 'GET other /a  - - - 1', 'http://other/a'],
    ['307,//other/a', 'POST other /a x - - text/plain 1', 'http://other/a'],
  ]
  for (const [query, told, url] of table) {
    const reply = await post(query)
    assert.deepEqual([await text(reply), reply.url.href, reply.redirected], [told, url, true], query)
  }
  const stays = await post('304,/a')
  assert.deepEqual([stays.status, stays.redirected], [304, false])
  const manual = await client.request('http://web/?302,/a')
  assert.deepEqual([manual.status, manual.redirected, manual.header('location')], [302, false, '/a'])
  manual.body.discard()
})

test('what cannot be followed is a failure that names the place', async () => {
  const { client, clock } = await world(redirecting, { limits: { redirects: 3 } })
  const follow = (query: string, more = {}) => client.request(`http://web/?${query}`, { redirect: 'follow', ...more })
  const wrong: [() => Promise<unknown>, RegExp][] = [
    [() => follow('302,ftp://a/'), /redirects to ftp:, and only http and https/],
    [() => follow('302,http://'), /redirects to "http:\/\/", which is not a URL/],
    [() => follow('302,/?302%2C/%3F302%252C/%253F302%25252C/%25253F302%2525252C/'), /more than 3 redirects/],
    [() => follow('302,/a', { redirect: 'error' }), /redirect is 'error'/],
    [
      () =>
        follow('307,/a', {
          method: 'POST',
          body: (async function* () {
            yield 'x'
          })(),
        }),
      /a streamed body cannot be sent again/,
    ],
  ]
  for (const [way, message] of wrong)
    await assert.rejects(
      way,
      (error) => (error instanceof RequestError || error instanceof HttpMisuse) && message.test(error.message),
      String(message),
    )
  await clock.advance(2_000_000_000)
  assert.ok(client.connections <= 1)
})

test('octets above 0x7F in a Location go out as they came, in whichever charset they are', async () => {
  const seen: string[] = []
  const { client } = await world((exchange) => {
    seen.push(exchange.target)
    const locations: Record<string, string> = {
      '/utf8': '/caf\xc3\xa9',
      '/latin1': '/caf\xe9',
      '/host': 'http://other/\xc3\xa9',
    }
    const location = locations[exchange.path]
    if (location === undefined) exchange.reply(204, [], null)
    else exchange.reply(302, ['Location', location], null)
  })
  for (const path of ['/utf8', '/latin1', '/host']) {
    await client.request(`http://web${path}`, { redirect: 'follow' })
    await fetchOn(client)(`http://web${path}`)
  }
  assert.deepEqual([...new Set(seen)], ['/utf8', '/caf%C3%A9', '/latin1', '/caf%E9', '/host', '/%C3%A9'])
})

test('layers see every request and every hop, the first of them outermost', async () => {
  const log: string[] = []
  const telling =
    (name: string): Layer =>
    (next) =>
    async (request) => {
      log.push(`${name} > ${request.method} ${request.url.pathname}`)
      const reply = await next(request)
      log.push(`${name} < ${reply.status}`)
      return reply
    }
  const { client } = await world(redirecting, { layers: [telling('a'), telling('b')] })
  await text(await client.request('http://web/?302,/x', { redirect: 'follow' }))
  assert.deepEqual(log, [
    ...['a > GET /', 'b > GET /', 'b < 302', 'a < 302'],
    ...['a > GET /x', 'b > GET /x', 'b < 200', 'a < 200'],
  ])
})

test('a jar, a retry, a cache and a body that is changed on its way are layers', async () => {
  let asked = 0
  const { client } = await world(
    (exchange) => {
      asked++
      if (exchange.path === '/busy' && asked < 3) exchange.reply(503, [], 'later')
      else exchange.reply(200, ['Set-Cookie', `n=${asked}`], `${exchange.header('cookie') ?? 'none'}`)
    },
    { layers: [cache(), loud, patient, jar()] },
  )
  assert.equal(await text(await client.request('http://web/busy')), 'NONE!')
  assert.equal(asked, 3)
  assert.equal(await text(await client.request('http://web/a')), 'N=3!')
  assert.equal(await text(await client.request('http://web/a')), 'N=3!')
  assert.equal(asked, 4)
  await settle()
  assert.equal(client.connections, 1)
})

/** Keeps one cookie. */
function jar(): Layer {
  let cookie = ''
  return (next) => async (request) => {
    const reply = await next(cookie === '' ? request : { ...request, fields: [...request.fields, 'Cookie', cookie] })
    cookie = reply.header('set-cookie') ?? cookie
    return reply
  }
}

const patient: Layer = (next) => async (request) => {
  for (let left = 3; ; left--) {
    const reply = await next(request)
    if (reply.status !== 503 || left === 0) return reply
    reply.body.discard()
  }
}

/** A reply whose body is made out of another one's. */
class Changed extends ReplyDecorator {
  readonly #body: Reply['body']
  constructor(of: Reply, body: Reply['body']) {
    super(of)
    this.#body = body
  }
  override get body(): Reply['body'] {
    return this.#body
  }
  override get fields(): FieldLines {
    return [...this.of.fields, 'X-Changed', '1']
  }
}

const loud: Layer = (next) => async (request) => {
  const reply = await next(request)
  return new Changed(reply, messageBody(`${(await reply.body.text()).toUpperCase()}!`))
}

/** Answers what has been asked before out of memory. */
function cache(): Layer {
  const kept = new Map<string, [Reply, string]>()
  return (next) => async (request) => {
    const known = kept.get(request.url.href)
    if (known !== undefined) return new Changed(known[0], messageBody(known[1]))
    const reply = await next(request)
    const body = await reply.body.text()
    kept.set(request.url.href, [reply, body])
    return new Changed(reply, messageBody(body))
  }
}
