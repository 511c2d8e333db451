/** A client in HTTP/2, against our server and against servers that send exactly what a test says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ms, seconds } from '../../../base/duration.ts'
import type { Connection, ConnectionOwner } from '../../../socket/host.ts'
import { MessageRefused, RequestError } from '../../errors.ts'
import type { Handler } from '../../exchange.ts'
import { Code, FrameType, Setting } from '../../h2/codes.ts'
import { latin1, latin1Bytes } from '../../machine/text.ts'
import { type ServeOptions, serve } from '../../server/serve.ts'
import {
  block,
  codeOf,
  data,
  FramePeer,
  frame,
  headers,
  numbers,
  type Octets,
  settingsFrame,
} from '../../trial/frames.ts'
import { settle } from '../../trial/machine.ts'
import { type Manners, TestNetwork } from '../../trial/network.ts'
import { Client, type ClientOptions, UpgradeRefused } from '../client.ts'
import type { Reply } from '../send.ts'

const AT = { address: '10.0.0.80', port: 80 }

async function world(handler: Handler, options: ServeOptions = {}, client: ClientOptions = {}, manners: Manners = {}) {
  const network = new TestNetwork()
  const host = network.host('web', AT.address, manners)
  const laptop = network.host('laptop', '10.0.0.2', manners, undefined, host.clock)
  const server = await serve(host, handler, { port: 80, ...options })
  return { network, host, laptop, server, client: new Client(laptop, { http2: 'prior knowledge', ...client }) }
}

/** A server that a test plays: one `FramePeer` for each connection. */
async function played(options: ClientOptions = {}) {
  const network = new TestNetwork()
  const host = network.host('web', AT.address)
  const laptop = network.host('laptop', '10.0.0.2', {}, undefined, host.clock)
  const peers: FramePeer[] = []
  await host.listen(AT, (connection) => {
    const peer = new FramePeer(connection, true)
    peer.send(settingsFrame())
    peers.push(peer)
  })
  return { host, peers, client: new Client(laptop, { http2: 'prior knowledge', ...options }) }
}

const failed = (reply: Promise<Reply>) =>
  reply.then(
    () => assert.fail('a reply'),
    (error: Error) => error,
  )
const OK = [':status', '200']
const requests = (peer: FramePeer) => peer.frames.filter(({ type }) => type === FrameType.headers)

test('a request and its reply, both as they were meant', async () => {
  for (const chunk of [1, 7, 100_000]) {
    const { client } = await world(
      async (e) => {
        const text = await e.body.text()
        e.reply(
          201,
          [
            'X-Seen',
            `${e.method} ${e.target} ${e.version} ${e.authority} ${e.header('x-mine')} ${e.header('content-length')} ${text}`,
          ],
          'done',
        )
      },
      {},
      {},
      { chunk },
    )
    const reply = await client.request('http://web/a?b=1', { method: 'POST', fields: ['X-Mine', 'é'], body: 'content' })
    assert.deepEqual(
      [reply.status, reply.version, reply.reason, reply.header('x-seen')],
      [201, 'HTTP/2', '', 'POST /a?b=1 HTTP/2 web é 7 content'],
    )
    assert.equal(await reply.body.text(), 'done')
  }
})

test('bodies that stream, trailers and interim replies, both ways', async () => {
  let trailers: unknown
  const { client } = await world(async (e) => {
    e.inform(103, ['Link', '</a>'])
    const body = e.start(200, [])
    for await (const piece of e.body.stream()) if (!body.write(piece)) await body.ready()
    trailers = e.body.trailers
    body.end(['X-Sum', '2'])
  })
  const pieces = Array.from({ length: 100 }, (_, i) => new Uint8Array(10_000).fill(i))
  async function* source() {
    yield* pieces
  }
  const told: number[] = []
  const reply = await client.request('http://web/', {
    method: 'PUT',
    body: source(),
    trailers: () => ['X-End', '1'],
    onInformation: (status) => void told.push(status),
  })
  const bytes = await reply.body.bytes()
  assert.deepEqual([bytes.length, bytes[999_999], told, reply.body.trailers], [1_000_000, 99, [103], ['x-sum', '2']])
  assert.deepEqual(trailers, ['x-end', '1'])
})

