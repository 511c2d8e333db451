/** Listening and connecting: ports, order, queues, refusals, errors. */
import assert from 'node:assert/strict'
import type { ErrorCode } from '../../../src/base/errors.ts'
import { ipOf } from '../../../src/socket/address.ts'
import type { Connection, Host } from '../../../src/socket/host.ts'
import { Door, onRelease, pair, Recorder, roundTrip, shut } from './recorder.ts'
import type { Scenario, World } from './world.ts'

export function listenScenarios(scenario: Scenario): void {
  scenario('port 0 is given a port, and the listener knows it', async (world) => {
    const door = await Door.open(world.server, world.serverAddress)
    assert.equal(door.listener.local.address, world.serverAddress)
    assert.ok(door.port > 0)
    const other = await Door.open(world.server, world.serverAddress)
    assert.notEqual(other.listener.local.port, door.listener.local.port)
    await door.listener.close()
    await other.listener.close()
  })

  scenario('every interface: 0.0.0.0', (world) => everyInterface(world, '0.0.0.0', world.serverAddress))
  scenario('every interface: ::', (world) => everyInterface(world, '::', world.serverAddress6!), 'IPv6')

  scenario('a port in use is refused with EADDRINUSE, and free again after close', async (world) => {
    const door = await Door.open(world.server, world.serverAddress)
    const { port } = door
    await rejected('EADDRINUSE', Door.open(world.server, world.serverAddress, {}, port))
    await door.listener.close()
    const again = await Door.open(world.server, world.serverAddress, {}, port)
    await again.listener.close()
  })

  scenario('an address that is not this host’s is refused with EADDRNOTAVAIL', async (world) => {
    await rejected('EADDRNOTAVAIL', Door.open(world.server, '198.51.100.77')) // RFC 5737: nobody's
  })

  scenario('connections are accepted in the order in which they were made', async (world) => {
    const door = await Door.open(world.server, world.serverAddress)
    const clients: Recorder[] = []
    for (let i = 0; i < 5; i++) clients.push(Recorder.on(await world.client.connect(door.listener.local)))
    for (const client of clients) {
      const server = Recorder.on(await door.next())
      assert.equal(server.connection.remote.port, client.connection.local.port)
      server.call((c) => c.reset())
    }
    await Promise.all(clients.map((client) => client.until(() => client.closed)))
    await door.listener.close()
  })

  scenario('a closed listener refuses, and what it had accepted lives on', async (world) => {
    const both = await pair(world)
    await both.door.listener.close()
    await both.door.listener.close() // twice is no mistake
    await rejected('ECONNREFUSED', world.client.connect(both.door.listener.local))
    both.client.write('still here')
    await both.server.until(() => both.server.received === 10)
    await shut(both)
  })

  scenario('a paused listener accepts nobody; resumed, it takes those who waited, in order', async (world) => {
    const door = await Door.open(world.server, world.serverAddress)
    door.listener.pause()
    const clients: Recorder[] = []
    for (let i = 0; i < 3; i++) clients.push(Recorder.on(await world.client.connect(door.listener.local)))
    clients[1]!.write('waiting')
    await new Promise<void>((resolve) => world.client.clock.at(world.client.clock.now(), resolve))
    assert.equal(door.accepted.length, 0)
    door.listener.resume()
    for (const client of clients) {
      const server = Recorder.on(await door.next())
      assert.equal(server.connection.remote.port, client.connection.local.port)
      if (client === clients[1]) await server.until(() => server.text === 'waiting')
      server.call((c) => c.reset())
    }
    await door.listener.close()
  })

  scenario('who resets before being accepted is not handed out, or with his address and his end', async (world) => {
    const door = await Door.open(world.server, world.serverAddress)
    door.listener.pause()
    const hasty = Recorder.on(await world.client.connect(door.listener.local))
    hasty.call((c) => c.reset())
    await hasty.until(() => hasty.closed)
    const patient = Recorder.on(await world.client.connect(door.listener.local))
    door.listener.resume()
    for (;;) {
      const server = Recorder.on(await door.next())
      assert.equal(server.connection.remote.address, patient.connection.local.address)
      if (server.connection.remote.port === patient.connection.local.port) {
        await shut({ door, client: patient, server })
        break
      }
      await server.until(() => server.closed)
      assert.equal(server.closes[0]?.code, 'ECONNRESET')
    }
  })

  scenario('200 connections at once, each its own stream', async (world) => {
    const echo = (connection: Connection): void => {
      connection.attach({
        onData: (bytes) => void connection.write(bytes),
        onEnd: () => connection.end(),
        onDrain() {},
        onClose() {},
      })
    }
    const listener = await world.server.listen({ address: world.serverAddress, port: 0 }, echo)
    const clients = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const client = Recorder.on(await world.client.connect(listener.local))
        client.write(`I am number ${i}`)
        client.call((c) => c.end())
        return client
      }),
    )
    await Promise.all(clients.map((client) => client.until(() => client.closed)))
    for (const [i, client] of clients.entries()) {
      assert.equal(client.text, `I am number ${i}`)
      assert.deepEqual(client.closes, [null])
    }
    await listener.close()
  })

  scenario('connections that are closed as fast as they come leave the listener well', async (world) => {
    const listener = await world.server.listen({ address: world.serverAddress, port: 0 }, (c) => c.reset())
    for (let round = 0; round < 20; round++) {
      const clients = await Promise.all([1, 2, 3, 4].map(() => world.client.connect(listener.local).catch(() => null)))
      for (const connection of clients) connection?.reset()
    }
    await listener.close()
    await roundTrip(world)
  })
}

