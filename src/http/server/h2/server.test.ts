/** A server in HTTP/2: the same handlers as in HTTP/1.1, on the same port. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seconds } from '../../../base/duration.ts'
import type { Connection, ConnectionOwner } from '../../../socket/host.ts'
import type { HttpMisuse } from '../../errors.ts'
import type { Exchange, Handler } from '../../exchange.ts'
import { Code, FrameType, MOST_STREAM, PREFACE, Setting } from '../../h2/codes.ts'
import { latin1, latin1Bytes } from '../../machine/text.ts'
import {
  codeOf,
  data,
  FramePeer,
  frame,
  GET,
  headers,
  join,
  numbers,
  POST,
  type Received,
  settingsFrame,
} from '../../trial/frames.ts'
import { settle } from '../../trial/machine.ts'
import { type Manners, type MemoryConnection, TestNetwork } from '../../trial/network.ts'
import { RawClient } from '../../trial/raw.ts'
import { type ServeOptions, serve } from '../serve.ts'

const AT = { address: '10.0.0.80', port: 80 }

async function world(handler: Handler, options: ServeOptions = {}, manners: Manners = {}) {
  const network = new TestNetwork()
  const host = network.host('web', AT.address, manners)
  const laptop = network.host('laptop', '10.0.0.2', {}, undefined, host.clock)
  const server = await serve(host, handler, { port: 80, ...options })
  const client = async (...settings: number[]) => {
    const peer = new FramePeer(await laptop.connect(AT))
    peer.begin(...settings)
    await settle()
    return peer
  }
  return { network, host, laptop, server, client }
}

/** What came on a stream, in short. */
function told(peer: FramePeer, stream = 1): string[] {
  return peer.frames.filter((frame) => frame.stream === stream).map(short)
}

function short(frame: Received): string {
  const end =
    (frame.type === FrameType.data || frame.type === FrameType.headers) && (frame.flags & 1) !== 0 ? ' end' : ''
  if (frame.type === FrameType.headers) {
    const fields = frame.fields.filter((_, i, all) => all[i - (i % 2)] !== 'date')
    return `${fields.join(' ')}${end}`
  }
  if (frame.type === FrameType.data) return `data ${latin1(frame.payload)}${end}`
  if (frame.type === FrameType.reset) return `reset ${codeOf(frame)}`
  return `type ${frame.type}`
}

async function ask(peer: FramePeer, ...fields: string[]): Promise<string[]> {
  peer.send(headers(1, [...GET, ...fields]))
  await settle()
  return told(peer)
}

const path = (target: string) => [':method', 'GET', ':scheme', 'http', ':path', target, ':authority', 'web']

test('a request as a handler sees it, and its reply', async () => {
  let seen: unknown
  const { client } = await world((e) => {
    seen = [
      e.method,
      e.target,
      e.path,
      e.query,
      e.version,
      e.scheme,
      e.authority,
      e.protocol,
      e.header('host'),
      e.fields(),
      e.body.length,
    ]
    e.reply(200, ['Content-Type', 'text/plain', 'Connection', 'close', 'Keep-Alive', 'x', 'X-Mine', 'a'], 'Grüße')
  })
  const peer = await client()
  peer.send(headers(1, [...path('/a%20b?x=1'), 'cookie', 'a=1', 'accept', '*/*', 'cookie', 'b=2']))
  await settle()
  const fields = ['host', 'web', 'cookie', 'a=1; b=2', 'accept', '*/*']
  assert.deepEqual(seen, ['GET', '/a%20b?x=1', '/a%20b', 'x=1', 'HTTP/2', 'http', 'web', null, 'web', fields, 0])
  assert.deepEqual(told(peer), [
    ':status 200 content-type text/plain x-mine a content-length 7',
    'data Gr\xc3\xbc\xc3\x9fe end',
  ])
  assert.match(peer.frames.find(({ type }) => type === FrameType.headers)!.fields.join(), /date,\w{3}, 01 Jan 2026 /)
})