test('HEAD, 204 and 304 have no content', async () => {
  const { client } = await world((e) => e.reply(Number(e.path.slice(1)), [], 'content'))
  for (const [method, status, length] of [
    ['HEAD', 200, '7'],
    ['GET', 204, undefined],
    ['GET', 304, undefined],
  ] as const) {
    const reply = await client.request(`http://web/${status}`, { method })
    assert.deepEqual([reply.status, reply.header('content-length'), await reply.body.text()], [status, length, ''])
  }
})

test('many requests go over one connection, no more at once than the server takes', async () => {
  let at = 0
  let most = 0
  const { client, network } = await world(
    async (e) => {
      most = Math.max(most, ++at)
      await settle(20)
      at--
      e.reply(200, [], e.query)
    },
    { limits: { streams: 10 } },
  )
  const one = await client.request('http://web/?first')
  await one.body.text()
  const texts = await Promise.all(
    Array.from({ length: 300 }, async (_, i) => (await client.request(`http://web/?${i}`)).body.text()),
  )
  assert.deepEqual(
    texts,
    Array.from({ length: 300 }, (_, i) => String(i)),
  )
  assert.deepEqual([most, network.connections.length / 2, client.connections], [10, 1, 1])
})

test('a burst before the server has said what it takes: what it refuses is sent anew, a POST too', async () => {
  const seen: string[] = []
  const { client } = await world(
    async (e) => {
      seen.push(await e.body.text())
      await settle(20)
      e.reply(200, [], '')
    },
    { limits: { streams: 3 } },
  )
  const replies = await Promise.all(
    Array.from({ length: 20 }, (_, i) => client.request('http://web/', { method: 'POST', body: String(i) })),
  )
  assert.deepEqual(
    replies.map(({ status }) => status),
    Array(20).fill(200),
  )
  assert.deepEqual(
    seen.map(Number).sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, i) => i),
  )
})

test('GOAWAY: what was not looked at is sent over another connection, what was is waited for', async () => {
  const { client, peers } = await played()
  const first = client.request('http://web/1', { method: 'POST', body: 'a' })
  const second = client.request('http://web/2', { method: 'POST', body: 'b' })
  await settle()
  peers[0]!.send(frame(FrameType.goaway, 0, 0, numbers(1, Code.none)))
  await settle()
  assert.deepEqual([peers.length, requests(peers[1]!).length], [2, 1])
  peers[0]!.send(headers(1, OK))
  peers[1]!.send(headers(1, OK))
  assert.deepEqual([(await first).status, (await second).status], [200, 200])
  await settle()
  assert.equal(peers[0]!.ended, true)
})

test('a server that closes while requests come: none fails (RFC 9113 §6.8)', async () => {
  const { client, server, host } = await world((e) => e.reply(200, [], ''))
  let asked = 0
  const ask = async () => {
    for (let i = 0; i < 20; i++) {
      await (await client.request('http://web/')).body.text()
      asked++
      if (asked === 50) {
        void server.close(seconds(1)).then(() => serve(host, (e) => e.reply(200, [], ''), { port: 80 }))
        // The listener is gone at once; a new server takes its place.
        await settle(5)
      }
    }
  }
  const outcome = await Promise.allSettled(Array.from({ length: 5 }, ask))
  const reasons = outcome.flatMap((one) => (one.status === 'rejected' ? [String(one.reason.code)] : []))
  // Nobody listens for a moment: that is all that may be seen.
  assert.deepEqual(
    reasons.filter((code) => code !== 'ECONNREFUSED'),
    [],
  )
})

test('a request that is given up costs its stream alone', async () => {
  const { client, peers } = await played()
  const giveUp = new AbortController()
  const first = failed(client.request('http://web/1', { signal: giveUp.signal }))
  const second = client.request('http://web/2')
  await settle()
  giveUp.abort(new Error('enough'))
  assert.equal(((await first) as RequestError).reason, 'aborted')
  await settle()
  assert.deepEqual(
    peers[0]!.frames.filter(({ type }) => type === FrameType.reset).map((f) => [f.stream, codeOf(f)]),
    [[1, Code.cancel]],
  )
  peers[0]!.send(headers(3, OK, false), data(3, 'still here', true))
  assert.equal(await (await second).body.text(), 'still here')
})