async function everyInterface(world: World, every: string, address: string): Promise<void> {
  const door = await Door.open(world.server, every)
  const client = Recorder.on(await world.client.connect({ address, port: door.port }))
  const server = Recorder.on(await door.next())
  assert.equal(server.connection.local.address, address)
  await shut({ door, client, server })
}

export function acceptScenarios(scenario: Scenario): void {
  scenario('an accept that fails costs its connection and nothing else', async (world) => {
    const failures: string[] = []
    let fails: 'throws' | 'rejects' | 'no' = 'throws'
    const kept: Connection[] = []
    const accept = (connection: Connection): void | Promise<void> => {
      if (fails === 'throws') throw new Error('thrown')
      if (fails === 'rejects') return Promise.reject(new Error('rejected'))
      kept.push(connection)
      Recorder.on(connection)
      return Promise.resolve()
    }
    const onError = (error: unknown, connection: Connection): void => {
      failures.push(`${(error as Error).message} ${connection.local.address}`)
    }
    const at = { address: world.serverAddress, port: 0 }
    const listener = await world.server.listen(at, accept, { onError })
    onRelease(() => void listener.close())
    for (fails of ['throws', 'rejects'] as const) {
      const code = await fate(world.client.connect(listener.local))
      assert.equal(code, 'ECONNRESET')
    }
    fails = 'no'
    const client = Recorder.on(await world.client.connect(listener.local))
    client.write('welcome')
    await roundTrip(world)
    assert.deepEqual(failures, [`thrown ${world.serverAddress}`, `rejected ${world.serverAddress}`])
    assert.equal(kept.length, 1)
    client.call((c) => c.reset())
    await client.until(() => client.closed)
    await listener.close()
  })

  scenario('an accept that fails is written to the console where nobody else is told', async (world) => {
    const written: unknown[][] = []
    const { error } = console
    console.error = (...line: unknown[]) => void written.push(line)
    onRelease(() => {
      console.error = error
    })
    const listener = await world.server.listen({ address: world.serverAddress, port: 0 }, async () => {
      throw new Error('nobody caught me')
    })
    onRelease(() => void listener.close())
    assert.equal(await fate(world.client.connect(listener.local)), 'ECONNRESET')
    await listener.close()
    const [what, failure] = written[0]!
    assert.match(String(what), /accepting the connection from .* failed/)
    assert.equal((failure as Error).message, 'nobody caught me')
  })
}

/** How a connection ends; the reset of a hasty server can be learnt from `connect` itself. */
async function fate(connecting: Promise<Connection>): Promise<string> {
  try {
    const client = Recorder.on(await connecting)
    await client.until(() => client.closed)
    return client.closes[0]?.code ?? 'closed'
  } catch (error) {
    return (error as { code: string }).code
  }
}

/** Of hosts without Unix sockets. */
export function pathlessScenarios(scenario: Scenario): void {
  scenario('a path is not an address here: EAFNOSUPPORT', async (world) => {
    const at = { path: '/tmp/reticle-no-such-socket' }
    await rejected(
      'EAFNOSUPPORT',
      world.server.listen(at, () => {}),
    )
    await rejected('EAFNOSUPPORT', world.client.connect(at))
  })
}

export function connectScenarios(scenario: Scenario): void {
  scenario('a port where nobody listens: ECONNREFUSED, with what was tried', async (world) => {
    const door = await Door.open(world.server, world.serverAddress)
    const to = door.listener.local
    await door.listener.close()
    const error = await rejected('ECONNREFUSED', world.client.connect(to))
    assert.equal(error.syscall, 'connect')
    assert.equal(error.address, to.address)
    assert.equal(error.port, to.port)
  })

  scenario('a connect can be abandoned before it begins and while it is under way', async (world) => {
    const door = await Door.open(world.server, world.serverAddress)
    await rejected('ECANCELED', world.client.connect(door.listener.local, { signal: AbortSignal.abort() }))
    const controller = new AbortController()
    const connecting = world.client.connect(door.listener.local, { signal: controller.signal })
    controller.abort(new Error('changed my mind'))
    const error = await rejected('ECANCELED', connecting)
    assert.equal((error.cause as Error).message, 'changed my mind')
    await door.listener.close()
  })

  scenario('aborting after the connection stands has no effect', async (world) => {
    const door = await Door.open(world.server, world.serverAddress)
    const controller = new AbortController()
    const client = Recorder.on(await world.client.connect(door.listener.local, { signal: controller.signal }))
    const server = Recorder.on(await door.next())
    controller.abort()
    client.write('still')
    await server.until(() => server.received === 5)
    await shut({ door, client, server })
  })

  scenario('`from` is where the connection comes from', async (world) => {
    const door = await Door.open(world.server, world.serverAddress)
    const free = await freePort(world.client, world.serverAddress)
    const from = { address: world.client === world.server ? world.serverAddress : '0.0.0.0', port: free }
    const client = Recorder.on(await world.client.connect(door.listener.local, { from }))
    const server = Recorder.on(await door.next())
    assert.equal(client.connection.local.port, free)
    assert.equal(server.connection.remote.port, free)
    await shut({ door, client, server })
  })
}

async function freePort(host: Host, address: string): Promise<number> {
  const listener = await host.listen({ address: '0.0.0.0', port: 0 }, () => assert.fail(`nobody calls ${address}`))
  await listener.close()
  return ipOf(listener.local, 'listen').port
}

export async function rejected(
  code: ErrorCode,
  work: Promise<unknown>,
): Promise<{ syscall: string; address?: string | undefined; port?: number | undefined; cause?: unknown }> {
  try {
    await work
  } catch (error) {
    assert.equal((error as { code?: string }).code, code, String(error))
    return error as { syscall: string }
  }
  assert.fail(`${code} was expected, but it succeeded`)
}
