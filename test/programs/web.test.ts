/** Frameworks and clients of HTTP and WebSocket. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type RequestOptions, request } from 'node:http'
import { createGzip } from 'node:zlib'
import express from 'express'
import { fastify } from 'fastify'
import { Agent as UndiciAgent, fetch as undiciFetch, request as undiciRequest } from 'undici'
import { WebSocket, WebSocketServer } from 'ws'
import type { Host } from '../../src/socket/host.ts'
import { nodeAgent, nodeConnect, serveNode } from '../../src/socket/node/index.ts'
import { everywhere, type Place } from './places.ts'

async function textOf(reply: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of reply) text += String(chunk)
  return text
}

/** One request by `node:http`. */
async function asked(options: RequestOptions, body?: string): Promise<{ reply: IncomingMessage; text: string }> {
  const asking = request(options)
  asking.end(body)
  const [reply] = (await once(asking, 'response')) as [IncomingMessage]
  return { reply, text: await textOf(reply) }
}

/** A kept connection of the client, given up at the end. */
function agentOf(place: Place) {
  const agent = nodeAgent(place.client, { keepAlive: true })
  place.finally(() => agent.destroy())
  return agent
}

everywhere('express', 'routes, JSON bodies, compression by stream, errors', async (place) => {
  const app = express()
  app.use(express.json())
  app.get('/hello/:name', (asking, answer) => void answer.json({ hello: asking.params['name'], from: asking.ip }))
  app.post(
    '/sum',
    (asking, answer) => void answer.json({ sum: asking.body.numbers.reduce((a: number, b: number) => a + b) }),
  )
  app.get('/packed', (_asking, answer) => {
    answer.set('content-encoding', 'gzip')
    const gzip = createGzip()
    gzip.pipe(answer)
    gzip.end('x'.repeat(300_000))
  })
  app.get('/later', (_asking, answer) => void setTimeout(() => answer.send('late'), 50))
  app.get('/wrong', () => {
    throw new Error('wrong')
  })
  app.use(((_error, _asking, answer, _next) => void answer.status(500).send('sorry')) as express.ErrorRequestHandler)
  const http = createServer(app)
  const port = await place.open(serveNode(place.server, http, 0))
  place.finally(() => http.closeAllConnections())
  const to = { host: place.address, port, agent: agentOf(place) }
  const { text } = await asked({ ...to, path: '/hello/you' })
  assert.match(text, /^\{"hello":"you","from":"[\d.]+"\}$/)
  const headers = { 'content-type': 'application/json' }
  const { text: sum } = await asked({ ...to, path: '/sum', method: 'POST', headers }, '{"numbers":[1,2,39]}')
  assert.equal(sum, '{"sum":42}')
  const packed = await undiciFetch(`http://${place.address}:${port}/packed`, { dispatcher: dispatcherOn(place) })
  assert.equal((await packed.text()).length, 300_000)
  assert.equal((await asked({ ...to, path: '/later' })).text, 'late')
  const { reply } = await asked({ ...to, path: '/wrong' })
  assert.equal(reply.statusCode, 500)
})

everywhere('fastify', 'plugins, schemas, hooks, streams', async (place) => {
  const app = fastify()
  const order: string[] = []
  app.addHook('onRequest', async () => void order.push('request'))
  app.addHook('onResponse', async () => void order.push('response'))
  await app.register(async (inner) => {
    inner.get(
      '/users/:id',
      { schema: { params: { type: 'object', properties: { id: { type: 'integer' } } } } },
      async (asking) => ({
        id: (asking.params as { id: number }).id,
      }),
    )
  })
  app.post('/echo', async (asking) => asking.body)
  await app.ready()
  const port = await place.open(serveNode(place.server, app.server, 0))
  place.finally(() => app.close())
  const to = { host: place.address, port, agent: agentOf(place) }
  assert.equal((await asked({ ...to, path: '/users/7' })).text, '{"id":7}')
  assert.equal((await asked({ ...to, path: '/users/x' })).reply.statusCode, 400)
  const headers = { 'content-type': 'application/json' }
  const big = JSON.stringify({ text: 'ü'.repeat(100_000) })
  assert.equal((await asked({ ...to, path: '/echo', method: 'POST', headers }, big)).text, big)
  assert.deepEqual(order.slice(0, 2), ['request', 'response'])
})

