/** Node's own servers and clients on the machine and in the simulator, by the same lines. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { createServer as createNetServer, type Socket as NetSocket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls'
import { ms, sleep } from '../../base/duration.ts'
import { SocketError } from '../../base/errors.ts'
import { kernelHost } from '../../kernel/index.ts'
import { internet } from '../../sim/index.ts'
import { ipOf } from '../address.ts'
import type { Host, Listener } from '../host.ts'
import { nodeAgent, nodeConnect, nodeSocket, serveNode, toDuplex } from './index.ts'

interface Place {
  readonly name: string
  readonly client: Host
  readonly server: Host
  readonly address: string
  run(body: () => Promise<void>): Promise<void>
}

function places(): Place[] {
  const machine = kernelHost()
  const net = internet({ seed: 'programs' })
  const [client, server] = [net.host('laptop'), net.host('web')]
  net.link(client, server, { latency: ms(20) })
  return [
    { name: 'this machine', client: machine, server: machine, address: '127.0.0.1', run: (body) => body() },
    { name: 'the simulator', client, server, address: server.address, run: (body) => net.run(body) },
  ]
}

type Body = (place: Place, open: (listener: Listener) => number) => Promise<void>

/** The same body in every place; what it leaves listening is closed. */
function everywhere(title: string, body: Body): void {
  for (const place of places()) at(place, title, body)
}

function at(place: Place, title: string, body: Body): void {
  test(`${place.name}: ${title}`, { timeout: 20_000 }, async () => {
    const listeners: Listener[] = []
    const open = (listener: Listener): number => {
      listeners.push(listener)
      return ipOf(listener.local, 'listen').port
    }
    try {
      await place.run(() => body(place, open))
    } finally {
      for (const listener of listeners) void listener.close()
    }
  })
}

async function textOf(reply: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of reply) text += String(chunk)
  return text
}

everywhere('node:http serves and asks, over one kept connection', async ({ client, server, address }, open) => {
  const sockets = new Set<unknown>()
  const http = createServer((request, response) => {
    sockets.add(request.socket)
    response.end(`${request.method} ${request.url} for ${request.socket.remoteFamily}`)
  })
  const port = open(await serveNode(server, http, 0))
  const agent = nodeAgent(client, { keepAlive: true, maxSockets: 1 })
  for (const path of ['/first', '/second']) {
    const [reply] = (await once(get({ host: address, port, path, agent }), 'response')) as [IncomingMessage]
    assert.equal(await textOf(reply), `GET ${path} for IPv4`)
  }
  assert.equal(sockets.size, 1)
  agent.destroy()
  http.closeAllConnections()
})

everywhere('a name is looked up by the host, and its addresses are tried in order', async (place, open) => {
  const { client, server, address } = place
  const http = createServer((request, response) => response.end(request.headers.host))
  const port = open(await serveNode(server, http, 0))
  const tried: (string | undefined)[] = []
  const host: Host = {
    ...{ name: client.name, clock: client.clock, random: client.random, events: client.events },
    listen: client.listen.bind(client),
    datagrams: client.datagrams.bind(client),
    lookup: async (name) => (name === 'web.example' ? ['203.0.113.1', address] : []),
    connect: async (to, options) => {
      tried.push(to.address)
      if (to.address === '203.0.113.1') throw new SocketError('ENETUNREACH', 'connect', to)
      return await client.connect(to, options)
    },
  }
  const asked = get({ host: 'web.example', port, path: '/', createConnection: nodeConnect(host) as never })
  const [reply] = (await once(asked, 'response')) as [IncomingMessage]
  assert.equal(await textOf(reply), `web.example:${port}`)
  assert.deepEqual(tried, ['203.0.113.1', address])
  http.closeAllConnections()
})

everywhere(
  'a request that takes too long is given up on the host’s clock',
  async ({ client, server, address }, open) => {
    const http = createServer(() => {}) // never answers
    const port = open(await serveNode(server, http, 0))
    const agent = nodeAgent(client)
    const began = client.clock.now()
    const asked = get({ host: address, port, agent, timeout: 300 })
    await once(asked, 'timeout')
    assert.ok(client.clock.now() - began >= 300e6)
    asked.on('error', () => {})
    asked.destroy()
    http.closeAllConnections()
  },
)

