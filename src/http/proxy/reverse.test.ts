/** What a reverse proxy passes on, what not, and how what it passes looks. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../base/clock.ts'
import { seconds } from '../../base/duration.ts'
import { messageBody } from '../body/from-stream.ts'
import { ReplyDecorator } from '../client/send.ts'
import type { FieldLines, Handler, MessageBody } from '../exchange.ts'
import { settle } from '../trial/machine.ts'
import { reverseProxy } from './reverse.ts'
import { fieldOf, proxyWorld, rawUpstream, type WorldOptions } from './trial/world.ts'

const ok: Handler = (e) => e.reply(200, ['Content-Type', 'text/plain'], 'hello')

async function ask(text: string, options: WorldOptions = {}, answer: Handler = ok) {
  const world = await proxyWorld(answer, options)
  const raw = await world.client()
  return { ...world, raw, text: await raw.send(text), request: world.seen[0] }
}

test("a request and its reply pass; framing, Connection and Date are each side's own", async () => {
  const { text, request, errors } = await ask('GET /a%20b?x=1&y HTTP/1.1\r\nHost: shop.example\r\nAccept: */*\r\n\r\n')
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n(?:[^\r]+\r\n)*Content-Length: 5\r\n(?:[^\r]+\r\n)*\r\nhello$/)
  assert.equal(text.match(/^Date:/gm)?.length, 1)
  assert.equal(request?.target, '/a%20b?x=1&y')
  assert.deepEqual(request?.fields, [
    ...['Host', 'shop.example', 'Accept', '*/*'],
    ...['X-Forwarded-For', '203.0.113.9', 'X-Forwarded-Proto', 'http', 'X-Forwarded-Host', 'shop.example'],
    ...['Via', '1.1 edge'],
  ])
  assert.deepEqual(errors, [])
})

test("Host is kept, the upstream's, or a name; an HTTP/1.0 client without Host gets the upstream's", async () => {
  const get = 'GET / HTTP/1.1\r\nHost: shop.example:8080\r\n\r\n'
  const host = async (options: WorldOptions, text = get) => fieldOf((await ask(text, options)).request!.fields, 'host')
  assert.equal(await host({}), 'shop.example:8080')
  assert.equal(await host({ host: 'upstream' }), '10.0.0.9:3000')
  assert.equal(await host({ host: { name: 'app.internal' } }), 'app.internal')
  assert.equal(await host({}, 'GET / HTTP/1.0\r\n\r\n'), '10.0.0.9:3000')
  // RFC 9112 §3.2.2: the target's host counts.
  assert.equal(await host({}, 'GET http://real.example/p HTTP/1.1\r\nHost: other.example\r\n\r\n'), 'real.example')
})

test('what is between neighbours goes no further; what Connection must not name stays', async () => {
  const { request } = await ask(
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Hop, Authorization, Cookie, X-Forwarded-For, Host, close;x, Content-Type\r\n' +
      'Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: trailers, gzip\r\nX-Hop: 1\r\nAuthorization: Basic x\r\n' +
      'Cookie: a=b\r\nProxy-Authorization: Basic y\r\nProxy: http://evil\r\nHTTP2-Settings: AAA\r\nX-Stays: 2\r\nExpect: 100-continue\r\n\r\n',
  )
  const names = request!.fields.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase())
  for (const gone of [
    'x-hop',
    'connection',
    'keep-alive',
    'proxy-connection',
    'te',
    'proxy-authorization',
    'proxy',
    'http2-settings',
    'expect',
  ])
    assert.ok(!names.includes(gone), gone)
  for (const kept of ['authorization', 'cookie', 'x-stays', 'host']) assert.ok(names.includes(kept), kept)
  assert.equal(fieldOf(request!.fields, 'x-forwarded-for'), '203.0.113.9')
})