test('HTTP/1.1 is spoken on the same port, and to clients whose first octets only look like the other', async () => {
  const { laptop } = await world((e) => e.reply(200, [], `${e.method} ${e.version}`))
  for (const [pieces, expected] of [
    [['GET / HTTP/1.1\r\nHost: a\r\n\r\n'], 'GET HTTP/1.1'],
    [['P', 'RI', ' / HTTP/1.1\r\nHost: a\r\n\r\n'], 'PRI HTTP/1.1'],
    [['PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n'], 'PROPFIND HTTP/1.1'],
    [['PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n'], '505 HTTP Version'],
  ] as const) {
    const raw = await RawClient.open(laptop, AT)
    let text = ''
    for (const piece of pieces) text += await raw.send(piece)
    assert.ok(text.includes(expected), text)
    raw.connection.reset()
  }
  const refused = await world(() => {}, { http2: false })
  const raw = await RawClient.open(refused.laptop, AT)
  assert.match(await raw.send(latin1(PREFACE)), /^HTTP\/1.1 505/)
})

test('the preface and all that follows, octet by octet', async () => {
  const { client } = await world((e) => e.reply(200, [], 'hello'), {}, { chunk: 1 })
  assert.deepEqual(await ask(await client()), [':status 200 content-length 5', 'data hello end'])
})

test('replies without content end with their head', async () => {
  const { client } = await world((e) => {
    const status = Number(e.header('x-status'))
    if (e.header('x-way') === 'start') {
      const body = e.start(status, [])
      body.write('dropped')
      body.end()
    } else e.reply(status, [], 'dropped')
  })
  const HEAD = ['HEAD', ...GET.slice(2)]
  const cases: [string[], string, string[]][] = [
    [[...GET], '204', [':status 204 end']],
    [[...GET], '304', [':status 304 end']],
    [[...GET], '205', [':status 205 content-length 0 end']],
    [[':method', ...HEAD], '200', [':status 200 content-length 7 end']],
  ]
  for (const [fields, status, expected] of cases)
    for (const way of ['reply', 'start']) {
      const peer = await client()
      peer.send(headers(1, [...fields, 'x-status', status, 'x-way', way]))
      await settle()
      const kept = way === 'start' ? expected.map((text) => text.replace(' content-length 7', '')) : expected
      assert.deepEqual(told(peer), kept, `${status} ${way}`)
    }
})

test('interim responses, trailers both ways, content in pieces', async () => {
  let trailers: unknown
  const { client } = await world(async (e) => {
    e.inform(103, ['Link', '</a>'])
    const text = await e.body.text()
    trailers = e.body.trailers
    const body = e.start(200, [])
    body.write(text)
    body.write(Uint8Array.of(33))
    body.end(['X-Sum', '1'])
  })
  const peer = await client()
  peer.send(headers(1, POST, false), data(1, 'ab'), data(1, 'c'), headers(1, ['x-t', '1', 'content-length', '9']))
  await settle()
  assert.deepEqual(trailers, ['x-t', '1'])
  assert.deepEqual(told(peer), [':status 103 link </a>', ':status 200', 'data abc', 'data !', 'x-sum 1 end'])
})

test('100 is sent to a client that waits for it, and to no other', async () => {
  const { client } = await world(async (e) => e.reply(200, [], await e.body.text()))
  const peer = await client()
  peer.send(headers(1, [...POST, 'expect', '100-continue'], false))
  await settle()
  assert.deepEqual(told(peer), [':status 100'])
  peer.send(data(1, 'x', true))
  await settle()
  assert.deepEqual(told(peer), [':status 100', ':status 200 content-length 1', 'data x end'])
})

test('a reply before the request is through stops the request, without an error', async () => {
  const { client } = await world((e) => e.reply(413, [], 'no'))
  const peer = await client()
  peer.send(headers(1, POST, false), data(1, 'x'))
  await settle()
  assert.deepEqual(told(peer), [':status 413 content-length 2', 'data no end', `reset ${Code.none}`])
})

