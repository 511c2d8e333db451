/** WebSockets with others: ws both ways, curl's handshake, Node's own client. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import type { OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:http2'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { WebSocket as WsClient, WebSocketServer as WsServer } from 'ws'
import { seconds } from '../../../src/base/duration.ts'
import { acceptWebSocket, connectWebSocket, serve } from '../../../src/http/index.ts'
import { kernelHost } from '../../../src/kernel/index.ts'
import { needCommand } from '../../need.ts'

const run = promisify(execFile)
const MESSAGES: readonly (string | Buffer)[] = [
  '',
  'κόσμε',
  'x'.repeat(70_000),
  Buffer.alloc(0),
  Buffer.alloc(5_000, 7),
  'json '.repeat(3_000),
]
const AGREEMENTS = [false, true, { takeover: true, from: 0 }, { windowBits: 9, takeover: true, from: 0 }] as const

async function echoing(t: TestContext, deflate: (typeof AGREEMENTS)[number] = false) {
  const opened = Promise.withResolvers<void>()
  const server = await serve(
    kernelHost(),
    (exchange) => {
      const socket = acceptWebSocket(exchange, { deflate, protocols: ['echo'] })
      if (socket === null) return
      socket.onMessage = (message) => void socket.send(message)
      opened.resolve()
    },
    { port: 0, address: '127.0.0.1' },
  )
  t.after(() => server.close(seconds(1)))
  return { server, opened: opened.promise, url: `ws://127.0.0.1:${server.local.port}/` }
}

test("ws' client with our server: messages, compression, ping, close", async (t) => {
  for (const deflate of AGREEMENTS) {
    const { server, url } = await echoing(t, deflate)
    const client = new WsClient(url, ['other', 'echo'], { perMessageDeflate: { threshold: 0 } })
    await once(client, 'open')
    assert.equal(client.protocol, 'echo')
    assert.equal(client.extensions.includes('permessage-deflate'), deflate !== false)
    client.ping('are you there')
    assert.equal(String((await once(client, 'pong'))[0]), 'are you there')
    for (const message of MESSAGES) {
      client.send(message)
      const [data, binary] = (await once(client, 'message')) as [Buffer, boolean]
      assert.deepEqual([data, binary], [Buffer.from(message), typeof message !== 'string'])
    }
    client.close(4000, 'done')
    assert.equal((await once(client, 'close'))[0], 4000)
    await server.close(seconds(1))
  }
})

test("our client with ws' server, with and without context", async (t) => {
  for (const takeover of [true, false]) {
    const server = new WsServer({
      port: 0,
      host: '127.0.0.1',
      perMessageDeflate: {
        threshold: 0,
        ...(takeover ? {} : { serverNoContextTakeover: true, clientNoContextTakeover: true }),
      },
    })
    t.after(() => server.close())
    await once(server, 'listening')
    server.on('connection', (socket) => {
      socket.on('message', (data, binary) => socket.send(data, { binary }))
    })
    const { port } = server.address() as { port: number }
    for (const deflate of AGREEMENTS) {
      const socket = await connectWebSocket(kernelHost(), `ws://127.0.0.1:${port}/`, { deflate })
      assert.equal(socket.compressed, deflate !== false)
      for (const message of MESSAGES) socket.send(message)
      let at = 0
      for await (const message of socket) {
        const expected = MESSAGES[at]!
        assert.equal(typeof message === 'string', typeof expected === 'string')
        assert.ok(Buffer.from(message as string).equals(Buffer.from(expected as string)))
        if (++at === MESSAGES.length) break
      }
      assert.deepEqual(await socket.closed, { code: 1000, reason: '', clean: true, failure: '' })
    }
    server.close()
  }
})

test("Node's own client with our server", async (t) => {
  const { server, url } = await echoing(t, { takeover: true, from: 0 })
  const client = new WebSocket(url, ['echo'])
  client.binaryType = 'arraybuffer'
  await new Promise((resolve) => client.addEventListener('open', resolve))
  for (const message of MESSAGES) {
    client.send(typeof message === 'string' ? message : new Uint8Array(message))
    const { data } = await new Promise<MessageEvent>((resolve) =>
      client.addEventListener('message', resolve, { once: true }),
    )
    assert.ok(Buffer.from(data).equals(Buffer.from(message)))
  }
  client.close(3001, 'bye')
  const { code, wasClean } = await new Promise<CloseEvent>((resolve) => client.addEventListener('close', resolve))
  assert.deepEqual([code, wasClean], [3001, true])
  await server.close(seconds(1))
})

test("curl's handshake", { skip: needCommand('curl') }, async (t) => {
  const { server, url, opened } = await echoing(t)
  const fields = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ]
  const asked = (...more: string[]) =>
    run('curl', ['-si', '--http1.1', '--max-time', '2', ...more, url.replace('ws:', 'http:')]).then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => stdout,
    )
  assert.match(await asked(), /^HTTP\/1.1 426 .*^Upgrade: websocket/ms)
  const before = fields.flatMap((field) => ['-H', field])
  const socket = asked(...before)
  await opened
  // curl waits for the end of what it takes for a body.
  await server.close(seconds(1))
  assert.match(await socket, /^HTTP\/1.1 101 .*^Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/ms)
})

test("over HTTP/2 (RFC 8441), with node:http2's client", async (t) => {
  const { url } = await echoing(t, true)
  const session = connect(url.replace('ws:', 'http:'))
  t.after(() => session.destroy())
  await once(session, 'remoteSettings')
  assert.equal(session.remoteSettings.enableConnectProtocol, true)
  const ask = (fields: OutgoingHttpHeaders) =>
    session.request(
      {
        ':method': 'CONNECT',
        ':protocol': 'websocket',
        ':path': '/',
        ':scheme': 'http',
        'sec-websocket-version': '13',
        ...fields,
      },
      { endStream: false },
    )
  const stream = ask({ 'sec-websocket-protocol': 'echo', 'sec-websocket-extensions': 'permessage-deflate' })
  const [head] = (await once(stream, 'response')) as [OutgoingHttpHeaders]
  assert.deepEqual(
    [head[':status'], head['sec-websocket-protocol'], head['sec-websocket-accept']],
    [200, 'echo', undefined],
  )
  assert.match(String(head['sec-websocket-extensions']), /^permessage-deflate/)
  stream.write(Buffer.from('818500000000', 'hex'))
  stream.write('hello')
  let heard = Buffer.alloc(0)
  stream.on('data', (bytes: Buffer) => {
    heard = Buffer.concat([heard, bytes])
    if (heard.length === 7) stream.write(Buffer.from('88820000000003e8', 'hex'))
  })
  await once(stream, 'end')
  assert.equal(heard.toString('latin1'), '\x81\x05hello\x88\x02\x03\xe8')
  stream.end()
  const refused = ask({ 'sec-websocket-version': '12' })
  const [answer] = (await once(refused, 'response')) as [OutgoingHttpHeaders]
  assert.equal(answer[':status'], 426)
  refused.close()
})
