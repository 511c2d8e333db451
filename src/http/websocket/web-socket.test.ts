/** The browser's interface: states, events, kinds of data, mistakes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WebSocketConnection } from './connection.ts'
import { settle, webSocketWorld } from './trial/world.ts'
import { type HostWebSocket, webSocketClass } from './web-socket.ts'

const echo = (socket: WebSocketConnection) => {
  socket.onMessage = (message) => {
    if (message === 'close me') socket.close(4000, 'as you wish')
    else if (message === 'cut me') socket.terminate()
    else socket.send(message)
  }
}

async function opened(protocols?: string[]) {
  const world = await webSocketWorld(echo, { accept: { protocols: ['a'] } })
  const WebSocket = webSocketClass(world.client)
  const socket = new WebSocket('ws://web/', protocols)
  const log: string[] = []
  for (const name of ['open', 'message', 'error', 'close'])
    socket.addEventListener(name, (event) => {
      const { data, code, wasClean } = event as MessageEvent & CloseEvent
      log.push([name, socket.readyState, data, code, wasClean].filter((one) => one !== undefined).join(' '))
    })
  return { WebSocket, socket, log, world }
}

test('states and events in order; messages as text, ArrayBuffer and Blob', async () => {
  const { socket, log } = await opened(['a', 'b'])
  assert.equal(socket.readyState, 0)
  assert.throws(() => socket.send('early'), { name: 'InvalidStateError' })
  await settle()
  assert.deepEqual([log.splice(0), socket.protocol, socket.extensions, socket.url], [['open 1'], 'a', '', 'ws://web/'])
  const heard: unknown[] = []
  const note = ({ data }: MessageEvent) => void heard.push(data)
  socket.onmessage = note
  assert.equal(socket.onmessage, note)
  socket.binaryType = 'arraybuffer'
  socket.binaryType = 'nonsense' as never
  const shared = new Uint8Array([9, 1, 2, 9])
  socket.send('text')
  socket.send(new Blob(['blob']))
  socket.send(shared.subarray(1, 3))
  shared.fill(0)
  socket.send(new Uint16Array([0x0403]).buffer)
  await new Promise((resolve) => setImmediate(resolve))
  await settle()
  assert.deepEqual(
    heard.map((data) => (typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer).toString('latin1'))),
    ['text', 'blob', '\x01\x02', '\x03\x04'],
  )
  socket.binaryType = 'blob'
  socket.onmessage = null
  const blob = new Promise<Blob>((resolve) =>
    socket.addEventListener('message', (event) => resolve((event as MessageEvent).data), { once: true }),
  )
  socket.send(new Uint8Array([65]))
  assert.equal(await (await blob).text(), 'A')
  assert.equal(heard.length, 4)
  log.length = 0
  socket.close(3000, 'bye')
  assert.equal(socket.readyState, 2)
  socket.send('dropped')
  assert.equal(socket.bufferedAmount, 7)
  await settle()
  assert.deepEqual(log, ['close 3 3000 true'])
})

test('ends by the other side: clean, and cut', async () => {
  for (const [say, end] of [
    ['close me', ['close 3 4000 true']],
    ['cut me', ['error 3', 'close 3 1006 false']],
  ] as const) {
    const { socket, log } = await opened()
    await settle()
    socket.send(say)
    await settle()
    assert.deepEqual(log, ['open 1', ...end])
  }
})

test('what never opens: refused, given up, a subprotocol that the server does not speak', async () => {
  const { WebSocket, socket, log } = await opened()
  socket.close()
  await settle()
  assert.deepEqual(log, ['error 3', 'close 3 1006 false'])
  const closed = (made: HostWebSocket) => new Promise<number>((resolve) => (made.onclose = ({ code }) => resolve(code)))
  assert.equal(await closed(new WebSocket('ws://nowhere/')), 1006)
  assert.equal(await closed(new WebSocket('ws://web/', 'unknown')), 1006)
})

test('mistakes are those of the standard', async () => {
  const { WebSocket, socket } = await opened()
  for (const url of ['/relative', 'ftp://web/', 'ws://web/#part', 'ws://web/#'])
    assert.throws(() => new WebSocket(url), { name: 'SyntaxError' })
  for (const protocols of [['a', 'a'], ['a b'], ''])
    assert.throws(() => new WebSocket('ws://web/', protocols), { name: 'SyntaxError' })
  for (const code of [0, 999, 1001, 1005, 2999, 5000])
    assert.throws(() => socket.close(code), { name: 'InvalidAccessError' })
  assert.throws(() => socket.close(3000, 'ä'.repeat(62)), { name: 'SyntaxError' })
  assert.equal(new WebSocket('http://web/x').url, 'ws://web/x')
  assert.deepEqual([WebSocket.OPEN, socket.CLOSING], [1, 2])
})
