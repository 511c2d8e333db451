/** Socket options: each one the host has can be set and read; each one it has not is refused. */
import assert from 'node:assert/strict'
import {
  type Linger,
  OPTIONS,
  type OptionName,
  type OptionValue,
  type TcpInfoValue,
} from '../../../src/socket/options.ts'
import { rejected } from './opening.ts'
import { Door, pair, Recorder, roundTrip, shut } from './recorder.ts'
import type { Scenario, World } from './world.ts'

const NAMES = Object.keys(OPTIONS) as OptionName[]
const MEMBERSHIP = { group: '239.1.2.3' }
const MEMBERSHIP6 = { group: 'ff05::1:2' }

/** A value to set, and whether what is read back may differ (Linux doubles buffer sizes). */
const TRIAL: { readonly [name in OptionName]?: OptionValue } = {
  SO_REUSEADDR: 1,
  SO_REUSEPORT: 1,
  SO_BROADCAST: 1,
  SO_SNDBUF: 20_000,
  SO_RCVBUF: 20_000,
  SO_KEEPALIVE: 1,
  SO_PRIORITY: 3,
  SO_LINGER: { on: true, seconds: 3 },
  TCP_NODELAY: 1,
  TCP_MAXSEG: 1000,
  TCP_CORK: 1,
  TCP_KEEPIDLE: 100,
  TCP_KEEPINTVL: 10,
  TCP_KEEPCNT: 4,
  TCP_QUICKACK: 1,
  TCP_CONGESTION: 'reno',
  TCP_USER_TIMEOUT: 5000,
  TCP_NOTSENT_LOWAT: 10_000,
  IP_TOS: 16,
  IP_TTL: 33,
  IP_MTU_DISCOVER: 2,
  IP_MULTICAST_TTL: 5,
  IP_MULTICAST_LOOP: 0,
  IPV6_UNICAST_HOPS: 34,
  IPV6_TCLASS: 32,
  IPV6_MULTICAST_HOPS: 6,
  IPV6_MULTICAST_LOOP: 0,
}
const READ_ONLY: ReadonlySet<OptionName> = new Set<OptionName>(['SO_ERROR', 'TCP_INFO'])

interface Optioned {
  setOption(name: OptionName, value: OptionValue): void
  getOption(name: OptionName): OptionValue
}

export function optionScenarios(scenario: Scenario): void {
  scenario('options of a connection', async (world) => {
    const both = await pair(world)
    tryAll(world, both.client.connection, world.options.stream)
    tryAll(world, both.server.connection, world.options.stream)
    await shut(both)
  })

  scenario('options of a datagram socket', async (world) => {
    const socket = await world.server.datagrams()
    tryAll(world, socket, world.options.datagram)
    socket.close()
  })

  scenario(
    'options of IPv6 sockets, by their IPv4 and their IPv6 names',
    async (world) => {
      const both = await pair(world, world.serverAddress6!)
      const device = world.device === undefined ? {} : { interface: world.device }
      tryAll(world, both.client.connection, world.options.stream6!)
      await shut(both)
      const socket = await world.server.datagrams({ address: '::', port: 0 })
      tryAll(world, socket, world.options.datagram6!, device)
      socket.close()
    },
    'IPv6',
  )

  scenario(
    'IPV6_V6ONLY: 0.0.0.0 and :: can have the same port',
    async (world) => {
      const options = { options: { IPV6_V6ONLY: 1 } }
      const six = await Door.open(world.server, '::', options)
      const four = await Door.open(world.server, '0.0.0.0', {}, six.port)
      for (const [door, address] of [
        [six, world.serverAddress6!],
        [four, world.serverAddress],
      ] as const) {
        const client = Recorder.on(await world.client.connect({ address, port: six.port }))
        const server = Recorder.on(await door.next())
        assert.equal(server.connection.local.address, address)
        await shut({ door, client, server })
      }
      const socket6 = await world.server.datagrams({ address: '::', port: 0 }, options)
      const socket4 = await world.server.datagrams({ address: '0.0.0.0', port: socket6.local.port })
      socket6.close()
      socket4.close()
    },
    'IPv6',
    'IPV6_V6ONLY',
  )

  scenario(
    'TCP_INFO tells of the connection',
    async (world) => {
      const both = await pair(world)
      both.client.write('some bytes')
      await both.server.until(() => both.server.received === 10)
      await roundTrip(world)
      const info = both.client.connection.getOption('TCP_INFO') as TcpInfoValue
      assert.equal(info.state, 1, 'ESTABLISHED')
      assert.ok(info.rtt! > 0 && info.snd_mss! > 0 && info.snd_cwnd! > 0 && info.rto! > 0, JSON.stringify(info))
      assert.ok(info.bytes_acked! >= 10 && info.bytes_acked! <= 11, 'the SYN counts, or does not')
      assert.equal((both.server.connection.getOption('TCP_INFO') as TcpInfoValue).bytes_received, 10)
      await shut(both)
    },
    'TCP_INFO',
  )

  scenario(
    'SO_BINDTODEVICE holds a socket to an interface',
    async (world) => {
      const door = await Door.open(world.server, '0.0.0.0', { options: { SO_BINDTODEVICE: world.device } })
      assert.equal(door.listener.getOption('SO_BINDTODEVICE'), world.device)
      const client = Recorder.on(await world.client.connect({ address: world.serverAddress, port: door.port }))
      const server = Recorder.on(await door.next())
      await shut({ door, client, server })
      const nowhere = { options: { SO_BINDTODEVICE: 'no-such-device' } }
      await rejected('ENODEV', Door.open(world.server, '0.0.0.0', nowhere))
      await rejected('ENODEV', world.server.datagrams({ address: '0.0.0.0', port: 0 }, nowhere))
    },
    'SO_BINDTODEVICE',
  )

  scenario('options given to listen and connect are set, and one that is missing is refused', async (world) => {
    const options = has(world, 'TCP_NODELAY') ? { TCP_NODELAY: 1 } : {}
    const door = await Door.open(world.server, world.serverAddress, { options: { SO_REUSEADDR: 1 } })
    const client = Recorder.on(await world.client.connect(door.listener.local, { options }))
    const server = Recorder.on(await door.next())
    if (has(world, 'TCP_NODELAY')) assert.equal(client.connection.getOption('TCP_NODELAY'), 1)
    const odd = { options: { IP_ADD_MEMBERSHIP: MEMBERSHIP } }
    await rejected('ENOPROTOOPT', Door.open(world.server, world.serverAddress, odd))
    await rejected('ENOPROTOOPT', world.client.connect(door.listener.local, odd))
    await shut({ door, client, server })
  })

  scenario(
    'what a listener was given, the connections that it accepts have',
    async (world) => {
      const door = await Door.open(world.server, world.serverAddress, { options: { TCP_NODELAY: 1, SO_KEEPALIVE: 1 } })
      const client = Recorder.on(await world.client.connect(door.listener.local))
      const server = Recorder.on(await door.next())
      assert.equal(server.connection.getOption('TCP_NODELAY'), 1)
      assert.equal(server.connection.getOption('SO_KEEPALIVE'), 1)
      await shut({ door, client, server })
    },
    'TCP_NODELAY',
  )

  scenario('a value of the wrong kind is refused with EINVAL', async (world) => {
    const both = await pair(world)
    for (const name of world.options.stream)
      if (!READ_ONLY.has(name)) code('EINVAL', () => both.client.connection.setOption(name, { group: 'no group' }))
    for (const name of world.options.stream)
      if (READ_ONLY.has(name)) code('ENOPROTOOPT', () => both.client.connection.setOption(name, 1))
    await shut(both)
  })

  scenario(
    'SO_LINGER with zero seconds turns close into reset',
    async (world) => {
      const both = await pair(world)
      both.client.connection.setOption('SO_LINGER', { on: true, seconds: 0 })
      both.client.call((c) => c.close())
      await both.server.until(() => both.server.closed)
      assert.equal(both.server.closes[0]?.code, 'ECONNRESET')
      await shut(both)
    },
    'SO_LINGER',
  )
}

