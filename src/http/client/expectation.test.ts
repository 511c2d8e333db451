/** `Expect: 100-continue` from the client (RFC 9110 §10.1.1), and progress told, over h1 and h2. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../base/clock.ts'
import { ms, seconds } from '../../base/duration.ts'
import type { Connection } from '../../socket/host.ts'
import { RequestError } from '../errors.ts'
import type { Handler } from '../exchange.ts'
import { latin1, latin1Bytes } from '../machine/text.ts'
import { serve } from '../server/serve.ts'
import { settle } from '../trial/machine.ts'
import { TestNetwork } from '../trial/network.ts'
import { Client, type ClientOptions } from './client.ts'
import type { Progress } from './send.ts'

/** A server that answers each piece of what comes with what the test says, in turn. */
async function scripted(options: ClientOptions = {}) {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80')
  const laptop = network.host('laptop', '10.0.0.2', {}, undefined, host.clock)
  const got = { text: '', connections: [] as Connection[] }
  await host.listen({ address: '10.0.0.80', port: 80 }, (connection) => {
    got.connections.push(connection)
    connection.attach({
      onData: (bytes) => void (got.text += latin1(bytes)),
      onEnd: () => connection.end(),
      onDrain() {},
      onClose() {},
    })
  })
  const say = async (text: string) => {
    got.connections.at(-1)!.write(latin1Bytes(text))
    await settle()
  }
  return { network, clock: host.clock, got, say, client: new Client(laptop, options) }
}

const HEAD = /^PUT \/ HTTP\/1\.1\r\nHost: web\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n/
const asking = { method: 'PUT', body: 'hello', expectContinue: true } as const

test('the body waits for 100, and for no other interim response', async () => {
  const { client, got, say } = await scripted()
  const seen: number[] = []
  const reply = client.request('http://web/', { ...asking, onInformation: (status) => void seen.push(status) })
  await settle()
  assert.match(got.text, HEAD)
  assert.ok(got.text.endsWith('\r\n\r\n'))
  await say('HTTP/1.1 103 Early Hints\r\n\r\n')
  assert.ok(got.text.endsWith('\r\n\r\n'))
  await say('HTTP/1.1 100 Continue\r\n\r\n')
  assert.ok(got.text.endsWith('\r\n\r\nhello'))
  await say('HTTP/1.1 204 No Content\r\n\r\n')
  assert.equal((await reply).status, 204)
  assert.deepEqual([seen, client.connections], [[103, 100], 1])
})

