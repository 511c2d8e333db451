/** Every option of a TCP socket by what it does between two programs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MILLISECOND } from '../../base/clock.ts'
import { sleep } from '../../base/duration.ts'
import { RecordingLog } from '../../base/events.ts'
import { internet, ms, type SimHost, seconds } from '../../sim/index.ts'
import type { Connection, Listener, OptionSettings } from '../../socket/host.ts'
import type { TcpInfoValue } from '../../socket/options.ts'
import { ALGORITHMS, reno, TCP_SETTINGS, type TcpSegmentEvent, type TcpSettings, tcpSettings } from '../../tcp/index.ts'
import { setTcpOption, settingsOf, tcpTable } from './tcp-options.ts'

const QUIET = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} }

interface World {
  readonly a: SimHost
  readonly b: SimHost
  readonly listener: Listener
  readonly client: Connection
  readonly server: Connection
  cut(): void
  /** The segments with data that the client sends: when, in ms, and how long. */
  data(): [at: number, length: number][]
  pass(milliseconds: number): Promise<void>
  now(): number
}

/** Two hosts 20 ms from each other and a connection between them. */
async function between(
  options: OptionSettings,
  body: (world: World) => Promise<void>,
  settings: Partial<TcpSettings> = {},
): Promise<void> {
  const log = new RecordingLog()
  const net = internet({ seed: 'tcp options', log })
  const [a, b] = [net.host('a', { tcp: settings }), net.host('b')]
  const link = net.link(a, b, { latency: ms(10) })
  await net.run(async () => {
    const { promise, resolve } = Promise.withResolvers<Connection>()
    const listener = await b.listen({ address: '0.0.0.0', port: 80 }, resolve)
    const client = await a.connect({ address: b.address, port: 80 }, { options })
    const server = await promise
    client.attach(QUIET)
    server.attach(QUIET)
    await body({
      a,
      b,
      listener,
      client,
      server,
      cut: () => link.cut(),
      data: () =>
        log.events
          .filter((event): event is TcpSegmentEvent => event.type === 'tcp.segment' && event.host === 'a')
          .filter(({ length }) => length > 0)
          .map(({ at, length }) => [at / MILLISECOND, length]),
      pass: (milliseconds) => sleep(net.clock, ms(milliseconds)),
      now: () => net.now / MILLISECOND,
    })
  })
}

/** How long it takes until the connection ends, in ms, and why. */
async function end(connection: Connection, now: () => number): Promise<[after: number, why: string | undefined]> {
  const start = now()
  const error = await new Promise<{ code?: string } | null>((resolve) =>
    connection.attach({ ...QUIET, onClose: resolve }),
  )
  return [Math.round(now() - start), error?.code]
}

test('TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT say when a silent peer is dead', async () => {
  const options = { SO_KEEPALIVE: 1, TCP_KEEPIDLE: 10, TCP_KEEPINTVL: 2, TCP_KEEPCNT: 3 }
  await between(options, async ({ client, cut, now }) => {
    cut()
    const [after, why] = await end(client, now)
    // 10 s of silence, then probes at 10, 12 and 14 s; nothing has answered the last one after 16 s.
    assert.ok(after > 15_900 && after <= 16_000, `${after} ms`)
    assert.equal(why, 'ETIMEDOUT')
  })
  // Set on an open connection they count from when the peer was last heard.
  await between({}, async ({ client, cut, now, pass }) => {
    await pass(4000)
    for (const [name, value] of Object.entries(options)) client.setOption(name as 'TCP_KEEPIDLE', value)
    cut()
    const [after] = await end(client, now)
    assert.ok(after > 11_900 && after <= 12_000, `${after} ms`)
  })
})

test('TCP_USER_TIMEOUT says how long sent data may stay without an answer', async () => {
  await between({ TCP_USER_TIMEOUT: 5000 }, async ({ client, cut, now, pass }) => {
    await pass(1000)
    cut()
    client.write(new Uint8Array(10))
    assert.deepEqual(await end(client, now), [5000, 'ETIMEDOUT'])
  })
})

test('TCP_MAXSEG is announced to the peer and not exceeded; what is read is the size in use', async () => {
  await between({ TCP_MAXSEG: 512 }, async ({ client, server, data, pass }) => {
    client.write(new Uint8Array(2000))
    await pass(500)
    assert.deepEqual(
      data().map(([, length]) => length),
      [500, 500, 500, 500],
    )
    // The time stamps take 12 octets of each segment.
    assert.deepEqual([client.getOption('TCP_MAXSEG'), server.getOption('TCP_MAXSEG')], [500, 500])
  })
})

test('TCP_CORK holds a partial segment back, for 200 ms at most', async () => {
  await between({ TCP_CORK: 1 }, async ({ client, data, pass, now }) => {
    const start = now()
    client.write(new Uint8Array(10))
    await pass(50)
    client.write(new Uint8Array(20))
    await pass(100)
    assert.deepEqual(data(), [])
    await pass(500)
    assert.deepEqual(data(), [[start + 200, 30]])
    client.write(new Uint8Array(5))
    await pass(50)
    client.setOption('TCP_CORK', 0)
    assert.equal(data().length, 2, 'lifted, it goes at once')
  })
})

test('cork() is not ended by TCP_CORK, which goes on when uncork() has ended it', async () => {
  await between({}, async ({ client, data, pass }) => {
    client.cork()
    client.write(new Uint8Array(10))
    client.setOption('TCP_CORK', 1)
    await pass(1000)
    assert.equal(data().length, 0)
    client.uncork()
    assert.equal(data().length, 0)
    await pass(250)
    assert.equal(data().length, 1)
  })
})