everywhere('TLS over it, both ways', async ({ client, server, address }, open) => {
  // A key that both sides have takes the place of certificates.
  const key = Buffer.from('0123456789abcdef')
  const settings = { ciphers: 'PSK', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const
  let seen: unknown[] = []
  const secure = createTlsServer({ ...settings, pskCallback: () => key }, (socket) => {
    seen = [socket.remoteAddress, socket.remotePort, socket.remoteFamily, socket.localPort, socket.address()]
    socket.pipe(socket)
  })
  const port = open(await serveNode(server, secure, 0))
  const under = nodeConnect(client)(port, address)
  const socket = tlsConnect({
    ...settings,
    socket: under,
    pskCallback: () => ({ psk: key, identity: 'laptop' }),
    checkServerIdentity: () => undefined,
  })
  await once(socket, 'secureConnect')
  assert.deepEqual(seen, [under.localAddress, under.localPort, 'IPv4', port, { address, family: 'IPv4', port }])
  socket.end('through the tunnel')
  let echoed = ''
  for await (const chunk of socket) echoed += String(chunk)
  assert.equal(echoed, 'through the tunnel')
})

// node:http2 works in immediates of its own, for which virtual time has to wait: the simulator's test of it is with those of
// the programs from npm.
at(places()[0]!, 'HTTP/2 by node:http2', async ({ client, server, address }, open) => {
  const http2 = createHttp2Server((request, response) => response.end(`h2 ${request.url}`))
  const port = open(await serveNode(server, http2, 0))
  const session = connectHttp2(`http://${address}:${port}`, {
    createConnection: () => nodeConnect(client)(port, address) as unknown as NetSocket,
  })
  const stream = session.request({ ':path': '/page' })
  let body = ''
  for await (const chunk of stream) body += String(chunk)
  assert.equal(body, 'h2 /page')
  session.close()
})

everywhere('new Socket() and connect, as database clients do it', async ({ client, server, address }, open) => {
  const echo = createNetServer((socket) => socket.pipe(socket))
  const port = open(await serveNode(server, echo, 0))
  const socket = nodeSocket(client)
  assert.deepEqual([socket.connecting, socket.readyState, socket.pending], [false, 'open', true])
  const told: string[] = []
  for (const event of ['lookup', 'connect', 'ready']) socket.on(event, () => told.push(event))
  socket.setNoDelay(true)
  socket.setKeepAlive(true)
  assert.equal(socket.connect(String(port) as never, address), socket)
  assert.deepEqual([socket.connecting, socket.readyState], [true, 'opening'])
  socket.write('written before ')
  socket.write('it is connected')
  assert.equal(socket.bytesWritten, 30)
  await once(socket, 'connect')
  assert.deepEqual([socket.connecting, socket.readyState, socket.pending], [false, 'open', false])
  assert.equal(socket.remoteAddress, address)
  let echoed = ''
  for await (const chunk of socket) {
    echoed += String(chunk)
    if (echoed.length === 30) break
  }
  assert.equal(echoed, 'written before it is connected')
  assert.deepEqual(told, ['connect', 'ready'])
  assert.ok(socket.destroyed)
})

everywhere('a peer that ends, ends the socket, as net.connect has it', async ({ client, server, address }, open) => {
  const goodbye = createNetServer((socket) => socket.end('goodbye'))
  const port = open(await serveNode(server, goodbye, 0))
  const socket = nodeConnect(client)({ host: address, port })
  const events: string[] = []
  for (const event of ['end', 'finish', 'close']) socket.on(event, () => events.push(event))
  socket.resume()
  await once(socket, 'close')
  assert.deepEqual(events, ['end', 'finish', 'close'])
})

everywhere('a socket that was paused and read before it is connected', async ({ client, server, address }, open) => {
  const goodbye = createNetServer((socket) => socket.end('goodbye'))
  const port = open(await serveNode(server, goodbye, 0))
  const socket = nodeSocket(client)
  socket.pause()
  socket.read(0)
  socket.connect({ host: address, port })
  await once(socket, 'connect')
  let text = ''
  socket.on('data', (bytes) => (text += String(bytes)))
  socket.resume()
  await once(socket, 'end')
  assert.equal(text, 'goodbye')
})

everywhere('what cannot be reached is an error with its code', async ({ client, server, address }) => {
  const listener = await server.listen({ address: '0.0.0.0', port: 0 }, () => {})
  const { port } = ipOf(listener.local, 'listen')
  await listener.close()
  const refused = nodeConnect(client)({ host: address, port })
  const [error] = await Promise.race([once(refused, 'error'), once(refused, 'connect').then(() => [])])
  assert.deepEqual([error.code, error.syscall, error.port], ['ECONNREFUSED', 'connect', port])
  for (const [options, wanted] of [
    [{ host: address, port: 70_000 }, /a port is a number from 1 to 65535/],
    [{ path: '/run/no-such.sock' }, /EAFNOSUPPORT|ENOENT/], // our stack, this machine
  ] as const) {
    const [failed] = await once(nodeConnect(client)(options), 'error').catch((error: Error) => [error])
    assert.match(String(failed), wanted)
  }
})

test('destroying a socket that is being connected gives the connect up', async () => {
  const net = internet({ seed: 'give up' })
  const [client, server] = [net.host('client'), net.host('server')]
  net.link(client, server, { latency: ms(500) })
  await net.run(async () => {
    let accepted = 0
    await server.listen({ address: '0.0.0.0', port: 80 }, () => void accepted++)
    const socket = nodeConnect(client)(80, server.address)
    const closed = once(socket, 'close')
    await sleep(client.clock, ms(100))
    socket.destroy()
    await closed
    await sleep(client.clock, ms(5000))
    assert.equal(accepted, 0)
  })
})

test('what is written to a socket that nobody connects is refused, as net.Socket does', async () => {
  const socket = nodeSocket(kernelHost())
  socket.end('to whom?')
  const [error] = await once(socket, 'error')
  assert.match(String(error), /ENOTCONN: .*call connect first/)
})

test('half-open sockets stay so when they are asked to', async (t: TestContext) => {
  const host = kernelHost({ driver: 'node' })
  const server = createNetServer({ allowHalfOpen: true }, (socket) => {
    socket.end('first')
    socket.on('data', (bytes) => assert.equal(String(bytes), 'afterwards'))
  })
  const listener = await serveNode(host, server, { address: '127.0.0.1', port: 0 })
  t.after(() => listener.close())
  const socket = toDuplex(await host.connect(listener.local))
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) assert.equal(String(chunk), 'first')
  assert.equal(socket.writable, true)
  socket.end('afterwards')
  await once(socket, 'close')
})

