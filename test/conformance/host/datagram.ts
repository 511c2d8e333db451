/** Datagrams: boundaries, addresses, connecting, broadcast, groups, errors. */
import assert from 'node:assert/strict'
import type { SocketError } from '../../../src/base/errors.ts'
import type { IpAddress } from '../../../src/socket/address.ts'
import type { DatagramInfo, Datagrams, DatagramsOwner, Host, Peer } from '../../../src/socket/host.ts'
import { encode, onRelease, pattern, roundTrip } from './recorder.ts'
import type { Scenario } from './world.ts'

class Mailbox implements DatagramsOwner {
  readonly socket: Datagrams
  readonly received: { bytes: Uint8Array; from: Peer }[] = []
  batches = 0
  /** Of the newest datagram. */
  ecn = 0
  drains = 0
  readonly errors: SocketError[] = []
  closes = 0
  #waiters: { is: () => boolean; resolve: () => void }[] = []

  constructor(socket: Datagrams) {
    this.socket = socket
    onRelease(() => socket.close())
  }

  static async at(host: Host, address: string, options = {}): Promise<Mailbox> {
    const box = new Mailbox(await host.datagrams({ address, port: 0 }, { options }))
    box.socket.attach(box)
    return box
  }

  get texts(): string[] {
    return this.received.map(({ bytes }) => new TextDecoder().decode(bytes))
  }

  onDatagram(bytes: Uint8Array, from: Peer, info: DatagramInfo): void {
    assert.equal(this.closes, 0)
    assert.equal(info.truncated, false)
    this.ecn = info.ecn
    assert.equal(bytes.constructor, Uint8Array, 'not a Buffer, whose slice does not copy')
    this.received.push({ bytes: bytes.slice(), from })
    this.#tell()
  }

  onBatchEnd(): void {
    this.batches++
    this.#tell()
  }

  onDrain(): void {
    this.drains++
    this.#tell()
  }

  onError(error: SocketError): void {
    this.errors.push(error)
    this.#tell()
  }

  onClose(): void {
    this.closes++
    this.#tell()
  }

  until(is: () => boolean): Promise<void> {
    if (is()) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiters.push({ is, resolve })
    })
  }

  async close(): Promise<void> {
    this.socket.close()
    this.socket.close()
    await this.until(() => this.closes > 0)
    assert.equal(this.closes, 1)
  }

  #tell(): void {
    const ready = this.#waiters.filter((waiter) => waiter.is())
    this.#waiters = this.#waiters.filter((waiter) => !ready.includes(waiter))
    for (const waiter of ready) waiter.resolve()
  }
}

