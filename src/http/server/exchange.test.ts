/** The rules of replies and bodies, over HTTP/1.1. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../base/clock.ts'
import { seconds, sleep } from '../../base/duration.ts'
import type { Security } from '../../socket/host.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { settle } from '../trial/machine.ts'
import { type Manners, TestNetwork } from '../trial/network.ts'
import { RawClient } from '../trial/raw.ts'
import { type ServeOptions, serve } from './serve.ts'

async function world(handler: Handler, options: ServeOptions = {}, manners: Manners = {}) {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80', manners)
  const laptop = network.host('laptop', '10.0.0.2', manners, undefined, host.clock)
  const errors: Error[] = []
  const onError = (error: unknown) => void errors.push(error as Error)
  const server = await serve(host, handler, { port: 80, onError, ...options })
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

test('205 is sent without content, and says so, whatever is given (RFC 9110 §15.3.6)', async () => {
  const ways: Handler[] = [
    (e) => e.reply(205, [], 'x'),
    (e) => e.reply(205, ['Content-Length', '1'], 'x'),
    (e) => {
      const reply = e.start(205, [])
      reply.write('x')
      reply.end()
    },
  ]
  for (const way of ways) {
    const { client } = await world(way)
    const raw = await client()
    const text = await raw.send('GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n')
    assert.match(
      text,
      /^HTTP\/1.1 205 Reset Content\r\nDate[^x]*Content-Length: 0\r\n[^x]*\r\n\r\nHTTP\/1.1 205 [^x]*\r\n\r\n$/,
    )
  }
})

test('100 Continue is left out where the body is on its way already (RFC 9110 §10.1.1)', async () => {
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n'
  for (const chunk of [1, 1000]) {
    const { client } = await world(async (e) => e.reply(200, [], await e.body.text()), {}, { chunk })
    const early = await (await client()).send(`${head}body`)
    if (chunk > 1) assert.match(early, /^HTTP\/1.1 200 OK.*\r\n\r\nbody$/s)
    const waiting = await client()
    assert.equal(await waiting.send(head), 'HTTP/1.1 100 Continue\r\n\r\n')
    assert.match(await waiting.send('body'), /^HTTP\/1.1 200 OK.*\r\n\r\nbody$/s)
  }
})

test('a body that is thrown away before the reply invites nobody to send it', async () => {
  const { client } = await world((exchange) => {
    exchange.body.discard()
    exchange.reply(403, [], 'no')
  })
  const raw = await client()
  const text = await raw.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n')
  assert.match(text, /^HTTP\/1.1 403 .*Connection: close\r\n/s)
})

test('the scheme is that of an absolute target, else that of the connection', async () => {
  const seen: [string, string, string][] = []
  const { client, host, laptop } = await world(() => {})
  const handler: Handler = (e) => {
    seen.push([e.scheme, e.authority, String(e.security?.serverName)])
    e.reply(204, [], null)
  }
  await serve(host, handler, { port: 81 })
  const raw = await RawClient.open(laptop, { address: '10.0.0.80', port: 81 })
  await raw.send('GET / HTTP/1.1\r\nHost: a\r\n\r\nGET https://b/p HTTP/1.1\r\nHost: a\r\n\r\n')
  const security: Security = {
    protocol: null,
    serverName: 'c.example',
    version: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    authorized: false,
    certificate: null,
  }
  // A host whose connections are encrypted.
  const secured = Object.create(host, {
    listen: {
      value: (...[at, accept, options]: Parameters<typeof host.listen>) =>
        host.listen(at, (connection) => accept(Object.create(connection, { security: { value: security } })), options),
    },
  })
  void client
  await serve(secured, handler, { port: 82 }).catch(() => {})
  assert.deepEqual(seen, [
    ['http', 'a', 'undefined'],
    ['https', 'b', 'undefined'],
  ])
})

test('octets above 0x7F in a target reach the handler percent-encoded, as they should have been sent', async () => {
  const seen: string[] = []
  const { client } = await world((e) => {
    seen.push(e.path, e.query, e.target)
    e.reply(204, [], null)
  })
  await (await client()).send('GET /caf\xc3\xa9?q=\xff HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.deepEqual(seen, ['/caf%C3%A9', 'q=%FF', '/caf\xc3\xa9?q=\xff'])
})

test('a reader that gives a promise gets the next piece when the promise has settled, and the end last', async () => {
  const log: string[] = []
  let release: (() => void)[] = []
  const { client } = await world((exchange) => {
    exchange.body.read({
      async data(bytes) {
        const text = Buffer.from(bytes).toString()
        log.push(`begin ${text}`)
        await new Promise<void>((resolve) => release.push(resolve))
        log.push(`done ${text}`)
      },
      end(error) {
        log.push(`end ${error}`)
        exchange.reply(200, [], 'ok')
      },
    })
  })
  const raw = await client()
  await raw.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nab')
  await raw.send('cd')
  await raw.send('ef')
  assert.deepEqual(log, ['begin ab'])
  while (release.length > 0) {
    const one = release
    release = []
    for (const resolve of one) resolve()
    await settle()
  }
  assert.deepEqual(log, ['begin ab', 'done ab', 'begin cd', 'done cd', 'begin ef', 'done ef', 'end null'])
  assert.match(raw.take(), /ok$/)
})

test('what a reader rejects with is a 500, reported once; so is what onDrain rejects with', async () => {
  const { client, errors } = await world((exchange) => {
    exchange.body.read({ data: async () => Promise.reject(new Error('late')), end() {} })
  })
  const raw = await client()
  const text = await raw.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab')
  assert.match(text, /^HTTP\/1.1 500 /)
  assert.deepEqual(
    errors.map(({ message }) => message),
    ['late'],
  )
  const other = await world((exchange) => {
    const reply = exchange.start(200, [])
    reply.onDrain = async () => Promise.reject(new Error('drained'))
    while (reply.write(new Uint8Array(30_000)));
  })
  await (await other.client()).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await settle()
  assert.deepEqual(
    other.errors.map(({ message }) => message),
    ['drained'],
  )
})

test('a body that is kept before its reader comes is bounded by prefetchBytes', async () => {
  let exchange!: Exchange
  const { client, network } = await world(
    (e) => void (exchange = e),
    { limits: { prefetchBytes: 1_000 } },
    { chunk: 500 },
  )
  const raw = await client()
  // Wanted by somebody who reads nothing yet: the body flows into what is kept, and stops there.
  await raw.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n')
  exchange.body.read({ data: () => new Promise<void>(() => {}), end() {} })
  await raw.send('x'.repeat(100_000))
  const waiting = network.connections[0]!.queued
  assert.ok(waiting > 90_000, `${waiting} bytes wait in the network`)
})

test('a tunnel through which nothing passes is closed after tunnelTime', async () => {
  const { client, laptop, network, clock, server } = await world(() => {}, {
    connect: { allow: () => true },
    limits: { tunnelTime: seconds(10) },
  })
  network.host('far', '10.0.0.9')
  await laptop.listen({ address: '10.0.0.9', port: 7 }, (connection) => {
    connection.attach({
      onData: (bytes) => void connection.write(bytes),
      onEnd: () => connection.end(),
      onDrain() {},
      onClose() {},
    })
  })
  const raw = await client()
  await raw.send('CONNECT far:7 HTTP/1.1\r\nHost: far:7\r\n\r\n')
  assert.equal(server.tunnels, 1)
  for (let i = 0; i < 5; i++) {
    assert.equal(await raw.send('x'), 'x')
    await clock.advance(8 * SECOND)
  }
  assert.equal(raw.ended, false)
  await clock.advance(13 * SECOND)
  assert.equal(raw.ended, true)
  raw.connection.close()
  await settle()
  assert.equal(server.tunnels, 0)
  assert.equal(network.open, 0)
})

test('a handler that sleeps on the clock answers late, and nothing else is held up', async () => {
  const { client, clock, host } = await world(async (exchange) => {
    if (exchange.path === '/late') await sleep(host.clock, seconds(5))
    exchange.reply(200, [], exchange.path)
  })
  const [late, prompt] = [await client(), await client()]
  await late.send('GET /late HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.match(await prompt.send('GET /prompt HTTP/1.1\r\nHost: a\r\n\r\n'), /prompt$/)
  await clock.advance(6 * SECOND)
  assert.match(late.take(), /late$/)
})
