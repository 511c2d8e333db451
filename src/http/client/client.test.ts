import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../base/clock.ts'
import { seconds } from '../../base/duration.ts'
import { RecordingLog } from '../../base/events.ts'
import type { Connection } from '../../socket/host.ts'
import { HttpMisuse } from '../errors.ts'
import type { Exchange, Handler, ReplyBody } from '../exchange.ts'
import { type ServeOptions, serve } from '../server/serve.ts'
import { settle } from '../trial/machine.ts'
import { type Manners, TestNetwork } from '../trial/network.ts'
import { Client, type ClientOptions } from './client.ts'
import { fetchOn } from './fetch.ts'
import type { RequestOptions } from './request.ts'
import type { Reply } from './send.ts'
import { tunnel } from './tunnel.ts'

async function world(handler: Handler, options: ClientOptions = {}, manners: Manners = {}, serving: ServeOptions = {}) {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80', manners)
  const log = new RecordingLog()
  const laptop = network.host('laptop', '10.0.0.2', manners, log, host.clock)
  const server = await serve(host, handler, { port: 80, ...serving })
  return { network, host, laptop, server, log, client: new Client(laptop, options) }
}

/** A server that answers every connection's data by a script. */
async function scripted(
  script: (text: string, connection: Connection, nth: number) => void,
  options: ClientOptions = {},
) {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80')
  const laptop = network.host('laptop', '10.0.0.2', {}, undefined, host.clock)
  let accepted = 0
  await host.listen({ address: '10.0.0.80', port: 80 }, (connection) => {
    const nth = ++accepted
    connection.attach({
      onData: (bytes) => script(Buffer.from(bytes).toString('latin1'), connection, nth),
      onEnd: () => connection.close(),
      onDrain() {},
      onClose() {},
    })
  })
  return { network, host, client: new Client(laptop, options), accepted: () => accepted }
}

const write = (connection: Connection, text: string) => connection.write(Buffer.from(text, 'latin1'))
const text = (reply: Reply) => reply.body.text()

const mirror: Handler = async (exchange) => {
  const body = await exchange.body.text()
  const { method, target } = exchange
  exchange.reply(200, ['X-Length', exchange.header('content-length') ?? 'none'], `${method} ${target} ${body}`)
}

test('one request after another uses one connection, whatever the method', async () => {
  const { client, network } = await world(mirror)
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'REPORT']) {
    const reply = await client.request('http://web/a?b=c', { method })
    assert.equal(await text(reply), method === 'HEAD' ? '' : `${method} /a?b=c `)
    assert.equal(reply.header('x-length'), ['POST', 'PUT', 'PATCH'].includes(method) ? '0' : 'none')
  }
  assert.equal(await text(await client.request('http://web/', { method: 'OPTIONS', target: '*' })), 'OPTIONS * ')
  assert.equal(network.connections.length, 2)
})

test('bodies go out sized, streamed in chunks, or streamed by a length given', async () => {
  for (const manners of [{}, { chunk: 1 }, { reluctant: true, chunk: 7 }]) {
    const { client } = await world(mirror, {}, manners)
    const post = async (options: RequestOptions) => {
      const reply = await client.request('http://web/', { method: 'POST', ...options })
      return [await text(reply), reply.header('x-length')]
    }
    async function* pieces() {
      yield 'grü'
      yield Buffer.from('ße')
    }
    assert.deepEqual(await post({ body: 'grüße' }), ['POST / grüße', '7'])
    assert.deepEqual(await post({ body: Buffer.from('ab') }), ['POST / ab', '2'])
    assert.deepEqual(await post({ body: pieces() }), ['POST / grüße', 'none'])
    assert.deepEqual(await post({ body: pieces(), fields: ['Content-Length', '7'] }), ['POST / grüße', '7'])
    await assert.rejects(post({ body: pieces(), fields: ['Content-Length', '6'] }), /Content-Length said 6 bytes/)
    await assert.rejects(post({ body: pieces(), fields: ['Content-Length', '8'] }), /Content-Length said 8 bytes/)
  }
})

