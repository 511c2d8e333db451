/** Bodies both ways: replies that nobody wants, uploads that take their time, bodies that are pushed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../base/clock.ts'
import { seconds } from '../../base/duration.ts'
import type { Connection } from '../../socket/host.ts'
import { RequestError } from '../errors.ts'
import type { Exchange, Handler, ReplyBody } from '../exchange.ts'
import { HTTP_LIMITS } from '../limits.ts'
import { type ServeOptions, serve } from '../server/serve.ts'
import { settle } from '../trial/machine.ts'
import { type Manners, TestNetwork } from '../trial/network.ts'
import { Client, type ClientOptions } from './client.ts'
import { fetchOn } from './fetch.ts'
import type { Reply } from './send.ts'

async function world(handler: Handler, options: ClientOptions = {}, manners: Manners = {}, serving: ServeOptions = {}) {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80', manners)
  const laptop = network.host('laptop', '10.0.0.2', manners, undefined, host.clock)
  const server = await serve(host, handler, { port: 80, ...serving })
  return { network, host, laptop, server, clock: host.clock, client: new Client(laptop, options) }
}

const text = (reply: Reply) => reply.body.text()

test('a reply without end that is discarded, or cancelled by fetch, lets go of its connection', async () => {
  const ways: ((client: Client) => Promise<unknown>)[] = [
    async (client) => (await client.request('http://web/')).body.discard(),
    async (client) => (await fetchOn(client)('http://web/')).body!.cancel(),
    async (client) => {
      const reader = (await fetchOn(client)('http://web/')).body!.getReader()
      await reader.read()
      await reader.cancel()
    },
  ]
  for (const way of ways) {
    let exchange!: Exchange
    const { client, clock, network } = await world((e) => {
      exchange = e
      e.start(200, ['Content-Type', 'text/event-stream']).write('data: 1\n\n')
    })
    await way(client)
    await clock.advance(HTTP_LIMITS.drainTime + SECOND)
    assert.equal(client.connections, 0)
    assert.equal(exchange.signal.aborted, true)
    await settle()
    assert.equal(network.open, 0)
  }
})

test('a long reply that is discarded is not read to its end; a short one keeps its connection', async () => {
  let written = 0
  const { client, server } = await world((exchange) => {
    const length = Number(exchange.query)
    const reply = exchange.start(200, ['Content-Length', String(length)])
    const more = () => {
      while (written < length) {
        const piece = Math.min(10_000, length - written)
        written += piece
        if (!reply.write(new Uint8Array(piece))) return
      }
      reply.end()
    }
    reply.onDrain = more
    more()
  })
  ;(await client.request('http://web/?200000')).body.discard()
  await settle()
  assert.equal(client.connections, 1)
  written = 0
  ;(await client.request('http://web/?1000000000')).body.discard()
  await settle()
  assert.equal(client.connections, 0)
  assert.ok(written < 1_000_000, `${written} bytes were read`)
  assert.equal(server.connections, 0)
})

test('a reply of unknown length is thrown away up to drainBytes and no further', async () => {
  let reply!: ReplyBody
  const { client } = await world((exchange) => void (reply = exchange.start(200, [])), {
    limits: { drainBytes: 50_000 },
  })
  ;(await client.request('http://web/')).body.discard()
  reply.write(new Uint8Array(40_000))
  await settle()
  assert.equal(client.connections, 1)
  reply.end()
  await settle()
  assert.equal(client.connections, 1)
  ;(await client.request('http://web/')).body.discard()
  for (let i = 0; i < 10; i++) {
    reply.write(new Uint8Array(40_000))
    await settle()
  }
  assert.equal(client.connections, 0)
})

test('bytes() past its limit lets the connection go too', async () => {
  const { client, clock } = await world((exchange) => {
    const reply = exchange.start(200, exchange.query === '' ? [] : ['Content-Length', exchange.query])
    reply.write(new Uint8Array(300_000))
  })
  for (const path of ['/', '/?900000000'])
    await assert.rejects((await client.request(`http://web${path}`)).body.bytes(1_000), { code: 'HTTP_BODY_TOO_LARGE' })
  await clock.advance(HTTP_LIMITS.drainTime + SECOND)
  assert.equal(client.connections, 0)
})

test('an upload that moves may take longer than the time-out; the head’s clock starts when it is out', async () => {
  let exchange!: Exchange
  const { client, clock } = await world(
    (e) => {
      exchange = e
      e.body.read({ data() {}, end() {} })
    },
    { timeout: seconds(2) },
  )
  let more!: () => void
  const body = (async function* () {
    for (let i = 0; i < 15; i++) {
      yield `piece ${i}`
      await new Promise<void>((resolve) => (more = resolve))
    }
  })()
  const reply = client.request('http://web/', { method: 'POST', body }).then(text)
  for (let i = 0; i < 15; i++) {
    await clock.advance(SECOND)
    more()
  }
  await clock.advance(SECOND)
  exchange.reply(200, [], 'all of it')
  assert.equal(await reply, 'all of it')
  // Once the request is out the head has its time and no more.
  const silent = client.request('http://web/', { method: 'POST', body: 'x' }).catch((error: unknown) => error as Error)
  await clock.advance(3 * SECOND)
  assert.match(String(await silent), /no reply from http:\/\/web in time/)
})

test('an upload of which the server takes nothing for bodyTime is given up', async () => {
  let taker!: Connection
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80')
  const laptop = network.host('laptop', '10.0.0.2', {}, undefined, host.clock)
  await host.listen({ address: '10.0.0.80', port: 80 }, (connection) => {
    taker = connection
    connection.attach({ onData: () => connection.pause(), onEnd() {}, onDrain() {}, onClose() {} })
  })
  const client = new Client(laptop, { bodyTime: seconds(10) })
  const body = (async function* () {
    for (;;) yield new Uint8Array(50_000)
  })()
  const failed = client.request('http://web/', { method: 'POST', body }).catch((error: unknown) => error as Error)
  // Slow, but it moves.
  for (let i = 0; i < 5; i++) {
    await host.clock.advance(8 * SECOND)
    taker.resume()
    await settle(3)
  }
  await settle()
  assert.equal(client.connections, 1)
  await host.clock.advance(25 * SECOND)
  assert.match(String(await failed), /http:\/\/web took no more of the request in time/)
  assert.equal(client.connections, 0)
})

test('a body is pushed with back-pressure, before there is a connection too', async () => {
  const { client } = await world(
    async (exchange) => exchange.reply(200, [], String((await exchange.body.bytes(5_000_000)).length)),
    { limits: { backlogBytes: 30_000 } },
    { highWater: 8_192 },
    { limits: { bodyBytes: 5_000_000 } },
  )
  const { body, reply } = client.open('http://web/', { method: 'PUT' })
  const answers: boolean[] = []
  for (let i = 0; i < 4; i++) answers.push(body.write(new Uint8Array(10_000)))
  assert.deepEqual(answers, [true, true, false, false])
  let waits = 0
  for (let i = 0; i < 100; i++)
    if (!body.write(new Uint8Array(10_000))) {
      waits++
      await body.ready()
    }
  assert.ok(waits > 10, `${waits} waits`)
  body.end()
  assert.equal(await text(await reply), '1040000')
})

test('a pushed body of a given length, with trailers, by onDrain', async () => {
  let trailers: readonly string[] = []
  const { client } = await world(async (exchange) => {
    const got = await exchange.body.text()
    trailers = exchange.body.trailers
    exchange.reply(200, [], `${exchange.header('content-length') ?? 'chunked'} ${got}`)
  })
  const sized = client.open('http://web/', { fields: ['Content-Length', '4'] })
  sized.body.write('ab')
  sized.body.write('cd')
  sized.body.end()
  assert.equal(await text(await sized.reply), '4 abcd')
  const chunked = client.open('http://web/')
  let drained = false
  chunked.body.onDrain = () => {
    if (drained) return
    drained = true
    chunked.body.write('late')
    chunked.body.end(['X-Sum', '1'])
  }
  assert.equal(await text(await chunked.reply), 'chunked late')
  assert.deepEqual(trailers, ['X-Sum', '1'])
  const long = client.open('http://web/', { fields: ['Content-Length', '1'] })
  long.reply.catch(() => {})
  await settle()
  assert.throws(() => long.body.write('ab'), { code: 'HTTP_INVALID_LENGTH' })
  await assert.rejects(long.reply, { code: 'HTTP_INVALID_LENGTH' })
})

test('who pushes is told when nobody takes the body any more', async () => {
  const { client } = await world((exchange) => {
    if (exchange.path === '/early') exchange.reply(413, [], 'too much')
  })
  // A reply before the end of the request.
  const early = client.open('http://web/early')
  early.body.write(new Uint8Array(10))
  assert.equal((await early.reply).status, 413)
  await text(await early.reply)
  await settle()
  assert.equal(early.body.write('x'), false)
  await assert.rejects(early.body.ready(), /reads no more of the request/)
  // No connection at all.
  const nowhere = client.open('http://nowhere/')
  await assert.rejects(nowhere.reply, { code: 'ENOTFOUND' })
  await assert.rejects(nowhere.body.ready(), { code: 'ENOTFOUND' })
  // Given up.
  const control = new AbortController()
  const given = client.open('http://web/', { signal: control.signal })
  await settle()
  control.abort()
  await assert.rejects(given.reply, { code: 'HTTP_ABORTED' })
  await assert.rejects(given.body.ready(), RequestError)
  assert.throws(() => client.open('mailto:a@b'), { code: 'HTTP_INVALID_URL' })
})

test('a source that fails, or is no longer wanted, is let go of', async () => {
  const { client } = await world((exchange) => exchange.reply(413, [], 'no'))
  const log: string[] = []
  const body = (fails: boolean) =>
    (async function* () {
      try {
        for (let i = 0; ; i++) {
          yield new Uint8Array(50_000)
          if (fails && i === 0) throw new Error('disk')
        }
      } finally {
        log.push('closed')
      }
    })()
  const reply = await client.request('http://web/', { method: 'POST', body: body(false) })
  assert.equal(await text(reply), 'no')
  await settle()
  assert.deepEqual(log, ['closed'])
  const { client: other } = await world(() => {})
  await assert.rejects(other.request('http://web/', { method: 'POST', body: body(true) }), /disk/)
  assert.deepEqual(log, ['closed', 'closed'])
  assert.equal(other.connections, 0)
})
