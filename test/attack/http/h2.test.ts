/**
 * The known attacks on HTTP/2, each at its limit, over a network in memory with a clock that a test moves: rapid reset
 * (CVE-2023-44487), streams that the server is made to reset (CVE-2025-8671), CONTINUATION without end (CVE-2024-27316 and its
 * kind), frames that bring nothing (CVE-2019-9512 to 9518), windows a byte at a time (CVE-2019-9511), windows that leak
 * (CVE-2026-21714), header bombs, and clients that read or send slowly.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seconds } from '../../../src/base/duration.ts'
import { Code, FrameType, Setting } from '../../../src/http/h2/codes.ts'
import { type Handler, HTTP_LIMITS, type HttpLimits, type HttpServer, serve } from '../../../src/http/index.ts'
import {
  block,
  codeOf,
  data,
  FramePeer,
  frame,
  GET,
  headers,
  join,
  numbers,
  type Octets,
  POST,
  settingsFrame,
} from '../../../src/http/trial/frames.ts'
import { settle } from '../../../src/http/trial/machine.ts'
import { type Manners, type TestHost, TestNetwork } from '../../../src/http/trial/network.ts'

interface World {
  readonly host: TestHost
  readonly server: HttpServer
  readonly network: TestNetwork
  client(...settings: number[]): Promise<FramePeer>
}

const hello: Handler = (exchange) => exchange.reply(200, [], 'hello')
/** Answers only when it is let. */
const never: Handler = () => new Promise(() => {})
/** Answers nothing, and ends when its client has gone. */
const untilLeft: Handler = ({ signal }) => new Promise((done) => signal.addEventListener('abort', () => done()))

async function world(handler: Handler, limits: Partial<HttpLimits> = {}, manners: Manners = {}): Promise<World> {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80', manners)
  const laptop = network.host('laptop', '10.0.0.2', manners, undefined, host.clock)
  const server = await serve(host, handler, { port: 80, limits, onError: () => {} })
  const client = async (...settings: number[]) => {
    const peer = new FramePeer(await laptop.connect({ address: '10.0.0.80', port: 80 }))
    peer.begin(...settings)
    await settle()
    return peer
  }
  return { host, server, network, client }
}

const goaway = (peer: FramePeer) => peer.frames.find(({ type }) => type === FrameType.goaway)
const resets = (peer: FramePeer) => peer.frames.filter(({ type }) => type === FrameType.reset)
const replies = (peer: FramePeer) => peer.frames.filter(({ type }) => type === FrameType.headers)
const content = (peer: FramePeer) =>
  peer.frames.filter(({ type }) => type === FrameType.data).reduce((sum, { payload }) => sum + payload.length, 0)

/** The connection ends with ENHANCE_YOUR_CALM, and nothing of it is left. */
async function calmed(peer: FramePeer, { server, host }: World): Promise<void> {
  await settle()
  const last = goaway(peer)
  assert.ok(last !== undefined, 'no GOAWAY')
  assert.equal(codeOf(last), Code.calm)
  peer.connection.end()
  await host.clock.advance(seconds(60))
  assert.equal(server.connections, 0)
}

async function send(peer: FramePeer, count: number, make: (i: number) => Octets): Promise<void> {
  peer.send(join(...Array.from({ length: count }, (_, i) => make(i))))
  await settle()
}

test('rapid reset: streams that a client takes back are bounded by limits.streamResets and streamResetRate', async () => {
  let asked = 0
  const place = await world(
    (exchange) => {
      asked++
      return never(exchange)
    },
    { streamResets: 50, streamResetRate: 5 },
  )
  const peer = await place.client()
  const takenBack = (i: number) =>
    join(headers(2 * i + 1, GET), frame(FrameType.reset, 0, 2 * i + 1, numbers(Code.cancel)))
  await send(peer, 50, takenBack)
  assert.equal(goaway(peer), undefined)
  // Ten seconds later there are as many as the rate allows, and no more.
  await place.host.clock.advance(seconds(4))
  await send(peer, 20, (i) => takenBack(50 + i))
  assert.equal(goaway(peer), undefined)
  await send(peer, 5, (i) => takenBack(70 + i))
  assert.ok(asked <= 72, `${asked} requests reached the handler`)
  await calmed(peer, place)
})

