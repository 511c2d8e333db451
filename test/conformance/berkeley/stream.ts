/** Streams: opening, both directions, ends, errors, options. */
import assert from 'node:assert/strict'
import {
  AF_INET,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_TCP,
  SHUT_RD,
  SHUT_WR,
  SO_ERROR,
  SO_LINGER,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
  Socket,
  TCP_NODELAY,
} from '../../../src/socket/index.ts'
import { code, listening, pair, type Scenarios, text } from './arena.ts'

export const STREAMS: Scenarios = {
  'bind, listen, accept, connect, send, receive, close': async (arena) => {
    const [listener, port] = await listening(arena.server)
    const left = new Socket(arena.client, AF_INET, SOCK_STREAM)
    const accepting = listener.accept()
    await left.connect([arena.address, port])
    const [right, from] = await accepting
    assert.deepEqual(from, left.getsockname())
    assert.deepEqual(left.getpeername(), [arena.address, port])
    assert.equal(await left.send('hello'), 5)
    assert.equal(text(await right.recv(3)), 'hel')
    assert.equal(text(await right.recv(1024)), 'lo')
    await right.sendall('world')
    assert.equal(text(await left.recv()), 'world')
    await right.close()
    assert.equal((await left.recv()).length, 0)
    await left.close()
    await left.close()
    await listener.close()
    await assert.rejects(left.recv(), code('EBADF'))
    await assert.rejects(listener.accept(), code('EBADF'))
  },

  'accepts in the order of arrival, and wakes a waiting accept when closed': async (arena) => {
    const [listener, port] = await listening(arena.server)
    const clients: Socket[] = []
    for (let i = 0; i < 5; i++) {
      const client = new Socket(arena.client, AF_INET, SOCK_STREAM)
      await client.connect([arena.address, port])
      await client.sendall(String(i))
      clients.push(client)
    }
    for (let i = 0; i < 5; i++) {
      const [accepted] = await listener.accept()
      assert.equal(text(await accepted.recv()), String(i))
      await accepted.close()
    }
    const waiting = assert.rejects(listener.accept(), code('EBADF'))
    await listener.close()
    await waiting
    for (const client of clients) await client.close()
  },

  'half-close: SHUT_WR ends one direction, the other goes on': async (arena) => {
    const [left, right, listener] = await pair(arena)
    await left.sendall('question')
    left.shutdown(SHUT_WR)
    await assert.rejects(left.send('more'), code('EPIPE'))
    assert.equal(text(await right.recv()), 'question')
    assert.equal((await right.recv()).length, 0)
    await right.sendall('answer')
    assert.equal(text(await left.recv()), 'answer')
    left.shutdown(SHUT_RD)
    assert.equal((await left.recv()).length, 0)
    for (const socket of [left, right, listener]) await socket.close()
  },

  'a megabyte arrives whole when the reader is slow': async (arena) => {
    const [left, right, listener] = await pair(arena)
    const sent = new Uint8Array(1 << 20)
    for (let i = 0; i < sent.length; i++) sent[i] = (i * 7 + (i >> 8)) & 255
    const sending = (async () => {
      for (let at = 0; at < sent.length; at += 50_000) await left.sendall(sent.subarray(at, at + 50_000))
      left.shutdown(SHUT_WR)
    })()
    const got = new Uint8Array(sent.length)
    let length = 0
    for (;;) {
      const bytes = await right.recv(10_000)
      if (bytes.length === 0) break
      got.set(bytes, length)
      length += bytes.length
    }
    await sending
    assert.equal(length, sent.length)
    assert.deepEqual(got, sent)
    for (const socket of [left, right, listener]) await socket.close()
  },

  'refuses what does not fit the state': async (arena) => {
    const socket = new Socket(arena.client, AF_INET, SOCK_STREAM)
    assert.throws(() => socket.getpeername(), code('ENOTCONN'))
    await assert.rejects(socket.send('x'), code('ENOTCONN'))
    await assert.rejects(socket.recv(), code('ENOTCONN'))
    await assert.rejects(socket.accept(), code('EINVAL'))
    assert.throws(() => socket.shutdown(SHUT_WR), code('ENOTCONN'))
    await socket.bind(['', 0])
    await assert.rejects(socket.bind(['', 0]), code('EINVAL'))
    await assert.rejects(socket.sendto('x', [arena.address, 9]), code('ENOTCONN'))
    await assert.rejects(new Socket(arena.client).connect([arena.address, 70_000]), RangeError)
    assert.throws(() => new Socket(arena.client, 99), code('EAFNOSUPPORT'))
    assert.throws(() => new Socket(arena.client, AF_INET, 3), code('EPROTONOSUPPORT'))
    const datagrams = new Socket(arena.client, AF_INET, SOCK_DGRAM)
    await assert.rejects(datagrams.listen(1), code('EOPNOTSUPP'))
    await assert.rejects(datagrams.accept(), code('EOPNOTSUPP'))
    await assert.rejects(datagrams.send('x'), code('EDESTADDRREQ'))
    await datagrams.close()
    await socket.close()
  },

  'a port that is taken, a port where nobody listens': async (arena) => {
    const [listener, port] = await listening(arena.server)
    const second = new Socket(arena.server, AF_INET, SOCK_STREAM)
    await second.bind(['', port])
    await assert.rejects(second.listen(1), code('EADDRINUSE'))
    await listener.close()
    const client = new Socket(arena.client, AF_INET, SOCK_STREAM)
    await assert.rejects(client.connect([arena.address, port]), code('ECONNREFUSED'))
    assert.equal(client.getsockopt(SOL_SOCKET, SO_ERROR), 111)
    assert.equal(client.getsockopt(SOL_SOCKET, SO_ERROR), 0, 'reading clears it')
  },

  'time-outs and non-blocking calls': async (arena) => {
    const [left, right, listener] = await pair(arena)
    left.setblocking(false)
    await assert.rejects(left.recv(), code('EAGAIN'))
    listener.settimeout(0.05)
    await assert.rejects(listener.accept(), code('ETIMEDOUT'))
    left.settimeout(0.05)
    await assert.rejects(left.recv(), code('ETIMEDOUT'))
    await right.sendall('late')
    left.settimeout(null)
    assert.equal(text(await left.recv()), 'late')
    assert.throws(() => left.settimeout(-1), RangeError)
    const third = new Socket(arena.client, AF_INET, SOCK_STREAM)
    third.setblocking(false)
    await assert.rejects(third.connect([arena.address, listener.getsockname()[1]]), code('EINPROGRESS'))
    listener.settimeout(5)
    const [accepted] = await listener.accept()
    for (const socket of [left, right, listener, third, accepted]) await socket.close()
  },

  'a reset is told once as ECONNRESET': async (arena) => {
    const [left, right, listener] = await pair(arena)
    left.setsockopt(SOL_SOCKET, SO_LINGER, { on: true, seconds: 0 })
    await left.close()
    await assert.rejects(right.recv(), code('ECONNRESET'))
    assert.equal((await right.recv()).length, 0)
    await right.close()
    await listener.close()
  },

  'options are kept, and unknown ones refused': async (arena) => {
    const [left, right, listener] = await pair(arena)
    left.setsockopt(IPPROTO_TCP, TCP_NODELAY, true)
    assert.equal(left.getsockopt(IPPROTO_TCP, TCP_NODELAY), 1)
    left.setsockopt(IPPROTO_IP, IP_TTL, 33)
    assert.equal(left.getsockopt(IPPROTO_IP, IP_TTL), 33)
    assert.throws(() => left.setsockopt(SOL_SOCKET, 4711, 1), code('ENOPROTOOPT'))
    assert.throws(() => left.setsockopt(SOL_SOCKET, SO_ERROR, 1), code('ENOPROTOOPT'))
    for (const socket of [left, right, listener]) await socket.close()
  },
}
