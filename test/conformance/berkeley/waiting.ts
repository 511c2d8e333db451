/** Waiting: time-outs, non-blocking calls, readiness, and that closing ends every wait. */
import assert from 'node:assert/strict'
import { MILLISECOND, SECOND } from '../../../src/base/clock.ts'
import {
  SHUT_WR,
  SO_ERROR,
  SO_RCVBUF,
  SO_SNDBUF,
  SOL_SOCKET,
  Socket,
  SocketTimeout,
} from '../../../src/socket/index.ts'
import { type Arena, closeAll, code, listening, pair, type Scenarios, text } from './arena.ts'

export const WAITING: Scenarios = {
  'connect obeys settimeout, and close gives it up': async (arena) => {
    if (arena.silent === undefined) return assertOnKernel(arena)
    const { clock } = arena.client
    const socket = new Socket(arena.client)
    socket.settimeout(0.5)
    const began = clock.now()
    await assert.rejects(socket.connect([arena.silent, 80]), SocketTimeout)
    assert.ok(clock.now() - began >= 500 * MILLISECOND && clock.now() - began < SECOND)
    assert.equal(socket.getsockopt(SOL_SOCKET, SO_ERROR), 110)
    socket.settimeout(null)
    const waiting = assert.rejects(socket.connect([arena.silent, 80]), code('EBADF'))
    const sending = assert.rejects(socket.sendall('never'), code('EBADF'))
    await arena.client.lookup('127.0.0.1')
    await socket.close()
    await Promise.all([waiting, sending])
    assert.ok(clock.now() - began < SECOND)
  },

  'a connect that may not wait: its outcome shows in writable and SO_ERROR': async (arena) => {
    const [listener, port] = await listening(arena.server)
    const good = new Socket(arena.client)
    good.setblocking(false)
    await assert.rejects(good.connect([arena.address, port]), code('EINPROGRESS'))
    await assert.rejects(good.connect([arena.address, port]), code('EALREADY'))
    await good.writable()
    assert.equal(good.getsockopt(SOL_SOCKET, SO_ERROR), 0)
    assert.equal(await good.connect_ex([arena.address, port]), 106, 'EISCONN')
    await listener.close()
    const bad = new Socket(arena.client)
    bad.setblocking(false)
    assert.equal(await bad.connect_ex([arena.address, port]), 115, 'EINPROGRESS')
    await bad.writable()
    assert.equal(bad.getsockopt(SOL_SOCKET, SO_ERROR), 111, 'ECONNREFUSED, and no rejection that nobody handles')
    await assert.rejects(bad.send('x'), code('ENOTCONN'))
    bad.setblocking(true)
    assert.equal(await bad.connect_ex([arena.address, port]), 111)
    await closeAll(good, bad)
  },

  'a send that may not wait takes part of it, then nothing; writable says when again': async (arena) => {
    const [left, right, listener] = await narrowPair(arena)
    left.setblocking(false)
    const all = new Uint8Array(8_000_000)
    let sent = 0
    for (;;) {
      try {
        const count = await left.send(all.subarray(sent))
        assert.ok(count > 0 && count <= 262_144, `${count} bytes at once`)
        sent += count
      } catch (error) {
        assert.ok(code('EAGAIN')(error), String(error))
        break
      }
      assert.ok(sent < all.length, 'no network takes all that from one who does not read')
    }
    let ready = false
    const writable = left.writable().then(() => {
      ready = true
    })
    assert.equal(ready, false)
    let got = 0
    while (!ready) got += (await right.recv()).length
    await writable
    sent += await left.send(all.subarray(sent))
    left.shutdown(SHUT_WR)
    for await (const bytes of right) got += bytes.length
    assert.equal(got, sent)
    await closeAll(left, right, listener)
  },

  'sendall to a peer that does not read: SocketTimeout': async (arena) => {
    const [left, right, listener] = await narrowPair(arena)
    left.settimeout(0.05)
    await assert.rejects(left.sendall(new Uint8Array(8_000_000)), SocketTimeout)
    await assert.rejects(left.recv(), (error: SocketTimeout) => {
      assert.match(error.message, /settimeout\(0\.05\)/)
      return error instanceof SocketTimeout && error.code === 'ETIMEDOUT'
    })
    await closeAll(left, right, listener)
  },

  'readable: bytes, a connection, the end': async (arena) => {
    const [listener, port] = await listening(arena.server)
    const left = new Socket(arena.client)
    const waiting = listener.readable()
    await left.connect([arena.address, port])
    await waiting
    listener.setblocking(false)
    const [right] = await listener.accept()
    const bytes = right.readable()
    await left.sendall('x')
    await bytes
    right.setblocking(false)
    assert.equal(text(await right.recv()), 'x')
    const end = right.readable()
    left.shutdown(SHUT_WR)
    await end
    assert.equal((await right.recv()).length, 0)
    const closing = left.readable()
    await left.close()
    await closing
    await closeAll(right, listener)
  },

  'close ends every wait': async (arena) => {
    const [left, right, listener] = await narrowPair(arena)
    const accepting = assert.rejects(listener.accept(), code('EBADF'))
    const reading = assert.rejects(left.recv(), code('EBADF'))
    await Promise.all([listener.close(), left.close()])
    await Promise.all([accepting, reading])
    for (const call of [() => left.recv(), () => left.send('x'), () => left.connect(['127.0.0.1', 1])])
      await assert.rejects(call(), code('EBADF'))
    await assert.rejects(listener.accept(), code('EBADF'))
    await assert.rejects(new Promise((done) => done(left.getsockname())), code('EBADF'))
    assert.throws(() => left.getpeername(), code('EBADF'))
    assert.throws(() => left.getsockopt(SOL_SOCKET, SO_ERROR), code('EBADF'))
    assert.throws(() => left.shutdown(SHUT_WR), code('EBADF'))
    await right.close()
  },

  'close sends what was given to it before, and tells the senders so': async (arena) => {
    const [left, right, listener] = await pair(arena)
    const sending = left.sendall(new Uint8Array(1_000_000))
    const closing = left.close()
    let got = 0
    for await (const bytes of right) got += bytes.length
    await Promise.all([sending, closing])
    assert.equal(got, 1_000_000)
    await closeAll(right, listener)
  },

  'shutdown sends what was given before, too': async (arena) => {
    const [left, right, listener] = await pair(arena)
    const sending = left.sendall(new Uint8Array(1_000_000))
    left.shutdown(SHUT_WR)
    let got = 0
    for await (const bytes of right) got += bytes.length
    await sending
    assert.equal(got, 1_000_000)
    await closeAll(left, right, listener)
  },

  'a peer that has gone is told to the second send at the latest, and once': async (arena) => {
    const [left, right, listener] = await pair(arena)
    await right.close()
    assert.equal((await left.recv()).length, 0)
    await left.send('the peer answers this with a reset')
    const codes: string[] = []
    for (let i = 0; i < 200 && codes.length < 2; i++) {
      await left.send('x').catch((error: { code: string }) => codes.push(error.code))
      await new Promise<void>((done) => arena.client.clock.at(arena.client.clock.now() + 5 * MILLISECOND, done))
    }
    assert.match(codes.join(), /^(ECONNRESET|EPIPE),EPIPE$/)
    await closeAll(left, listener)
  },
}

/** A pair whose kernel, or TCP, takes little ahead of the reader. */
async function narrowPair(arena: Arena): Promise<[Socket, Socket, Socket]> {
  const [listener, port] = await listening(arena.server)
  listener.setsockopt(SOL_SOCKET, SO_RCVBUF, 20_000)
  const left = new Socket(arena.client)
  left.setsockopt(SOL_SOCKET, SO_SNDBUF, 20_000)
  const [[right]] = await Promise.all([listener.accept(), left.connect([arena.address, port])])
  return [left, right, listener]
}

/** On loopback nobody is silent: `test/interop/kernel` asks this in a network namespace. */
function assertOnKernel(arena: Arena): void {
  assert.equal(arena.address, '127.0.0.1')
}
