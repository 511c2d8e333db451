/** Who gets which connection, and who gets the failure when there is none. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../base/clock.ts'
import { seconds } from '../../base/duration.ts'
import { SocketError } from '../../base/errors.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { originOf } from '../origin.ts'
import { serve } from '../server/serve.ts'
import { settle } from '../trial/machine.ts'
import { TestNetwork } from '../trial/network.ts'
import { Client, type ClientOptions } from './client.ts'
import type { Reply } from './send.ts'

async function world(handler: Handler, options: ClientOptions = {}) {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80')
  const laptop = network.host('laptop', '10.0.0.2', {}, undefined, host.clock)
  const server = await serve(host, handler, { port: 80 })
  return { network, host, laptop, server, clock: host.clock, client: new Client(laptop, options) }
}

const text = (reply: Reply) => reply.body.text()

/** A resolver of which each look-up after the first waits to be told what becomes of it. */
function resolver() {
  const waiting: ((failure: Error | null) => void)[] = []
  let calls = 0
  const resolve = (_name: string) => {
    if (calls++ === 0) return Promise.resolve(['10.0.0.80'])
    return new Promise<string[]>((done, fail) => {
      waiting.push((failure) => (failure === null ? done(['10.0.0.80']) : fail(failure)))
    })
  }
  return { resolve, waiting, calls: () => calls }
}

const AGAIN = () => new SocketError('EAI_AGAIN', 'getaddrinfo', { address: 'web' })

test('the failure of a dial is nobody’s when the request has another connection by then', async () => {
  const { resolve, waiting } = resolver()
  const seen: string[] = []
  const open: Exchange[] = []
  const { client } = await world(
    (exchange) => {
      seen.push(exchange.path)
      open.push(exchange)
    },
    { connections: 2, resolve },
  )
  const first = client.request('http://web/a', { method: 'POST', body: 'x' }).then(text)
  await settle()
  // Waits for a second connection, and gets the first one, which comes free before.
  const second = client.request('http://web/b', { method: 'POST', body: 'x' }).then(text)
  await settle()
  open[0]!.reply(200, [], 'a')
  assert.equal(await first, 'a')
  await settle()
  assert.deepEqual(seen, ['/a', '/b'])
  waiting[0]!(AGAIN())
  await settle()
  open[1]!.reply(200, [], 'b')
  assert.equal(await second, 'b')
  assert.deepEqual(seen, ['/a', '/b'])
})

test('a request does not fail with a dial while open connections of its origin can take it', async () => {
  const { resolve, waiting, calls } = resolver()
  const open: Exchange[] = []
  const { client } = await world((exchange) => void open.push(exchange), { connections: 3, resolve })
  const first = client.request('http://web/a').then(text)
  await settle()
  const second = client.request('http://web/b').then(text)
  await settle()
  waiting[0]!(AGAIN())
  await settle()
  // One failure, one attempt: not one after another without end.
  assert.equal(calls(), 2)
  open[0]!.reply(200, [], 'a')
  assert.equal(await first, 'a')
  await settle()
  open[1]!.reply(200, [], 'b')
  assert.equal(await second, 'b')
})

test('without any connection the failure of the dial is the request’s, and each request has its own', async () => {
  const { client, server } = await world(() => {}, { resolve: () => Promise.reject(AGAIN()) })
  const results = await Promise.allSettled(['/a', '/b', '/c'].map((path) => client.request(`http://web${path}`)))
  for (const result of results) assert.equal(result.status === 'rejected' && result.reason.code, 'EAI_AGAIN')
  assert.equal(server.connections, 0)
  assert.equal(client.connections, 0)
})

test('who waits in vain is told why there was no connection', async () => {
  const { resolve, waiting } = resolver()
  const { client, clock } = await world(() => {}, { connections: 3, resolve })
  const held = client.request('http://web/a', { timeout: seconds(100) })
  await settle()
  const vain = client.request('http://web/b', { timeout: seconds(5) }).catch((error: unknown) => error as Error)
  await settle()
  waiting[0]!(AGAIN())
  await clock.advance(6 * SECOND)
  const error = await vain
  assert.ok(error instanceof Error)
  assert.match(error.message, /no connection to http:\/\/web in time/)
  assert.equal((error.cause as SocketError).code, 'EAI_AGAIN')
  held.catch(() => {})
})

test('origins are kept apart by scheme, host and port', () => {
  const keys = [
    'http://a',
    'http://A:80/x',
    'http://a:81',
    'https://a',
    'https://a:443',
    'http://[::1]/',
    'http://b',
  ].map((url) => originOf(new URL(url))!.key)
  assert.deepEqual(keys, ['http://a', 'http://a', 'http://a:81', 'https://a', 'https://a', 'http://[::1]', 'http://b'])
  assert.deepEqual(originOf(new URL('https://a:8443/x')), {
    scheme: 'https',
    host: 'a',
    port: 8443,
    key: 'https://a:8443',
  })
  assert.equal(originOf(new URL('ftp://a')), null)
})

test('what fails on a fresh connection is not sent twice', async () => {
  let accepted = 0
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80')
  const laptop = network.host('laptop', '10.0.0.2', {}, undefined, host.clock)
  await host.listen({ address: '10.0.0.80', port: 80 }, (connection) => {
    const nth = ++accepted
    connection.attach({
      onData(bytes) {
        const asked = Buffer.from(bytes).toString()
        if (asked.includes('/ok') || nth > 1 + Number(asked.includes('/die')))
          connection.write(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx'))
        else connection.reset()
      },
      onEnd: () => connection.end(),
      onDrain() {},
      onClose() {},
    })
  })
  const client = new Client(laptop)
  await assert.rejects(client.request('http://web/die'), { code: 'ECONNRESET' })
  assert.equal(accepted, 1)
  assert.equal(await client.request('http://web/ok').then(text), 'x')
  assert.equal(accepted, 2)
})