test('trailers go both ways', async () => {
  let seen: readonly string[] = []
  const { client } = await world(async (exchange) => {
    await exchange.body.bytes()
    seen = exchange.body.trailers
    const reply = exchange.start(200, [])
    reply.write('x')
    reply.end(['X-Back', '2'])
  })
  const body = (async function* () {
    yield 'a'
  })()
  const reply = await client.request('http://web/', { method: 'POST', body, trailers: () => ['X-There', '1'] })
  assert.equal(await text(reply), 'x')
  assert.deepEqual(seen, ['X-There', '1'])
  assert.deepEqual(reply.body.trailers, ['X-Back', '2'])
})

test('a large body streams through both ways while neither side holds it all', async () => {
  const { client } = await world(
    (exchange) => {
      const reply = exchange.start(200, [])
      reply.onDrain = () => exchange.body.resume()
      exchange.body.read({
        data: (bytes) => void (reply.write(bytes) || exchange.body.pause()),
        end: () => reply.end(),
      })
    },
    {},
    { highWater: 8_192 },
    { limits: { bodyBytes: 4_000_000 } },
  )
  const body = (async function* () {
    for (let i = 0; i < 300; i++) yield new Uint8Array(10_000).fill(i)
  })()
  const reply = await client.request('http://web/', { method: 'POST', body })
  let size = 0
  for await (const piece of reply.body.stream()) size += piece.length
  assert.equal(size, 3_000_000)
})

test('interim responses are told of, a flood of them refused', async () => {
  const { client } = await world((exchange) => {
    for (let i = 0; i < Number(exchange.query || 1); i++) exchange.inform(103, ['Link', '</a.css>'])
    exchange.reply(200, [], 'x')
  })
  const seen: unknown[] = []
  const onInformation = (...all: unknown[]) => void seen.push(all)
  assert.equal(await text(await client.request('http://web/', { onInformation })), 'x')
  assert.deepEqual(seen, [[103, ['Link', '</a.css>']]])
  await assert.rejects(client.request('http://web/?33'), /more than 32 interim responses/)
  const strict = new Client(client.host, { limits: { interims: 2 } })
  await text(await strict.request('http://web/?2'))
  await assert.rejects(strict.request('http://web/?3'), /more than 2 interim responses/)
})

