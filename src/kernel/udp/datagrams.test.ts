import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import type { Datagrams, DatagramsOwner, Peer } from '../../socket/host.ts'
import { libc, libcMissing } from '../libc.ts'
import { KERNEL_LIMITS, type KernelLimits } from '../limits.ts'
import { libcDatagrams } from './datagrams.ts'

const skip = libc() === null ? libcMissing() : false
const AT = { address: '127.0.0.1', port: 0 }

function open(t: TestContext, limits: Partial<KernelLimits> = {}, at = AT): Datagrams {
  const socket = libcDatagrams(libc()!, { ...KERNEL_LIMITS, ...limits }, at, {})
  t.after(() => socket.close())
  return socket
}

function owner(methods: Partial<DatagramsOwner> = {}): DatagramsOwner {
  return { onDatagram() {}, onError() {}, onClose() {}, ...methods }
}

/** A program in a process of its own. */
function run(program: string): Promise<{ readonly stdout: string }> {
  const script = `
    import { kernelHost } from '${new URL('../index.ts', import.meta.url).href}'
    const host = kernelHost()
    const at = { address: '127.0.0.1', port: 0 }
    const owner = (methods = {}) => ({ onDatagram() {}, onError() {}, onClose() {}, ...methods })
    ${program}`
  return promisify(execFile)(process.execPath, ['--input-type=module-typescript', '-e', script], { timeout: 15_000 })
}

/** The first bytes of the next datagrams. */
function hear(socket: Datagrams, count: number): Promise<number[]> {
  const heard: number[] = []
  return new Promise((resolve, reject) => {
    const onDatagram = (bytes: Uint8Array): void => {
      if (heard.push(bytes[0]!) === count) resolve(heard)
    }
    socket.attach(owner({ onDatagram, onError: reject }))
  })
}

test('above the high-water mark send answers false, and onDrain follows when the queue has gone', {
  skip,
}, async (t) => {
  const receiver = open(t)
  const sender = open(t, { datagramHighWaterMark: 10_000, lowWaterMark: 0 })
  const heard = hear(receiver, 12)
  const drained = new Promise<void>((resolve) => sender.attach(owner({ onDrain: resolve })))
  sender.cork()
  const answers = Array.from({ length: 12 }, (_, i) =>
    sender.send(
      Uint8Array.from({ length: 1000 }, () => i),
      receiver.local,
    ),
  )
  assert.deepEqual(answers, [...Array(7).fill(true), ...Array(5).fill(false)], 'each counts its bytes and 256 more')
  sender.uncork()
  await drained
  assert.deepEqual(await heard, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
})

test('above the hard limit a datagram is dropped and ENOBUFS told, once until onDrain', { skip }, async (t) => {
  const receiver = open(t)
  const sender = open(t, { datagramHighWaterMark: 1000, queuedDatagramBytes: 3000, lowWaterMark: 0 })
  const heard = hear(receiver, 4)
  const errors: string[] = []
  let drained = (): void => {}
  sender.attach(owner({ onError: (error) => errors.push(error.code), onDrain: () => drained() }))
  for (let round = 0; round < 2; round++) {
    const drain = new Promise<void>((resolve) => {
      drained = resolve
    })
    sender.cork()
    for (let i = 0; i < 10; i++)
      sender.send(
        Uint8Array.from({ length: 1000 }, () => i),
        receiver.local,
      )
    sender.uncork()
    await drain
  }
  assert.deepEqual(await heard, [0, 1, 0, 1], 'two of ten fit')
  assert.deepEqual(errors, ['ENOBUFS', 'ENOBUFS'])
})

test('what an owner throws comes out, and costs no other datagram', { skip }, async () => {
  const { stdout } = await run(`
    process.on('uncaughtException', (error) => console.log(error.message))
    const [receiver, sender] = [await host.datagrams(at), await host.datagrams(at)]
    const heard = []
    receiver.attach(owner({ onDatagram(bytes) {
      heard.push(bytes[0])
      if (bytes[0] === 4) { console.log(heard.join()); receiver.close(); sender.close() }
      if (bytes[0] === 1) throw new Error('my mistake')
    } }))
    sender.cork()
    for (let i = 0; i < 5; i++) sender.send(Uint8Array.of(i), receiver.local)
    sender.uncork()`)
  assert.equal(stdout, '0,1,2,3,4\nmy mistake\n')
})

test('answers of one batch go out together, in order, more than one call takes', { skip }, async (t) => {
  const [server, client] = [open(t), open(t)]
  server.attach(owner({ onDatagram: (bytes, from) => void server.send(bytes, from) }))
  const heard = hear(client, 200)
  client.cork()
  for (let i = 0; i < 200; i++) client.send(Uint8Array.of(i), server.local)
  client.uncork()
  assert.deepEqual(
    await heard,
    Array.from({ length: 200 }, (_, i) => i),
  )
})

test('closing from inside onDatagram ends the batch', { skip }, async (t) => {
  const [receiver, sender] = [open(t), open(t)]
  let heard = 0
  const closed = new Promise<void>((resolve) => {
    const onDatagram = (): void => {
      heard++
      receiver.close()
    }
    receiver.attach(owner({ onDatagram, onClose: resolve }))
  })
  sender.cork()
  for (let i = 0; i < 5; i++) sender.send(Uint8Array.of(i), receiver.local)
  sender.uncork()
  await closed
  assert.equal(heard, 1)
})

test('the memory that an owner is shown cannot be taken away from the kernel', { skip }, async (t) => {
  const [receiver, sender] = [open(t), open(t)]
  const refused = new Promise<unknown>((resolve) => {
    const onDatagram = (bytes: Uint8Array): void => {
      try {
        structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] })
        resolve(null)
      } catch (error) {
        resolve(error)
      }
    }
    receiver.attach(owner({ onDatagram }))
  })
  sender.send(Uint8Array.of(1), receiver.local)
  assert.ok((await refused) instanceof Error)
})