test('a server that says nothing gets the body after continueTime', async () => {
  const { client, got, say, clock } = await scripted({ continueTime: ms(300) })
  const reply = client.request('http://web/', asking)
  await clock.advance(ms(299))
  assert.ok(got.text.endsWith('\r\n\r\n'))
  await clock.advance(ms(2))
  assert.ok(got.text.endsWith('hello'))
  await say('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  assert.equal(await (await reply).body.text(), 'ok')
  assert.equal(got.text.match(/hello/g)!.length, 1)
})

test('the time for the reply begins when the body is out, not while the server thinks about it', async () => {
  const { client, say, clock } = await scripted({ continueTime: seconds(30), timeout: seconds(5) })
  const reply = client.request('http://web/', asking)
  await clock.advance(29 * SECOND)
  await say('HTTP/1.1 100 Continue\r\n\r\n')
  await clock.advance(4 * SECOND)
  await say('HTTP/1.1 204 No Content\r\n\r\n')
  assert.equal((await reply).status, 204)
})

test('after a final reply the body stays here, and the connection goes', async () => {
  const { client, got, say, clock } = await scripted()
  const reply = client.request('http://web/', asking)
  await settle()
  await say('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n')
  assert.equal((await reply).status, 413)
  await clock.advance(2 * SECOND)
  assert.ok(!got.text.includes('hello'))
  assert.equal(client.connections, 0)
})

test('who pushes a body, or gives a stream, learns that nobody takes it', async () => {
  const { client, say, clock } = await scripted()
  const { body, reply } = client.open('http://web/', { expectContinue: true })
  body.write('x'.repeat(300_000))
  const waiting = body.ready()
  waiting.catch(() => {})
  await settle()
  await say('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
  assert.equal((await reply).status, 403)
  await assert.rejects(waiting, RequestError)
  let ended = false
  const source = (async function* () {
    try {
      yield 'a'
      yield 'b'
    } finally {
      ended = true
    }
  })()
  const second = client.request('http://web/', { method: 'POST', body: source, expectContinue: true })
  await clock.advance(ms(10))
  await say('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
  assert.equal((await second).status, 403)
  await settle()
  assert.equal(ended, true)
})

test('417 has the request sent again without asking, once', async () => {
  const { client, got, say } = await scripted()
  const reply = client.request('http://web/', asking)
  await settle()
  await say('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n')
  assert.ok(got.text.endsWith('Content-Length: 5\r\n\r\nhello'))
  await say('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n')
  assert.equal((await reply).status, 417)
  assert.equal(got.connections.length, 2)
})

test('nothing is asked for a request without a body', async () => {
  const { client, got, say } = await scripted()
  const reply = client.request('http://web/', { method: 'POST', body: '', expectContinue: true })
  await settle()
  assert.ok(!got.text.includes('Expect'))
  await say('HTTP/1.1 204 No Content\r\n\r\n')
  await reply
})

test('a request given up while it waits for 100 leaves no timer', async () => {
  const { client, clock } = await scripted()
  const giveUp = new AbortController()
  const reply = client.request('http://web/', { ...asking, signal: giveUp.signal })
  await settle()
  giveUp.abort()
  await assert.rejects(reply, { code: 'HTTP_ABORTED' })
  client.close()
  await clock.advance(5 * SECOND)
  assert.equal(clock.timers, 0)
})

async function served(handler: Handler, options: ClientOptions) {
  const network = new TestNetwork()
  const host = network.host('web', '10.0.0.80')
  const laptop = network.host('laptop', '10.0.0.2', {}, undefined, host.clock)
  await serve(host, handler, { port: 80 })
  return new Client(laptop, options)
}

for (const http2 of [false, 'prior knowledge'] as const) {
  test(`our server is asked, and answers both ways (http2: ${http2})`, async () => {
    let read = 0
    const client = await served(
      async (exchange) => {
        if (exchange.path === '/no') exchange.reply(403, [], 'no')
        else {
          assert.equal(exchange.header('expect'), '100-continue')
          read += (await exchange.body.bytes()).length
          exchange.reply(200, [], 'taken')
        }
      },
      { http2, continueTime: seconds(30) },
    )
    const refused = await client.request('http://web/no', { ...asking })
    assert.deepEqual([refused.status, await refused.body.text(), read], [403, 'no', 0])
    const taken = await client.request('http://web/', { ...asking })
    assert.deepEqual([taken.status, await taken.body.text(), read], [200, 'taken', 5])
  })

  test(`progress is told both ways, up to the whole (http2: ${http2})`, async () => {
    const client = await served(
      async (exchange) => {
        exchange.reply(200, [], await exchange.body.bytes())
      },
      { http2 },
    )
    const bodies = ['x'.repeat(300_000), new Uint8Array(300_000)]
    for (const body of bodies) {
      const told: Progress[] = []
      const reply = await client.request('http://web/', {
        method: 'PUT',
        body,
        onProgress: (progress) => void told.push(progress),
      })
      assert.equal((await reply.body.bytes()).length, 300_000)
      for (const direction of ['upload', 'download']) {
        const bytes = told.filter((one) => one.direction === direction).map((one) => one.bytes)
        if (direction === 'upload') assert.ok(bytes.length > 2, `${bytes}`)
        assert.equal(bytes.at(-1), 300_000)
        assert.deepEqual(
          bytes,
          bytes.toSorted((a, b) => a - b),
        )
      }
      assert.ok(told.every(({ total }) => total === 300_000))
    }
  })

  test(`what is thrown at a progress ends the request (http2: ${http2})`, async () => {
    const client = await served(async (exchange) => exchange.reply(200, [], await exchange.body.bytes()), { http2 })
    const failing = (at: string) => async () => {
      const onProgress = ({ direction }: Progress) => {
        if (direction === at) throw new Error(`no ${at}`)
      }
      const reply = await client.request('http://web/', { method: 'PUT', body: 'x'.repeat(100_000), onProgress })
      await reply.body.bytes()
    }
    await assert.rejects(failing('upload'), /no upload/)
    await assert.rejects(failing('download'), /no download/)
  })
}

test('an upload that is watched is sent anew as a whole when a kept connection was closed', async () => {
  const { client, got, say } = await scripted()
  const first = client.request('http://web/')
  await settle()
  await say('HTTP/1.1 204 No Content\r\n\r\n')
  await first
  const body = 'y'.repeat(200_000)
  const told: number[] = []
  const second = client.request('http://web/', {
    method: 'PUT',
    body,
    onProgress: ({ bytes }) => void told.push(bytes),
  })
  got.connections[0]!.reset()
  await settle()
  got.text = ''
  await settle()
  await say('HTTP/1.1 204 No Content\r\n\r\n')
  assert.equal((await second).status, 204)
  assert.equal(told.at(-1), 200_000)
  assert.equal(got.connections.length, 2)
})