test('what a handler throws is a 500, or a reset once the reply has begun', async () => {
  const errors: string[] = []
  const { client } = await world(
    (e) => {
      if (e.path === '/late') e.start(200, []).write('x')
      throw new Error(e.path)
    },
    { onError: (error) => void errors.push((error as Error).message) },
  )
  const peer = await client()
  peer.send(headers(1, path('/early')), headers(3, path('/late')))
  await settle()
  assert.match(told(peer, 1)[0]!, /^:status 500 /)
  assert.deepEqual(told(peer, 3), [':status 200', 'data x', `reset ${Code.internal}`])
  assert.deepEqual(errors, ['/early', '/late'])
})

test('the replies of one event are one write', async () => {
  const { client, network } = await world((e) => e.reply(200, [], 'hello'))
  const peer = await client()
  const there = network.connections.find(({ local }) => local.port === 80) as MemoryConnection
  const before = there.writes
  peer.send(...Array.from({ length: 50 }, (_, i) => headers(2 * i + 1, GET)))
  await settle()
  assert.equal(peer.frames.filter(({ type }) => type === FrameType.data).length, 50)
  assert.equal(there.writes - before, 1)
})

test('priorities: the urgent first, others in order or in turns (RFC 9218 §10)', async () => {
  const { client } = await world((e) => e.reply(200, [], e.path[1]!.repeat(40_000)))
  const order = async (asked: [string, string][], update?: [number, string]) => {
    const peer = await client(Setting.window, 1_000_000)
    // The connection has no room until everything is asked for.
    peer.send(headers(1, path('/x')), headers(3, path('/x')))
    await settle()
    for (const [i, [name, priority]] of asked.entries())
      peer.send(headers(2 * i + 5, [...path(`/${name}`), 'priority', priority]))
    if (update !== undefined)
      peer.send(frame(FrameType.priorityUpdate, 0, 0, join(numbers(update[0]), latin1Bytes(update[1]))))
    await settle()
    peer.frames.length = 0
    peer.send(frame(FrameType.window, 0, 0, numbers(1_000_000)))
    await settle()
    const letters = peer.frames
      .filter(({ type }) => type === FrameType.data)
      .map(({ payload }) => latin1(payload, 0, 1))
    return letters.filter((letter) => letter !== 'x').join('')
  }
  assert.equal(
    await order([
      ['a', 'u=5'],
      ['b', 'u=1'],
      ['c', ''],
    ]),
    'bbbcccaaa',
  )
  assert.equal(
    await order([
      ['a', ''],
      ['b', ''],
    ]),
    'aaabbb',
  )
  assert.equal(
    await order([
      ['a', 'i'],
      ['b', 'i'],
    ]),
    'ababab',
  )
  assert.equal(
    await order(
      [
        ['a', ''],
        ['b', ''],
      ],
      [7, 'u=0'],
    ),
    'bbbaaa',
  )
})

test('a window that shrinks, and content as the windows allow', async () => {
  const { client } = await world((e) => e.reply(200, [], 'x'.repeat(100)))
  const peer = await client(Setting.window, 10)
  peer.send(headers(1, GET))
  await settle()
  peer.send(settingsFrame(Setting.window, 0), frame(FrameType.window, 0, 1, numbers(5)))
  await settle()
  assert.deepEqual(told(peer).slice(1), [`data ${'x'.repeat(10)}`])
  peer.send(frame(FrameType.window, 0, 1, numbers(6)))
  await settle()
  assert.deepEqual(told(peer).slice(2), ['data x'])
  peer.send(settingsFrame(Setting.window, 1_000))
  await settle()
  assert.deepEqual(told(peer).slice(3), [`data ${'x'.repeat(89)} end`])
})

class Shout implements ConnectionOwner {
  readonly #connection: Connection
  constructor(connection: Connection) {
    this.#connection = connection
    connection.write(latin1Bytes('HELLO '))
  }
  onData(bytes: Uint8Array): void {
    this.#connection.write(latin1Bytes(latin1(bytes).toUpperCase()))
  }
  onEnd(): void {
    this.#connection.end()
  }
  onDrain(): void {}
  onClose(): void {}
}

