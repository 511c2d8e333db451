import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { ms } from '../base/duration.ts'
import type { SocketError } from '../base/errors.ts'
import { RecordingLog } from '../base/events.ts'
import { ipOf } from '../socket/address.ts'
import type { Connection, ConnectionOwner, Listener, OptionSettings } from '../socket/host.ts'
import type { OptionValue } from '../socket/options.ts'
import type { DriverName } from './driver.ts'
import type { KernelEvent } from './events.ts'
import { kernelHost } from './host.ts'
import { libc } from './libc.ts'
import { KERNEL_LIMITS } from './limits.ts'
import { nodeDriver } from './node/driver.ts'
import { DRIVERS } from './trial/drivers.ts'
import { uringMissing } from './uring/driver.ts'

function owner(methods: Partial<ConnectionOwner> = {}): ConnectionOwner {
  return { onData() {}, onEnd() {}, onDrain() {}, onClose() {}, ...methods }
}

/** How a connection ends; the reset of a hasty server can be learnt from `connect` itself. */
async function fate(connecting: Promise<Connection>): Promise<string> {
  try {
    const connection = await connecting
    return await new Promise((resolve) => {
      connection.attach(owner({ onEnd: () => resolve('end'), onClose: (error) => resolve(error?.code ?? 'close') }))
    })
  } catch (error) {
    return (error as SocketError).code
  }
}

describe('the choice of driver', () => {
  const asked = process.env['RETICLE_DRIVER']
  beforeEach(() => {
    delete process.env['RETICLE_DRIVER']
  })
  after(() => {
    delete process.env['RETICLE_DRIVER']
    if (asked !== undefined) process.env['RETICLE_DRIVER'] = asked
  })

  test('the fastest that works, with the reason', () => {
    const { driver } = kernelHost()
    assert.equal(driver.name, DRIVERS[0])
    const missing = uringMissing()
    if (missing === null) assert.equal(driver.reason, 'io_uring works here, and is the fastest')
    else assert.ok(driver.reason.startsWith(missing), driver.reason)
  })

  test('RETICLE_DRIVER overrides, the caller overrides that', () => {
    process.env['RETICLE_DRIVER'] = 'node'
    assert.deepEqual(kernelHost().driver, { name: 'node', reason: 'RETICLE_DRIVER asks for it' })
    process.env['RETICLE_DRIVER'] = 'none such'
    assert.deepEqual(kernelHost({ driver: 'node' }).driver, { name: 'node', reason: 'the caller asks for it' })
    assert.throws(() => kernelHost(), { code: 'EOPNOTSUPP', message: /no driver none such/ })
  })
})

test('accepted connections are probed for life, with times that can be set, and not where that is turned off', {
  skip: libc() === null,
}, async () => {
  const host = kernelHost()
  const probes = async (options: OptionSettings): Promise<OptionValue[]> => {
    const accepted = Promise.withResolvers<Connection>()
    const listener = await host.listen({ address: '127.0.0.1', port: 0 }, accepted.resolve, { options })
    const client = await host.connect(listener.local)
    const server = await accepted.promise
    const names = ['SO_KEEPALIVE', 'TCP_KEEPIDLE', 'TCP_KEEPINTVL', 'TCP_KEEPCNT'] as const
    const found = names.map((name) => server.getOption(name))
    for (const end of [client, server]) end.reset()
    await listener.close()
    return found
  }
  assert.deepEqual(await probes({}), [1, 60, 15, 5])
  assert.deepEqual(await probes({ TCP_KEEPIDLE: 7 }), [1, 7, 15, 5])
  assert.equal((await probes({ SO_KEEPALIVE: 0 }))[0], 0)
  assert.equal((await probes({ TCP_FASTOPEN: 8, TCP_DEFER_ACCEPT: 0, SO_PRIORITY: 2 }))[0], 1)
})

