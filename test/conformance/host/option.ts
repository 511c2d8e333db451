/** Socket options: each one the host has can be set and read; each one it has not is refused. */
import assert from 'node:assert/strict'
import { type Linger, OPTIONS, type OptionName, type OptionValue } from '../../../src/socket/options.ts'
import { rejected } from './opening.ts'
import { Door, pair, Recorder, shut } from './recorder.ts'
import { Missing, type Scenario, type World } from './world.ts'

const NAMES = Object.keys(OPTIONS) as OptionName[]
const MEMBERSHIP = { group: '239.1.2.3' }

/** A value to set, and whether what is read back may differ (Linux doubles buffer sizes). */
const TRIAL: { readonly [name in OptionName]?: OptionValue } = {
  SO_REUSEADDR: 1,
  SO_REUSEPORT: 1,
  SO_BROADCAST: 1,
  SO_SNDBUF: 20_000,
  SO_RCVBUF: 20_000,
  SO_KEEPALIVE: 1,
  SO_LINGER: { on: true, seconds: 3 },
  TCP_NODELAY: 1,
  IP_TTL: 33,
  IP_MULTICAST_TTL: 5,
  IP_MULTICAST_LOOP: 0,
  IP_ADD_MEMBERSHIP: MEMBERSHIP,
  IP_DROP_MEMBERSHIP: MEMBERSHIP,
}

interface Optioned {
  setOption(name: OptionName, value: OptionValue): void
  getOption(name: OptionName): OptionValue
}

export function optionScenarios(scenario: Scenario): void {
  scenario('options of a connection', async (world) => {
    const both = await pair(world)
    tryAll(both.client.connection, world.options.stream)
    tryAll(both.server.connection, world.options.stream)
    await shut(both)
  })

  scenario('options of a datagram socket', async (world) => {
    const socket = await world.client.datagrams()
    tryAll(socket, world.options.datagram)
    socket.close()
  })

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

  scenario('what a listener was given, the connections that it accepts have', async (world) => {
    if (!has(world, 'TCP_NODELAY')) throw new Missing('TCP_NODELAY')
    const door = await Door.open(world.server, world.serverAddress, { options: { TCP_NODELAY: 1, SO_KEEPALIVE: 1 } })
    const client = Recorder.on(await world.client.connect(door.listener.local))
    const server = Recorder.on(await door.next())
    assert.equal(server.connection.getOption('TCP_NODELAY'), 1)
    assert.equal(server.connection.getOption('SO_KEEPALIVE'), 1)
    await shut({ door, client, server })
  })

  scenario('a value of the wrong kind is refused with EINVAL', async (world) => {
    const both = await pair(world)
    for (const name of world.options.stream)
      if (name !== 'SO_ERROR') code('EINVAL', () => both.client.connection.setOption(name, { group: 'no number' }))
    await shut(both)
  })

  scenario('SO_LINGER with zero seconds turns close into reset', async (world) => {
    if (!has(world, 'SO_LINGER')) throw new Missing('the host has no SO_LINGER')
    const both = await pair(world)
    both.client.connection.setOption('SO_LINGER', { on: true, seconds: 0 })
    both.client.call((c) => c.close())
    await both.server.until(() => both.server.closed)
    assert.equal(both.server.closes[0]?.code, 'ECONNRESET')
    await shut(both)
  })
}

function has(world: World, name: OptionName): boolean {
  return world.options.stream.includes(name)
}

function tryAll(socket: Optioned, available: readonly OptionName[]): void {
  for (const name of NAMES) {
    const trial = TRIAL[name]
    if (!available.includes(name)) {
      code('ENOPROTOOPT', () => socket.setOption(name, trial ?? 0))
      code('ENOPROTOOPT', () => socket.getOption(name))
    } else if (trial === undefined) assert.equal(socket.getOption(name), 0, `${name} starts at 0`)
    else setAndRead(socket, name, trial)
  }
}

function setAndRead(socket: Optioned, name: OptionName, trial: OptionValue): void {
  socket.setOption(name, trial)
  if (OPTIONS[name][2] === 'membership') return
  const read = socket.getOption(name)
  if (OPTIONS[name][2] === 'linger') assert.deepEqual(read as Linger, trial)
  // SO_SNDBUF and SO_RCVBUF are wishes: socket(7) doubles them for its own bookkeeping.
  else if (name.endsWith('BUF')) assert.ok((read as number) >= (trial as number), `${name} reads ${read}`)
  else assert.equal(read, trial, name)
}

function code(wanted: string, call: () => unknown): void {
  assert.throws(call, (error: { code?: string }) => {
    assert.equal(error.code, wanted, String(error))
    return true
  })
}