const CONNECT = [':method', 'CONNECT', ':protocol', 'shout', ':scheme', 'http', ':path', '/chat', ':authority', 'web']

test('extended CONNECT gives a connection, beside other requests (RFC 8441)', async () => {
  const { client, server } = await world((e) => {
    if (e.protocol !== 'shout') e.reply(200, [], 'plain')
    else e.upgrade(200, ['X-Room', e.path], (connection) => new Shout(connection))
  })
  const peer = await client()
  assert.deepEqual(peer.frames[0]!.payload.slice(18, 24), Uint8Array.of(0, Setting.connectProtocol, 0, 0, 0, 1))
  peer.send(headers(1, CONNECT, false), data(1, 'early '), headers(3, GET))
  await settle()
  assert.deepEqual(told(peer, 1), [':status 200 x-room /chat', 'data HELLO ', 'data EARLY '])
  assert.deepEqual(told(peer, 3), [':status 200 content-length 5', 'data plain end'])
  peer.send(data(1, 'late', true))
  await settle()
  assert.deepEqual(told(peer, 1).slice(3), ['data LATE', 'data  end'])
  assert.equal(server.connections, 1)
})

test('a protocol that is not spoken can be answered otherwise, and nothing is switched that was not asked for', async () => {
  const codes: string[] = []
  const attempt = (e: Exchange, status: 101 | 200) => {
    try {
      e.upgrade(status, ['Upgrade', 'x'], (connection) => new Shout(connection))
    } catch (error) {
      codes.push((error as HttpMisuse).code)
    }
  }
  const { client } = await world((e) => {
    attempt(e, 101)
    if (e.protocol === null) attempt(e, 200)
    e.reply(501, [], '')
  })
  const peer = await client()
  peer.send(headers(1, CONNECT, false), headers(3, GET))
  await settle()
  assert.deepEqual(told(peer, 1), [':status 501 content-length 0 end', `reset ${Code.none}`])
  assert.deepEqual(codes, Array(3).fill('HTTP_CANNOT_UPGRADE'))
})

test('back-pressure through a switched stream, both ways', async () => {
  let near: Connection | null = null
  let drained = 0
  let got = 0
  const owner: ConnectionOwner = {
    onData: (bytes) => void (got += bytes.length),
    onEnd() {},
    onDrain: () => void drained++,
    onClose() {},
  }
  const limits = { streamBacklogBytes: 10_000, streamWindowBytes: 100_000 }
  const take = (connection: Connection) => {
    near = connection
    return owner
  }
  const { client } = await world((e) => e.upgrade(200, [], take), { limits })
  const peer = await client(Setting.window, 1_000)
  peer.send(headers(1, CONNECT, false))
  await settle()
  near!.pause()
  let sent = 0
  while (near!.write(new Uint8Array(10_000))) sent += 10_000
  assert.ok(sent < 400_000)
  await settle()
  assert.equal(
    peer.frames.filter(({ type }) => type === FrameType.data).reduce((sum, { payload }) => sum + payload.length, 0),
    1_000,
  )
  peer.send(frame(FrameType.window, 0, 1, numbers(10_000_000)), frame(FrameType.window, 0, 0, numbers(10_000_000)))
  await settle()
  assert.equal(drained, 1)
  // The owner has paused: no more comes than the window and the pair of connections hold.
  for (let i = 0; i < 6; i++) peer.send(data(1, new Uint8Array(16_000)))
  await settle()
  assert.equal(got, 0)
  near!.resume()
  await settle()
  assert.equal(got, 96_000)
})