test('rapid reset: handlers that go on for streams taken back are bounded by limits.streams', async () => {
  let running = new Set<() => void>()
  let most = 0
  const place = await world(
    async (exchange) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      running.add(resolve)
      most = Math.max(most, running.size)
      await promise
      exchange.reply(200, [], 'done')
    },
    { streams: 10 },
  )
  const peer = await place.client()
  const takenBack = (i: number) =>
    join(headers(2 * i + 1, GET), frame(FrameType.reset, 0, 2 * i + 1, numbers(Code.cancel)))
  await send(peer, 9, takenBack)
  peer.send(headers(19, GET), headers(21, GET), headers(23, GET))
  await settle()
  assert.equal(most, 10)
  assert.equal(goaway(peer), undefined)
  // Those that waited come when one has done, as many as have.
  for (const done of [...running].slice(0, 2)) {
    running.delete(done)
    done()
  }
  await settle()
  assert.equal(running.size, 10)
  for (const done of running) done()
  running = new Set()
  await settle()
  assert.equal(replies(peer).length, 3)
  await send(peer, 200, (i) => takenBack(20 + i))
  assert.equal(most, 10)
  // Handlers that never end hold nobody: the client is told to go on with another connection.
  const last = goaway(peer)
  assert.ok(last !== undefined)
  assert.equal(codeOf(last), Code.none)
})

test('requests that waited for handlers of streams taken back are answered as replies of the same client end', async () => {
  const live: (() => void)[] = []
  const place = await world(
    async (exchange) => {
      if (exchange.path === '/') await never(exchange)
      await new Promise<void>((done) => live.push(done))
      exchange.reply(200, [], new Uint8Array(1000))
    },
    { streams: 4 },
  )
  const peer = await place.client()
  const kept = [...GET.slice(0, 4), ':path', '/kept', ...GET.slice(6)]
  for (const id of [1, 3]) peer.send(headers(id, GET), frame(FrameType.reset, 0, id, numbers(Code.cancel)))
  peer.send(headers(5, kept), headers(7, kept), headers(9, kept), headers(11, kept))
  await settle()
  assert.equal(live.length, 2)
  live.shift()?.()
  await settle()
  assert.equal(live.length, 2)
  for (let done = live.shift(); done !== undefined; done = live.shift()) {
    done()
    await settle()
  }
  assert.equal(replies(peer).length, 4)
  assert.equal(content(peer), 4000)
})

test('MadeYouReset: streams that the server has to reset count as those that the client resets', async () => {
  const ways: [string, (id: number) => Octets][] = [
    ['WINDOW_UPDATE by 0', (id) => join(headers(id, GET), frame(FrameType.window, 0, id, numbers(0)))],
    ['a window too wide', (id) => join(headers(id, GET), frame(FrameType.window, 0, id, numbers(0x7fff_ffff)))],
    ['DATA on a half-closed stream', (id) => join(headers(id, GET), data(id, 'x'))],
    ['HEADERS on a half-closed stream', (id) => join(headers(id, GET), headers(id, GET))],
    ['PRIORITY of a wrong length', (id) => join(headers(id, GET), frame(FrameType.priority, 0, id, new Uint8Array(4)))],
    ['content past its length', (id) => join(headers(id, [...POST, 'content-length', '1'], false), data(id, 'xx'))],
    ['a malformed request', (id) => headers(id, [...GET, 'Upper', 'x'])],
  ]
  for (const [what, make] of ways) {
    const place = await world(never, { streamResets: 20 })
    const peer = await place.client()
    await send(peer, 40, (i) => make(2 * i + 1))
    assert.ok(resets(peer).length <= 20, what)
    await calmed(peer, place)
  }
})

test('streams past limits.streams are refused, and those refused are bounded too', async () => {
  const place = await world(never, { streams: 10, streamResets: 100 })
  const peer = await place.client()
  await send(peer, 30, (i) => headers(2 * i + 1, GET))
  assert.deepEqual(new Set(resets(peer).map(codeOf)), new Set([Code.refused]))
  assert.equal(resets(peer).length, 20)
  await send(peer, 100, (i) => headers(2 * (30 + i) + 1, GET))
  await calmed(peer, place)
})

test('CONTINUATION flood: bounded by limits.continuations, and by the bytes of a head', async () => {
  const place = await world(hello, { continuations: 4 })
  const begun = frame(FrameType.headers, 1, 1, block(...GET))
  const fine = await place.client()
  fine.send(
    begun,
    ...Array.from({ length: 3 }, () => frame(FrameType.continuation, 0, 1)),
    frame(FrameType.continuation, 4, 1),
  )
  await settle()
  assert.equal(replies(fine).length, 1)
  fine.connection.end()
  const many = await place.client()
  many.send(begun, ...Array.from({ length: 5 }, () => frame(FrameType.continuation, 0, 1)))
  await settle()
  assert.equal(codeOf(goaway(many)!), Code.calm)
  many.connection.end()
  const large = await place.client()
  large.send(begun, ...Array.from({ length: 4 }, () => frame(FrameType.continuation, 0, 1, new Uint8Array(16_000))))
  await calmed(large, place)
})

