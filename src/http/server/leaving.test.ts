/** Clients that go away, and servers that do: whoever waits is told, and nothing is held for nobody. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../base/clock.ts'
import { ms, seconds } from '../../base/duration.ts'
import { BodyError, ClientGone } from '../errors.ts'
import type { Exchange, Handler, ReplyBody } from '../exchange.ts'
import { HTTP_LIMITS } from '../limits.ts'
import { settle } from '../trial/machine.ts'
import { type Manners, TestNetwork } from '../trial/network.ts'
import { RawClient } from '../trial/raw.ts'
import { type ServeOptions, serve } from './serve.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

async function world(handler: Handler, options: ServeOptions = {}, manners: Manners = {}) {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80', manners)
  const laptop = network.host('laptop', '10.0.0.2', manners, undefined, host.clock)
  const errors: unknown[] = []
  const server = await serve(host, handler, { port: 80, onError: (error) => void errors.push(error), ...options })
  return {
    network,
    host,
    laptop,
    server,
    errors,
    clock: host.clock,
    client: () => RawClient.open(laptop, server.local),
  }
}

type Leave = (raw: RawClient) => void
const WAYS: readonly [string, Leave][] = [
  ['FIN', (raw) => raw.connection.end()],
  ['close', (raw) => raw.connection.close()],
  ['RST', (raw) => raw.connection.reset()],
]

for (const [name, leave] of WAYS) {
  test(`${name}: the signal of a silent handler is aborted at once, and its connection let go`, async () => {
    let exchange!: Exchange
    let ended = false
    const { client, server, network, errors } = await world(async (e) => {
      exchange = e
      await new Promise<void>((resolve) => e.signal.addEventListener('abort', () => resolve()))
      ended = true
    })
    const raw = await client()
    await raw.send(GET)
    assert.equal(exchange.signal.aborted, false)
    leave(raw)
    await settle()
    assert.equal(exchange.signal.aborted, true)
    assert.ok(exchange.signal.reason instanceof ClientGone)
    assert.equal(exchange.signal.reason.code, 'HTTP_CLIENT_GONE')
    assert.equal(ended, true)
    assert.equal(server.connections, 0)
    raw.connection.close()
    await settle()
    assert.equal(network.open, 0)
    assert.deepEqual(errors, [])
  })

  test(`${name}: a handler that waits for the client to read is told, and lets go of what it holds`, async () => {
    const log: string[] = []
    const { client, errors } = await world(async (exchange) => {
      const reply = exchange.start(200, [])
      try {
        for (;;) if (!reply.write(new Uint8Array(50_000))) await reply.ready()
      } catch (error) {
        log.push((error as Error).name)
        throw error
      } finally {
        log.push('file closed')
      }
    })
    const raw = await client()
    raw.connection.pause()
    await raw.send(GET)
    assert.deepEqual(log, [])
    leave(raw)
    await settle()
    assert.deepEqual(log, ['ClientGone', 'file closed'])
    // Nobody's fault: a flood of it would be a flood of the log.
    assert.deepEqual(errors, [])
  })

  test(`${name}: who asks afterwards is told as well, and writing does no harm`, async () => {
    let exchange!: Exchange
    let reply!: ReplyBody
    const { client } = await world((e) => {
      exchange = e
      reply = e.start(200, [])
    })
    const raw = await client()
    await raw.send(GET)
    leave(raw)
    await settle()
    assert.equal(exchange.signal.aborted, true)
    assert.equal(reply.write('x'), false)
    await assert.rejects(reply.ready(), ClientGone)
    void reply.ready() // not waited for: that must not end the process
    reply.end()
    await settle()
  })

  test(`${name}: in the middle of a body the reader gets an error that is not a server's fault`, async () => {
    const seen: unknown[] = []
    const { client, server, errors } = await world(async (exchange) => {
      try {
        await exchange.body.text()
      } catch (error) {
        seen.push(error)
        throw error
      }
    })
    const raw = await client()
    await raw.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc')
    leave(raw)
    await settle()
    assert.ok(seen[0] instanceof ClientGone && seen[0] instanceof BodyError && seen[0].status === 400)
    assert.deepEqual(errors, [])
    raw.connection.close()
    await settle()
    assert.equal(server.connections, 0)
  })
}

test('a client that has only ended its side still gets what the handler gives', async () => {
  let exchange!: Exchange
  const { client, network } = await world((e) => void (exchange = e))
  const raw = await client()
  await raw.send(GET)
  raw.connection.end()
  await settle()
  assert.equal(exchange.signal.aborted, true)
  exchange.reply(200, [], 'all the same')
  await settle()
  assert.match(raw.take(), /Connection: close\r\n\r\nall the same$/)
  assert.equal(network.open, 0)
})

test('a reply to it that moves may take its time, one that does not is given up after leaveTime', async () => {
  const replies: ReplyBody[] = []
  const { client, clock, server } = await world((exchange) => void replies.push(exchange.start(200, [])))
  const [slow, dead] = [await client(), await client()]
  for (const raw of [slow, dead]) {
    await raw.send(GET)
    raw.connection.end()
  }
  await settle()
  for (let i = 0; i < 8; i++) {
    replies[0]!.write('x')
    await clock.advance(HTTP_LIMITS.leaveTime / 4)
  }
  await settle()
  assert.deepEqual([slow.error, dead.error?.code], [null, 'ECONNRESET'])
  replies[0]!.end()
  await settle()
  assert.match(slow.take(), /0\r\n\r\n$/)
  assert.equal(server.connections, 0)
})

test('with halfClose a client that has ended its side is served on, and its signal tells of a reset only', async () => {
  let exchange!: Exchange
  const { client, clock } = await world((e) => void (exchange = e), { halfClose: true })
  const raw = await client()
  await raw.send(GET)
  raw.connection.end()
  await clock.advance(100 * SECOND)
  assert.equal(exchange.signal.aborted, false)
  const reply = exchange.start(200, [])
  await reply.ready()
  assert.equal(reply.write('late'), true)
  raw.connection.reset()
  await settle()
  assert.equal(exchange.signal.aborted, true)
})

test('all requests of a pipeline are told when their client leaves', async () => {
  const open: Exchange[] = []
  const { client } = await world((exchange) => void open.push(exchange))
  const raw = await client()
  await raw.send(GET.repeat(3))
  const signals = open.map(({ signal }) => signal)
  raw.connection.end()
  await settle()
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, true, true],
  )
})

test('a client that takes nothing is cut soon after stallTime, not at twice of it', async () => {
  const { client, clock } = await world((exchange) => exchange.reply(200, [], new Uint8Array(500_000)), {
    limits: { stallTime: seconds(8) },
  })
  const raw = await client()
  raw.connection.pause()
  await raw.send(GET)
  await clock.advance(7 * SECOND)
  assert.equal(raw.closed, false)
  await clock.advance(4 * SECOND)
  raw.connection.resume()
  await settle()
  assert.equal(raw.error?.code, 'ECONNRESET')
})

test('long handlers learn that the server closes, end of themselves, and hold it up no longer', async () => {
  const { client, server, clock } = await world(async (exchange) => {
    const reply = exchange.start(200, ['Content-Type', 'text/event-stream'])
    reply.write('data: 1\n\n')
    await new Promise<void>((resolve) => exchange.draining.addEventListener('abort', () => resolve()))
    reply.end()
  })
  const raw = await client()
  assert.match(await raw.send(GET), /data: 1/)
  const started = clock.now()
  const closing = server.close(seconds(30))
  await settle()
  assert.match(raw.take(), /0\r\n\r\n$/)
  raw.connection.close()
  await closing
  assert.equal(clock.now(), started)
})

test('close() refuses a bare number of milliseconds', async () => {
  const { server } = await world(() => {})
  await assert.rejects(server.close(500 as never), /write ms\(500\)/)
  await server.close(ms(1))
})
