/** Calls as programs make them: without await, with the wrong values, and those of Python's module. */
import assert from 'node:assert/strict'
import {
  AF_INET,
  AF_INET6,
  create_connection,
  create_server,
  getaddrinfo,
  IP_TTL,
  IPPROTO_IP,
  SHUT_WR,
  SO_ACCEPTCONN,
  SO_DOMAIN,
  SO_KEEPALIVE,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_TYPE,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
  Socket,
  type SocketName,
  socketpair,
} from '../../../src/socket/index.ts'
import { closeAll, code, listening, pair, type Scenarios, text } from './arena.ts'

export const CALLS: Scenarios = {
  'calls that are not awaited take effect in their order': async (arena) => {
    const server = new Socket(arena.server)
    const bound = server.bind(['', 0])
    const listens = server.listen(5)
    const accepting = server.accept()
    await Promise.all([bound, listens])
    const client = new Socket(arena.client)
    const calls = [
      client.connect([arena.address, server.getsockname()[1]]),
      client.sendall('one '),
      client.send('two '),
      client.sendall('three'),
    ]
    const [accepted] = await accepting
    await Promise.all(calls)
    client.shutdown(SHUT_WR)
    let all = ''
    for await (const bytes of accepted) all += text(bytes)
    assert.equal(all, 'one two three')
    await closeAll(client, accepted, server)
  },

  'close during listen leaves nothing open': async (arena) => {
    const [first, port] = await listening(arena.server)
    await first.close()
    const server = new Socket(arena.server)
    await server.bind(['', port])
    const listens = assert.rejects(server.listen(), code('EBADF'))
    await server.close()
    await listens
    await assert.rejects(new Socket(arena.client).connect([arena.address, port]), code('ECONNREFUSED'))
  },

  'listen again changes the backlog only': async (arena) => {
    const [server, port] = await listening(arena.server, 1)
    await server.listen(20)
    const clients = await Promise.all([1, 2, 3].map(() => create_connection(arena.client, [arena.address, port])))
    for (const _ of clients) await (await server.accept())[0].close()
    await closeAll(...clients, server)
    await assert.rejects(server.listen(), code('EBADF'))
  },

  'what is not a bytes, no name, no port and no time is refused in words': async (arena) => {
    const [left, right, listener] = await pair(arena)
    for (const odd of [5, null, undefined, [1], new ArrayBuffer(4)]) {
      assert.throws(() => left.send(odd as never), /send takes a Uint8Array or a string/)
      assert.throws(() => left.sendall(odd as never), TypeError)
    }
    const fresh = new Socket(arena.client)
    await assert.rejects(fresh.bind('localhost' as unknown as SocketName), /bind takes a name of the form/)
    await assert.rejects(fresh.connect([arena.address, '80' as unknown as number]), /not the string '80'/)
    assert.throws(() => fresh.listen(Number.NaN), RangeError)
    assert.throws(() => fresh.settimeout('5' as unknown as number), RangeError)
    await closeAll(left, right, listener, fresh)
  },

  'what a socket knows of itself, and what it knows only later': async (arena) => {
    const [left, right, listener] = await pair(arena)
    const options = [SO_TYPE, SO_DOMAIN, SO_PROTOCOL, SO_ACCEPTCONN]
    const told = (socket: Socket) => options.map((option) => socket.getsockopt(SOL_SOCKET, option))
    assert.deepEqual(told(left), [SOCK_STREAM, AF_INET, 6, 0])
    assert.deepEqual(told(listener), [SOCK_STREAM, AF_INET, 6, 1])
    const fresh = new Socket(arena.client, AF_INET6, SOCK_DGRAM)
    assert.deepEqual(told(fresh), [SOCK_DGRAM, AF_INET6, 17, 0])
    assert.equal(fresh.getsockopt(SOL_SOCKET, SO_KEEPALIVE), 0)
    assert.throws(() => fresh.getsockopt(SOL_SOCKET, SO_RCVBUF), code('EINVAL'))
    fresh.setsockopt(IPPROTO_IP, IP_TTL, 7)
    assert.equal(fresh.getsockopt(IPPROTO_IP, IP_TTL), 7, 'what was set is known')
    assert.equal(left.getblocking(), true)
    left.setblocking(false)
    assert.equal(left.getblocking(), false)
    await closeAll(left, right, listener, fresh)
  },

  'create_server and create_connection': async (arena) => {
    const server = await create_server(arena.server, ['', 0], { backlog: 3 })
    const port = server.getsockname()[1]
    const client = await create_connection(arena.client, [arena.address, port], { timeout: 5, source: ['', 0] })
    assert.equal(client.gettimeout(), 5)
    const [accepted] = await server.accept()
    await closeAll(client, accepted, server)
    await assert.rejects(create_connection(arena.client, [arena.address, port]), code('ECONNREFUSED'))
    await assert.rejects(create_server(arena.server, ['198.51.100.77', 0]), code('EADDRNOTAVAIL'))
  },

  'create_connection tries the next address of the name': async (arena) => {
    const server = await create_server(arena.server, ['', 0])
    const lookup = async (name: string) => (name === 'two.addresses' ? ['198.51.100.77', arena.address] : [name])
    const host = { ...arena.client, lookup }
    // 198.51.100.0/24 is nobody's (RFC 5737); where it is silent, the time runs out.
    const client = await create_connection(host, ['two.addresses', server.getsockname()[1]], { timeout: 0.5 })
    assert.equal(client.getpeername()[0], arena.address)
    await closeAll(client, server)
  },

  'getaddrinfo: every way to reach a name': async (arena) => {
    const found = await getaddrinfo(arena.client, '192.0.2.1', 80)
    assert.deepEqual(found, [
      [AF_INET, SOCK_STREAM, 6, '', ['192.0.2.1', 80]],
      [AF_INET, SOCK_DGRAM, 17, '', ['192.0.2.1', 80]],
    ])
    assert.deepEqual(await getaddrinfo(arena.client, '', 80, AF_INET, SOCK_STREAM), [
      [AF_INET, SOCK_STREAM, 6, '', ['0.0.0.0', 80]],
    ])
    await assert.rejects(getaddrinfo(arena.client, '192.0.2.1', 80, AF_INET6), code('ENOTFOUND'))
    await assert.rejects(getaddrinfo(arena.client, '192.0.2.1', 70_000), RangeError)
  },

  'socketpair: two sockets that are connected with each other': async (arena) => {
    const [left, right] = await socketpair(arena.server)
    await left.sendall('to the right')
    assert.equal(text(await right.recv()), 'to the right')
    await right.sendmsg(['to ', new TextEncoder().encode('the '), 'left'])
    assert.equal(text(await left.recv()), 'to the left')
    await closeAll(left, right)
    const [up, down] = await socketpair(arena.server, AF_INET, SOCK_DGRAM)
    await up.send('down')
    assert.equal(text(await down.recv()), 'down')
    await closeAll(up, down)
  },
}
