/** Clients that take their time, and those that take all of ours: every deadline and every cap, on a virtual clock. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getHeapStatistics } from 'node:v8'
import { SECOND } from '../../../src/base/clock.ts'
import { seconds } from '../../../src/base/duration.ts'
import type { Exchange, Handler, ReplyBody } from '../../../src/http/index.ts'
import { HTTP_LIMITS } from '../../../src/http/index.ts'
import { Reader } from '../../../src/http/machine/reader.ts'
import { settle } from '../../../src/http/trial/machine.ts'
import { world } from './world.ts'

const hello: Handler = (exchange) => exchange.reply(200, [], 'hello')
const echo: Handler = async (exchange) => exchange.reply(200, [], await exchange.body.bytes())
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n'

test('a head that drips is cut off at headTime, however steadily it drips', async () => {
  const { open, clock, server } = await world(hello)
  const raw = await open()
  let text = ''
  let waited = 0
  for (const byte of 'GET / HTTP/1.1\r\nHost: a\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy') {
    text += await raw.send(byte)
    if (raw.ended) break
    await clock.advance(SECOND)
    waited++
  }
  assert.match(text + raw.take(), /^HTTP\/1.1 408 .*the head did not arrive in time/s)
  assert.ok(waited >= 20 && waited <= 22, `${waited} s`)
  await clock.advance(10 * SECOND)
  assert.equal(server.connections, 0)
})

test('a connection without a byte is closed at headTime, one without a next request at idleTime', async () => {
  const { open, clock, server } = await world(hello)
  const silent = await open()
  const idle = await open()
  await idle.send(GET)
  await clock.advance(21 * SECOND)
  assert.deepEqual([silent.ended, idle.ended], [true, false])
  assert.equal(silent.text, '')
  await clock.advance(53 * SECOND)
  assert.equal(idle.ended, false)
  await clock.advance(2 * SECOND)
  assert.equal(idle.ended, true)
  await clock.advance(10 * SECOND)
  assert.equal(server.connections, 0)
})

test('requests keep a connection alive for ever', async () => {
  const { open, clock } = await world(hello)
  const raw = await open()
  for (let i = 0; i < 10; i++) {
    assert.match(await raw.send(GET), /^HTTP\/1.1 200/)
    await clock.advance(70 * SECOND)
  }
  // Half a head each time: its own deadline is counted anew.
  for (let i = 0; i < 5; i++) {
    await raw.send(GET.slice(0, 10))
    await clock.advance(15 * SECOND)
    assert.match(await raw.send(GET.slice(10)), /^HTTP\/1.1 200/)
  }
  for (let i = 0; i < 5; i++) {
    assert.match(await raw.send(GET.slice(10 * Math.min(i, 1)) + GET.slice(0, 10)), /^HTTP\/1.1 200/)
    await clock.advance(15 * SECOND)
  }
})

test('a body must make progress, and one that does may take its time', async () => {
  const { open, clock } = await world(echo)
  const steady = await open()
  const slow = await open()
  await steady.send(POST)
  await slow.send(POST)
  for (let i = 0; i < 30 && !slow.ended; i++) {
    await steady.send('x'.repeat(2_000))
    await slow.send('x'.repeat(100))
    await clock.advance(3 * SECOND)
  }
  assert.deepEqual([steady.ended, slow.ended], [false, true])
})

test('a body that stops is answered 408', async () => {
  const { open, clock } = await world(echo)
  const raw = await open()
  await raw.send(POST)
  await clock.advance(58 * SECOND)
  assert.equal(raw.take(), '')
  await clock.advance(3 * SECOND)
  assert.match(raw.take(), /^HTTP\/1.1 408 .*Connection: close.*slower than 512 bytes/s)
})

test('how fast a body must be, and how long a client that is done is listened to, can be set', async () => {
  const { open, clock, server } = await world(echo, {
    limits: { bodyTime: seconds(10), bodyRate: 10, silenceTime: seconds(2), lingerTime: seconds(4) },
  })
  const [steady, slow] = [await open(), await open()]
  for (const raw of [steady, slow]) await raw.send(POST)
  for (let i = 0; i < 6; i++) {
    await steady.send('x'.repeat(40))
    await slow.send('x'.repeat(15))
    await clock.advance(3 * SECOND)
  }
  assert.deepEqual([steady.ended, slow.ended], [false, true])
  steady.connection.reset()
  const talker = await open()
  await talker.send(GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
  await clock.advance(SECOND)
  for (let i = 0; i < 2; i++) {
    await talker.send('x')
    await clock.advance(1.5 * SECOND)
  }
  assert.equal(server.connections, 1)
  await talker.send('x')
  await clock.advance(3 * SECOND)
  assert.equal(server.connections, 0)
})

test('a body that its handler does not read is not held against the client', async () => {
  let exchange!: Exchange
  const { open, clock } = await world((e) => void (exchange = e))
  const raw = await open()
  await raw.send(`${POST.replace('100000', '3')}abc`)
  await clock.advance(200 * SECOND)
  assert.equal(raw.ended, false)
  const body = exchange.body.text()
  await settle()
  assert.equal(await body, 'abc')
  exchange.reply(200, [], 'late')
  await settle()
  assert.match(raw.take(), /late$/)
})

test('a client that reads nothing is reset at stallTime, one that reads slowly is not', async () => {
  const replies: ReplyBody[] = []
  const { open, clock } = await world(
    (exchange) => {
      const reply = exchange.start(200, [])
      replies.push(reply)
      const piece = new Uint8Array(50_000)
      while (reply.write(piece));
      reply.onDrain = () => void reply.write(piece)
    },
    { limits: { stallTime: seconds(30) } },
  )
  const stuck = await open()
  const slow = await open()
  await stuck.send('')
  stuck.connection.pause()
  slow.connection.pause()
  await stuck.send(GET)
  await slow.send(GET)
  for (let i = 0; i < 40; i++) {
    slow.connection.resume()
    await settle(2)
    slow.connection.pause()
    await clock.advance(SECOND)
  }
  stuck.connection.resume()
  slow.connection.resume()
  await settle()
  assert.equal(stuck.error?.code, 'ECONNRESET')
  assert.equal(slow.closed, false)
})

test('a body that its reader has left paused does not hold the connection once the reply is through', async () => {
  const { open, clock, network } = await world((exchange) => {
    exchange.body.read({ data: () => exchange.body.pause(), end() {} })
    queueMicrotask(() => exchange.reply(200, [], 'enough'))
  })
  const raw = await open()
  assert.match(await raw.send(`${POST}abc`), /enough$/)
  await raw.send('more')
  await clock.advance(62 * SECOND)
  assert.equal(raw.ended, true)
  raw.connection.close()
  await settle()
  assert.equal(network.open, 0)
})

test('a body past its limit ends the connection though its reply is through', async () => {
  const { open } = await world(hello, { limits: { bodyBytes: 10 } })
  const raw = await open()
  await raw.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
  await raw.send('b\r\n01234567890\r\n')
  assert.equal(raw.ended, true)
})

test('an exchange that is broken off takes the requests behind it along', async () => {
  const seen: string[] = []
  const { open } = await world((exchange) => {
    seen.push(exchange.path)
    exchange.abort()
  })
  const raw = await open()
  await raw.send(GET.repeat(5))
  assert.deepEqual(seen, ['/'])
  assert.equal(raw.error?.code, 'ECONNRESET')
})

test('a handler may take as long as it likes', async () => {
  let exchange!: Exchange
  const { open, clock } = await world((e) => void (exchange = e))
  const raw = await open()
  await raw.send(GET)
  await clock.advance(1000 * SECOND)
  exchange.reply(200, [], 'at last')
  await settle()
  assert.match(raw.take(), /at last$/)
})

test('who keeps sending after our end is listened to for a while, who falls silent for less', async () => {
  const { open, clock, server } = await world(hello)
  const [talker, silent] = [await open(), await open()]
  for (const raw of [talker, silent]) {
    await raw.send(GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
    assert.equal(raw.ended, true)
  }
  const left: number[] = []
  for (let second = 0; second < 40; second += 2) {
    await talker.send('x'.repeat(HTTP_LIMITS.drainBytes))
    left.push(server.connections)
    await clock.advance(2 * SECOND)
  }
  const [silence, time] = [left.indexOf(1) * 2, left.indexOf(0) * 2]
  assert.ok(silence > 4 && silence <= 8, `${silence} s of silence`)
  assert.ok(time > 28 && time <= 36, `${time} s in all`)
})

test('connections, requests per connection and body bytes are capped', async () => {
  const capped = await world(echo, { limits: { connections: 2, requestsPerConnection: 3, bodyBytes: 10 } })
  const first = await capped.open()
  await capped.open()
  const third = await capped.open()
  await settle()
  assert.equal(third.error?.code, 'ECONNRESET')
  for (let i = 0; i < 2; i++) assert.doesNotMatch(await first.send(GET), /Connection: close/)
  assert.match(await first.send(GET), /Connection: close/)
  assert.equal(first.ended, true)
  const { open } = await world(echo, { limits: { bodyBytes: 10 } })
  const post = 'POST / HTTP/1.1\r\nHost: a\r\n'
  assert.match(await (await open()).send(`${post}Content-Length: 11\r\n\r\n`), /^HTTP\/1.1 413 /)
  assert.match(
    await (await open()).send(`${post}Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n`),
    /^HTTP\/1.1 413 .*limits.bodyBytes/s,
  )
  assert.match(await (await open()).send(`${post}Content-Length: 10\r\n\r\n0123456789`), /^HTTP\/1.1 200 /)
})

test('replies that wait for an earlier one are bounded', async () => {
  const replies: ReplyBody[] = []
  const { open } = await world((exchange) => void replies.push(exchange.start(200, [])), {
    limits: { backlogBytes: 100_000 },
  })
  const raw = await open()
  await raw.send(GET + GET)
  let written = 0
  while (replies[1]!.write(new Uint8Array(10_000))) written += 10_000
  assert.ok(written < 110_000, `${written} bytes`)
})

test('who sends requests and reads no replies is not read on', async () => {
  let asked = 0
  const { open } = await world((exchange) => {
    asked++
    exchange.reply(200, [], 'x'.repeat(1000))
  })
  const raw = await open()
  raw.connection.pause()
  for (let i = 0; i < 100; i++) await raw.send(GET.repeat(100))
  assert.ok(asked < 300, `${asked} of 10,000 requests were answered`)
  raw.connection.resume()
  for (let i = 0; i < 300; i++) await settle()
  assert.equal(asked, 10_000)
})

test('a body in a million chunks of one byte costs about its size', async () => {
  const { open, server } = await world(echo)
  const raw = await open()
  const chunks = '1\r\nx\r\n'.repeat(10_000)
  await raw.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 50; i++) await raw.send(chunks)
  const grown = process.memoryUsage().heapUsed - before
  assert.ok(grown < 40_000_000, `${grown} bytes of heap for 500,000 chunks`)
  assert.equal(server.connections, 1)
  assert.match(await raw.send('0\r\n\r\n'), /Content-Length: 500000\r\n/)
})

test('ten thousand idle connections cost little and go when their time has come', async () => {
  const { open, clock, server } = await world(hello)
  const clients = []
  for (let i = 0; i < 10_000; i++) clients.push(await open())
  assert.equal(server.connections, 10_000)
  assert.ok(clock.timers <= 2, `${clock.timers} timers`)
  await clock.advance(21 * SECOND)
  for (const client of clients) client.connection.close()
  await settle()
  assert.equal(server.connections, 0)
  assert.equal(clock.timers, 0)
})

test('heads, start lines and trailers that come byte by byte cost linear work', () => {
  const big = 1 << 20
  const limits = { ...HTTP_LIMITS, startLineBytes: big, headBytes: big, trailerBytes: big, fieldCount: big }
  /** Octets looked at, and bytes that the engine allocated (strings flattened, arrays grown), for each octet fed. */
  const work = (text: string) => {
    let ended = 0
    const sink = { onHead() {}, onBody() {}, onMessageEnd: () => void ended++, onRefused() {} }
    const reader = new Reader('request', sink, limits)
    const bytes = Buffer.from(text)
    const pieces = Array.from({ length: bytes.length }, (_, i) => bytes.subarray(i, i + 1))
    const before = allocated()
    for (const piece of pieces) reader.feed(piece)
    const after = allocated()
    assert.equal(ended, 1)
    return { looks: reader.examined / bytes.length, allocated: (after - before) / bytes.length }
  }
  const head = 'GET / HTTP/1.1\r\nHost: a\r\n'
  const fields = (count: number) => 'X: yyyyyyyy\r\n'.repeat(count)
  const ways: ((count: number) => string)[] = [
    (count) => `${head}${fields(count)}\r\n`,
    (count) => `${head}Transfer-Encoding: chunked\r\n\r\n0\r\n${fields(count)}\r\n`,
    (count) => `GET /${'x'.repeat(13 * count)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    (count) => `${head}Transfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(2 * count)}0\r\n\r\n`,
  ]
  for (const [i, way] of ways.entries()) {
    work(way(2_000)) // compiled code and feedback are not counted
    for (const count of [2_000, 16_000]) {
      const { looks, allocated } = work(way(count))
      assert.ok(looks < 8, `way ${i}, ${count} fields: each octet is looked at ${looks} times`)
      assert.ok(allocated < 800, `way ${i}, ${count} fields: ${allocated} bytes are allocated for each octet`)
    }
  }
})

/** Bytes allocated by the engine since it began; 0 where it does not tell (Node 24). */
function allocated(): number {
  return (getHeapStatistics() as { total_allocated_bytes?: number }).total_allocated_bytes ?? 0
}