test('what is not an address is refused before anything is opened, with what to do', async () => {
  const host = kernelHost()
  const named = { address: 'localhost', port: 80 }
  await assert.rejects(host.connect(named), { code: 'EINVAL', message: /look the name up/ })
  await assert.rejects(
    host.listen(named, () => {}),
    { code: 'EINVAL' },
  )
  await assert.rejects(host.datagrams(named), { code: 'EINVAL' })
  await assert.rejects(host.connect({ address: '127.0.0.1', port: 65_536 }), {
    code: 'EINVAL',
    message: /0 to 65535, not 65536/,
  })
  await assert.rejects(host.connect({ address: '127.0.0.1', port: 80 }, { from: named }), { code: 'EINVAL' })
  await assert.rejects(
    host.connect('127.0.0.1' as never),
    /an address is \{ address, port \} or \{ path \}, not the string '127/,
  )
  await assert.rejects(host.datagrams(null as never), { code: 'EINVAL' })
})

test('lookup passes literals through, knows the hosts file, and tells what it did not find', async () => {
  const host = kernelHost()
  assert.deepEqual(await host.lookup('192.0.2.7'), ['192.0.2.7'])
  assert.deepEqual(await host.lookup('2001:db8::1'), ['2001:db8::1'])
  assert.ok((await host.lookup('localhost', 4)).includes('127.0.0.1'))
  await assert.rejects(host.lookup('no-such-name.invalid'), /ENOTFOUND|EAI_AGAIN/) // RFC 6761 §6.4
})

test('a watched host reports what it opens and what it could not', async () => {
  const events = new RecordingLog()
  const host = kernelHost({ events, name: 'watched' })
  const at = { address: '127.0.0.1', port: 0 }
  const listener = await host.listen(at, (c) => c.attach(owner({ onEnd: () => c.close() })))
  const connection = await host.connect(listener.local)
  await new Promise<void>((resolve) => {
    connection.attach(owner({ onClose: () => resolve() }))
    connection.end()
  })
  const socket = await host.datagrams(at)
  await listener.close()
  await assert.rejects(host.connect(listener.local), { code: 'ECONNREFUSED' })
  const told = (events.events as KernelEvent[]).map(({ at, host, ...event }) => {
    assert.ok(at > 0 && host === 'watched')
    return 'took' in event ? { ...event, took: event.took > 0 } : event
  })
  const byType = (type: string) => told.filter((event) => event.type === type)
  const { local, remote } = connection
  assert.deepEqual(byType('kernel.bound'), [
    { type: 'kernel.bound', transport: 'tcp', local: listener.local },
    { type: 'kernel.bound', transport: 'udp', local: socket.local },
  ])
  assert.deepEqual(byType('kernel.connected'), [{ type: 'kernel.connected', local, remote, took: true }])
  assert.deepEqual(byType('kernel.accepted'), [{ type: 'kernel.accepted', local: remote, remote: local }])
  assert.deepEqual(byType('kernel.failed'), [
    { type: 'kernel.failed', syscall: 'connect', address: listener.local, code: 'ECONNREFUSED' },
  ])
  socket.close()
})

