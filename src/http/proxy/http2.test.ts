/** HTTP/2 before the proxy, HTTP/1.1 behind it: the same handler, the same rules. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '../client/client.ts'
import type { Handler } from '../exchange.ts'
import { settle } from '../trial/machine.ts'
import { fieldOf, proxyWorld, type WorldOptions } from './trial/world.ts'

async function world(answer: Handler, options: WorldOptions = {}) {
  const made = await proxyWorld(answer, options)
  const client = new Client(made.laptop, { http2: 'prior knowledge' })
  return { ...made, http2: client }
}

test('requests side by side on one connection, bodies and trailers both ways', async () => {
  const { http2, seen, errors } = await world(async (e) => {
    const text = await e.body.text()
    const reply = e.start(200, ['X-Version', e.version])
    reply.write(`${e.method} ${e.target} ${text}`)
    reply.end(['X-Sum', String(text.length)])
  })
  const replies = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      http2.request(`http://10.0.0.1/${i}`, i % 2 === 0 ? {} : { method: 'PUT', body: `body ${i}` }),
    ),
  )
  const texts = await Promise.all(replies.map(({ body }) => body.text()))
  assert.deepEqual(
    texts,
    Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? `GET /${i} ` : `PUT /${i} body ${i}`)),
  )
  assert.equal(replies[0]!.header('x-version'), 'HTTP/1.1')
  assert.equal(replies[1]!.body.trailers.join(), 'x-sum,6')
  assert.equal(http2.connections, 1)
  assert.equal(fieldOf(seen[0]!.fields, 'via'), '2 edge')
  assert.equal(fieldOf(seen[0]!.fields, 'host'), '10.0.0.1')
  assert.deepEqual(errors, [])
  http2.close()
})

test('who gives one request up ends that one alone, here and behind', async () => {
  let gone = 0
  const { http2, front } = await world((e) => {
    if (e.path === '/long') e.signal.addEventListener('abort', () => gone++)
    else e.reply(200, [], 'short')
  })
  const give = new AbortController()
  const long = http2.request('http://10.0.0.1/long', { signal: give.signal })
  long.catch(() => {})
  await settle()
  give.abort()
  await assert.rejects(long)
  await settle()
  assert.equal(gone, 1)
  assert.equal(front.active, 0)
  assert.equal(await (await http2.request('http://10.0.0.1/')).body.text(), 'short')
  assert.equal(http2.connections, 1)
  http2.close()
})

test('a reply that breaks off behind ends its stream, not the connection', async () => {
  const { http2 } = await world((e) => {
    if (e.path === '/') e.reply(200, [], 'well')
    else {
      const body = e.start(200, ['Content-Length', '100'])
      body.write('half')
      void settle(100).then(() => e.abort())
    }
  })
  const broken = await http2.request('http://10.0.0.1/broken')
  await assert.rejects(broken.body.text())
  assert.equal(await (await http2.request('http://10.0.0.1/')).body.text(), 'well')
  assert.equal(http2.connections, 1)
  http2.close()
})

test('a WebSocket of HTTP/2 (RFC 8441) is one of HTTP/1.1 behind, with a key', async () => {
  let key: string | undefined
  const { http2, front, errors } = await world((e) => {
    key = e.header('sec-websocket-key')
    e.upgrade(
      101,
      ['Upgrade', 'websocket', 'Sec-WebSocket-Accept', 'x', 'Sec-WebSocket-Protocol', 'chat'],
      (connection) => ({
        onData: (bytes) => void connection.write(Buffer.from(Buffer.from(bytes).toString().toUpperCase())),
        onEnd: () => connection.end(),
        onDrain() {},
        onClose() {},
      }),
    )
  })
  const { connection, reply } = await http2.upgrade('http://10.0.0.1/chat', 'websocket')
  assert.equal(reply.status, 200)
  assert.equal(reply.header('sec-websocket-protocol'), 'chat')
  assert.equal(reply.header('sec-websocket-accept'), undefined)
  assert.match(key ?? '', /^[A-Za-z0-9+/]{22}==$/)
  let text = ''
  connection.attach({
    onData: (bytes) => void (text += Buffer.from(bytes).toString()),
    onEnd() {},
    onDrain() {},
    onClose() {},
  })
  connection.write(Buffer.from('hello'))
  await settle()
  assert.equal(text, 'HELLO')
  connection.close()
  await settle()
  assert.equal(front.active, 0)
  // Other protocols are not asked for in anybody's name.
  const refused = await http2.upgrade('http://10.0.0.1/chat', 'connect-udp').then(
    () => 200,
    (error: { readonly reply?: { readonly status: number } }) => error.reply?.status,
  )
  assert.equal(refused, 405)
  assert.deepEqual(errors, [])
  http2.close()
})