test("who the client is, is this proxy's word alone, in every spelling", async () => {
  const lies =
    'X-Forwarded-For: 127.0.0.1\r\nX_Forwarded_For: 127.0.0.1\r\nX-Forwarded_For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\nx_real_ip: 1\r\n' +
    'Forwarded: for=127.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Server: x\r\nX-Forwarded-Anything: x\r\nContent_Length: 9\r\n'
  const get = `GET / HTTP/1.1\r\nHost: a\r\n${lies}\r\n`
  const { request } = await ask(get)
  assert.deepEqual(
    request!.fields.filter((_, i) => i % 2 === 0),
    ['Host', 'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'Via'],
  )
  assert.equal(fieldOf(request!.fields, 'x-forwarded-proto'), 'http')
  const standard = (await ask(get, { forwarded: 'forwarded' })).request!.fields
  assert.equal(fieldOf(standard, 'forwarded'), 'for=203.0.113.9;host="a";proto=http')
  assert.equal(fieldOf(standard, 'x-forwarded-for'), undefined)
  const none = (await ask(get, { forwarded: 'none' })).request!.fields
  assert.deepEqual(
    none.filter((_, i) => i % 2 === 0),
    ['Host', 'Via'],
  )
  // Behind a proxy that is trusted its word is passed on, in this proxy's own.
  const trusting = await ask(
    'GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9, 198.51.100.7\r\nX-Forwarded-Proto: https\r\n\r\n',
    {
      serve: { trust: { from: ['203.0.113.0/24'] } },
      forwarded: 'both',
    },
  )
  assert.equal(fieldOf(trusting.request!.fields, 'x-forwarded-for'), '198.51.100.7')
  assert.equal(fieldOf(trusting.request!.fields, 'forwarded'), 'for=198.51.100.7;host="a";proto=https')
  // An absolute target's scheme is the client's word.
  const absolute = await ask('GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.equal(fieldOf(absolute.request!.fields, 'x-forwarded-proto'), 'http')
})

test('bodies pass in both framings, with trailers, and are framed anew', async () => {
  const bodies: string[] = []
  const echo: Handler = async (e) => {
    const text = await e.body.text()
    bodies.push(`${e.header('content-length') ?? e.header('transfer-encoding')} ${text} ${e.body.trailers.join(':')}`)
    const reply = e.start(200, ['Trailer', 'X-Sum'])
    reply.write(text)
    reply.end(['X-Sum', '7'])
  }
  const { text } = await ask(
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde' +
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nX-Check: 1\r\nX_Forwarded_For: 1\r\n\r\n' +
      'POST / HTTP/1.1\r\nHost: a\r\n\r\n',
    {},
    echo,
  )
  assert.deepEqual(bodies, ['5 abcde ', 'chunked abcde X-Check:1', '0  '])
  assert.equal(text.match(/0\r\nX-Sum: 7\r\n\r\n/g)?.length, 3)
  assert.equal(text.match(/5\r\nabcde\r\n/g)?.length, 2)
})

test('a large body streams: the slow one holds the fast one back, both ways', async () => {
  const size = 3_000_000
  let got = 0
  const { raw, network, clock } = await ask(
    `PUT /up HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`,
    { manners: { chunk: 16_000 } },
    (e) => {
      let held = false
      e.body.read({
        data(bytes) {
          got += bytes.length
          if (!held) e.body.pause()
          held = true
        },
        end: () => e.reply(200, [], String(got)),
      })
      e.machine.clock.at(10 * SECOND, () => e.body.resume())
    },
  )
  raw.connection.write(new Uint8Array(size))
  await settle(20_000)
  const waiting = Math.max(...network.connections.map((connection) => connection.queued))
  assert.ok(got < 200_000 && waiting > size / 2, `${got} came, ${waiting} wait at the client`)
  await clock.advance(11 * SECOND)
  assert.match(raw.take(), new RegExp(`${size}$`))
  // And back: the client reads nothing, the upstream is held back.
  const piece = new Uint8Array(50_000)
  let written = 0
  const down = await proxyWorld(async (e) => {
    const body = e.start(200, [])
    for (let i = 0; i < 100; i++) {
      written += piece.length
      if (!body.write(piece)) await body.ready()
    }
    body.end()
  })
  const slow = await down.client()
  slow.connection.pause()
  await slow.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.ok(written < 1_000_000, `${written} bytes were taken of an upstream whose client reads nothing`)
  slow.connection.resume()
  await settle(20_000)
  assert.equal(written, 5_000_000)
  assert.equal(slow.take().length > 5_000_000, true)
})

test('HEAD, 204 and 304 keep their lengths and have no body; what follows is the next reply', async () => {
  const statuses: Handler = (e) => {
    if (e.method === 'HEAD') e.reply(200, ['Content-Length', '1234'], null)
    else if (e.path === '/304') e.reply(304, ['Content-Length', '77', 'ETag', '"a"'], null)
    else if (e.path === '/204') e.reply(204, [], null)
    else e.reply(200, [], 'end')
  }
  const head = (method: string, path: string) => `${method} ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
  const { text } = await ask(
    head('HEAD', '/') + head('GET', '/304') + head('GET', '/204') + head('GET', '/'),
    {},
    statuses,
  )
  const [first, second, third, ...rest] = text.split('\r\n\r\n')
  assert.match(first!, /^HTTP\/1.1 200 OK\r\n.*Content-Length: 1234/s)
  assert.match(second!, /^HTTP\/1.1 304 .*ETag: "a".*Content-Length: 77/s)
  assert.match(third!, /^HTTP\/1.1 204 (?!.*Content-Length)/s)
  assert.match(rest.join(), /^HTTP\/1.1 200 OK.*end$/s)
})

test('interim replies pass; Expect is answered when there is an upstream to send to', async () => {
  const { raw, text } = await ask(
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\nExpect: 100-continue\r\n\r\n',
    {},
    async (e) => {
      e.inform(103, ['Link', '</a.css>; rel=preload', 'Connection', 'x'])
      e.reply(200, [], String((await e.body.bytes()).length))
    },
  )
  assert.match(text, /HTTP\/1.1 100 Continue\r\n\r\n/)
  assert.match(text, /HTTP\/1.1 103 Early Hints\r\nLink: <\/a.css>; rel=preload\r\n\r\n/)
  assert.match(await raw.send('x'.repeat(30_000)), /^HTTP\/1.1 200 OK.*30000$/s)
  const refused = await ask('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\nExpect: 100-continue\r\n\r\n', {
    to: 'http://10.0.0.77:1',
  })
  assert.match(refused.text, /^HTTP\/1.1 502 Bad Gateway.*the upstream refused the connection/s)
})

test('an upgrade is joined, and nobody is switched to what was not offered', async () => {
  const shout: Handler = (e) =>
    e.upgrade(101, ['Upgrade', 'websocket', 'Sec-WebSocket-Accept', 'x'], (connection) => ({
      onData: (bytes) => void connection.write(Buffer.from(Buffer.from(bytes).toString().toUpperCase())),
      onEnd: () => connection.end(),
      onDrain() {},
      onClose() {},
    }))
  const upgrade = (protocol: string) =>
    `GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\nSec-WebSocket-Key: k\r\n\r\n`
  const { raw, text, request, front, network } = await ask(`${upgrade('websocket')}early`, {}, shout)
  assert.match(
    text,
    /^HTTP\/1.1 101 Switching Protocols\r\n.*Upgrade: websocket\r\n.*Sec-WebSocket-Accept: x\r\n.*\r\n\r\nEARLY$/s,
  )
  assert.equal(fieldOf(request!.fields, 'sec-websocket-key'), 'k')
  assert.equal(await raw.send('more'), 'MORE')
  assert.equal(front.active, 1)
  assert.equal(front.upstreams[0]!.active, 1)
  raw.connection.close()
  await settle()
  assert.equal(front.active, 0)
  assert.equal(front.upstreams[0]!.active, 0)
  assert.equal(network.open, 0)
  // h2c would be a tunnel past everything that is decided here.
  const smuggled = await ask(upgrade('h2c'), {}, (e) => e.reply(200, [], `${e.protocol} ${e.header('connection')}`))
  assert.match(smuggled.text, /^HTTP\/1.1 200 .*null undefined$/s)
  // An upstream that answers by itself.
  const plain = await ask(upgrade('websocket'), {}, (e) => e.reply(426, ['Sec-WebSocket-Version', '13'], 'no'))
  assert.match(plain.text, /^HTTP\/1.1 426 .*Sec-WebSocket-Version: 13.*no$/s)
})

test('an upstream that cannot be reached, breaks off, is slow, or speaks nonsense', async () => {
  const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
  assert.match(
    (await ask(get, { to: 'http://10.0.0.77:1' })).text,
    /^HTTP\/1.1 502 Bad Gateway.*refused the connection\n$/s,
  )
  assert.match((await ask(get, { to: 'http://nowhere.example' })).text, /^HTTP\/1.1 503 .*Retry-After/s)
  const slow = await ask(get, { headTime: seconds(5) }, () => {})
  assert.equal(slow.text, '')
  await slow.clock.advance(6 * SECOND)
  assert.match(slow.raw.take(), /^HTTP\/1.1 504 Gateway Timeout.*did not answer in time/s)
  const cut = await ask(get, {}, (e) => {
    const body = e.start(200, ['Content-Length', '100'])
    body.write('half')
    void settle(100).then(() => e.abort())
  })
  await settle()
  assert.ok(cut.raw.error !== null, 'the connection of a reply that is not whole is reset')
  for (const nonsense of [
    'SSH-2.0-x\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
    'HTTP/1.1 101 X\r\n\r\n',
  ]) {
    const world = await proxyWorld(ok, { to: 'http://10.0.0.8:3000' })
    await rawUpstream(world.network, () => nonsense)
    const raw = await world.client()
    assert.match(await raw.send(get), /^HTTP\/1.1 502 Bad Gateway.*the upstream answered with something/s, nonsense)
    assert.deepEqual(world.errors, [])
  }
})

test('a client that goes away ends what is asked for it', async () => {
  let gone = 0
  const { raw, front, network, errors } = await ask('GET / HTTP/1.1\r\nHost: a\r\n\r\n', {}, (e) => {
    e.signal.addEventListener('abort', () => gone++)
  })
  raw.connection.close()
  await settle()
  assert.equal(gone, 1)
  assert.equal(front.active, 0)
  assert.equal(network.open, 0)
  assert.deepEqual(errors, [])
  // In the middle of an upload.
  const half = await ask('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhalf', {}, async (e) => {
    await e.body.bytes().catch(() => gone++)
  })
  half.raw.connection.reset()
  await settle()
  assert.equal(gone, 2)
  assert.equal(half.network.open, 0)
  assert.deepEqual(half.errors, [])
})

test('a body that is at fault ends the request upstream, and the client learns why', async () => {
  let failed = ''
  const { raw } = await ask(
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
    {},
    async (e) => {
      await e.body.bytes().catch((error: Error) => (failed = error.message))
    },
  )
  assert.match(await raw.send('zz\r\n'), /^HTTP\/1.1 400 Bad Request/)
  await settle()
  assert.notEqual(failed, '')
})

test('a reply that comes before the upload is through passes, and the rest of the upload is thrown away', async () => {
  const { raw, text, front } = await ask('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nstart', {}, (e) =>
    e.reply(413, ['Connection', 'close'], 'too much'),
  )
  assert.match(text, /^HTTP\/1.1 413 .*too much$/s)
  const next = await raw.send(`${'x'.repeat(99_995)}GET / HTTP/1.1\r\nHost: a\r\n\r\n`)
  assert.match(next, /^HTTP\/1.1 413 .*too much$/s)
  assert.equal(front.active, 0)
})

test('circles are found, OPTIONS counts down, and CONNECT and TRACE are no business of a reverse proxy', async () => {
  const loop = await ask('GET / HTTP/1.1\r\nHost: a\r\nVia: 1.0 other, 1.1 edge (comment)\r\n\r\n')
  assert.match(loop.text, /^HTTP\/1.1 508 Loop Detected/)
  const world = await proxyWorld(ok, { to: 'http://10.0.0.1:80' })
  assert.match(await (await world.client()).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), /^HTTP\/1.1 508 Loop Detected/)
  const options = (left: string) =>
    ask(`OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: ${left}\r\n\r\n`, {}, (e) => e.reply(200, [], 'far'))
  assert.match((await options('0')).text, /^HTTP\/1.1 204 .*Allow: GET/s)
  const passed = await options('2')
  assert.match(passed.text, /far$/)
  assert.equal(passed.request!.target, '*')
  assert.equal(fieldOf(passed.request!.fields, 'max-forwards'), '1')
  assert.match((await ask('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n')).text, /^HTTP\/1.1 405/)
  assert.match((await ask('TRACE / HTTP/1.1\r\nHost: a\r\nCookie: secret\r\n\r\n')).text, /^HTTP\/1.1 405/)
  const chained = await ask('GET / HTTP/1.0\r\nHost: a\r\nVia: 1.1 first\r\n\r\n')
  assert.equal(fieldOf(chained.request!.fields, 'via'), '1.1 first, 1.0 edge')
})

test('paths: stripped, put below a base, rewritten, and never out of where they belong', async () => {
  const target = async (path: string, options: WorldOptions) => {
    const { request, text } = await ask(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`, options)
    return request?.target ?? text.slice(9, 12)
  }
  const api = { strip: '/api', to: 'http://10.0.0.9:3000/v1/' }
  assert.equal(await target('/api/x?q=1', api), '/v1/x?q=1')
  assert.equal(await target('/api', api), '/v1/')
  assert.equal(await target('/api?q', api), '/v1/?q')
  assert.equal(await target('/apis', api), '404')
  assert.equal(await target('/x?', {}), '/x?')
  assert.equal(await target('/caf\xc3\xa9', {}), '/caf%C3%A9')
  assert.equal(await target('/x', { rewrite: (t) => `${t}?v=2` }), '/x?v=2')
  for (const out of [
    '/api/../admin',
    '/api/%2e%2e/admin',
    '/api/.%2E/x',
    '/api/..%2fadmin',
    '/api/x\\..\\y',
    '/api/..;/x',
    '/..',
    '/a/%5c%2e%2e%5cb',
  ])
    assert.equal(await target(out, api), '400', out)
  assert.equal(await target('/api/a..b/...', api), '/v1/a..b/...')
  const { request } = await ask('GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n', api)
  assert.equal(fieldOf(request!.fields, 'x-forwarded-prefix'), '/api')
})