test('frames that bring nothing: bounded by limits.controlFrames and controlFrameRate', async () => {
  const empty = frame(FrameType.data, 0, 1)
  const floods: [string, Octets, Octets?][] = [
    ['SETTINGS', settingsFrame()],
    ['SETTINGS with changes', settingsFrame(Setting.window, 65_536)],
    ['answers to SETTINGS', frame(FrameType.settings, 1, 0)],
    ['PING', frame(FrameType.ping, 0, 0, '12345678')],
    ['answers to PING', frame(FrameType.ping, 1, 0, '12345678')],
    ['PRIORITY', frame(FrameType.priority, 0, 1, new Uint8Array(5))],
    ['PRIORITY_UPDATE', frame(FrameType.priorityUpdate, 0, 0, numbers(1))],
    ['WINDOW_UPDATE', frame(FrameType.window, 0, 0, numbers(1))],
    ['empty DATA', empty, headers(1, POST, false)],
    ['unknown frames', frame(0x77, 0, 0, 'x')],
    [
      'RST_STREAM of a stream that is over',
      frame(FrameType.reset, 0, 1, numbers(8)),
      join(headers(1, GET), frame(FrameType.reset, 0, 1, numbers(8))),
    ],
  ]
  for (const [what, one, first] of floods) {
    const place = await world(never, { controlFrames: 100, controlFrameRate: 10 })
    const peer = await place.client()
    if (first !== undefined) peer.send(first)
    await send(peer, 90, () => one)
    assert.equal(peer.ended, false, what)
    await place.host.clock.advance(seconds(5))
    // The rate fills it up again, for those who ping now and then.
    await send(peer, 50, () => one)
    assert.equal(peer.ended, false, what)
    await send(peer, 100, () => one)
    await settle()
    assert.equal(codeOf(peer.frames.findLast(({ type }) => type === FrameType.goaway)!), Code.calm, what)
  }
})

test('windows a byte at a time do not pay for themselves (CVE-2019-9511)', async () => {
  const place = await world((exchange) => exchange.reply(200, [], 'x'.repeat(10_000)), {
    controlFrames: 100,
    controlFrameRate: 0,
  })
  const peer = await place.client(Setting.window, 0)
  peer.send(headers(1, GET))
  await send(peer, 200, () => frame(FrameType.window, 0, 1, numbers(1)))
  assert.ok(content(peer) <= 100)
  await calmed(peer, place)
})

test('honest windows: a download of many megabytes is no flood', async () => {
  const place = await world((exchange) => exchange.reply(200, [], new Uint8Array(8_000_000)), {
    controlFrames: 50,
    controlFrameRate: 0,
  })
  const peer = await place.client()
  peer.send(headers(1, GET))
  for (let got = 0; got < 8_000_000; ) {
    await settle()
    const now = content(peer)
    assert.ok(now > got, `stopped after ${now}`)
    peer.send(frame(FrameType.window, 0, 0, numbers(now - got)), frame(FrameType.window, 0, 1, numbers(now - got)))
    got = now
  }
  assert.equal(goaway(peer), undefined)
})

test('HPACK bomb: a list of fields is bounded when decoded, and the connection is as good as before', async () => {
  const place = await world(hello)
  const peer = await place.client()
  // One field of 4,000 octets in the table, referred to 10,000 times: 40 MB of fields in 10 KB.
  const bomb = join(block(...GET), Uint8Array.of(0x40, 1, 97, 127, 0xa1, 0x1e), new Uint8Array(4_000).fill(98))
  peer.send(frame(FrameType.headers, 5, 1, join(bomb, new Uint8Array(10_000).fill(0xbe))))
  await settle()
  assert.equal(replies(peer)[0]!.fields[1], '431')
  peer.send(headers(3, GET))
  await settle()
  assert.equal(replies(peer)[1]!.fields[1], '200')
})

test('header lists: limits.headBytes and fieldCount, and neither ends the connection', async () => {
  const place = await world(hello, { headBytes: 1_000, fieldCount: 20 })
  const peer = await place.client()
  peer.send(headers(1, [...GET, 'x-a', 'b'.repeat(1_000)]))
  peer.send(headers(3, [...GET, ...Array.from({ length: 25 }, (_, i) => [`x-${i}`, '']).flat()]))
  peer.send(headers(5, GET))
  await settle()
  assert.deepEqual(
    replies(peer).map(({ fields }) => fields[1]),
    ['431', '431', '200'],
  )
})