for (const driver of DRIVERS)
  describe(`${driver} driver`, () => {
    const host = kernelHost({ driver })
    const at = { address: '127.0.0.1', port: 0 }
    const only = (name: DriverName) => (title: string, body: () => Promise<void>) => {
      if (driver === name) test(title, body)
    }
    const uring = only('uring')
    const node = only('node')

    test('SO_REUSEPORT lets two listeners share a port', async () => {
      const options = { options: { SO_REUSEPORT: 1 } }
      const first = await host.listen(at, (c) => c.reset(), options)
      const second = await host.listen(first.local, (c) => c.reset(), options)
      assert.equal(second.local.port, first.local.port)
      await first.close()
      await second.close()
    })

    test('a group of four listeners by SO_REUSEPORT: each gets its share of the connections', async () => {
      const shares = [0, 0, 0, 0]
      const options = { options: { SO_REUSEPORT: 1 } }
      const group: Listener[] = []
      const taken: Connection[] = []
      let place = at
      let left = 128
      const all = Promise.withResolvers<void>()
      for (const i of shares.keys()) {
        const take = (connection: Connection): void => {
          shares[i]!++
          taken.push(connection)
          if (--left === 0) all.resolve()
        }
        const listener = await host.listen(place, take, options)
        place = ipOf(listener.local, 'listen')
        group.push(listener)
      }
      const calls = Array.from({ length: 128 }, () => host.connect(place))
      const clients = await Promise.all(calls)
      await all.promise
      for (const end of [...clients, ...taken]) end.reset()
      // By a hash of the addresses: that one of four gets none of 128 happens once in 10^15.
      assert.ok(
        shares.every((share) => share > 0),
        shares.join(' '),
      )
      for (const listener of group) await listener.close()
    })

    uring('a writer hears what its peer said before it went away', async () => {
      // Node destroys a socket at the first failed write, whatever it still had to read.
      for (let i = 0; i < 20; i++) {
        const listener = await host.listen(at, (c) => {
          const onData = (): void => {
            c.write(new Uint8Array(100_000))
            c.close()
          }
          c.attach(owner({ onData }))
        })
        const connection = await host.connect(listener.local)
        let heard = 0
        await new Promise<void>((resolve) => {
          const onDrain = (): void => {
            while (connection.write(new Uint8Array(50_000)));
          }
          const onData = (bytes: Uint8Array): void => {
            heard += bytes.length
          }
          connection.attach(owner({ onDrain, onData, onClose: () => resolve(), onEnd: () => connection.close() }))
          onDrain()
        })
        assert.equal(heard, 100_000)
        await listener.close()
      }
    })

    test('a listener’s SO_LINGER is inherited: zero seconds make close a reset', async () => {
      const options = { options: { SO_LINGER: { on: true, seconds: 0 } } }
      const listener = await host.listen(at, (c) => c.close(), options)
      assert.equal(await fate(host.connect(listener.local)), 'ECONNRESET')
      await listener.close()
    })

    test('close does not stop the event loop for SO_LINGER’s seconds', async () => {
      let server: Connection | undefined
      const listener = await host.listen(at, (c) => {
        server = c // never read: the client's bytes cannot all be acknowledged
      })
      const connection = await host.connect(listener.local)
      connection.attach(owner())
      connection.setOption('SO_LINGER', { on: true, seconds: 5 })
      while (connection.write(new Uint8Array(100_000)) && connection.queued === 0);
      const started = performance.now()
      connection.end()
      connection.close()
      await new Promise<void>((resolve) => host.clock.at(host.clock.now() + 20_000_000, resolve))
      assert.ok(performance.now() - started < 2000)
      connection.reset()
      server?.reset()
      await listener.close()
    })

    test('the high-water and low-water marks can be set', async () => {
      const low = kernelHost({ driver, limits: { highWaterMark: 4, lowWaterMark: 0 } })
      const listener = await low.listen(at, (c) => c.attach(owner({ onEnd: () => c.close() })))
      const connection = await low.connect(listener.local)
      const drained = new Promise<void>((resolve) => {
        connection.attach(owner({ onDrain: resolve, onClose: () => void listener.close() }))
      })
      connection.cork()
      assert.equal(connection.write(new Uint8Array(3)), true)
      assert.equal(connection.write(new Uint8Array(3)), false)
      connection.uncork()
      await drained
      connection.close()
    })

    test('close resets a peer that takes nothing for closeTime', async () => {
      const impatient = kernelHost({ driver, limits: { closeTime: ms(30) } })
      const peers: Connection[] = []
      const listener = await host.listen(at, (c) => void peers.push(c)) // who is not attached reads nothing
      const connection = await impatient.connect(listener.local)
      const closed = new Promise<SocketError | null>((onClose) => connection.attach(owner({ onClose })))
      while (peers.length === 0) await new Promise(setImmediate)
      const ended = new Promise<SocketError | null>((onClose) => peers[0]!.attach(owner({ onClose })))
      peers[0]!.pause()
      connection.write(new Uint8Array(16 << 20))
      connection.close()
      assert.equal(await closed, null)
      peers[0]!.resume()
      assert.equal((await ended)?.code, 'ECONNRESET')
      await listener.close()
    })

    node('a paused listener keeps no more than its backlog', async () => {
      const accepted: Connection[] = []
      const listener = await host.listen(at, (c) => void accepted.push(c), { backlog: 2 })
      listener.pause()
      const ends: Promise<string>[] = []
      for (let i = 0; i < 4; i++) {
        const connecting = host.connect(listener.local)
        ends.push(fate(connecting))
        await connecting.catch(() => {})
      }
      assert.deepEqual(await Promise.all(ends.slice(2)), ['ECONNRESET', 'ECONNRESET'])
      await listener.close()
      assert.deepEqual(await Promise.all(ends.slice(0, 2)), ['ECONNRESET', 'ECONNRESET'])
      assert.equal(accepted.length, 0)
    })
  })