test('fields are edited; an upstream that says its own address means where the client is', async () => {
  const { request, text } = await ask(
    'GET /api/x HTTP/1.1\r\nHost: shop.example\r\nX-Debug: 1\r\nAccept-Encoding: br\r\n\r\n',
    {
      strip: '/api',
      request: { remove: ['x-debug'], set: { 'Accept-Encoding': 'identity', 'X-Edge': 'yes' } },
      reply: { remove: ['Server'], set: { 'Strict-Transport-Security': 'max-age=1' } },
    },
    (e) =>
      e.reply(302, ['Server', 'app/1', 'Location', 'http://10.0.0.9:3000/login?a', 'Connection', 'Location'], null),
  )
  assert.equal(fieldOf(request!.fields, 'x-debug'), undefined)
  assert.equal(fieldOf(request!.fields, 'accept-encoding'), 'identity')
  assert.equal(fieldOf(request!.fields, 'x-edge'), 'yes')
  assert.match(text, /\r\nLocation: \/api\/login\?a\r\n/)
  assert.match(text, /\r\nStrict-Transport-Security: max-age=1\r\n/)
  assert.doesNotMatch(text, /Server/)
})

test('what cannot be meant is refused when the proxy is made', async () => {
  const { network } = await proxyWorld(ok)
  const host = network.host('other', '10.0.0.50')
  for (const [options, why] of [
    [{ to: [] }, /to must be a URL/],
    [{ to: 'ftp://a' }, /must be a URL like http/],
    [{ to: 'http://a/?x' }, /nothing else/],
    [{ to: 'http://u:p@a/' }, /nothing else/],
    [{ to: 'http://a', strip: 'api' }, /strip must be a path/],
    [{ to: 'http://a', balance: 'random' as never }, /balance must be 'round robin'/],
    [{ to: 'http://a', health: { path: 'x' } }, /health.path must be a path/],
    [{ to: 'http://a', headTime: 5000 as never }, /headTime .* write ms\(5000\)/],
    [{ to: [{ url: 'http://a', weight: -1 }] }, /weight of http:\/\/a/],
    [{ to: 'http://a', name: 'a b' }, /name must be a token/],
    [{ to: 'http://a', request: { set: { 'X-A': 'a\r\nb' } } }, /control character/],
  ] as const)
    assert.throws(() => reverseProxy(host, options), why)
})