everywhere('node:http', 'one kept connection, a body both ways, a time limit', async (place) => {
  const sockets = new Set<unknown>()
  const http = createServer((asking, answer) => {
    sockets.add(asking.socket)
    if (asking.url === '/never') return
    if (asking.url === '/echo') asking.pipe(answer)
    else answer.end(`${asking.method} ${asking.url} by ${asking.socket.remoteFamily}`)
  })
  const port = await place.open(serveNode(place.server, http, 0))
  place.finally(() => http.closeAllConnections())
  const agent = agentOf(place)
  const to = { host: place.address, port, agent }
  assert.equal((await asked({ ...to, path: '/first' })).text, 'GET /first by IPv4')
  const body = 'x'.repeat(1_000_000)
  assert.equal((await asked({ ...to, path: '/echo', method: 'POST' }, body)).text, body)
  assert.equal((await asked({ ...to, path: '/last' })).text, 'GET /last by IPv4')
  assert.equal(sockets.size, 1)
  const before = place.client.clock.now()
  const never = get({ ...to, path: '/never', timeout: 200 })
  await once(never, 'timeout')
  assert.ok(place.client.clock.now() - before >= 200e6)
  never.on('error', () => {})
  never.destroy()
})

/** An undici dispatcher whose sockets are the host's. */
function dispatcherOn(place: Place, options: UndiciAgent.Options = {}): UndiciAgent {
  const agent = new UndiciAgent({ ...options, connect: connectorOn(place.client) })
  place.finally(() => agent.destroy())
  return agent
}

function connectorOn(host: Host): UndiciAgent.Options['connect'] {
  return ({ hostname, port }, connected) => {
    const socket = nodeConnect(host)({ host: hostname, port, noDelay: true })
    socket.once('connect', () => connected(null, socket as never))
    socket.once('error', (error) => connected(error, null))
  }
}

everywhere('undici', 'fetch, request, a body time limit, a stream', async (place) => {
  const http = createServer((asking, answer) => {
    if (asking.url === '/stalls') {
      answer.write('the beginning')
      return
    }
    answer.setHeader('content-type', 'application/json')
    answer.end(JSON.stringify({ url: asking.url, method: asking.method }))
  })
  const port = await place.open(serveNode(place.server, http, 0))
  place.finally(() => http.closeAllConnections())
  const origin = `http://${place.address}:${port}`
  const dispatcher = dispatcherOn(place)
  const fetched = await undiciFetch(`${origin}/a`, { dispatcher })
  assert.deepEqual(await fetched.json(), { url: '/a', method: 'GET' })
  const { body } = await undiciRequest(`${origin}/b`, { dispatcher, method: 'POST', body: 'x'.repeat(200_000) })
  assert.deepEqual(await body.json(), { url: '/b', method: 'POST' })
  const limited = dispatcherOn(place, { bodyTimeout: 1200 })
  const stalled = await undiciRequest(`${origin}/stalls`, { dispatcher: limited })
  await assert.rejects(stalled.body.text(), { code: 'UND_ERR_BODY_TIMEOUT' })
  const signal = AbortSignal.timeout(100)
  await assert.rejects(
    undiciFetch(`${origin}/stalls`, { dispatcher, signal }).then((reply) => reply.text()),
    {
      name: 'TimeoutError',
    },
  )
})

everywhere('ws', 'messages both ways, compressed, ping and a clean close', async (place) => {
  const http = createServer()
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: true })
  sockets.on('connection', (socket) => {
    socket.on('message', (bytes, binary) => socket.send(bytes, { binary }))
    socket.on('close', (code) => left.resolve(code))
  })
  const left = Promise.withResolvers<number>()
  const port = await place.open(serveNode(place.server, http, 0))
  place.finally(() => http.closeAllConnections())
  const socket = new WebSocket(`ws://${place.address}:${port}/`, {
    agent: nodeAgent(place.client),
    perMessageDeflate: true,
  })
  await once(socket, 'open')
  for (const message of ['hello', 'ü'.repeat(100_000)]) {
    socket.send(message)
    const [echo] = await once(socket, 'message')
    assert.equal(String(echo), message)
  }
  socket.send(new Uint8Array(70_000).fill(7))
  const [bytes, binary] = await once(socket, 'message')
  assert.deepEqual([bytes.length, bytes[69_999], binary], [70_000, 7, true])
  socket.ping('there?')
  assert.equal(String((await once(socket, 'pong'))[0]), 'there?')
  socket.close(4000, 'enough')
  assert.equal((await once(socket, 'close'))[0], 4000)
  assert.equal(await left.promise, 4000)
})