test('TCP_QUICKACK: each segment is acknowledged at once, or 40 ms later', async () => {
  for (const [quick, wait] of [
    [1, 20],
    [0, 60],
  ] as const)
    await between({}, async ({ client, server, pass }) => {
      // The first data is acknowledged at once: a SYN could not tell how large the window is.
      client.write(new Uint8Array(10))
      await pass(100)
      server.setOption('TCP_QUICKACK', quick)
      client.write(new Uint8Array(10))
      const unacked = () => (client.getOption('TCP_INFO') as TcpInfoValue).unacked
      await pass(wait - 1)
      assert.equal(unacked(), 1, `too early with TCP_QUICKACK ${quick}`)
      await pass(2)
      assert.equal(unacked(), 0, `too late with TCP_QUICKACK ${quick}`)
    })
})

test('TCP_CONGESTION names one of the algorithms that the stack was given', async () => {
  const used: string[] = []
  const algorithms = {
    ...ALGORITHMS,
    mine: (start: Parameters<typeof reno>[0]) => {
      used.push('mine')
      return reno(start)
    },
  }
  await between(
    { TCP_CONGESTION: 'mine' },
    async ({ a, client, listener, server }) => {
      assert.equal(client.getOption('TCP_CONGESTION'), 'mine')
      assert.ok(used.length > 0)
      client.setOption('TCP_CONGESTION', 'reno')
      assert.equal(client.getOption('TCP_CONGESTION'), 'reno')
      const wrong = { code: 'ENOENT', message: /TCP_CONGESTION takes reno, mine, not "cubik"/ }
      assert.throws(() => client.setOption('TCP_CONGESTION', 'cubik'), wrong)
      await assert.rejects(async () => a.connect(server.local, { options: { TCP_CONGESTION: 'cubik' } }), wrong)
      assert.throws(() => listener.setOption('TCP_CONGESTION', 'mine'), { code: 'ENOENT' }, 'b has only Reno')
    },
    { algorithms },
  )
})

test('TCP_NOTSENT_LOWAT: write answers by what has not been sent, and onDrain follows at that mark', async () => {
  await between({ TCP_NOTSENT_LOWAT: 5000, SO_SNDBUF: 10_000 }, async ({ client, server, pass }) => {
    server.pause()
    let drains = 0
    client.attach({ ...QUIET, onDrain: () => void drains++ })
    assert.equal(client.write(new Uint8Array(13_000)), true)
    assert.equal(client.write(new Uint8Array(4000)), false)
    await pass(1000)
    assert.equal(drains, 1)
    assert.ok(client.queued <= 5000)
  })
})

test('TCP_INFO: a connection’s, and of a listener how many wait and how many may', async () => {
  await between({}, async ({ client, server, listener, pass, a, b }) => {
    client.write(new Uint8Array(5000))
    await pass(100)
    const info = client.getOption('TCP_INFO') as TcpInfoValue
    assert.deepEqual([info.state, info.bytes_acked, info.unacked], [1, 5000, 0])
    assert.ok(Math.abs(info.min_rtt! - 20_000) < 1000, `${info.min_rtt} µs`)
    assert.equal((server.getOption('TCP_INFO') as TcpInfoValue).bytes_received, 5000)
    listener.pause()
    await a.connect({ address: b.address, port: 80 })
    await pass(100)
    assert.deepEqual(listener.getOption('TCP_INFO'), { state: 10, unacked: 1, sacked: 511 })
    assert.throws(() => client.setOption('TCP_INFO', 1), { code: 'ENOPROTOOPT' })
  })
})

test('what is out of Linux’s range is EINVAL, and changes nothing', () => {
  const table = tcpTable(TCP_SETTINGS)
  assert.throws(
    () => setTcpOption(table, 'TCP_KEEPIDLE', 0, TCP_SETTINGS),
    /takes a whole number from 1 to 32767, not 0/,
  )
  for (const [name, value] of [
    ['TCP_KEEPIDLE', 0],
    ['TCP_KEEPINTVL', 32_768],
    ['TCP_KEEPCNT', 128],
    ['TCP_MAXSEG', 87],
    ['TCP_USER_TIMEOUT', -1],
    ['TCP_CORK', 'yes'],
    ['TCP_CONGESTION', 1],
  ] as const)
    assert.throws(() => setTcpOption(table, name, value, TCP_SETTINGS), { code: 'EINVAL' })
  assert.equal(settingsOf(table, TCP_SETTINGS), TCP_SETTINGS)
})

test('connections with the same options share their settings, and those that set none have the stack’s', () => {
  const stack = tcpSettings({ keepAliveIdle: ms(500), userTimeout: ms(1) })
  assert.equal(settingsOf(tcpTable(stack), stack), stack)
  const made = () => tcpTable(stack, { TCP_NODELAY: 1, TCP_KEEPCNT: 4 })
  const settings = settingsOf(made(), stack)
  assert.equal(settingsOf(made(), stack), settings)
  assert.equal(settingsOf(made().inherited(), stack), settings)
  assert.deepEqual([settings.noDelay, settings.keepAliveProbes, settings.keepAliveIdle], [true, 4, ms(500)])
  const other = made()
  setTcpOption(other, 'TCP_KEEPIDLE', 7, stack)
  assert.equal(settingsOf(other, stack).keepAliveIdle, seconds(7))
})