test('a record of each exchange is given when it is over', async () => {
  const lines: string[] = []
  const { raw } = await ask('POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc', {
    onDone: ({ exchange, status, requestBytes, responseBytes, upstream, failure }) =>
      lines.push(
        `${exchange.method} ${exchange.target} ${status} ${requestBytes} ${responseBytes} ${upstream} ${failure?.reason ?? ''}`,
      ),
  })
  await raw.send('GET /.. HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.deepEqual(lines, [
    'POST /a 200 3 5 http://10.0.0.9:3000 ',
    'GET /.. 400 0 0 null the path has a segment that leads out of it (..)',
  ])
})

test('what the program throws where it is told of things harms nobody else', async () => {
  const { raw, front, errors, text } = await ask('GET /.. HTTP/1.1\r\nHost: a\r\n\r\n', {
    onFailure: () => {
      throw new Error('from onFailure')
    },
    onDone: ({ status }) => {
      if (status === 200) throw new Error('from onDone')
    },
  })
  assert.match(text, /^HTTP\/1.1 500 /)
  assert.match(await raw.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), /^HTTP\/1.1 200 .*hello$/s)
  assert.deepEqual(
    errors.map((error) => (error as Error).message),
    ['from onFailure', 'from onDone'],
  )
  assert.equal(front.active, 0)
  const refused = await ask('GET / HTTP/1.1\r\nHost: a\r\n\r\n', {
    to: 'http://10.0.0.77:1',
    onFailure: () => {
      throw new Error('from onFailure')
    },
  })
  assert.match(refused.text, /^HTTP\/1.1 500 /)
  assert.equal(refused.front.active, 0)
  assert.equal(refused.front.upstreams[0]!.active, 0)
})

