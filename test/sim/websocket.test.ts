/** WebSockets on other hosts: through a lossy simulated line, cut and silent, and over TLS on this machine. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ms, seconds, sleep } from '../../src/base/duration.ts'
import {
  acceptWebSocket,
  Client,
  connectWebSocket,
  serve,
  type WebSocketClosed,
  webSocketClass,
} from '../../src/http/index.ts'
import { kernelHost } from '../../src/kernel/index.ts'
import { internet, mbit } from '../../src/sim/index.ts'
import type { Host } from '../../src/socket/host.ts'
import { Certificates, clientTls, createAuthority, issue, tlsHost } from '../../src/tls/index.ts'

const MESSAGES = ['', 'κόσμε', 'x'.repeat(100_000), new Uint8Array(50_000).fill(7)]

/** A server that echoes; its ends as they come to know of it. */
function echoing(host: Host, ended: WebSocketClosed[], address = '0.0.0.0') {
  return serve(
    host,
    (exchange) => {
      const socket = acceptWebSocket(exchange, { deflate: true, limits: { heartbeatTime: seconds(5) } })
      if (socket === null) return
      socket.onMessage = (message) => void socket.send(message)
      socket.onClose = (how) => void ended.push(how)
    },
    { port: address === '0.0.0.0' ? 80 : 0, address },
  )
}

function world(loss: number) {
  const net = internet({ seed: 7 })
  const [laptop, server] = [net.host('laptop'), net.host('server')]
  const link = net.link(laptop, server, { latency: ms(20), rate: mbit(50), loss })
  return { net, laptop, server, link }
}

test('over our own TCP, a line that loses a twentieth, and the same again for the same seed', async () => {
  const run = async () => {
    const { net, laptop, server } = world(0.05)
    const ended: WebSocketClosed[] = []
    const heard = await net.run(async () => {
      const running = await echoing(server, ended)
      const socket = await connectWebSocket(laptop, 'ws://server/', { deflate: true })
      for (const message of MESSAGES) socket.send(message)
      const lengths: number[] = []
      for await (const { length } of socket) if (lengths.push(length) === MESSAGES.length) break
      await socket.closed
      await running.close(seconds(5))
      await sleep(net.clock, seconds(1))
      return lengths
    })
    assert.deepEqual(
      heard,
      MESSAGES.map(({ length }) => length),
    )
    assert.equal(ended[0]?.code, 1000)
    return net.now
  }
  assert.equal(await run(), await run())
})

test('a client whose cable is cut is gone after two heartbeats, without a word', async () => {
  const { net, laptop, server, link } = world(0)
  const ended: WebSocketClosed[] = []
  await net.run(async () => {
    const running = await echoing(server, ended)
    const socket = await connectWebSocket(laptop, 'ws://server/', { limits: { heartbeatTime: seconds(5) } })
    socket.onMessage = () => {}
    socket.send('hello')
    await sleep(net.clock, seconds(1))
    link.cut()
    const how = await socket.closed
    assert.match(how.failure, /not even the answer to a Ping|ETIMEDOUT/)
    await sleep(net.clock, seconds(20))
    assert.equal(ended.length, 1)
    assert.deepEqual([ended[0]!.code, ended[0]!.clean], [1006, false])
    await running.close(seconds(1))
  })
})

test('wss: over TLS on this machine, by our client and by the interface of browsers', async () => {
  const authority = createAuthority('of the test')
  const certificates = new Certificates([issue(authority, ['localhost'])])
  const host = kernelHost()
  const ended: WebSocketClosed[] = []
  await using server = await echoing(tlsHost(host, { server: { certificates } }), ended, '127.0.0.1')
  using client = new Client(host, { tls: clientTls({ trust: [authority.certificate] }) })
  const url = `wss://localhost:${server.local.port}/`
  const socket = await connectWebSocket(client, url, { deflate: true })
  assert.match(socket.security!.version, /^TLSv1\.[23]$/)
  for (const message of MESSAGES) socket.send(message)
  let at = 0
  for await (const { length } of socket) {
    assert.equal(length, MESSAGES[at]!.length)
    if (++at === MESSAGES.length) break
  }
  assert.equal((await socket.closed).code, 1000)
  const WebSocket = webSocketClass(client)
  const browser = new WebSocket(url)
  const data = await new Promise((resolve) => {
    browser.onopen = () => browser.send('hello')
    browser.onmessage = (event) => resolve(event.data)
  })
  assert.equal(data, 'hello')
  const closed = new Promise((resolve) => {
    browser.onclose = resolve
  })
  browser.close()
  await closed
})
