/** `fetchOn` beside the Fetch standard: what is sent, what a response is, and how it fails. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../base/clock.ts'
import type { Connection } from '../../socket/host.ts'
import type { Handler } from '../exchange.ts'
import { HTTP_LIMITS } from '../limits.ts'
import { serve } from '../server/serve.ts'
import { settle } from '../trial/machine.ts'
import { TestNetwork } from '../trial/network.ts'
import { Client, type ClientOptions } from './client.ts'
import { fetchOn } from './fetch.ts'

async function world(handler: Handler, options: ClientOptions = {}) {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80')
  const laptop = network.host('laptop', '10.0.0.2', {}, undefined, host.clock)
  await serve(host, handler, { port: 80 })
  const client = new Client(laptop, options)
  return { network, clock: host.clock, client, fetch: fetchOn(client) }
}

/** A server that sends exactly these bytes. */
async function scripted(bytes: string, options: ClientOptions = {}) {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80')
  const laptop = network.host('laptop', '10.0.0.2', {}, undefined, host.clock)
  await host.listen({ address: '10.0.0.80', port: 80 }, (connection: Connection) => {
    connection.attach({
      onData: () => void connection.write(Buffer.from(bytes, 'latin1')),
      onEnd: () => connection.end(),
      onDrain() {},
      onClose() {},
    })
  })
  const client = new Client(laptop, options)
  return { client, clock: host.clock, fetch: fetchOn(client) }
}

test('what is sent when the program says nothing, and what it says is kept (Fetch §4.6)', async () => {
  const { fetch } = await world((exchange) => {
    const told = ['accept', 'accept-language', 'user-agent', 'content-type'].map((name) => exchange.header(name) ?? '-')
    exchange.reply(200, [], told.join(' '))
  })
  assert.equal(await (await fetch('http://web/')).text(), '*/* * reticle -')
  const headers = { Accept: 'text/html', 'User-Agent': 'mine' }
  const posted = await fetch('http://web/', { method: 'POST', body: 'x', headers })
  assert.equal(await posted.text(), 'text/html * mine text/plain;charset=UTF-8')
})

test('a status outside 200 to 599 is told as it is, with its body, and its connection comes back', async () => {
  const { client, fetch, clock } = await scripted(
    `HTTP/1.1 999 Denied\r\nContent-Length: 300000\r\n\r\n${'x'.repeat(300_000)}`,
    {
      connections: 4,
    },
  )
  for (let i = 0; i < 8; i++) {
    const response = await fetch('http://web/')
    assert.deepEqual(
      [response.status, response.ok, response.statusText, response.type],
      [999, false, 'Denied', 'default'],
    )
    const copy = response.clone()
    assert.equal(copy.status, 999)
    assert.equal((await response.text()).length, 300_000)
    assert.equal((await copy.text()).length, 300_000)
  }
  // Responses that nobody reads hold what they hold; who cancels them lets go.
  for (let i = 0; i < 8; i++) await (await fetch('http://web/')).body!.cancel()
  await clock.advance(HTTP_LIMITS.drainTime + SECOND)
  assert.ok(client.connections <= 1, `${client.connections} connections`)
})

test('the URL of a response has no fragment, its own or a redirect’s', async () => {
  const { fetch } = await world((exchange) => {
    if (exchange.path === '/moved') exchange.reply(302, ['Location', '/here#there'], null)
    else exchange.reply(200, [], 'x')
  })
  assert.equal((await fetch('http://web/a?b#frag')).url, 'http://web/a?b')
  const moved = await fetch('http://web/moved#frag')
  assert.deepEqual([moved.url, moved.redirected], ['http://web/here', true])
})

test('an abort rejects with the signal’s reason, before the head and while the body is read', async () => {
  const { fetch } = await world((exchange) => {
    if (exchange.path === '/body') exchange.start(200, []).write('some')
  })
  const control = new AbortController()
  const early = fetch('http://web/head', { signal: control.signal })
  await settle()
  control.abort()
  await assert.rejects(early, { name: 'AbortError' })
  const reasons: [AbortController, unknown, object][] = [
    [new AbortController(), undefined, { name: 'AbortError' }],
    [new AbortController(), new RangeError('mine'), { name: 'RangeError', message: 'mine' }],
  ]
  for (const [controller, reason, expected] of reasons) {
    const response = await fetch('http://web/body', { signal: controller.signal })
    const body = response.text()
    await settle()
    controller.abort(reason)
    await assert.rejects(body, expected)
  }
})

test('a body that is cut fails with a TypeError whose cause is ours', async () => {
  const { fetch } = await world((exchange) => {
    exchange.start(200, ['Content-Length', '10']).write('some')
    queueMicrotask(() => exchange.abort())
  })
  const error = await fetch('http://web/').then(
    (response) => response.text().catch((failure: unknown) => failure),
    (failure: unknown) => failure,
  )
  assert.ok(error instanceof TypeError)
  assert.equal((error.cause as { code?: string }).code, 'ECONNRESET')
  const refused = await scripted('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\nNOT A SIZE')
  const body = await (await refused.fetch('http://web/')).text().catch((failure: unknown) => failure)
  assert.ok(body instanceof TypeError)
  assert.equal((body.cause as { code?: string }).code, 'HTTP_MESSAGE_REFUSED')
})

test('HEAD, 204, 205 and 304 have no body, and their connections are used again', async () => {
  const { client, fetch } = await world((exchange) => {
    const status = Number(exchange.path.slice(1))
    exchange.reply(status, [], status === 200 ? 'x' : null)
  })
  for (const [path, method] of [
    ['/200', 'HEAD'],
    ['/204', 'GET'],
    ['/205', 'GET'],
    ['/304', 'GET'],
    ['/200', 'GET'],
  ] as const) {
    const response = await fetch(`http://web${path}`, { method })
    assert.equal(response.body === null, method === 'HEAD' || path !== '/200')
    await response.text()
    await settle()
  }
  assert.equal(client.connections, 1)
})

test('redirect: manual and error', async () => {
  const { fetch } = await world((exchange) => exchange.reply(302, ['Location', '/x'], 'moved'))
  const manual = await fetch('http://web/', { redirect: 'manual' })
  assert.deepEqual([manual.status, manual.headers.get('location'), await manual.text()], [302, '/x', 'moved'])
  await assert.rejects(fetch('http://web/', { redirect: 'error' }), (error: TypeError) =>
    /redirect is 'error'/.test(String(error.cause)),
  )
})
