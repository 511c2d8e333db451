/** The limits of the socket floor, each crossed. Those of the Berkeley socket's queues are in its conformance suite. */
import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import test from 'node:test'
import { ms, sleep } from '../base/duration.ts'
import { kernelHost, systemClock } from '../kernel/index.ts'
import { internet } from '../sim/index.ts'
import type { Connection, Host } from './host.ts'
import { AF_INET, create_server, SOCK_STREAM, Socket } from './index.ts'
import { fromDuplex } from './node/from-duplex.ts'
import { connectionPair } from './pair.ts'
import { fromWebStreams } from './web/from-streams.ts'
import { toWebStreams } from './web/to-streams.ts'

const [NEAR, FAR] = [
  { address: '192.0.2.1', port: 1 },
  { address: '192.0.2.2', port: 2 },
]

async function turn(): Promise<void> {
  await new Promise(setImmediate)
}

test('receiveQueue: a stream that is not read pauses its connection there', async () => {
  const [left, right] = connectionPair(systemClock(), NEAR, FAR, { receiveQueue: 100 })
  const { readable } = toWebStreams(left, { receiveQueue: 1000 })
  for (let i = 0; i < 12; i++) {
    right.write(new Uint8Array(100))
    await turn()
  }
  // The stream has ten, the paused connection one, and one waits at the sender.
  assert.equal(right.queued, 100)
  const reader = readable.getReader()
  for (let i = 0; i < 12; i++) assert.equal((await reader.read()).value!.length, 100)
  assert.equal(right.queued, 0)
  right.reset()
})

test('receiveQueue: a Berkeley socket that is not read pauses its connection there', async () => {
  const seen: Connection[] = []
  const host = seeing(kernelHost({ driver: 'node' }), seen)
  const server = await create_server(host, ['127.0.0.1', 0])
  const client = new Socket(host, AF_INET, SOCK_STREAM, { limits: { receiveQueue: 1000 } })
  await client.connect(server.getsockname())
  let paused = false
  const { pause } = seen[0]!
  seen[0]!.pause = () => {
    paused = true
    pause.call(seen[0])
  }
  const [accepted] = await server.accept()
  await accepted.sendall(new Uint8Array(999))
  while ((await client.recv(1)).length === 0);
  assert.equal(paused, false)
  await accepted.sendall(new Uint8Array(1000))
  while (!paused) await turn()
  await Promise.all([client.close(), accepted.close(), server.close()])
})

test('sendPiece: no more goes to the connection at once', async () => {
  const seen: Connection[] = []
  const host = seeing(kernelHost({ driver: 'node' }), seen)
  const server = await create_server(host, ['127.0.0.1', 0])
  const client = new Socket(host, AF_INET, SOCK_STREAM, { limits: { sendPiece: 10 } })
  await client.connect(server.getsockname())
  const pieces: number[] = []
  const { write } = seen[0]!
  seen[0]!.write = (bytes) => {
    pieces.push(bytes.length)
    return write.call(seen[0], bytes)
  }
  const [accepted] = await server.accept()
  await client.sendall('twenty-five bytes of text')
  assert.deepEqual(pieces, [10, 10, 5])
  await Promise.all([client.close(), accepted.close(), server.close()])
})

test('closeTime: a stream that takes nothing is destroyed', async () => {
  const net = internet({ seed: 'close time' })
  const { clock } = net.host('one')
  const ends = { local: NEAR, remote: FAR, clock }
  const limits = { closeTime: ms(500) }
  const duplex = new Duplex({ read() {}, write() {} })
  const writable = new WritableStream({ write: () => new Promise(() => {}) })
  const connections = [
    fromDuplex(duplex, ends, limits),
    fromWebStreams({ readable: new ReadableStream(), writable }, ends, limits),
  ]
  await net.run(async () => {
    for (const connection of connections) {
      connection.write(new Uint8Array(10))
      connection.close()
    }
    await sleep(clock, ms(499))
    assert.deepEqual([duplex.destroyed, connections[1]!.queued], [false, 10])
    await sleep(clock, ms(2))
    assert.deepEqual([duplex.destroyed, connections[1]!.queued], [true, 0])
  })
})

/** The host, whose connections that it opens are seen. */
function seeing(host: Host, seen: Connection[]): Host {
  return Object.create(host, {
    connect: {
      value: async (...call: Parameters<Host['connect']>) => {
        const connection = await host.connect(...call)
        seen.push(connection)
        return connection
      },
    },
    listen: { value: host.listen.bind(host) },
    lookup: { value: host.lookup.bind(host) },
  })
}