at(places()[0]!, 'the limits of node:http hold, and its connections can be ended', async (place, open) => {
  const { client, server, address } = place
  const http = createServer({ headersTimeout: 20, connectionsCheckingInterval: 10 }, (_, response) =>
    response.end('ok'),
  )
  let listening = 0
  http.on('listening', () => listening++)
  const port = open(await serveNode(server, http, 0))
  assert.equal(listening, 1)
  const slow = nodeConnect(client)(port, address)
  slow.write('GET / HTTP/1.1\r\nHost:')
  assert.match(String((await once(slow, 'data'))[0]), /^HTTP\/1.1 408 /)
  slow.destroy()
  const idle = nodeConnect(client)(port, address)
  idle.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(idle, 'data')
  http.closeAllConnections()
  await once(idle.resume(), 'close')
})

test('serveNode says what it does not take', async () => {
  const host = kernelHost({ driver: 'node' })
  const http = createServer()
  await assert.rejects(serveNode(host, http, 80, { address: 'localhost' }), /localhost is not an IP address/)
  await assert.rejects(serveNode(host, http, '80' as never), /80/)
  const handler = Object.assign(() => {}, { emit() {}, listeners() {} })
  await assert.rejects(serveNode(host, handler as never, 80), /not a function: .*http\.createServer\(app\)/)
})
