/** WebSockets between our server and our client: messages, pressure, time, the end. Virtual time throughout. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ms, seconds } from '../../base/duration.ts'
import { HttpMisuse, WebSocketGone } from '../errors.ts'
import type { WebSocketConnection, WebSocketMessage } from './connection.ts'
import { WebSocketGroup } from './group.ts'
import { clientFrame, rawWebSocket, settle, webSocketWorld } from './trial/world.ts'

const echo = (socket: WebSocketConnection) => {
  socket.onMessage = (message) => void socket.send(message)
}

const shown = (message: WebSocketMessage) =>
  typeof message === 'string' ? message : Buffer.from(message).toString('hex')

test('messages of both kinds come back, however the octets are cut', async () => {
  for (const manners of [{ chunk: 1 }, { chunk: 3 }, {}, { reluctant: true }])
    for (const deflate of [false, true, { takeover: true, from: 0 }, { windowBits: 9, from: 0 }]) {
      const { open, network } = await webSocketWorld(echo, { manners, accept: { deflate } })
      const socket = await open({ deflate })
      assert.equal(socket.compressed, deflate !== false)
      const sent: WebSocketMessage[] = [
        '',
        'κόσμε',
        'x'.repeat(3_000),
        new Uint8Array(0),
        new Uint8Array(2_000).fill(200),
      ]
      for (const message of sent) {
        socket.send(message)
        await socket.ready()
      }
      const heard: WebSocketMessage[] = []
      for await (const message of socket) if (heard.push(message) === sent.length) break
      assert.deepEqual(heard.map(shown), sent.map(shown))
      assert.deepEqual(await socket.closed, { code: 1000, reason: '', clean: true, failure: '' })
      await settle()
      assert.equal(network.open, 0)
    }
})

test('a message waits for whoever takes it, and so does the other side', async () => {
  let far!: WebSocketConnection
  const { open } = await webSocketWorld((socket) => {
    far = socket
  })
  const socket = await open()
  for (const text of ['a', 'b', 'c']) socket.send(text)
  await settle()
  const heard: string[] = []
  far.onMessage = (message) => void heard.push(message as string)
  assert.deepEqual(heard, [])
  await settle()
  assert.deepEqual(heard, ['a', 'b', 'c'])
})

test('a handler that takes its time gets one message at a time; pause holds all', async () => {
  let at = 0
  let most = 0
  const done: string[] = []
  let far!: WebSocketConnection
  const { open } = await webSocketWorld((socket) => {
    far = socket
    socket.onMessage = async (message) => {
      most = Math.max(most, ++at)
      await settle(50)
      at--
      done.push(message as string)
    }
  })
  const socket = await open()
  for (let i = 0; i < 5; i++) socket.send(String(i))
  await settle()
  assert.deepEqual([done, most], [['0', '1', '2', '3', '4'], 1])
  far.pause()
  socket.send('held')
  await settle()
  assert.equal(done.length, 5)
  far.resume()
  await settle()
  assert.equal(done.at(-1), 'held')
})

test('an echo to a client that does not read holds a bounded part of it, and goes on when it reads', async () => {
  let far!: WebSocketConnection
  const { open, network } = await webSocketWorld((socket) => {
    far = socket
    echo(socket)
  })
  const socket = await open()
  socket.pause()
  const piece = 'x'.repeat(10_000)
  let sent = 0
  while (sent < 1_000 && socket.send(piece)) {
    sent++
    await settle(20)
  }
  assert.ok(sent < 40, `${sent} messages were taken`)
  assert.ok(far.queued < 200_000, `${far.queued} octets wait`)
  assert.ok(network.open > 0)
  let heard = 0
  socket.onMessage = () => void heard++
  socket.resume()
  await settle()
  assert.equal(heard, sent + 1)
})

test('who sends on to a peer that does not read is cut off (messageBacklogBytes)', async () => {
  let far!: WebSocketConnection
  const { open } = await webSocketWorld(
    (socket) => {
      far = socket
    },
    { accept: { limits: { messageBacklogBytes: 100_000 } } },
  )
  const socket = await open()
  socket.pause()
  socket.onMessage = () => {}
  let sent = 0
  while (far.open && sent < 100) {
    far.send('x'.repeat(10_000))
    sent++
    await settle(20)
  }
  assert.ok(sent < 25, `${sent} were taken`)
  assert.match((await far.closed).failure, /does not read/)
  await assert.rejects(far.ready(), WebSocketGone)
})

test('a peer that has gone without a word is found by its silence (heartbeatTime)', async () => {
  const options = { accept: { limits: { heartbeatTime: seconds(10) } } }
  const world = await webSocketWorld(echo, options)
  let pings = 0
  const live = await world.open()
  live.onPing = () => void pings++
  live.onMessage = () => {}
  // This one answers nothing: it reads raw octets.
  const dead = await rawWebSocket(world)
  await world.clock.advance(seconds(11))
  assert.equal(dead.take(), '\x89\x00')
  assert.equal(dead.closed, false)
  await world.clock.advance(seconds(11))
  assert.equal(dead.closed, true)
  await world.clock.advance(seconds(100))
  assert.ok(live.open && pings >= 4 && pings <= 8, `${pings} pings`)
  // Who sends is not asked.
  pings = 0
  for (let i = 0; i < 30; i++) {
    live.send('x')
    await world.clock.advance(seconds(2))
  }
  assert.equal(pings, 0)
})

test('a half-sent frame holds what has come, and lives by the heartbeat like any silence', async () => {
  const world = await webSocketWorld(echo, { accept: { limits: { heartbeatTime: seconds(10) } } })
  const raw = await rawWebSocket(world)
  const half = clientFrame(0x81, 'hello').subarray(0, 8)
  raw.connection.write(half)
  await world.clock.advance(seconds(32))
  assert.equal(raw.closed, true)
})

test('a handshake that dribbles is ended by the time of heads (headTime)', async () => {
  const world = await webSocketWorld(echo, { serve: { limits: { headTime: seconds(5) } } })
  const socket = await world.laptop.connect({ address: '10.0.0.80', port: 80 })
  let closed = false
  socket.attach({ onData() {}, onEnd: () => void (closed = true), onDrain() {}, onClose: () => void (closed = true) })
  for (const octet of 'GET / HTTP/1.1\r\nUpgrade: websocket\r\n') {
    socket.write(Buffer.from(octet))
    await world.clock.advance(ms(500))
  }
  assert.equal(closed, true)
})

test('closing: either side, codes and reasons; who does not answer is waited for so long (closeTime)', async () => {
  const ended: unknown[] = []
  let far!: WebSocketConnection
  const world = await webSocketWorld((socket) => {
    far = socket
    echo(socket)
    socket.onClose = (how) => void ended.push([how.code, how.reason, how.clean])
  })
  const first = await world.open()
  first.close(4001, 'enough')
  assert.equal(first.send('late'), false)
  assert.deepEqual(await first.closed, { code: 4001, reason: '', clean: true, failure: '' })
  await settle()
  const second = await world.open()
  second.onMessage = () => {}
  far.close(1008, 'no')
  assert.deepEqual(await second.closed, { code: 1008, reason: 'no', clean: true, failure: '' })
  const third = await world.open()
  far.terminate()
  assert.deepEqual([(await third.closed).code, (await third.closed).clean], [1006, false])
  await settle()
  assert.deepEqual(ended, [
    [4001, 'enough', true],
    [1008, '', true],
    [1006, '', false],
  ])
  const deaf = await rawWebSocket(world)
  far.close()
  await settle()
  assert.equal(deaf.take(), '\x88\x02\x03\xe8')
  await world.clock.advance(seconds(9))
  assert.equal(deaf.closed, false)
  await world.clock.advance(seconds(2))
  assert.equal(deaf.closed, true)
  assert.match((await far.closed).failure, /closing handshake/)
  assert.equal(world.network.open, 0)
  assert.equal(world.clock.timers <= 1, true)
})

test('misuse is told where it happens', async () => {
  const { open } = await webSocketWorld(echo)
  const socket = await open()
  for (const code of [0, 999, 1004, 1005.5, 1006, 1015, 2999, 5000]) assert.throws(() => socket.close(code), HttpMisuse)
  assert.throws(() => socket.close(1000, 'x'.repeat(124)), HttpMisuse)
  assert.throws(() => socket.send({} as never), /JSON.stringify/)
  assert.throws(() => socket.ping(new Uint8Array(126)), HttpMisuse)
  await assert.rejects(open({ protocols: ['a', 'a'] }), HttpMisuse)
  await assert.rejects(open({ deflate: { windowBits: 7 } }), RangeError)
  assert.equal(socket.open, true)
})

test('a handler that fails closes with 1011, and whoever asked is told', async () => {
  const told: string[] = []
  const { open } = await webSocketWorld((socket) => {
    socket.onError = (error) => void told.push(String(error))
    socket.onMessage = (message) => {
      if (message === 'now') throw new Error('at once')
      return Promise.reject(new Error('later'))
    }
  })
  for (const message of ['now', 'then']) {
    const socket = await open()
    socket.onMessage = () => {}
    socket.send(message)
    assert.equal((await socket.closed).code, 1011)
  }
  assert.deepEqual(told, ['Error: at once', 'Error: later'])
})

test('when the server begins to close, its WebSockets go with 1001', async () => {
  const { open, server, network } = await webSocketWorld(echo)
  const sockets = await Promise.all(Array.from({ length: 20 }, () => open()))
  for (const socket of sockets) socket.onMessage = () => {}
  await server.close(seconds(1))
  for (const socket of sockets) assert.equal((await socket.closed).code, 1001)
  await settle()
  assert.equal(network.open, 0)
})

test('pages of other sites may not open one, unless they are listed or all are let in', async () => {
  const attempt = async (origin: string | undefined, accept = {}) => {
    const { open } = await webSocketWorld(echo, { accept })
    return open({ fields: origin === undefined ? [] : ['Origin', origin] }).then(
      () => 101,
      (error: { reply?: { status: number } }) => error.reply?.status,
    )
  }
  for (const own of [undefined, 'http://web', 'https://WEB']) assert.equal(await attempt(own), 101, String(own))
  for (const other of [
    'http://evil',
    'null',
    'http://web.evil',
    'http://web:81',
    'http://evil/web',
    'web',
    'http://web, http://evil',
    'file://',
  ])
    assert.equal(await attempt(other), 403, other)
  assert.equal(await attempt('https://pay.example', { origins: ['https://pay.example'] }), 101)
  assert.equal(await attempt('https://pay.example.evil', { origins: ['https://pay.example'] }), 403)
  assert.equal(await attempt('http://evil', { dangerouslyAnyOrigin: true }), 101)
})

test('subprotocols: the first of the server that the client offers; offers are bounded (offerCount)', async () => {
  const agreed = async (offered: string[], accept = {}) => {
    const { open } = await webSocketWorld(echo, { accept })
    return (await open({ protocols: offered })).protocol
  }
  assert.equal(await agreed(['a', 'b'], { protocols: ['b', 'a'] }), 'b')
  assert.equal(await agreed(['a'], { protocols: ['b'] }), '')
  assert.equal(await agreed(['a', 'b'], { protocols: (all: string[]) => all[1] ?? null }), 'b')
  assert.equal(await agreed([]), '')
  await assert.rejects(agreed(['a', 'b', 'c'], { limits: { offerCount: 2 } }), /answered 400/)
  const { open } = await webSocketWorld(echo, { accept: { protocols: () => 'made-up' }, serve: { onError: () => {} } })
  await assert.rejects(open({ protocols: ['a'] }), /answered 500/)
})

test('a request that cannot be switched is answered, not thrown at the handler', async () => {
  const failures: unknown[] = []
  const { laptop } = await webSocketWorld(echo, { serve: { onError: (error) => void failures.push(error) } })
  const { RawClient } = await import('../trial/raw.ts')
  const { HEAD } = await import('./trial/world.ts')
  const raw = await RawClient.open(laptop, { address: '10.0.0.80', port: 80 })
  assert.match(await raw.send(`${HEAD}Content-Length: 5\r\n\r\nhello`), /^HTTP\/1.1 400 /)
  const piped = await RawClient.open(laptop, { address: '10.0.0.80', port: 80 })
  assert.match(await piped.send('GET /x HTTP/1.1\r\nHost: web\r\n\r\n'), /^HTTP\/1.1 426 /)
  assert.deepEqual(failures, [])
})

test('a message in pieces, both ways, with characters cut between them', async () => {
  const heard: [string, boolean][] = []
  const { open } = await webSocketWorld((socket) => {
    socket.onPiece = (piece, last) => void heard.push([shown(piece), last])
  })
  const socket = await open()
  const message = socket.begin('text')
  assert.throws(() => socket.send('between'), /while a message of begin/)
  message.write('κό\ud834')
  message.write('\udd1eσμε')
  socket.ping()
  message.end('!')
  assert.throws(() => message.write('more'), HttpMisuse)
  const second = socket.begin('binary')
  assert.throws(() => second.write('text'), HttpMisuse)
  second.write(new Uint8Array([1, 2]))
  second.end()
  await settle()
  assert.equal(heard.map(([piece]) => piece).join('|'), 'κό|𝄞σμε|!|0102|')
  assert.deepEqual(
    heard.map(([, last]) => last),
    [false, false, true, false, true],
  )
})

test('a group sends one frame to all: to those who lag, or not to them', async () => {
  const room = new WebSocketGroup()
  const { open } = await webSocketWorld((socket) => void room.add(socket), { accept: { deflate: true } })
  const heard: string[][] = []
  for (let i = 0; i < 6; i++) {
    const socket = await open({ deflate: i % 2 === 0 })
    const mine: string[] = []
    heard.push(mine)
    socket.onMessage = (message) => void mine.push(message as string)
  }
  const long = 'all '.repeat(1_000)
  assert.equal(room.send('short'), 6)
  const [first] = room
  assert.equal(room.send(long, { except: first! }), 5)
  await settle()
  assert.deepEqual(
    heard.map((mine) => mine.length),
    [1, 2, 2, 2, 2, 2],
  )
  for (const mine of heard.slice(1)) assert.equal(mine[1], long)
  first!.begin('text').write('under way')
  assert.equal(room.send('x'), 5)
  room.close(1001)
  await settle()
  assert.equal(room.size, 0)
  assert.equal(room.add(first!).size, 0)
})
