/** The server on this machine's own sockets, by every driver, against clients that leave, stall and flood. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { seconds } from '../../../src/base/duration.ts'
import { type Handler, type HttpServer, type ReplyBody, serve } from '../../../src/http/index.ts'
import { type DriverName, kernelHost } from '../../../src/kernel/index.ts'

const ABORTS = 600
const PIPELINED = 20_000
const MEBIBYTE = 1_048_576

let written = 0
/** Handlers that hold something as long as their client is there. */
let holding = 0

const handler: Handler = async (exchange) => {
  const { path, body } = exchange
  if (path === '/body') exchange.reply(200, [], `${(await body.bytes()).length} bytes`)
  else if (path === '/late') {
    await wait(10)
    exchange.reply(200, [], 'late')
  } else if (path === '/endless') pour(exchange.start(200, []))
  else if (path === '/silent') {
    holding++
    await new Promise<void>((resolve) => exchange.signal.addEventListener('abort', () => resolve()))
    holding--
  } else if (path === '/hold') {
    holding++
    const reply = exchange.start(200, [])
    try {
      for (;;) if (!reply.write(Buffer.alloc(65_536))) await reply.ready()
    } finally {
      holding--
    }
  } else if (path === '/cut') {
    exchange.start(200, []).write('a')
    throw new Error('in the middle')
  } else exchange.reply(200, [], 'plain')
}

function pour(reply: ReplyBody): void {
  const piece = Buffer.alloc(65_536)
  reply.onDrain = () => {
    do written += piece.length
    while (reply.write(piece))
  }
  reply.onDrain()
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
const post = (length: number) => `POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`

function dial(t: TestContext, server: HttpServer): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: server.local.port!, host: '127.0.0.1' }, () => resolve(socket))
    socket.on('error', reject)
    t.after(() => socket.destroy())
  })
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !holds(); i++) await wait(10)
  assert.ok(holds())
}

function drivers(): DriverName[] {
  try {
    kernelHost({ driver: 'uring' })
    return ['node', 'uring']
  } catch {
    return ['node']
  }
}

for (const driver of drivers()) {
  const serving = async (t: TestContext) => {
    const server = await serve(kernelHost({ driver }), handler, { address: '127.0.0.1', port: 0 })
    t.after(() => server.close(seconds(1)))
    return server
  }

  test(`${driver}: who leaves at any moment, by FIN or RST, leaves nothing behind`, async (t) => {
    const server = await serving(t)
    const before = readdirSync('/proc/self/fd').length
    const starts = ['', 'GET / HT', get('/'), get('/late'), get('/endless'), get('/cut'), `${post(1000)}abc`]
    const leave = async (i: number) => {
      const socket = await dial(t, server)
      socket.on('error', () => {})
      socket.write(starts[i % starts.length]!)
      await wait(i % 5)
      if (i & 1) socket.resetAndDestroy()
      else socket.destroy()
    }
    for (let i = 0; i < ABORTS; i += 50) await Promise.all(Array.from({ length: 50 }, (_, n) => leave(i + n)))
    await until(() => server.connections === 0)
    await until(() => readdirSync('/proc/self/fd').length <= before)
  })

  test(`${driver}: handlers learn at once that their clients have gone, whether or not they write`, async (t) => {
    const server = await serving(t)
    for (const path of ['/silent', '/hold'])
      for (const reset of [false, true]) {
        const sockets = await Promise.all(Array.from({ length: 30 }, () => dial(t, server)))
        for (const socket of sockets) {
          socket.on('error', () => {})
          socket.pause()
          socket.write(get(path))
        }
        await until(() => holding === 30)
        for (const socket of sockets) {
          if (reset) socket.resetAndDestroy()
          else socket.destroy()
        }
        await until(() => holding === 0)
        await until(() => server.connections === 0)
      }
  })

  test(`${driver}: a flood of pipelined requests in one write is answered whole`, async (t) => {
    const server = await serving(t)
    const socket = await dial(t, server)
    let text = ''
    socket.on('data', (bytes) => void (text += bytes.toString('latin1')))
    socket.write(get('/').repeat(PIPELINED))
    await until(() => text.split('HTTP/1.1 200 OK').length > PIPELINED && text.endsWith('plain'))
    assert.equal(text.split('HTTP/1.1 200 OK').length - 1, PIPELINED)
    socket.destroy()
  })

  test(`${driver}: a reply without end waits for the reader who has stopped`, async (t) => {
    const server = await serving(t)
    const socket = await dial(t, server)
    socket.pause()
    written = 0
    socket.write(get('/endless'))
    await until(() => written > 0)
    let last = 0
    while (last < written) {
      last = written
      await wait(100)
    }
    assert.ok(written < 32 * MEBIBYTE, `${written} bytes`) // the kernel's buffers on both sides, and ours
    socket.destroy()
    await until(() => server.connections === 0)
  })

  test(`${driver}: a refusal is there for a client that first sends everything`, async (t) => {
    const server = await serving(t)
    const socket = await dial(t, server)
    let text = ''
    let failure: Error | null = null
    socket.on('error', (error) => void (failure = error))
    socket.pause()
    socket.write(post(100 * MEBIBYTE))
    for (let sent = 0; sent < 20; sent++)
      if (!socket.write(Buffer.alloc(MEBIBYTE))) await new Promise((resolve) => socket.once('drain', resolve))
    socket.on('data', (bytes) => void (text += bytes.toString('latin1')))
    socket.resume()
    await until(() => text !== '')
    assert.match(text, /^HTTP\/1.1 413 /)
    assert.equal(failure, null)
    socket.destroy()
  })
}