test('a proxy that is closed answers what is under way and nothing else; one that is ended ends upgrades too', async () => {
  let answer = () => {}
  const { raw, front, client, upstream } = await ask('GET / HTTP/1.1\r\nHost: a\r\n\r\n', {}, (e) => {
    answer = () => e.reply(200, [], 'late')
  })
  front.close()
  assert.match(await (await client()).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), /^HTTP\/1.1 503 .*Retry-After/s)
  answer()
  await settle()
  assert.match(raw.take(), /late$/)
  raw.connection.close()
  await settle()
  assert.equal(front.active, 0)
  assert.equal(upstream.connections, 0)
  const upgrade = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
  const joined = await ask(upgrade, {}, (e) =>
    e.upgrade(101, ['Upgrade', 'websocket'], (connection) => ({
      onData() {},
      onEnd: () => connection.end(),
      onDrain() {},
      onClose() {},
    })),
  )
  joined.front.close()
  await settle()
  assert.equal(joined.raw.ended, false)
  joined.front.end()
  await settle()
  assert.equal(joined.raw.ended, true)
})

test('layers see what the client has asked for, and may answer themselves', async () => {
  const urls: string[] = []
  const { raw, text, seen } = await ask('GET /a?b HTTP/1.1\r\nHost: shop.example\r\n\r\n', {
    layers: [
      (next) => async (request) => {
        urls.push(`${request.method} ${request.url}`)
        if (request.url.pathname !== '/kept') return next(request)
        return new Kept(await next({ ...request, method: 'HEAD' }))
      },
    ],
  })
  assert.match(text, /hello$/)
  assert.match(await raw.send('GET /kept HTTP/1.1\r\nHost: shop.example\r\n\r\n'), /Age: 5\r\n.*kept before/s)
  assert.deepEqual(urls, ['GET http://shop.example/a?b', 'GET http://shop.example/kept'])
  assert.deepEqual(
    seen.map(({ method, fields }) => `${method} ${fieldOf(fields, 'host')}`),
    ['GET shop.example', 'HEAD shop.example'],
  )
})

class Kept extends ReplyDecorator {
  override get fields(): FieldLines {
    return ['Content-Type', 'text/plain', 'Age', '5']
  }
  override get body(): MessageBody {
    return messageBody('kept before')
  }
}
