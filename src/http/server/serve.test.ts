import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MILLISECOND } from '../../base/clock.ts'
import { ms } from '../../base/duration.ts'
import { RecordingLog } from '../../base/events.ts'
import type { Exchange, Handler, ReplyBody } from '../exchange.ts'
import { settle } from '../trial/machine.ts'
import { type Manners, TestNetwork } from '../trial/network.ts'
import { RawClient } from '../trial/raw.ts'
import { type ServeOptions, serve } from './serve.ts'

const DATE = 'Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n'
const KEEP = 'Connection: keep-alive\r\nKeep-Alive: timeout=74\r\n'

async function world(handler: Handler, options: ServeOptions = {}, manners: Manners = {}, log?: RecordingLog) {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80', manners, log)
  const laptop = network.host('laptop', '10.0.0.2', manners, undefined, host.clock)
  const server = await serve(host, handler, { port: 80, ...options })
  return { network, host, laptop, server, client: () => RawClient.open(laptop, server.local) }
}

const hello: Handler = (exchange) => exchange.reply(200, ['Content-Type', 'text/plain'], 'hello')

test('serve says what it takes', async () => {
  const wrong = serve as unknown as (...args: unknown[]) => Promise<unknown>
  await assert.rejects(
    wrong(undefined, () => {}),
    { code: 'HTTP_INVALID_ARGUMENT', message: /takes a Host first/ },
  )
  await assert.rejects(wrong({ port: 80 }), { code: 'HTTP_INVALID_ARGUMENT', message: /takes a Host first/ })
  await assert.rejects(wrong({ listen() {} }, 'x'), /takes a function \(exchange\) => … second, not x/)
})

test('a request is answered in one write, with date, length and the keep-alive advertised', async () => {
  const { network, client } = await world(hello)
  const raw = await client()
  const reply = await raw.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.equal(reply, `HTTP/1.1 200 OK\r\n${DATE}Content-Type: text/plain\r\nContent-Length: 5\r\n${KEEP}\r\nhello`)
  assert.equal(network.connections[1]!.writes, 1)
  assert.equal(raw.ended, false)
})

test('sixteen pipelined requests are answered in one write, in order', async () => {
  const { network, client } = await world((exchange) => exchange.reply(200, [], exchange.path))
  const raw = await client()
  const paths = Array.from({ length: 16 }, (_, i) => `/${i}`)
  const reply = await raw.send(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
  assert.deepEqual(reply.match(/\/\d+$|\/\d+(?=HTTP)/g), paths)
  assert.equal(network.connections[1]!.writes, 1)
})

test('replies keep the order of the requests when handlers finish out of order', async () => {
  const open: Exchange[] = []
  const { client } = await world((exchange) => void open.push(exchange))
  const raw = await client()
  await raw.send(
    'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n',
  )
  assert.equal(open.length, 3)
  open[2]!.reply(200, [], 'three')
  const second = open[1]!.start(200, [])
  second.write('two')
  await settle()
  assert.equal(raw.take(), '')
  open[0]!.reply(200, [], 'one')
  await settle()
  assert.match(raw.take(), /one.*\r\n\r\n3\r\ntwo\r\n$/s)
  assert.equal(open[2]!.header('host'), 'a')
  assert.equal(open[2]!.target, '/3')
  second.end()
  await settle()
  assert.match(raw.take(), /^0\r\n\r\nHTTP\/1.1 200 OK.*three$/s)
})

test('an unsafe request waits for the replies before it, and holds back the ones after it', async () => {
  const open: Exchange[] = []
  const { client } = await world((exchange) => void open.push(exchange))
  const raw = await client()
  await raw.send(
    'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nDELETE /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n',
  )
  assert.deepEqual(
    open.map((e) => e.path),
    ['/1'],
  )
  open[0]!.reply(200, [], '1')
  await settle()
  assert.deepEqual(
    open.map((e) => e.path),
    ['/1', '/2'],
  )
  open[1]!.reply(200, [], '2')
  await settle()
  assert.deepEqual(
    open.map((e) => e.path),
    ['/1', '/2', '/3'],
  )
})

test('past the pipeline depth reading stops, and goes on when replies are through', async () => {
  const open: Exchange[] = []
  const { client } = await world((exchange) => void open.push(exchange), { limits: { pipelineDepth: 3 } })
  const raw = await client()
  await raw.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(8))
  assert.equal(open.length, 3)
  for (const exchange of open.splice(0)) exchange.reply(204, [], null)
  await settle()
  assert.equal(open.length, 3)
})

