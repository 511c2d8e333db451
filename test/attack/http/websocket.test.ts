/** What strangers may send on a WebSocket: bombs, floods, crumbs, lies. Memory and answers are counted, not time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, deflateRawSync } from 'node:zlib'
import { connectWebSocket } from '../../../src/http/index.ts'
import { acceptOf } from '../../../src/http/websocket/handshake.ts'
import { parseExtensions } from '../../../src/http/websocket/protocol/extension.ts'
import { clientFrame, rawWebSocket, settle, webSocketWorld } from '../../../src/http/websocket/trial/world.ts'

const latin1 = (octets: Uint8Array) => Buffer.from(octets).toString('latin1')
/** A Close frame with a code, as the server sends it. */
const closed = (code: number) => latin1(Buffer.from([0x88, 2, code >> 8, code & 255]))

const OFFER = 'Sec-WebSocket-Extensions: permessage-deflate\r\n'

/** A server that counts what it hears, and a raw client. */
async function victim(fields = '', limits = {}) {
  const heard: number[] = []
  const world = await webSocketWorld(
    (socket) => {
      socket.onMessage = (message) => void heard.push(message.length)
    },
    { accept: { deflate: { takeover: true }, limits } },
  )
  return { heard, world, raw: await rawWebSocket(world, fields) }
}

test('a gigabyte of zeroes in a megabyte stops at the limit of what comes out', async () => {
  const { raw, heard } = await victim(OFFER)
  const block = deflateRawSync(Buffer.alloc(64 * 1024 * 1024), { finishFlush: constants.Z_SYNC_FLUSH })
  const bomb = Buffer.concat(Array.from({ length: 16 }, () => block))
  const before = process.memoryUsage().arrayBuffers
  assert.equal(await raw.send(latin1(clientFrame(0xc2, bomb))), closed(1009))
  assert.deepEqual(heard, [])
  assert.ok(process.memoryUsage().arrayBuffers - before < 64 * 1024 * 1024)
})

test('a bomb in fragments, each below the limit', async () => {
  const { raw } = await victim(OFFER, { messageBytes: 1_000_000 })
  const block = deflateRawSync(Buffer.alloc(400_000), { finishFlush: constants.Z_SYNC_FLUSH })
  const pieces = [clientFrame(0x42, block), clientFrame(0, block), clientFrame(0, block)]
  assert.equal(await raw.send(latin1(Buffer.concat(pieces))), closed(1009))
})

test('compressed octets that come to nothing are counted too', async () => {
  const { raw } = await victim(OFFER, { messageBytes: 10_000, messageFragments: 1_000_000 })
  const nothing = Buffer.from('0000000000ffff'.slice(0, 10).repeat(100), 'hex')
  let answer = ''
  for (let i = 0; i < 100 && answer === ''; i++)
    answer = await raw.send(latin1(clientFrame(i === 0 ? 0x42 : 0, nothing)))
  assert.match(answer, /^\x88\x02\x03/)
})

test('a message of crumbs: empty fragments, and fragments of one octet (ws 8.21.0)', async () => {
  for (const payload of ['', 'x']) {
    const { raw, heard } = await victim()
    const crumbs = Buffer.concat(Array.from({ length: 20_000 }, (_, i) => clientFrame(i === 0 ? 1 : 0, payload)))
    assert.equal(await raw.send(latin1(crumbs)), closed(1008))
    assert.deepEqual(heard, [])
  }
})

test('lies of length: 2^63 and more, and 2^62 that will never come', async () => {
  for (const [octets, code] of [
    ['8000000000000000', 1002],
    ['ffffffffffffffff', 1002],
    ['4000000000000000', 1009],
  ] as const) {
    const { raw } = await victim()
    const head = Buffer.concat([Buffer.from([0x82, 0xff]), Buffer.from(octets, 'hex'), Buffer.alloc(4)])
    assert.equal(await raw.send(latin1(head)), closed(code))
  }
})

test('frames without a mask, and what follows is not heard', async () => {
  const { raw, heard } = await victim()
  assert.equal(
    await raw.send(latin1(Buffer.concat([Buffer.from('\x81\x02hi', 'latin1'), clientFrame(0x81, 'hello')]))),
    closed(1002),
  )
  assert.deepEqual(heard, [])
})

test('a client refuses a server that masks', async () => {
  const { laptop, network } = await webSocketWorld(() => {})
  const liar = network.host('liar', '10.0.0.66')
  await liar.listen({ address: '10.0.0.66', port: 80 }, (connection) => {
    connection.attach({
      onData(bytes) {
        const key = /Sec-WebSocket-Key: (.*)\r/.exec(latin1(bytes))?.[1]
        if (key === undefined) return
        const head = `HTTP/1.1 101 Well\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`
        connection.write(Buffer.concat([Buffer.from(head), clientFrame(0x81, 'masked')]))
      },
      onEnd: () => connection.end(),
      onDrain() {},
      onClose() {},
    })
  })
  const socket = await connectWebSocket(laptop, 'ws://liar/')
  const heard: unknown[] = []
  socket.onMessage = (message) => void heard.push(message)
  const how = await socket.closed
  assert.deepEqual([how.code, how.clean, heard], [1006, false, []])
  assert.match(how.failure, /a frame of a server is masked/)
})

test('a flood of Pings from one who reads nothing is answered by one Pong when he reads', async () => {
  const { raw, world } = await victim()
  raw.connection.pause()
  const ping = clientFrame(0x89, 'x'.repeat(125))
  const flood = Buffer.concat(Array.from({ length: 500 }, () => ping))
  for (let i = 0; i < 20; i++) {
    raw.connection.write(flood)
    await settle(100)
  }
  const [, far] = world.network.connections
  assert.ok(far!.queued < 200_000, `${far!.queued} octets wait`)
  raw.connection.resume()
  await settle()
  assert.equal(raw.closed, false)
})

test('a flood of Close frames is answered once', async () => {
  const { raw } = await victim()
  const flood = Buffer.concat(Array.from({ length: 5_000 }, () => clientFrame(0x88, Buffer.from([3, 232]))))
  assert.equal(await raw.send(latin1(flood)), closed(1000))
  await settle()
  assert.equal(raw.ended, true)
})

test('what the server cannot say is not sent: a Close frame has no octets that nobody wrote (ws 8.20.1)', async () => {
  const { raw } = await victim()
  assert.equal(await raw.send(latin1(clientFrame(0x88, ''))), '\x88\x00')
})

test('a list of extensions or subprotocols without end is refused, in time that grows with its length', async () => {
  const long = `${'a;'.repeat(30_000)}b`
  const offers = [
    long,
    'a,'.repeat(30_000),
    `a;b="${'\\"'.repeat(20_000)}`,
    ' '.repeat(60_000),
    `${'a'.repeat(60_000)} b`,
  ]
  for (const offer of offers) assert.equal(parseExtensions(offer, 32), null)
  const { world } = await victim()
  for (const field of ['Sec-WebSocket-Protocol', 'Sec-WebSocket-Extensions'])
    await assert.rejects(rawWebSocket(world, `${field}: ${'a,'.repeat(4_000)}b\r\n`), /answered by HTTP\/1.1 400/)
})