test('what nobody reads is bounded by limits.streamWindowBytes and connectionWindowBytes', async () => {
  const place = await world(never, { streamWindowBytes: 100_000, connectionWindowBytes: 150_000, prefetchBytes: 0 })
  const peer = await place.client()
  peer.send(headers(1, POST, false))
  await settle()
  const windows = () => peer.frames.filter(({ type, stream }) => type === FrameType.window && stream === 1)
  await send(peer, 6, () => data(1, new Uint8Array(16_000)))
  assert.equal(windows().length, 0)
  await send(peer, 1, () => data(1, new Uint8Array(16_000)))
  assert.deepEqual(resets(peer).map(codeOf), [Code.flowControl])
  // What the stream had was given back to the connection: three more streams have room.
  for (const id of [3, 5]) {
    peer.send(headers(id, POST, false))
    await send(peer, 4, () => data(id, new Uint8Array(16_000)))
  }
  assert.equal(goaway(peer), undefined)
  peer.send(headers(7, POST, false))
  await send(peer, 4, () => data(7, new Uint8Array(16_000)))
  assert.equal(codeOf(goaway(peer)!), Code.flowControl)
})

test('windows do not leak: content for streams that are over is given back to the connection (CVE-2026-21714)', async () => {
  const limits = { connectionWindowBytes: 100_000, streamResets: 10_000 }
  const takenBack = (id: number) =>
    join(headers(id, POST, false), data(id, new Uint8Array(5_000)), frame(FrameType.reset, 0, id, numbers(8)))
  const refused = (id: number) => join(headers(id, [...POST, 'Upper', 'x'], false), data(id, new Uint8Array(5_000)))
  const early = (id: number) => join(headers(id, POST, false), data(id, new Uint8Array(5_000)))
  const padded = (id: number) =>
    join(headers(id, POST, false), frame(FrameType.data, 9, id, join(Uint8Array.of(255), new Uint8Array(255))))
  for (const [what, handler, make] of [
    ['reset by the client', untilLeft, takenBack],
    ['refused', never, refused],
    ['answered before the content has come', hello, early],
    ['padding', hello, padded],
  ] as const) {
    const place = await world(handler, limits)
    const peer = await place.client()
    for (let i = 0; i < 500; i++) {
      peer.send(make(2 * i + 1))
      await settle(20)
    }
    assert.equal(goaway(peer), undefined, what)
    peer.connection.reset()
  }
})

test('a client that takes nothing: replies wait up to limits.streamBacklogBytes, and are given up after stallTime', async () => {
  const seen: boolean[] = []
  const gone: unknown[] = []
  const place = await world(
    async (exchange) => {
      const body = exchange.start(200, [])
      for (;;) {
        const more = body.write(new Uint8Array(10_000))
        seen.push(more)
        if (!more) await body.ready()
      }
    },
    { streamBacklogBytes: 50_000, stallTime: seconds(8) },
  )
  const peer = await place.client(Setting.window, 0)
  peer.send(headers(1, GET))
  await settle()
  assert.deepEqual(seen, [true, true, true, true, false])
  await place.host.clock.advance(seconds(6))
  assert.equal(resets(peer).length, 0)
  await place.host.clock.advance(seconds(8))
  assert.deepEqual(resets(peer).map(codeOf), [Code.cancel])
  assert.deepEqual(gone, [])
  assert.equal(place.server.connections, 1)
})

test('a client that takes a little is not cut', async () => {
  const place = await world((exchange) => exchange.reply(200, [], 'x'.repeat(1_000)), { stallTime: seconds(8) })
  const peer = await place.client(Setting.window, 0)
  peer.send(headers(1, GET))
  for (let i = 0; i < 10; i++) {
    await place.host.clock.advance(seconds(5))
    peer.send(frame(FrameType.window, 0, 1, numbers(10)))
    await settle()
  }
  assert.deepEqual([content(peer), resets(peer).length], [100, 0])
})