test('CONNECT opens a tunnel, by permission', async () => {
  const { client, network, server, host } = await world(() => {}, {
    connect: { allow: (to) => to.startsWith('10.0.0.9:') },
  })
  const far = network.host('far', '10.0.0.9', {}, undefined, host.clock)
  await far.listen({ address: '10.0.0.9', port: 7 }, (connection) => connection.attach(new Shout(connection)))
  const peer = await client()
  peer.send(headers(1, [':method', 'CONNECT', ':authority', '10.0.0.9:7'], false), data(1, 'through'))
  peer.send(headers(3, [':method', 'CONNECT', ':authority', '10.0.0.8:7'], false))
  await settle()
  assert.deepEqual(told(peer, 1), [':status 200', 'data HELLO ', 'data THROUGH'])
  assert.match(told(peer, 3)[0]!, /^:status 403 /)
  assert.equal(server.tunnels, 1)
  peer.send(data(1, '', true))
  await settle()
  assert.equal(server.tunnels, 0)
  assert.equal(told(peer, 1).at(-1), 'data  end')
})

test('close drains in two steps: what is on its way is served, then the connection ends', async () => {
  const finish: (() => void)[] = []
  const { client, server } = await world(async (e) => {
    await new Promise<void>((resolve) => finish.push(resolve))
    e.reply(200, [], e.path)
  })
  const peer = await client()
  peer.send(headers(1, path('/one')))
  await settle()
  const closed = server.close(seconds(30))
  await settle()
  const goaways = () =>
    peer.frames
      .filter(({ type }) => type === FrameType.goaway)
      .map(({ payload }) => new DataView(payload.buffer).getUint32(0))
  assert.deepEqual(goaways(), [MOST_STREAM])
  const ping = peer.frames.find(({ type, flags }) => type === FrameType.ping && flags === 0)!
  // This one was on its way when the server began to leave; the next comes after the client knows.
  peer.send(headers(3, path('/two')), frame(FrameType.ping, 1, 0, ping.payload), headers(5, path('/three')))
  await settle()
  assert.deepEqual(goaways(), [MOST_STREAM, 3])
  for (const one of finish) one()
  await settle()
  assert.deepEqual(
    [told(peer, 1), told(peer, 3), told(peer, 5)].map((frames) => frames.at(-1)),
    ['data /one end', 'data /two end', undefined],
  )
  assert.equal(peer.ended, true)
  peer.connection.end()
  await closed
  assert.equal(server.connections, 0)
})

test('a client that does not answer the PING is told all the same, and one that stays is reset', async () => {
  const { client, server, host } = await world(() => new Promise(() => {}))
  const peer = await client()
  peer.send(headers(1, GET))
  await settle()
  const closed = server.close(seconds(30))
  await host.clock.advance(seconds(29))
  assert.equal(peer.frames.filter(({ type }) => type === FrameType.goaway).length, 2)
  await host.clock.advance(seconds(2))
  await closed
  assert.equal(peer.closed, true)
})

test('a connection is left after limits.requestsPerConnection', async () => {
  const { client, server } = await world((e) => e.reply(200, [], ''), { limits: { requestsPerConnection: 3 } })
  const peer = await client()
  peer.send(headers(1, GET), headers(3, GET), headers(5, GET))
  await settle()
  const ping = peer.frames.find(({ type, flags }) => type === FrameType.ping && flags === 0)!
  peer.send(frame(FrameType.ping, 1, 0, ping.payload))
  await settle()
  assert.deepEqual([told(peer, 5).length, peer.ended], [1, true])
  peer.connection.end()
  await settle()
  assert.equal(server.connections, 0)
})

test('a body that is read late comes whole, held back until then', async () => {
  let read: (() => void) | null = null
  const { client } = await world(async (e) => {
    await new Promise<void>((resolve) => {
      read = resolve
    })
    e.reply(200, [], String((await e.body.bytes()).length))
  })
  const peer = await client()
  const windows = () => peer.frames.filter(({ type, stream }) => type === FrameType.window && stream === 1).length
  peer.send(headers(1, POST, false))
  for (let i = 0; i < 16; i++) peer.send(data(1, new Uint8Array(16_000)))
  await settle()
  assert.equal(windows(), 0)
  read!()
  await settle()
  assert.ok(windows() > 0)
  for (let i = 0; i < 16; i++) {
    peer.send(data(1, new Uint8Array(16_000), i === 15))
    await settle(50)
  }
  assert.equal(told(peer).at(-1), 'data 512000 end')
})
