/** Reading: flags, buffers, lines, iteration. */
import assert from 'node:assert/strict'
import {
  MSG_DONTWAIT,
  MSG_PEEK,
  MSG_WAITALL,
  SHUT_RD,
  SHUT_WR,
  SO_RCVBUF,
  SOCK_STREAM,
  SOL_SOCKET,
  Socket,
  socketpair,
} from '../../../src/socket/index.ts'
import { closeAll, code, listening, pair, type Scenarios, text } from './arena.ts'

export const READING: Scenarios = {
  'MSG_PEEK looks without taking; MSG_DONTWAIT does not wait; MSG_WAITALL waits for all': async (arena) => {
    const [left, right, listener] = await pair(arena)
    await assert.rejects(right.recv(10, MSG_DONTWAIT), code('EAGAIN'))
    await left.sendall('hello')
    assert.equal(text(await right.recv(3, MSG_PEEK)), 'hel')
    assert.equal(text(await right.recv(10, MSG_PEEK)), 'hello')
    assert.equal(text(await right.recv(10)), 'hello')
    const all = right.recv(8, MSG_WAITALL)
    await left.sendall('four')
    await left.sendall('five and more')
    assert.equal(text(await all), 'fourfive')
    const rest = right.recv(1000, MSG_WAITALL)
    left.shutdown(SHUT_WR)
    assert.equal(text(await rest), ' and more', 'fewer at the end of the stream')
    assert.throws(() => right.recv(10, 0x4000), code('EINVAL'))
    await closeAll(left, right, listener)
  },

  'recv_into and recvfrom_into fill a buffer': async (arena) => {
    const [left, right, listener] = await pair(arena)
    await left.sendall('into the buffer')
    const buffer = new Uint8Array(10)
    assert.equal(await right.recv_into(buffer, 4), 4)
    assert.equal(text(buffer.subarray(0, 4)), 'into')
    assert.equal(await right.recv_into(buffer, 3, MSG_PEEK), 3)
    const [count, from] = await right.recvfrom_into(buffer)
    assert.equal(text(buffer.subarray(0, count)), ' the buffe')
    assert.deepEqual(from, right.getpeername())
    assert.throws(() => right.recv_into(buffer, 11), RangeError)
    await closeAll(left, right, listener)
  },

  'what recv gives is the caller’s, with its memory': async (arena) => {
    const [left, right, listener] = await pair(arena)
    await left.sendall('head and body')
    const head = await right.recv(4)
    structuredClone(head, { transfer: [head.buffer as ArrayBuffer] })
    assert.equal(text(await right.recv()), ' and body')
    await closeAll(left, right, listener)
  },

  'a size that is none is refused: no bytes would read as the end': async (arena) => {
    const [left, right, listener] = await pair(arena)
    for (const size of [-1, Number.NaN, 1.5]) assert.throws(() => right.recv(size), RangeError)
    assert.equal((await right.recv(0)).length, 0)
    await closeAll(left, right, listener)
  },

  'makefile reads lines and exact numbers of bytes': async (arena) => {
    const [left, right, listener] = await pair(arena)
    const reader = right.makefile()
    await left.sendall('first\nsecond\r\n\n12345678rest\nand the end')
    left.shutdown(SHUT_WR)
    assert.equal(text(await reader.readline()), 'first\n')
    assert.equal(text(await reader.readline()), 'second\r\n')
    assert.equal(text(await reader.readline()), '\n')
    assert.equal(text(await reader.read(8)), '12345678')
    const lines: string[] = []
    for await (const line of reader) lines.push(text(line))
    assert.deepEqual(lines, ['rest\n', 'and the end'])
    assert.equal((await reader.readline()).length, 0)
    assert.equal((await reader.read()).length, 0)
    await closeAll(left, right, listener)
  },

  'a line that does not end is refused at the limit': async (arena) => {
    const [listener, port] = await listening(arena.server)
    const left = new Socket(arena.client, undefined, SOCK_STREAM, { limits: { lineLength: 1000 } })
    const [[right]] = await Promise.all([listener.accept(), left.connect([arena.address, port])])
    await right.sendall(`${'a'.repeat(999)}\n${'b'.repeat(1000)}\n`)
    const reader = left.makefile()
    assert.equal((await reader.readline()).length, 1000)
    await assert.rejects(reader.readline(), code('EMSGSIZE'))
    await closeAll(left, right, listener)
  },

  'for await reads to the end of the stream': async (arena) => {
    const [left, right, listener] = await pair(arena)
    const sending = left.sendall(new Uint8Array(300_000)).then(() => left.shutdown(SHUT_WR))
    let got = 0
    for await (const bytes of right) got += bytes.length
    await sending
    assert.equal(got, 300_000)
    await closeAll(left, right, listener)
  },

  'SHUT_RD: what has arrived, and what arrives still, can be read; nobody waits': async (arena) => {
    const [left, right, listener] = await pair(arena)
    const waiting = right.recv()
    await left.sendall('hello')
    assert.equal(text(await waiting), 'hello')
    await left.sendall('world')
    await right.readable()
    right.shutdown(SHUT_RD)
    assert.equal(text(await right.recv()), 'world')
    assert.equal((await right.recv()).length, 0, 'at once')
    await left.sendall('late')
    for (let i = 0; i < 100; i++) {
      const bytes = await right.recv()
      if (bytes.length === 0) await ping(arena)
      else return void (await check(bytes))
    }
    assert.fail('what arrives after SHUT_RD is read as well')

    async function check(bytes: Uint8Array): Promise<void> {
      assert.equal(text(bytes), 'late')
      await right.sendall('and the other direction goes on')
      assert.equal((await left.recv(3)).length, 3)
      await closeAll(left, right, listener)
    }
  },

  'a reader that waits learns of SHUT_RD': async (arena) => {
    const [left, right, listener] = await pair(arena)
    const waiting = right.recv()
    right.shutdown(SHUT_RD)
    assert.equal((await waiting).length, 0)
    await closeAll(left, right, listener)
  },

  'a peer that sends more than is read is held back, and nothing is lost': async (arena) => {
    const [listener, port] = await listening(arena.server)
    listener.setsockopt(SOL_SOCKET, SO_RCVBUF, 20_000)
    const left = new Socket(arena.client)
    const [[right]] = await Promise.all([listener.accept(), left.connect([arena.address, port])])
    const total = 8_000_000
    let done = false
    const sending = left.sendall(new Uint8Array(total).fill(7)).then(() => {
      done = true
      left.shutdown(SHUT_WR)
    })
    for (let i = 0; i < 5; i++) await ping(arena)
    assert.equal(done, false)
    let got = 0
    for await (const bytes of right) got += bytes.length
    await sending
    assert.equal(got, total)
    await closeAll(left, right, listener)
  },

  'sizes of reads do not depend on those of writes, down to single bytes': async (arena) => {
    const [left, right] = await socketpair(arena.server)
    for (let i = 0; i < 300; i++) void left.sendall(Uint8Array.of(i & 255))
    const got: number[] = []
    while (got.length < 300) got.push(...(await right.recv(1 + (got.length % 7))))
    assert.deepEqual(
      got,
      Array.from({ length: 300 }, (_, i) => i & 255),
    )
    await closeAll(left, right)
  },
}

/** A round trip of its own: what was under way before it has mostly arrived. */
async function ping(arena: Parameters<Scenarios[string]>[0]): Promise<void> {
  const [left, right, listener] = await pair(arena)
  await left.sendall('ping')
  await right.recv()
  await right.sendall('pong')
  await left.recv()
  await closeAll(left, right, listener)
}
