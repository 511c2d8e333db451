/** A server on the machine's own sockets under what strangers send: it stays small, silent where it must, and answers. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ms } from '../../../src/base/duration.ts'
import { SeededRandom } from '../../../src/base/random.ts'
import { serveZones } from '../../../src/dns/authority/serve.ts'
import type { DnsServer, ServerOptions } from '../../../src/dns/front/server.ts'
import { edns } from '../../../src/dns/message/edns.ts'
import { encode } from '../../../src/dns/message/encode.ts'
import { query, response } from '../../../src/dns/message/message.ts'
import { Name } from '../../../src/dns/message/name.ts'
import { TYPE } from '../../../src/dns/message/types.ts'
import { loadZone } from '../../../src/dns/zone/load.ts'
import { kernelHost } from '../../../src/kernel/index.ts'

const ZONE = '$TTL 60\n@ SOA ns host 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n$GENERATE 1-250 big A 10.0.0.$\n'
const ASKED = query(Name.parse('ns.example.'), TYPE.A, { id: 7 })
const GOOD = encode(ASKED)

async function withServer(options: ServerOptions, scene: (port: number) => Promise<void>): Promise<void> {
  const { zone } = loadZone(ZONE, Name.parse('example.'))
  const at = { address: '127.0.0.1', port: 0 }
  const server: DnsServer = await serveZones(kernelHost(), [zone!], { at, ...options })
  try {
    await scene(server.local.port)
  } finally {
    await server.close()
  }
}

/** Sends each datagram, and answers the replies' lengths once the last, a good query, is answered. */
async function flood(port: number, datagrams: Iterable<Uint8Array>): Promise<number[]> {
  const socket = createSocket('udp4')
  const last = new Uint8Array(GOOD)
  last.set([0xfe, 0xdc]) // an id that nobody else has
  const lengths: number[] = []
  const answered = new Promise<void>((resolve) =>
    socket.on('message', (reply) =>
      reply[0] === last[0] && reply[1] === last[1] ? resolve() : lengths.push(reply.length),
    ),
  )
  let sent = 0
  for (const bytes of datagrams) {
    socket.send(bytes, port, '127.0.0.1')
    if (++sent % 100 === 0) await sleep(1)
  }
  // What is answered after all of it tells that all of it has been looked at. It may be lost itself, and is sent again then.
  const asking = setInterval(() => socket.send(last, port, '127.0.0.1'), 50)
  await answered
  clearInterval(asking)
  socket.close()
  return lengths
}

test('RFC 2181 §4.1: the reply comes from the address that was asked, on a machine that has several', async () => {
  const { zone } = loadZone(ZONE, Name.parse('example.'))
  const server = await serveZones(kernelHost(), [zone!], { at: { address: '0.0.0.0', port: 0 } })
  try {
    for (const address of ['127.0.0.2', '127.0.0.3', '127.0.0.1']) {
      const socket = createSocket('udp4')
      socket.connect(server.local.port, address) // hears nobody else
      await once(socket, 'connect')
      socket.send(GOOD)
      const [reply] = await once(socket, 'message', { signal: AbortSignal.timeout(5000) })
      assert.equal(reply[1], 7)
      socket.close()
    }
  } finally {
    await server.close()
  }
})

test('one client that opens connections and leaves them does not keep others out', async () => {
  const { zone } = loadZone(ZONE, Name.parse('example.'))
  const server = await serveZones(kernelHost(), [zone!], {
    at: { address: '127.0.0.1', port: 0 },
    limits: { front: { streams: 80, streamsPerClient: 10 } },
  })
  const sockets: Socket[] = []
  try {
    for (let i = 0; i < 100; i++) sockets.push(await opened(server.local.port, Uint8Array.of(0)))
    const held = () => sockets.filter((socket) => !socket.destroyed && !socket.readableEnded).length
    for (let i = 0; held() > 10 && i < 1000; i++) await sleep(10)
    assert.equal(held(), 10)
    const other = connect({ port: server.local.port, host: '127.0.0.1', localAddress: '127.0.0.9' })
    sockets.push(other)
    await once(other, 'connect')
    other.write(Uint8Array.of(GOOD.length >>> 8, GOOD.length, ...GOOD))
    const [reply] = await once(other, 'data', { signal: AbortSignal.timeout(5000) })
    assert.equal(reply[3], 7)
  } finally {
    for (const socket of sockets) socket.destroy()
    await server.close()
  }
})

test('20,000 mangled datagrams: no exception, no growth, no reply longer than the question', () =>
  withServer({}, async (port) => {
    const random = new SeededRandom('mangled')
    function* mangled(count: number) {
      for (let i = 0; i < count; i++) {
        const bytes = GOOD.slice(0, random.u32() % 4 === 0 ? random.u32() % GOOD.length : GOOD.length)
        for (let n = random.u32() % 4; n >= 0 && bytes.length > 2; n--)
          bytes[2 + (random.u32() % (bytes.length - 2))] = random.u32()
        yield bytes
      }
    }
    await flood(port, mangled(5_000))
    global.gc?.()
    const before = process.memoryUsage().heapUsed
    const lengths = await flood(port, mangled(20_000))
    global.gc?.()
    const grown = process.memoryUsage().heapUsed - before
    assert.ok(grown < 32e6, `${grown} octets more`)
    // The name server's own record is the longest honest answer to a mangled question.
    assert.ok(Math.max(...lengths) <= 120, `${Math.max(...lengths)} octets`)
  }))

test('a response, a fragment of a header, an empty datagram: silence', () =>
  withServer({}, async (port) => {
    const silent = [encode(response(ASKED)), GOOD.subarray(0, 11), new Uint8Array(0)]
    assert.deepEqual(await flood(port, silent), [])
  }))

test('amplification over UDP: at most 1232 octets with EDNS, 512 without, whatever the client says it takes', () =>
  withServer({}, async (port) => {
    const ask = (size: number | null) =>
      encode(query(Name.parse('big.example.'), TYPE.A, { id: 1, edns: size === null ? null : edns({ udpSize: size }) }))
    const [plain, large] = await flood(port, [ask(null), ask(65535)])
    assert.ok(plain! <= 512 && large! <= 1232, `${plain} ${large}`)
  }))

/** What becomes of a connection on which those octets are sent. */
async function opened(port: number, bytes: Uint8Array): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.resume()
  await once(socket, 'connect')
  socket.write(bytes)
  return socket
}

test('limit: connections past the most are reset; those that trickle are closed, and others find room again', () =>
  withServer({ limits: { front: { streams: 50, streamsPerClient: 50, streamIdle: ms(1500) } } }, async (port) => {
    const sockets = await Promise.all(Array.from({ length: 200 }, () => opened(port, Uint8Array.of(0))))
    const open = () => sockets.filter((socket) => !socket.destroyed && !socket.readableEnded).length
    const fallsTo = async (count: number) => {
      for (let i = 0; open() > count && i < 1000; i++) await sleep(10)
      assert.equal(open(), count)
    }
    await fallsTo(50)
    // An octet now and then keeps nothing alive: only whole queries do.
    const trickle = setInterval(() => {
      for (const socket of sockets) if (!socket.destroyed) socket.write(Uint8Array.of(0xff))
    }, 50)
    await fallsTo(0)
    clearInterval(trickle)
    const honest = await opened(port, Uint8Array.of(GOOD.length >>> 8, GOOD.length, ...GOOD))
    const [reply] = await once(honest, 'data', { signal: AbortSignal.timeout(2000) })
    assert.equal(reply[3], 7)
    honest.destroy()
  }))