const echo: Handler = async (exchange) => exchange.reply(200, [], await exchange.body.bytes())

test('bodies come by length and in chunks, cut anywhere', async () => {
  for (const chunk of [1, 3, 1000]) {
    const { client } = await world(echo, {}, { chunk })
    const raw = await client()
    const sized = await raw.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde')
    assert.match(sized, /Content-Length: 5\r\n.*\r\n\r\nabcde$/s)
    const chunked = await raw.send(
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\na;x=y\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n',
    )
    assert.match(chunked, /\r\n\r\nabc0123456789$/)
    assert.match(await raw.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), /Content-Length: 0\r\n/)
  }
})

test('trailers of a request are there at the end of its body', async () => {
  let trailers: readonly string[] = []
  const { client } = await world(async (exchange) => {
    await exchange.body.bytes()
    trailers = exchange.body.trailers
    exchange.reply(204, [], null)
  })
  const raw = await client()
  await raw.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n')
  assert.deepEqual(trailers, ['X-Sum', '1'])
})

test('a streamed reply is chunked with trailers on 1.1, ends with the connection on 1.0, is sized on request', async () => {
  const { client } = await world((exchange) => {
    const fields = exchange.path === '/sized' ? ['Content-Length', '6'] : []
    const reply = exchange.start(200, fields)
    reply.write('abc')
    reply.write(Buffer.from('déf').subarray(0, 3))
    reply.end(exchange.path === '/sized' ? [] : ['X-T', 'v'])
  })
  const raw = await client()
  const chunked = await raw.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.match(chunked, /Transfer-Encoding: chunked\r\n.*\r\n\r\n3\r\nabc\r\n3\r\nd\xc3\xa9\r\n0\r\nX-T: v\r\n\r\n$/s)
  assert.match(
    await raw.send('GET /sized HTTP/1.1\r\nHost: a\r\n\r\n'),
    /Content-Length: 6\r\n.*\r\n\r\nabcd\xc3\xa9$/s,
  )
  assert.match(await raw.send('GET / HTTP/1.0\r\n\r\n'), /Connection: close\r\n\r\nabcd\xc3\xa9$/)
  assert.equal(raw.ended, true)
})