test('deadlines are each request’s own: of the head, of the body, of an upload that nobody takes', async () => {
  const { client, peers, host } = await played({ bodyTime: seconds(2) })
  const slow = failed(client.request('http://web/1', { timeout: ms(500) }))
  const fast = client.request('http://web/2', { timeout: seconds(30) })
  const stuck = failed(
    client.request('http://web/3', {
      method: 'PUT',
      body: new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(10_000)) }),
    }),
  )
  await settle()
  await host.clock.advance(seconds(1))
  assert.equal(((await slow) as RequestError).reason, 'timeout')
  await host.clock.advance(seconds(4))
  assert.match((await stuck).message, /took no more of the request in time/)
  peers[0]!.send(headers(3, OK, false), data(3, 'begun'))
  const body = (await fast).body.text().catch((error: Error) => error)
  await host.clock.advance(seconds(5))
  assert.match(String(await body), /no more of the body/)
  assert.equal(client.connections, 1)
})

test('what is no reply fails its request, and the connection where it must', async () => {
  const cases: [string, Octets[], RegExp | number, boolean?][] = [
    ['no :status', [headers(1, ['x', '1'])], / at byte 0/],
    ['101', [headers(1, [':status', '101'], false)], / at byte 0/],
    ['a bad status', [headers(1, [':status', '2000'])], / at byte 0/],
    ['an upper-case name', [headers(1, [...OK, 'X-Test', '1'])], / at byte 0/],
    ['a connection field', [headers(1, [...OK, 'connection', 'close'])], / at byte 0/],
    ['DATA before the head', [data(1, 'x', true)], / at byte 0/],
    ['less than content-length', [headers(1, [...OK, 'content-length', '3'], false), data(1, 'xx', true)], 200],
    ['more than content-length', [headers(1, [...OK, 'content-length', '1'], false), data(1, 'xx', true)], 200],
    ['content for HEAD', [headers(1, OK, false), data(1, 'xx', true)], 200],
    ['an interim reply that ends', [headers(1, [':status', '103'])], / at byte 0/],
    ['PUSH_PROMISE', [frame(FrameType.push, 4, 1, block('a', 'b'))], /PUSH_PROMISE/, true],
    ['HEADERS on an idle stream', [headers(7, OK)], /nobody has opened/, true],
    ['an even stream', [headers(2, OK)], /nobody has opened/, true],
    ['ENABLE_PUSH of 1', [settingsFrame(Setting.push, 1)], /ENABLE_PUSH/, true],
    ['PRIORITY_UPDATE', [frame(FrameType.priorityUpdate, 0, 0, numbers(1))], /PRIORITY_UPDATE/, true],
    ['no HPACK', [frame(FrameType.headers, 5, 1, Uint8Array.of(0x80))], /index 0/, true],
    ['a frame that is too long', [frame(FrameType.data, 0, 1, new Uint8Array(16_385))], /16385/, true],
    ['HTTP/1.1', [latin1Bytes('HTTP/1.1 400 Bad Request\r\n\r\n')], /./, true],
    ['an end', [], /closed/, true],
  ]
  for (const [what, frames, expected, gone] of cases) {
    const { client, peers } = await played()
    const reply = client.request('http://web/', { method: what.endsWith('HEAD') ? 'HEAD' : 'GET' })
    reply.catch(() => {})
    await settle()
    if (frames.length > 0) peers[0]!.send(...frames)
    else peers[0]!.connection.end()
    await settle()
    if (typeof expected === 'number')
      await assert.rejects(
        (await reply).body.bytes().then((bytes) => assert.equal(bytes.length, 'an error')),
        what,
      )
    else {
      const error = await failed(reply)
      assert.match(error.message, expected, what)
      assert.ok(error instanceof RequestError || error instanceof MessageRefused, what)
    }
    assert.equal(client.connections, gone === true ? 0 : 1, what)
  }
})

test('an endless flood of interim replies is refused', async () => {
  const { client, peers } = await played({ limits: { interims: 3 } })
  const reply = client.request('http://web/')
  await settle()
  for (let i = 0; i < 5; i++) peers[0]!.send(headers(1, [':status', '103'], false))
  assert.equal(((await failed(reply)) as RequestError).reason, 'refused')
})