test('a connection that reads nothing at all is reset, and its requests wait meanwhile', async () => {
  let asked = 0
  const place = await world(
    (exchange) => {
      asked++
      exchange.reply(200, [], new Uint8Array(60_000))
    },
    { stallTime: seconds(8) },
    { highWater: 30_000 },
  )
  const peer = await place.client(Setting.window, 1_000_000)
  peer.connection.pause()
  peer.send(headers(1, GET))
  await settle()
  for (let i = 1; i < 50; i++) {
    peer.send(headers(2 * i + 1, GET))
    await settle(20)
  }
  assert.ok(asked <= 3, `${asked} were answered`)
  await place.host.clock.advance(seconds(30))
  assert.equal(place.server.connections, 0)
})

test('requests that are taken back while they wait for a client that reads nothing reach no handler', async () => {
  const asked: string[] = []
  const place = await world(
    (exchange) => {
      asked.push(exchange.path)
      exchange.reply(200, [], new Uint8Array(60_000))
    },
    {},
    { highWater: 30_000 },
  )
  const peer = await place.client(Setting.window, 1_000_000)
  peer.connection.pause()
  peer.send(headers(1, GET))
  await settle()
  const to = (path: string) => [...GET.slice(0, 4), ':path', path, ...GET.slice(6)]
  peer.send(headers(3, to('/back')), headers(5, to('/kept')), frame(FrameType.reset, 0, 3, numbers(Code.cancel)))
  await settle()
  peer.connection.resume()
  await settle()
  assert.deepEqual(asked, ['/', '/kept'])
})

test('slow clients: no SETTINGS, half a frame, half a header block, a body that drips, nothing at all', async () => {
  const limits = { headTime: seconds(8), idleTime: seconds(20), bodyTime: seconds(8) }
  const place = await world(async (exchange) => exchange.reply(200, [], await exchange.body.bytes()), limits)
  const laptop = place.network.host('phone', '10.0.0.3', {}, undefined, place.host.clock)
  const silent = new FramePeer(await laptop.connect({ address: '10.0.0.80', port: 80 }))
  silent.send(new TextEncoder().encode('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'))
  const half = await place.client()
  half.send(headers(1, GET).slice(0, 20))
  const open = await place.client()
  open.send(frame(FrameType.headers, 1, 1, block(...GET)))
  const drip = await place.client()
  drip.send(headers(1, POST, false))
  const idle = await place.client()
  for (let i = 0; i < 14; i++) {
    drip.send(data(1, 'x'))
    await place.host.clock.advance(seconds(1))
  }
  assert.deepEqual(
    [codeOf(goaway(silent)!), codeOf(goaway(half)!), codeOf(goaway(open)!)],
    [Code.calm, Code.calm, Code.calm],
  )
  assert.deepEqual(
    replies(drip).map(({ fields }) => fields[1]),
    ['408'],
  )
  assert.equal(goaway(idle), undefined)
  await place.host.clock.advance(seconds(10))
  assert.equal(codeOf(goaway(idle)!), Code.none)
  await place.host.clock.advance(seconds(60))
  assert.equal(place.server.connections, 0)
})

test('a client that leaves tells the handlers of all its streams, and nothing is left', async () => {
  for (const leave of ['end', 'reset'] as const) {
    const reasons: string[] = []
    const place = await world(async (exchange) => {
      await new Promise<void>((resolve) => exchange.signal.addEventListener('abort', () => resolve()))
      reasons.push(exchange.signal.reason.name)
    })
    const peer = await place.client()
    await send(peer, 5, (i) => headers(2 * i + 1, GET))
    peer.connection[leave]()
    await place.host.clock.advance(seconds(1))
    assert.deepEqual(reasons, Array(5).fill('ClientGone'), leave)
    assert.equal(place.server.connections, 0)
  }
})

test('an upload past limits.bodyBytes is answered by 413, and the connection goes on', async () => {
  const place = await world(async (exchange) => exchange.reply(200, [], await exchange.body.bytes()), {
    bodyBytes: 20_000,
  })
  const peer = await place.client()
  peer.send(headers(1, POST, false), data(1, new Uint8Array(15_000)), data(1, new Uint8Array(15_000)))
  peer.send(headers(3, [...POST, 'content-length', '20001'], false))
  await settle()
  peer.send(headers(5, GET))
  await settle()
  const answers = replies(peer).map(({ stream, fields }) => `${stream} ${fields[1]}`)
  assert.deepEqual(answers.sort(), ['1 413', '3 413', '5 200'])
  assert.deepEqual(new Set(resets(peer).map(codeOf)), new Set([Code.none]))
})

test('the defaults let browsers be browsers', () => {
  assert.ok(HTTP_LIMITS.streams >= 100 && HTTP_LIMITS.streamResets >= 3 * HTTP_LIMITS.streams)
})
