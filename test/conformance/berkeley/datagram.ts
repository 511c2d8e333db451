/** Datagrams: names, boundaries, peers, pressure. */
import assert from 'node:assert/strict'
import { ms, sleep } from '../../../src/base/duration.ts'
import {
  AF_INET,
  MSG_DONTWAIT,
  MSG_PEEK,
  MSG_TRUNC,
  SO_BROADCAST,
  SO_ERROR,
  SOCK_DGRAM,
  SOL_SOCKET,
  Socket,
  type SocketName,
  socketpair,
} from '../../../src/socket/index.ts'
import { closeAll, code, type Scenarios, text } from './arena.ts'

/** Datagrams are nobody's to send again: these want a network that loses none. */
export const DATAGRAMS: Scenarios = {
  'datagrams: sendto and recvfrom, truncation, a connected pair': async (arena) => {
    const server = new Socket(arena.server, AF_INET, SOCK_DGRAM)
    await server.bind(['', 0])
    const port = server.getsockname()[1]
    const client = new Socket(arena.client, AF_INET, SOCK_DGRAM)
    assert.equal(await client.sendto('ping', [arena.address, port]), 4)
    const [asked, from] = await server.recvfrom(1024)
    assert.equal(text(asked), 'ping')
    await server.sendto('a long answer', from)
    const [answer, where] = await client.recvfrom(6)
    assert.equal(text(answer), 'a long', 'what does not fit is cut off')
    assert.equal(where[1], port)
    await client.connect([arena.address, port])
    assert.deepEqual(client.getpeername(), [arena.address, port])
    await client.send('connected')
    assert.equal(text(await server.recv()), 'connected')
    client.settimeout(0.02)
    await assert.rejects(client.recvfrom(10), code('ETIMEDOUT'))
    await client.close()
    await assert.rejects(client.sendto('x', [arena.address, port]), code('EBADF'))
    await server.close()
  },

  'broadcast needs SO_BROADCAST': async (arena) => {
    const socket = new Socket(arena.client, AF_INET, SOCK_DGRAM)
    await socket.bind(['', 0])
    await assert.rejects(socket.sendto('x', ['<broadcast>', 9]), code('EACCES'))
    socket.setsockopt(SOL_SOCKET, SO_BROADCAST, 1)
    assert.equal(socket.getsockopt(SOL_SOCKET, SO_BROADCAST), 1)
    await socket.close()
  },

  'what is known of a message beside its bytes; its sender’s name is answered from the address that was asked': async (
    arena,
  ) => {
    const server = new Socket(arena.server, AF_INET, SOCK_DGRAM)
    await server.bind(['', 0])
    const port = server.getsockname()[1]
    for (const address of [arena.address, arena.secondAddress]) {
      if (address === undefined) continue
      const client = new Socket(arena.client, AF_INET, SOCK_DGRAM)
      await client.sendto('who is there?', [address, port])
      const [bytes, ancillary, flags, from] = await server.recvmsg(3)
      assert.deepEqual([text(bytes), ancillary, flags], ['who', { local: [address, port], ecn: 0 }, MSG_TRUNC])
      await server.sendto('I', from)
      const [, answered] = await client.recvfrom()
      assert.deepEqual(answered, [address, port])
      await server.sendmsg(['I', ' too'], [...from] as [string, number])
      assert.equal(text(await client.recv()), 'I too')
      await client.close()
    }
    await server.close()
  },

  'MSG_PEEK, recv_into and recvfrom_into of datagrams': async (arena) => {
    const [left, right] = await socketpair(arena.server, AF_INET, SOCK_DGRAM)
    await left.send('first')
    await left.send('second')
    await right.readable()
    assert.equal(text(await right.recv(3, MSG_PEEK)), 'fir')
    const buffer = new Uint8Array(8)
    assert.equal(await right.recv_into(buffer), 5)
    assert.equal(text(buffer.subarray(0, 5)), 'first')
    const [count, from] = await right.recvfrom_into(buffer, 3)
    assert.equal(text(buffer.subarray(0, count)), 'sec')
    assert.deepEqual(from, left.getsockname())
    await assert.rejects(right.recv(10, MSG_DONTWAIT), code('EAGAIN'))
    await closeAll(left, right)
  },

  'datagrams arrive in the order in which they were sent, though a name takes time': async (arena) => {
    const server = new Socket(arena.server, AF_INET, SOCK_DGRAM)
    await server.bind(['', 0])
    const port = server.getsockname()[1]
    const { clock } = arena.client
    const lookup = async (name: string): Promise<readonly string[]> => {
      if (name !== 'slow.example') return [name]
      await sleep(clock, ms(20))
      return [arena.address]
    }
    const client = new Socket({ ...arena.client, lookup }, AF_INET, SOCK_DGRAM)
    const sent = [client.sendto('first', ['slow.example', port]), client.sendto('second', [arena.address, port])]
    assert.equal(text(await server.recv()), 'first')
    assert.equal(text(await server.recv()), 'second')
    await Promise.all(sent)
    await closeAll(client, server)
  },

  'nobody listens: a connected socket is told, once': async (arena) => {
    const gone = new Socket(arena.server, AF_INET, SOCK_DGRAM)
    await gone.bind(['', 0])
    const client = new Socket(arena.client, AF_INET, SOCK_DGRAM)
    await client.connect([arena.address, gone.getsockname()[1]])
    await gone.close()
    client.settimeout(5)
    const codes: string[] = []
    const refused = (error: { code: string }): void => void codes.push(error.code)
    await client.send('anybody?').catch(refused) // on loopback the answer is there already
    if (codes.length === 0) await client.recv().then(() => {}, refused)
    assert.deepEqual(codes, ['ECONNREFUSED'])
    assert.equal(client.getsockopt(SOL_SOCKET, SO_ERROR), 0, 'told is told')
    client.setblocking(false)
    await assert.rejects(client.recv(), code('EAGAIN'))
    await client.close()
  },

  'a loop that sends lets others have their turn': async (arena) => {
    const socket = new Socket(arena.client, AF_INET, SOCK_DGRAM)
    const { clock } = arena.client
    let ticks = 0
    let over = false
    const tick = (): void => {
      ticks++
      if (!over && ticks < 100) clock.at(clock.now(), tick)
    }
    tick()
    for (let i = 0; i < 50; i++) await socket.sendto('x', [arena.address, 9])
    assert.ok(ticks >= 10, `${ticks} turns for others in 50 datagrams`)
    over = true
    await socket.close()
  },

  'what arrives past the queue’s limits is dropped': async (arena) => {
    const options = { limits: { datagramQueue: 3, datagramQueueBytes: 2000 } }
    const server = new Socket(arena.server, AF_INET, SOCK_DGRAM, options)
    await server.bind(['', 0])
    const client = new Socket(arena.client, AF_INET, SOCK_DGRAM)
    const to: SocketName = [arena.address, server.getsockname()[1]]
    for (let i = 0; i < 6; i++) await client.sendto(Uint8Array.of(i), to)
    await client.sendto(new Uint8Array(1), to)
    await server.readable()
    await sleep(arena.client.clock, ms(30))
    const got: number[] = []
    server.setblocking(false)
    for (;;) {
      const bytes = await server.recv().catch(() => null)
      if (bytes === null) break
      got.push(bytes[0]!)
    }
    assert.deepEqual(got, [0, 1, 2])
    for (let i = 0; i < 3; i++) await client.sendto(new Uint8Array(900), to)
    await server.readable()
    await sleep(arena.client.clock, ms(30))
    assert.equal((await server.recv()).length + (await server.recv()).length, 1800)
    await assert.rejects(server.recv(), code('EAGAIN'))
    await closeAll(client, server)
  },
}