function has(world: World, name: OptionName): boolean {
  return world.options.stream.includes(name)
}

function tryAll(world: World, socket: Optioned, available: readonly OptionName[], at = {}): void {
  for (const name of NAMES) {
    const trial = trialOf(world, name, at)
    if (!available.includes(name)) {
      code('ENOPROTOOPT', () => socket.setOption(name, trial ?? 0))
      code('ENOPROTOOPT', () => socket.getOption(name))
    } else if (name === 'SO_ERROR') assert.equal(socket.getOption(name), 0, `${name} starts at 0`)
    else if (name === 'IPV6_V6ONLY') assert.equal(socket.getOption(name), 0, 'set before the socket is bound')
    else if (trial !== undefined) setAndRead(socket, name, trial)
  }
}

/** What depends on where the suite runs, and the interface of a group. */
function trialOf(world: World, name: OptionName, at: { readonly interface?: string }): OptionValue | undefined {
  if (name === 'SO_BINDTODEVICE') return world.device
  if (name === 'IP_MULTICAST_IF') return at.interface ?? world.serverAddress
  if (name === 'IPV6_MULTICAST_IF') return at.interface
  if (OPTIONS[name][2] !== 'membership') return TRIAL[name]
  // Without an interface the route decides, and there may be none for groups.
  return at.interface === undefined ? { ...MEMBERSHIP, interface: world.serverAddress } : { ...MEMBERSHIP6, ...at }
}

function setAndRead(socket: Optioned, name: OptionName, trial: OptionValue): void {
  socket.setOption(name, trial)
  if (OPTIONS[name][2] === 'membership') {
    code('ENOPROTOOPT', () => socket.getOption(name))
    return
  }
  const read = socket.getOption(name)
  if (OPTIONS[name][2] === 'linger') assert.deepEqual(read as Linger, trial)
  // SO_SNDBUF and SO_RCVBUF are wishes: socket(7) doubles them for its own bookkeeping.
  else if (name.endsWith('BUF')) assert.ok((read as number) >= (trial as number), `${name} reads ${read}`)
  // What is read is the size in use, which the path decides too.
  else if (name === 'TCP_MAXSEG') assert.ok((read as number) > 0)
  else assert.equal(read, trial, name)
}

function code(wanted: string, call: () => unknown): void {
  assert.throws(call, (error: { code?: string }) => {
    assert.equal(error.code, wanted, String(error))
    return true
  })
}