test('a body without a length ends with the connection; a cut one fails', async () => {
  const { client } = await scripted((text, connection) => {
    write(connection, 'HTTP/1.0 200 OK\r\n\r\nall of it')
    if (text.includes('/cut')) connection.reset()
    else connection.end()
  })
  assert.equal(await text(await client.request('http://web/')), 'all of it')
  const cut = await scripted((_, connection) => {
    write(connection, 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort')
    connection.end()
  })
  await assert.rejects(
    async () => text(await cut.client.request('http://web/')),
    /closed before the body .*was complete/,
  )
})

test('a kept connection that the server has closed meanwhile costs an idempotent request nothing', async () => {
  const { client, accepted } = await scripted((text, connection, nth) => {
    if (nth === 1 && text.includes('/second')) connection.reset()
    else write(connection, 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx')
  })
  await text(await client.request('http://web/first'))
  assert.equal(await text(await client.request('http://web/second')), 'x')
  assert.equal(accepted(), 2)
})

test('what is not idempotent is not sent twice', async () => {
  const { client, accepted } = await scripted((text, connection) => {
    if (text.includes('/second')) connection.reset()
    else write(connection, 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx')
  })
  await text(await client.request('http://web/first'))
  await assert.rejects(client.request('http://web/second', { method: 'POST', body: 'x' }), { code: 'ECONNRESET' })
  // Nor what fails on a fresh connection: no server can have closed that one for having rested.
  await assert.rejects(client.request('http://web/second'), { code: 'ECONNRESET' })
  assert.equal(accepted(), 2)
})

test('no reply, a body that stops, a request that was given up', async () => {
  const { client, host } = await scripted((text, connection) => {
    if (text.includes('/body')) write(connection, 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx')
  })
  const silent = assert.rejects(client.request('http://web/', { timeout: seconds(2) }), /no reply from .* in time/)
  await host.clock.advance(3 * SECOND)
  await silent
  const reply = await client.request('http://web/body')
  const stopped = assert.rejects(text(reply), /no more of the body from http:\/\/web in time/)
  await host.clock.advance(61 * SECOND)
  await stopped
  const giveUp = new AbortController()
  const aborted = assert.rejects(client.request('http://web/', { signal: giveUp.signal }), { reason: 'aborted' })
  await settle()
  giveUp.abort()
  await aborted
  await assert.rejects(client.request('http://web/', { signal: AbortSignal.abort() }), { reason: 'aborted' })
  await settle()
  assert.equal(client.connections, 0)
  assert.equal(host.clock.timers, 0)
})

test('no server, no name, no URL', async () => {
  const { client } = await world(mirror)
  await assert.rejects(client.request('http://web:81/'), { code: 'ECONNREFUSED' })
  await assert.rejects(client.request('http://none/'), { code: 'ENOTFOUND' })
  await assert.rejects(client.request('https://web/'), { code: 'ECONNREFUSED', port: 443 })
  await assert.rejects(client.request('ftp://web/'), /cannot ask for ftp:\/\/ URLs, only for http:\/\/ and https/)
  await assert.rejects(client.request('http://a:b@web/'), /credentials in a URL/)
})

test('a pool is not poisoned: unasked bytes, bytes after a reply, a reply before the request was through', async () => {
  const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx'
  const extra = await scripted((_, connection) => write(connection, `${ok}HTTP/1.1 200 OK\r\n`))
  assert.equal(await text(await extra.client.request('http://web/')), 'x')
  await settle()
  assert.equal(extra.client.connections, 0)
  const unasked = await scripted((_, connection) => {
    write(connection, ok)
    setImmediate(() => write(connection, ok))
  })
  assert.equal(await text(await unasked.client.request('http://web/')), 'x')
  await new Promise(setImmediate)
  await settle()
  assert.equal(unasked.client.connections, 0)
  const early = await scripted((_, connection) => write(connection, ok))
  let more!: () => void
  const body = (async function* () {
    yield 'first'
    await new Promise<void>((resolve) => (more = resolve))
    yield 'second'
  })()
  assert.equal(await text(await early.client.request('http://web/', { method: 'POST', body })), 'x')
  await settle()
  assert.equal(early.client.connections, 0)
  more()
})

test('what is not an HTTP is refused', async () => {
  for (const bytes of [
    'HTTP/1.1 200 OK\nContent-Length: 1\n\nx',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n',
    'HTTP/2 200 OK\r\n\r\n',
    'HTTP/1.1 99 OK\r\n\r\n',
    '220 smtp.example ESMTP\r\n',
    `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`,
    'HTTP/1.1 101 Switching Protocols\r\n\r\n',
  ]) {
    const { client } = await scripted((_, connection) => write(connection, bytes))
    await assert.rejects(client.request('http://web/'), /MessageRefused|RequestError/, bytes.slice(0, 60))
  }
})

test('a small reply that nobody reads does not hold its connection, a large one holds the server back', async () => {
  let reply!: ReplyBody
  let written = 0
  const { client } = await world(
    (exchange) => {
      if (exchange.path === '/small') exchange.reply(200, [], 'x')
      else {
        reply = exchange.start(200, [])
        reply.onDrain = () => {
          for (let more = true; more && written < 1_000_000; written += 10_000)
            more = reply.write(new Uint8Array(10_000))
          if (written >= 1_000_000) reply.end()
        }
        reply.onDrain()
      }
    },
    { connections: 1 },
    { chunk: 5_000 },
  )
  const small = [await client.request('http://web/small'), await client.request('http://web/small')]
  const large = await client.request('http://web/large')
  await settle()
  assert.ok(written < 500_000, `${written} bytes were taken`)
  const blocked = client.request('http://web/small')
  let bytes = 0
  let pauses = 0
  await new Promise<void>((resolve) => {
    large.body.read({
      data: (piece) => {
        bytes += piece.length
        if (pauses++ % 3 > 0) return
        large.body.pause()
        setImmediate(() => large.body.resume())
      },
      end: () => resolve(),
    })
  })
  assert.equal(bytes, 1_000_000)
  for (const one of [...small, await blocked]) assert.equal(await text(one), 'x')
})

test('connections and waiting requests per origin are capped', async () => {
  const open: Exchange[] = []
  const { client } = await world((e) => void open.push(e), { connections: 2, waiting: 1 })
  const first = client.request('http://web/1')
  await settle()
  const second = client.request('http://web/2')
  await settle()
  const third = client.request('http://web/3')
  await assert.rejects(client.request('http://web/4'), { reason: 'full' })
  await settle()
  assert.equal(open.length, 2)
  open[0]!.reply(200, [], 'x')
  await text(await first)
  await settle()
  assert.equal(open.length, 3)
  assert.equal(client.connections, 2)
  open[1]!.reply(204, [], null)
  open[2]!.reply(204, [], null)
  await Promise.all([second, third])
})

test('pipelining sends the next safe request without waiting, and matches replies in order', async () => {
  const open: Exchange[] = []
  const { client, network } = await world((e) => void open.push(e), { connections: 1, pipelining: 3 })
  const warm = client.request('http://web/warm')
  await settle()
  open.shift()!.reply(200, [], '')
  await text(await warm)
  const calls = ['/1', '/2', '/3', '/4'].map((path) => client.request(`http://web${path}`).then(text))
  await settle()
  assert.deepEqual(
    open.map((e) => e.path),
    ['/1', '/2', '/3'],
  )
  for (const exchange of open.splice(0).reverse()) exchange.reply(200, [], exchange.path)
  await settle()
  open[0]!.reply(200, [], '/4')
  assert.deepEqual(await Promise.all(calls), ['/1', '/2', '/3', '/4'])
  assert.equal(network.connections.length, 2)
})

test('nothing is pipelined behind a request that changes something (RFC 9112 §9.3.2)', async () => {
  const open: Exchange[] = []
  const { client } = await world((e) => void open.push(e), { connections: 1, pipelining: 3 })
  const warm = client.request('http://web/warm')
  await settle()
  open.shift()!.reply(200, [], '')
  await text(await warm)
  const calls = [
    client.request('http://web/1', { method: 'POST', body: 'x' }),
    client.request('http://web/2'),
    client.request('http://web/3'),
  ]
  await settle()
  assert.deepEqual(
    open.map((e) => e.path),
    ['/1'],
  )
  open.shift()!.reply(204, [], null)
  await settle()
  assert.deepEqual(
    open.map((e) => e.path),
    ['/2', '/3'],
  )
  for (const exchange of open) exchange.reply(204, [], null)
  await Promise.all(calls)
})

test('an idle connection is let go after its time, or a second before the server would', async () => {
  const { client, host } = await world(mirror)
  await text(await client.request('http://web/'))
  assert.equal(client.connections, 1)
  await host.clock.advance(5 * SECOND)
  assert.equal(client.connections, 0)
  const short = await world(mirror, { idleTime: seconds(100) }, {}, { limits: { idleTime: seconds(5) } })
  await text(await short.client.request('http://web/'))
  await short.host.clock.advance(3.5 * SECOND)
  assert.equal(short.client.connections, 0)
})

test('Connection: close and a closed client leave nothing open', async () => {
  const { client, network } = await world(mirror)
  await text(await client.request('http://web/', { fields: ['Connection', 'close'] }))
  await settle()
  assert.equal(network.open, 0)
  await text(await client.request('http://web/'))
  client.close()
  await settle()
  assert.equal(network.open, 0)
  await assert.rejects(client.request('http://web/'), /has been closed/)
})

test('a proxy is asked for whole URLs, or for tunnels', async () => {
  const { network, laptop } = await world(mirror)
  const proxyHost = network.host('proxy', '10.0.0.3')
  await serve(proxyHost, (e) => e.reply(200, [], `proxied ${e.target}`), {
    port: 3128,
    connect: { allow: (authority) => authority === 'web:80' },
  })
  const whole = new Client(laptop, { proxy: { url: 'http://proxy:3128' } })
  assert.equal(await text(await whole.request('http://web/x?y')), 'proxied http://web/x?y')
  const through = new Client(laptop, { proxy: { url: 'http://proxy:3128', tunnel: true } })
  assert.equal(await text(await through.request('http://web/x')), 'GET /x ')
  assert.equal(await text(await through.request('http://web/y')), 'GET /y ')
  await assert.rejects(through.request('http://other/'), { reason: 'tunnel', message: /proxy answered 403/ })
  await assert.rejects(tunnel(laptop, 'http://proxy:3128', 'no-port'), /goes to host:port/)
})

test('no string of the caller reaches the wire with what would split it', async () => {
  const { client, network } = await world(mirror)
  for (const options of [
    { method: 'GET / HTTP/1.1\r\nX: y' },
    { method: 'G\u0145T' },
    { target: '/ HTTP/1.1\r\nX: y' },
    { target: '/\u010a' },
    { fields: ['X', 'a\r\nb: c'] },
    { fields: ['X: y\r\nZ', 'a'] },
    { fields: ['X', '\u010a'] },
    { fields: ['Transfer-Encoding', 'chunked'] },
    { fields: ['Content-Length', '5, 5'] },
    { fields: ['Host', 'a', 'Host', 'b'] },
    { fields: ['odd'] },
  ])
    await assert.rejects(client.request('http://web/', options), HttpMisuse, JSON.stringify(options))
  assert.equal(network.connections.length, 0)
})

test('fetch: bodies, redirects, credentials left behind, failures as TypeErrors', async () => {
  const { client, network, host } = await world(async (exchange) => {
    if (exchange.path === '/away') exchange.reply(302, ['Location', 'http://other/landed'], '')
    else if (exchange.path === '/loop') exchange.reply(302, ['Location', '/loop'], '')
    else if (exchange.path === '/again') exchange.reply(307, ['Location', '/here'], '')
    else
      exchange.reply(
        200,
        ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
        `${exchange.method} ${await exchange.body.text()}`,
      )
  })
  const other = network.host('other', '10.0.0.81', {}, undefined, host.clock)
  await serve(
    other,
    (e) => e.reply(200, [], JSON.stringify([e.method, e.header('authorization'), e.header('x-mine')])),
    {
      port: 80,
    },
  )
  const fetch = fetchOn(client)
  const plain = await fetch('http://web/', { method: 'POST', body: 'grüße' })
  assert.equal(await plain.text(), 'POST grüße')
  assert.deepEqual(plain.headers.getSetCookie(), ['a=1', 'b=2'])
  const away = await fetch('http://web/away', {
    method: 'POST',
    body: 'x',
    headers: { Authorization: 'secret', 'X-Mine': '1' },
  })
  assert.deepEqual(await away.json(), ['GET', null, '1'])
  assert.deepEqual([away.redirected, away.url], [true, 'http://other/landed'])
  assert.equal(await (await fetch('http://web/again', { method: 'PUT', body: 'kept' })).text(), 'PUT kept')
  await assert.rejects(fetch('http://web/loop'), (error: TypeError) =>
    /more than 20 redirects/.test(String(error.cause)),
  )
  await assert.rejects(fetch('http://web:81/'), (error: TypeError) => String(error.cause).includes('ECONNREFUSED'))
  await assert.rejects(fetch('http://web/', { signal: AbortSignal.abort() }), { name: 'AbortError' })
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from('streamed'))
      controller.close()
    },
  })
  const streamed = await fetch('http://web/', { method: 'POST', body: stream, duplex: 'half' })
  assert.equal(await streamed.text(), 'POST streamed')
})

test('the log has the client’s side of an exchange', async () => {
  const { client, log } = await world(mirror)
  await text(await client.request('http://web/'))
  assert.deepEqual(
    log.events.map((e) => e.type),
    ['http.request', 'http.response', 'http.done'],
  )
})