test('HTTP/1.0 closes unless it asks to keep the connection', async () => {
  const { client } = await world(hello)
  const raw = await client()
  assert.match(await raw.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'), /Connection: keep-alive\r\n/)
  assert.match(await raw.send('GET / HTTP/1.0\r\n\r\n'), /Connection: close\r\n/)
  assert.equal(raw.ended, true)
})

test('HEAD has the length of the body and not the body; 204 and 304 have neither', async () => {
  const { client } = await world((exchange) => exchange.reply(Number(exchange.path.slice(1)), [], 'hello'))
  const raw = await client()
  assert.match(await raw.send('HEAD /200 HTTP/1.1\r\nHost: a\r\n\r\n'), /Content-Length: 5\r\n.*\r\n\r\n$/s)
  for (const status of [204, 304])
    assert.doesNotMatch(await raw.send(`GET /${status} HTTP/1.1\r\nHost: a\r\n\r\n`), /Content-Length|hello/)
})

test('100 Continue goes out when the body is asked for, and the connection closes when it is not', async () => {
  const { client } = await world((exchange) => (exchange.path === '/no' ? exchange.reply(403, [], '') : echo(exchange)))
  const raw = await client()
  const head = (path: string) => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n`
  assert.equal(await raw.send(head('/')), 'HTTP/1.1 100 Continue\r\n\r\n')
  assert.match(await raw.send('ok'), /\r\n\r\nok$/)
  assert.doesNotMatch(await raw.send(`${head('/')}ok`), /Connection: close/)
  assert.match(await raw.send(head('/no')), /^HTTP\/1.1 403 .*Connection: close/s)
  const other = await client()
  assert.match(await other.send('GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n'), /^HTTP\/1.1 417 /)
})

test('a body that nobody reads is thrown away, a long one with its connection', async () => {
  const { client } = await world(hello, { limits: { drainBytes: 10 } })
  const raw = await client()
  const post = (n: number) => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${n}\r\n\r\n${'x'.repeat(n)}`
  const two = await raw.send(`${post(10)}GET / HTTP/1.1\r\nHost: a\r\n\r\n`)
  assert.equal(two.match(/HTTP\/1.1 200/g)!.length, 2)
  assert.match(await raw.send(post(11)), /Connection: close/)
  assert.equal(raw.ended, true)
  const chunked = await client()
  await chunked.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n')
  assert.equal(chunked.ended, true)
})

test('what a handler throws is a 500 before the reply and a cut after it; the process and the server live', async () => {
  const errors: string[] = []
  const { client } = await world(
    async (exchange) => {
      if (exchange.path === '/sync') throw new Error('sync')
      if (exchange.path === '/late') exchange.start(200, []).write('x')
      await null
      throw new Error('async')
    },
    { onError: (error) => void errors.push(String(error)) },
  )
  const raw = await client()
  assert.match(await raw.send('GET /sync HTTP/1.1\r\nHost: a\r\n\r\n'), /^HTTP\/1.1 500 .*Internal Server Error\n$/s)
  assert.match(await raw.send('GET /async HTTP/1.1\r\nHost: a\r\n\r\n'), /^HTTP\/1.1 500 /)
  await raw.send('GET /late HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.equal(raw.error?.code, 'ECONNRESET')
  assert.equal(errors.length, 3)
  assert.match(await (await client()).send('GET /sync HTTP/1.1\r\nHost: a\r\n\r\n'), /^HTTP\/1.1 500 /)
})

test('a client that goes away aborts the signal and ends the body', async () => {
  let exchange!: Exchange
  const { client, network } = await world((e) => void (exchange = e))
  const raw = await client()
  await raw.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx')
  const body = exchange.body.bytes()
  const { signal } = exchange
  await settle()
  raw.connection.reset()
  await assert.rejects(body, /ECONNRESET/)
  assert.equal(signal.aborted, true)
  assert.equal(exchange.start(200, []).write('x'), false)
  await settle()
  assert.equal(network.open, 0)
})

test('a client that has finished sending still gets its replies', async () => {
  let exchange!: Exchange
  const { client, network } = await world((e) => void (exchange = e))
  const raw = await client()
  raw.connection.write(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
  raw.connection.end()
  await settle()
  exchange.reply(200, [], 'late')
  await settle()
  assert.match(raw.take(), /Connection: close\r\n\r\nlate$/)
  await settle()
  assert.equal(network.open, 0)
})

test('a slow reader holds the writer back', async () => {
  let reply!: ReplyBody
  let drains = 0
  const { client } = await world((exchange) => {
    reply = exchange.start(200, [])
    reply.onDrain = () => void drains++
  })
  const raw = await client()
  raw.connection.pause()
  await raw.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  let writes = 0
  const piece = new Uint8Array(30_000)
  while (reply.write(piece)) {
    writes++
    await settle(2)
  }
  assert.ok(writes >= 2 && writes < 8, `${writes} writes`)
  assert.equal(drains, 0)
  raw.connection.resume()
  await settle()
  assert.ok(drains > 0)
})

test('a reply to a reluctant network arrives whole', async () => {
  const { client } = await world((e) => e.reply(200, [], 'x'.repeat(200_000)), {}, { reluctant: true, chunk: 777 })
  const raw = await client()
  const first = await raw.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await settle()
  assert.match(first + raw.take(), /\r\n\r\nx{200000}$/)
})

test('OPTIONS * reaches the handler as the path *', async () => {
  const { client } = await world((exchange) => exchange.reply(204, ['Allow', 'GET'], `${exchange.path}`))
  const raw = await client()
  assert.match(await raw.send('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n'), /^HTTP\/1.1 204 /)
})

test('TRACE is 405 by default, and an echo without credentials when on', async () => {
  const request = 'TRACE /x HTTP/1.1\r\nHost: a\r\nCookie: s=1\r\nX-A: b\r\nAuthorization: Basic c2Vj\r\n\r\n'
  const off = await (await world(hello)).client()
  assert.match(await off.send(request), /^HTTP\/1.1 405 .*Allow: GET/s)
  const on = await (await world(hello, { trace: true })).client()
  const echo = await on.send(request)
  assert.match(echo, /message\/http.*TRACE \/x HTTP\/1.1\r\nHost: a\r\nCookie: \(withheld\)\r\nX-A: b\r\n/s)
  assert.doesNotMatch(echo, /c2Vj|s=1/)
})

test('CONNECT joins two connections by permission, with half-close, and is refused otherwise', async () => {
  const { client, laptop, network } = await world(hello, {
    connect: { allow: (authority) => authority !== 'no.example:80' },
  })
  network.host('far', '10.0.0.9')
  const far: RawClient[] = []
  await laptop.listen({ address: '10.0.0.9', port: 7 }, (connection) => {
    far.push(new (RawClient as unknown as new (c: typeof connection) => RawClient)(connection))
  })
  const raw = await client()
  assert.match(
    await raw.send('CONNECT far:7 HTTP/1.1\r\nHost: far:7\r\n\r\nearly'),
    /^HTTP\/1.1 200 OK\r\nDate: [^\r]*\r\n\r\n$/,
  )
  assert.equal(far[0]!.take(), 'early')
  await raw.send(' more')
  assert.equal(far[0]!.take(), ' more')
  raw.connection.end()
  await settle()
  assert.equal(far[0]!.ended, true)
  await far[0]!.send('answer')
  assert.equal(raw.take(), 'answer')
  far[0]!.connection.end()
  await settle()
  assert.equal(network.open, 0)
  const refused = await client()
  assert.match(await refused.send('CONNECT no.example:80 HTTP/1.1\r\nHost: no.example:80\r\n\r\n'), /^HTTP\/1.1 403 /)
  const nowhere = await client()
  assert.match(await nowhere.send('CONNECT far:8 HTTP/1.1\r\nHost: far:8\r\n\r\n'), /^HTTP\/1.1 502 .*ECONNREFUSED/s)
  const off = await (await world(hello)).client()
  assert.match(await off.send('CONNECT far:7 HTTP/1.1\r\nHost: far:7\r\n\r\n'), /^HTTP\/1.1 405 /)
})

test('closing drains: idle connections end, a request under way is answered with Connection: close', async () => {
  let exchange!: Exchange
  const { client, server } = await world((e) => void (exchange = e))
  const idle = await client()
  const busy = await client()
  await busy.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  let closed = false
  const closing = server.close().then(() => (closed = true))
  await settle()
  assert.equal(idle.ended, true)
  assert.equal(busy.ended, false)
  exchange.reply(200, [], 'done')
  await settle()
  assert.match(busy.take(), /Connection: close\r\n\r\ndone$/)
  assert.equal(closed, false)
  busy.connection.close()
  idle.connection.close()
  await closing
})

test('closing resets what is not through in time', async () => {
  const { client, server, host } = await world(() => {})
  const raw = await client()
  await raw.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  const closing = server.close(ms(100))
  await host.clock.advance(200 * MILLISECOND)
  await closing
  assert.equal(raw.error?.code, 'ECONNRESET')
})

test('the log tells of heads, ends and refusals', async () => {
  const log = new RecordingLog()
  const { client } = await world(hello, {}, {}, log)
  const raw = await client()
  await raw.send('GET /x HTTP/1.1\r\nHost: a\r\n\r\nBAD\r\n\r\n')
  assert.deepEqual(
    log.events.map((event) => event.type),
    ['http.request', 'http.response', 'http.done', 'http.refused'],
  )
  assert.deepEqual(
    { ...log.events[2] },
    {
      type: 'http.done',
      at: 0,
      host: 'web',
      side: 'server',
      exchange: 1,
      connection: '10.0.0.2:49152>10.0.0.80:80',
      requestBytes: 0,
      responseBytes: 5,
      failure: '',
    },
  )
})

test('an upgrade hands the connection over, with what came early', async () => {
  let owned = ''
  let ended = false
  const { client, server } = await world((exchange) => {
    exchange.upgrade(101, ['Upgrade', 'shout'], (connection) => ({
      onData: (bytes) => {
        owned += Buffer.from(bytes).toString()
        connection.write(Buffer.from(Buffer.from(bytes).toString().toUpperCase()))
      },
      onEnd() {
        ended = true
        connection.end()
      },
      onDrain() {},
      onClose() {},
    }))
  })
  const raw = await client()
  const reply = await raw.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\nearly')
  assert.equal(reply, `HTTP/1.1 101 Switching Protocols\r\n${DATE}Upgrade: shout\r\nConnection: Upgrade\r\n\r\nEARLY`)
  assert.equal(await raw.send(' late'), ' LATE')
  assert.equal(owned, 'early late')
  assert.equal(server.connections, 0)
  raw.connection.end()
  await settle()
  assert.equal(ended, true)
})

test('after a CONNECT that failed the connection closes: what follows was meant for the tunnel', async () => {
  const allow = () => {
    throw new Error('no')
  }
  const raw = await (await world(hello, { connect: { allow } })).client()
  const reply = await raw.send('CONNECT far:7 HTTP/1.1\r\nHost: far:7\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.match(
    reply,
    /^HTTP\/1.1 500 .*Connection: close\r\n\r\n500|^HTTP\/1.1 500 .*Connection: close\r\n\r\nInternal/s,
  )
  assert.equal(reply.match(/HTTP\/1.1/g)!.length, 1)
  assert.equal(raw.ended, true)
})

test('an upgrade waits for the end of the request: its body is not the other protocol’s', async () => {
  const errors: string[] = []
  let owned = ''
  const { client } = await world(
    async (exchange) => {
      if (exchange.path === '/read') await exchange.body.bytes()
      exchange.upgrade(101, ['Upgrade', 'x'], () => ({
        onData: (bytes) => void (owned += Buffer.from(bytes).toString()),
        onEnd() {},
        onDrain() {},
        onClose() {},
      }))
    },
    { onError: (error) => void errors.push(String(error)) },
  )
  const post = (path: string) =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\nContent-Length: 4\r\n\r\nbodynew`
  assert.match(await (await client()).send(post('/unread')), /^HTTP\/1.1 500 /)
  assert.match(errors[0]!, /read the body first/)
  assert.match(await (await client()).send(post('/read')), /^HTTP\/1.1 101 /)
  assert.equal(owned, 'new')
})

test('an upgrade is refused while other requests are under way', async () => {
  const errors: string[] = []
  const open: Exchange[] = []
  const owner = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} }
  const { client } = await world(
    (exchange) =>
      exchange.path === '/up' ? exchange.upgrade(101, ['Upgrade', 'x'], () => owner) : void open.push(exchange),
    { onError: (error) => void errors.push(String(error)) },
  )
  const raw = await client()
  await raw.send(
    'GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /up HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
  )
  open[0]!.reply(200, [], 'x')
  await settle()
  assert.match(raw.take(), /200 OK.*500 Internal/s)
  assert.match(errors[0]!, /other requests on this connection/)
})