export function datagramScenarios(scenario: Scenario): void {
  scenario('datagrams there and back, boundaries kept, an empty one too', async (world) => {
    const server = await Mailbox.at(world.server, world.serverAddress)
    const client = await Mailbox.at(world.client, '0.0.0.0')
    const memory = encode('one')
    client.socket.send(memory, server.socket.local)
    memory.fill(0)
    client.socket.send(new Uint8Array(0), server.socket.local)
    client.socket.send(pattern(0, 1400), server.socket.local)
    await server.until(() => server.received.length === 3)
    assert.deepEqual(
      server.received.map(({ bytes }) => bytes.length),
      [3, 0, 1400],
    )
    assert.equal(server.texts[0], 'one')
    const { from } = server.received[0]!
    assert.equal(from.port, client.socket.local.port)
    server.socket.send(encode('back'), from)
    await client.until(() => client.received.length === 1)
    sameAddress(client.received[0]!.from, server.socket.local)
    await Promise.all([server.close(), client.close()])
  })

  scenario(
    'the same over IPv6',
    async (world) => {
      const server = await Mailbox.at(world.server, world.serverAddress6!)
      const client = await Mailbox.at(world.client, '::')
      client.socket.send(encode('six'), server.socket.local)
      await server.until(() => server.received.length === 1)
      server.socket.send(encode('back'), server.received[0]!.from)
      await client.until(() => client.received.length === 1)
      sameAddress(client.received[0]!.from, server.socket.local)
      await Promise.all([server.close(), client.close()])
    },
    'IPv6',
  )

  scenario('what arrives before attach waits', async (world) => {
    const server = new Mailbox(await world.server.datagrams({ address: world.serverAddress, port: 0 }))
    const client = await Mailbox.at(world.client, '0.0.0.0')
    for (const text of ['a', 'b', 'c']) client.socket.send(encode(text), server.socket.local)
    await roundTrip(world)
    server.socket.attach(server)
    assert.equal(server.received.length, 0, 'not from inside attach')
    await server.until(() => server.received.length === 3)
    assert.deepEqual(server.texts, ['a', 'b', 'c'])
    await Promise.all([server.close(), client.close()])
  })

  scenario('a connected socket sends without an address and hears its peer only', async (world) => {
    const server = await Mailbox.at(world.server, world.serverAddress)
    const stranger = await Mailbox.at(world.server, world.serverAddress)
    const client = await Mailbox.at(world.client, '0.0.0.0')
    assert.equal(client.socket.remote, null)
    await client.socket.connect(server.socket.local)
    assert.deepEqual(client.socket.remote, server.socket.local)
    client.socket.send(encode('hello'))
    await server.until(() => server.received.length === 1)
    const { from } = server.received[0]!
    stranger.socket.send(encode('buy'), from)
    await roundTrip(world)
    server.socket.send(encode('yes'), from)
    await client.until(() => client.received.length === 1)
    assert.deepEqual(client.texts, ['yes'])
    await Promise.all([server.close(), stranger.close(), client.close()])
  })

  scenario('a connected socket is told when nobody is there: ECONNREFUSED', async (world) => {
    const gone = await Mailbox.at(world.server, world.serverAddress)
    const client = await Mailbox.at(world.client, '0.0.0.0')
    await client.socket.connect(gone.socket.local)
    await gone.close()
    client.socket.send(encode('anybody?'))
    await client.until(() => client.errors.length > 0)
    assert.equal(client.errors[0]?.code, 'ECONNREFUSED')
    await client.close()
  })

  scenario('misuse throws: no peer, too long, broadcast without permission, closed', async (world) => {
    const client = await Mailbox.at(world.client, '0.0.0.0')
    const to = { address: world.serverAddress, port: 9 }
    code('EDESTADDRREQ', () => client.socket.send(encode('to whom?')))
    code('EMSGSIZE', () => client.socket.send(new Uint8Array(65_508), to))
    code('EACCES', () => client.socket.send(encode('all'), { address: '255.255.255.255', port: 9 }))
    await client.close()
    assert.throws(() => client.socket.send(encode('late'), to))
  })

  scenario('send takes bytes only', async (world) => {
    const client = await Mailbox.at(world.client, '0.0.0.0')
    for (const odd of ['text', 5, new ArrayBuffer(8), undefined])
      assert.throws(() => client.socket.send(odd as never, client.socket.local), { name: 'TypeError' })
    await client.close()
  })

  scenario('a peer may be kept, and is answered from the address that was asked', async (world) => {
    const server = await Mailbox.at(world.server, '0.0.0.0')
    const { port } = server.socket.local
    const asked = [world.serverAddress, world.secondAddress].filter((address) => address !== undefined)
    for (const address of asked) {
      const client = await Mailbox.at(world.client, '0.0.0.0')
      const other = await Mailbox.at(world.client, '0.0.0.0')
      client.socket.send(encode('who are you?'), { address, port })
      await server.until(() => server.received.length === 1)
      const { from } = server.received.pop()!
      other.socket.send(encode('and me?'), { address: world.serverAddress, port })
      await server.until(() => server.received.length === 1)
      server.received.pop()
      assert.equal(from.local.port, port)
      assert.equal(from.local.address, world.blindToAsked === true ? '0.0.0.0' : address)
      assert.equal(server.socket.send(encode('me'), from), true)
      await client.until(() => client.received.length === 1)
      if (world.blindToAsked !== true || address === world.serverAddress)
        sameAddress(client.received[0]!.from, { address, port })
      assert.equal(other.received.length, 0)
      await Promise.all([client.close(), other.close()])
    }
    await server.close()
  })

  scenario('a batch of datagrams has an end', async (world) => {
    const server = await Mailbox.at(world.server, world.serverAddress)
    const client = await Mailbox.at(world.client, '0.0.0.0')
    client.socket.cork()
    for (let i = 0; i < 20; i++) client.socket.send(encode(String(i)), server.socket.local)
    client.socket.uncork()
    await server.until(() => server.received.length === 20 && server.batches > 0)
    assert.ok(server.batches <= 20)
    assert.equal(server.texts.join(' '), Array.from({ length: 20 }, (_, i) => i).join(' '))
    await Promise.all([server.close(), client.close()])
  })

  scenario('datagrams that are held go out at the last uncork', async (world) => {
    const server = await Mailbox.at(world.server, world.serverAddress)
    const client = await Mailbox.at(world.client, '0.0.0.0')
    client.socket.uncork() // one too many does no harm
    client.socket.cork()
    client.socket.cork()
    client.socket.send(encode('held'), server.socket.local)
    client.socket.uncork()
    client.socket.uncork()
    await server.until(() => server.received.length === 1)
    await Promise.all([server.close(), client.close()])
  })

  scenario('a connected socket can be connected to another peer', async (world) => {
    const [first, second] = [
      await Mailbox.at(world.server, world.serverAddress),
      await Mailbox.at(world.server, world.serverAddress),
    ]
    const client = await Mailbox.at(world.client, '0.0.0.0')
    await client.socket.connect(first.socket.local)
    await client.socket.connect(second.socket.local)
    assert.deepEqual(client.socket.remote, second.socket.local)
    client.socket.send(encode('you'))
    await second.until(() => second.received.length === 1)
    const { from } = second.received[0]!
    first.socket.send(encode('the former'), from)
    second.socket.send(encode('the present'), from)
    await client.until(() => client.received.length === 1)
    await roundTrip(world)
    assert.deepEqual(client.texts, ['the present'])
    assert.equal(first.received.length, 0)
    await Promise.all([first.close(), second.close(), client.close()])
  })

  scenario('a connected socket may send to another address', async (world) => {
    const [peer, other] = [
      await Mailbox.at(world.server, world.serverAddress),
      await Mailbox.at(world.server, world.serverAddress),
    ]
    const client = await Mailbox.at(world.client, '0.0.0.0')
    await client.socket.connect(peer.socket.local)
    if (world.faithful === true) code('EISCONN', () => client.socket.send(encode('elsewhere'), other.socket.local))
    else {
      client.socket.send(encode('elsewhere'), other.socket.local)
      await other.until(() => other.received.length === 1)
    }
    client.socket.send(encode('home'))
    await peer.until(() => peer.received.length === 1)
    assert.deepEqual(peer.texts, ['home'])
    await Promise.all([peer.close(), other.close(), client.close()])
  })

  scenario('port 0 is not a peer: EINVAL; a closed socket: EBADF', async (world) => {
    const client = await Mailbox.at(world.client, '0.0.0.0')
    const nowhere = { address: world.serverAddress, port: 0 }
    code('EINVAL', () => client.socket.send(encode('x'), nowhere))
    await assert.rejects(client.socket.connect({ address: 'localhost', port: 53 }), { code: 'EINVAL' })
    await client.close()
    code('EBADF', () => client.socket.send(encode('x'), { address: world.serverAddress, port: 9 }))
    await assert.rejects(client.socket.connect({ address: world.serverAddress, port: 9 }), { code: 'EBADF' })
    code('EBADF', () => client.socket.setOption('SO_BROADCAST', 1))
    code('EBADF', () => client.socket.getOption('SO_RCVBUF'))
  })

  scenario('a port in use is refused with EADDRINUSE', async (world) => {
    const first = await Mailbox.at(world.server, world.serverAddress)
    await assert.rejects(world.server.datagrams(first.socket.local), { code: 'EADDRINUSE' })
    await first.close()
  })

  scenario(
    'the bits of ECN arrive',
    async (world) => {
      const server = await Mailbox.at(world.server, '0.0.0.0')
      const client = await Mailbox.at(world.client, '0.0.0.0')
      const to = { address: world.serverAddress, port: server.socket.local.port }
      for (const [i, tos] of [0, 2, 0xb9, 3].entries()) {
        client.socket.setOption('IP_TOS', tos)
        client.socket.send(encode('x'), to)
        await server.until(() => server.received.length === i + 1)
        assert.equal(server.ecn, tos & 3)
      }
      await Promise.all([server.close(), client.close()])
    },
    'IP_TOS',
  )

  scenario(
    'broadcast reaches everybody on the link, once SO_BROADCAST allows it',
    async (world) => {
      const server = await Mailbox.at(world.server, '0.0.0.0')
      const client = await Mailbox.at(world.client, '0.0.0.0', { SO_BROADCAST: 1 })
      client.socket.send(encode('all'), { address: world.broadcast!, port: server.socket.local.port })
      await server.until(() => server.received.length === 1)
      await Promise.all([server.close(), client.close()])
    },
    'broadcast',
  )

  scenario(
    'a group’s datagrams reach its members until they leave it',
    async (world) => {
      const group = '239.77.1.2'
      const membership = { group, interface: world.serverAddress }
      const member = await Mailbox.at(world.server, '0.0.0.0', { IP_ADD_MEMBERSHIP: membership })
      const sender = await Mailbox.at(world.server, world.serverAddress, { IP_MULTICAST_LOOP: 1, IP_MULTICAST_TTL: 0 })
      const to = { address: group, port: member.socket.local.port }
      sender.socket.send(encode('members'), to)
      await member.until(() => member.received.length === 1)
      member.socket.setOption('IP_DROP_MEMBERSHIP', membership)
      sender.socket.send(encode('nobody'), to)
      sender.socket.send(encode('you'), { address: world.serverAddress, port: to.port })
      await member.until(() => member.received.length === 2)
      assert.deepEqual(member.texts, ['members', 'you'])
      await Promise.all([member.close(), sender.close()])
    },
    'multicast',
  )
}

function code(wanted: string, call: () => unknown): void {
  assert.throws(call, (error: { code?: string }) => error.code === wanted)
}

function sameAddress(peer: IpAddress, expected: IpAddress): void {
  assert.deepEqual([peer.address, peer.port], [expected.address, expected.port])
}