test('localhost has its loopback address of either family, whatever the hosts file says (RFC 6761 §6.3)', async () => {
  const host = kernelHost()
  assert.deepEqual(await host.lookup('localhost', 6), ['::1'])
  assert.deepEqual(await host.lookup('web.LOCALHOST.', 6), ['::1'])
  assert.ok((await host.lookup('localhost', 4)).includes('127.0.0.1'))
})

test('a name that is not found is told without a port: none was asked for', async () => {
  const name = `${'a'.repeat(64)}.example` // no name server is asked for a label that is too long (RFC 1035 §2.3.4)
  await assert.rejects(kernelHost().lookup(name), (error: Error & { port?: number }) => {
    assert.ok(error.message.endsWith(name), error.message)
    return error.port === undefined
  })
})

test('what waits for attach on a datagram socket is bounded where Node reads it', async (t) => {
  const limits = { ...KERNEL_LIMITS, waitingDatagramBytes: 3000 }
  const small = nodeDriver({ libc: null, limits })
  const at = { address: '127.0.0.1', port: 0 }
  const socket = await small.datagrams(at, {})
  const probe = await small.datagrams(at, {})
  t.after(() => {
    socket.close()
    probe.close()
  })
  for (let i = 0; i < 10; i++) socket.send(new Uint8Array(1000), socket.local)
  await new Promise<void>((resolve) => {
    probe.attach({ onDatagram: () => resolve(), onError() {}, onClose() {} })
    probe.send(new Uint8Array(1), probe.local) // became readable later: when it is told, the others were too
  })
  const lengths: number[] = []
  await new Promise<void>((resolve) => {
    const onDatagram = (bytes: Uint8Array): void => {
      lengths.push(bytes.length)
      if (bytes.length === 1) resolve()
    }
    socket.attach({ onDatagram, onError() {}, onClose() {} })
    socket.send(new Uint8Array(1), socket.local)
  })
  assert.deepEqual(lengths, [1000, 1000, 1]) // each with its overhead of 256
})

test('workers of node:cluster are told how they share a port', async () => {
  const program = `
    import cluster from 'node:cluster'
    import { kernelHost } from '${new URL('./index.ts', import.meta.url).href}'
    if (cluster.isPrimary) {
      const host = kernelHost({ driver: 'node' })
      const listener = await host.listen({ address: '127.0.0.1', port: 0 }, () => {})
      const worker = cluster.fork({ PORT: listener.local.port })
      worker.on('message', (message) => { console.log(message); worker.kill(); listener.close() })
    } else {
      const at = { address: '127.0.0.1', port: Number(process.env.PORT) }
      const host = kernelHost({ driver: process.env.RETICLE_TRIAL })
      host.listen(at, () => {}).catch((error) => process.send(error.message))
    }`
  const folder = await mkdtemp(join(tmpdir(), 'reticle-cluster-'))
  try {
    const file = join(folder, 'main.ts')
    await writeFile(file, program)
    for (const driver of DRIVERS) {
      const env = { ...process.env, RETICLE_TRIAL: driver }
      const { stdout } = await promisify(execFile)(process.execPath, [file], { env, timeout: 20_000 })
      assert.match(stdout, /EADDRINUSE.*SO_REUSEPORT: 1/)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})