test('a peer of one socket can be answered from another, over the other family too', { skip }, async (t) => {
  const [receiver, sender] = [open(t), open(t)]
  const peer = new Promise<Peer>((resolve) => receiver.attach(owner({ onDatagram: (_bytes, from) => resolve(from) })))
  sender.send(Uint8Array.of(1), receiver.local)
  const heard = hear(sender, 2)
  const from = await peer
  open(t).send(Uint8Array.of(2), from)
  // Where there is IPv6, a socket of it reaches the peer by its mapped address.
  const other = open(t, {}, { address: '::', port: 0 })
  other.send(Uint8Array.of(3), from)
  assert.deepEqual(await heard, [2, 3])
})

test('a datagram from port 0 can be answered without harm', { skip }, async (t) => {
  const receiver = open(t)
  const from = new Promise<Peer>((resolve, reject) => {
    receiver.attach(owner({ onDatagram: (_bytes, peer) => resolve(peer), onError: reject }))
  })
  // source 0, destination, length, no checksum, one octet
  const sent = await promisify(execFile)('python3', [
    '-c',
    `import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
s.sendto(struct.pack('!HHHHB', 0, ${receiver.local.port}, 9, 0, 7), ('127.0.0.1', 0))`,
  ]).catch((error: Error) => error)
  if (sent instanceof Error) return t.skip('raw sockets need root and Python')
  const peer = await from
  assert.equal(peer.port, 0)
  assert.equal(receiver.send(Uint8Array.of(1), peer), true)
  receiver.cork()
  receiver.send(Uint8Array.of(1), peer)
  receiver.uncork()
})

test('what was sent reaches the peer though the process ends at once', { skip }, async () => {
  for (const how of ['send(Uint8Array.of(7), to)', 'cork(); socket.send(Uint8Array.of(7), to)']) {
    const server = createSocket('udp4')
    server.bind(0, '127.0.0.1')
    await once(server, 'listening')
    const heard = once(server, 'message')
    await run(`
      const socket = await host.datagrams()
      const to = { address: '127.0.0.1', port: ${server.address().port} }
      socket.${how}
      process.exit(0)`)
    const [bytes] = await heard
    assert.deepEqual([...(bytes as Uint8Array)], [7])
    server.close()
  }
})