test('a reply before the upload is through ends the upload', async () => {
  const { client } = await world((e) => e.reply(413, [], 'no'))
  const { body, reply } = client.open('http://web/')
  body.write('x')
  assert.equal(await (await reply).body.text(), 'no')
  await assert.rejects(body.ready(), /reads no more of the request/)
  assert.equal((await client.request('http://web/', { method: 'POST', body: 'y' })).status, 413)
})

test('a body that is not read is held back by its window, and others pass it by', async () => {
  let sent = 0
  const { client } = await world(async (e) => {
    if (e.path === '/small') return e.reply(200, [], 'small')
    const body = e.start(200, [])
    for (let i = 0; i < 300; i++) {
      sent += 10_000
      if (!body.write(new Uint8Array(10_000))) await body.ready()
    }
    body.end()
  })
  const large = await client.request('http://web/large')
  await settle()
  assert.ok(sent < 500_000, String(sent))
  assert.equal(await (await client.request('http://web/small')).body.text(), 'small')
  assert.equal((await large.body.bytes()).length, 3_000_000)
})

test('a reply that is thrown away frees its stream, and the connection stays', async () => {
  let gone = 0
  const { client } = await world((e) => {
    e.signal.addEventListener('abort', () => void gone++)
    const body = e.start(200, [])
    const go = async () => {
      for (;;) if (!body.write(new Uint8Array(10_000))) await body.ready()
    }
    return go()
  })
  const reply = await client.request('http://web/')
  reply.body.discard()
  await settle()
  assert.deepEqual([gone, client.connections], [1, 1])
})

class Ear implements ConnectionOwner {
  text = ''
  ended = false
  onData(bytes: Uint8Array): void {
    this.text += latin1(bytes)
  }
  onEnd(): void {
    this.ended = true
  }
  onDrain(): void {}
  onClose(): void {}
}

const shout: Handler = (e) => {
  if (e.protocol !== 'shout') return e.reply(501, [], 'no')
  e.upgrade(200, [], (connection: Connection) => ({
    onData: (bytes) => void connection.write(latin1Bytes(latin1(bytes).toUpperCase())),
    onEnd: () => connection.end(),
    onDrain() {},
    onClose() {},
  }))
}

test('another protocol on a stream, by extended CONNECT (RFC 8441)', async () => {
  const { client, network, server } = await world(shout)
  const { connection, reply } = await client.upgrade('http://web/chat', 'shout')
  assert.equal(reply.status, 200)
  const ear = new Ear()
  connection.attach(ear)
  connection.write(latin1Bytes('quiet'))
  await settle()
  assert.equal(ear.text, 'QUIET')
  const refused = await client.upgrade('http://web/chat', 'whisper').then(
    () => null,
    (error) => error,
  )
  assert.ok(refused instanceof UpgradeRefused && refused.reply.status === 501)
  assert.equal(network.connections.length, 2)
  connection.end()
  await settle()
  assert.equal(ear.ended, true)
  client.close()
  await settle()
  assert.deepEqual([client.connections, server.connections], [0, 0])
})

test('a server that takes no extended CONNECT is not asked for one', async () => {
  const { client } = await played()
  const error = await client.upgrade('http://web/', 'shout').then(
    () => null,
    (e) => e,
  )
  assert.match(error.message, /takes no other protocol over HTTP\/2/)
})

test('an idle connection is closed after its time, with a word', async () => {
  const { client, peers, host } = await played({ idleTime: seconds(4) })
  const reply = client.request('http://web/')
  await settle()
  peers[0]!.send(headers(1, OK))
  await reply
  await host.clock.advance(seconds(6))
  assert.equal(client.connections, 0)
  assert.equal(codeOf(peers[0]!.frames.find(({ type }) => type === FrameType.goaway)!), Code.none)
})

test('secrets are never indexed: they are not where others could measure them', async () => {
  const { client, peers } = await played()
  const lengths: number[] = []
  for (let i = 0; i < 3; i++) {
    client
      .request('http://web/', { fields: ['Authorization', 'Bearer abcdefghijklmnop', 'Cookie', 'sid=1'] })
      .catch(() => {})
    await settle()
  }
  for (const { payload } of requests(peers[0]!)) lengths.push(payload.length)
  assert.equal(lengths[1], lengths[2])
  assert.ok(lengths[1]! > 20)
})
