import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../base/duration.ts'
import { RecordingLog } from '../../base/events.ts'
import { drop, internet, mbit, ms, pass, seconds } from '../../sim/index.ts'
import type { Connection } from '../../socket/host.ts'
import type { TcpSegmentEvent, TcpSettings, TcpStateEvent } from '../../tcp/index.ts'
import type { StackConnection } from './connection.ts'

const QUIET = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} }

/** Two hosts, a connection between them, and what the client’s side of it sent. */
async function joined(
  body: (parts: {
    client: Connection
    server: Connection
    log: RecordingLog
    pass(ms: number): Promise<void>
  }) => Promise<void>,
) {
  const log = new RecordingLog()
  const net = internet({ seed: 1, log })
  const [a, b] = [net.host('a'), net.host('b')]
  net.link(a, b, { latency: ms(5) })
  await net.run(async () => {
    const accepted = new Promise<Connection>((resolve) => {
      b.listen({ address: '0.0.0.0', port: 80 }, resolve)
    })
    const client = await a.connect({ address: b.address, port: 80 })
    const server = await accepted
    await body({ client, server, log, pass: (time) => sleep(net.clock, ms(time)) })
  })
}

const dataSegments = (log: RecordingLog) =>
  log.events
    .filter((event): event is TcpSegmentEvent => event.type === 'tcp.segment' && event.host === 'a')
    .map((event) => event.length)
    .filter((length) => length > 0)

test('what is written under a cork goes out in one segment, though acknowledgements arrive meanwhile', () =>
  joined(async ({ client, server, log, pass }) => {
    client.attach(QUIET)
    server.attach(QUIET)
    client.setOption('TCP_NODELAY', 1)
    client.write(new Uint8Array(10))
    client.cork()
    for (let i = 0; i < 5; i++) {
      client.write(new Uint8Array(100))
      server.write(new Uint8Array(1))
      await pass(60)
    }
    assert.equal(client.queued, 500)
    client.uncork()
    await pass(60)
    client.cork()
    client.write(new Uint8Array(7))
    client.end()
    await pass(60)
    assert.deepEqual(dataSegments(log), [10, 500, 7], 'and an end lifts the cork')
  }))

test('the states of both ends are told in the log, with their causes, to the end of TIME-WAIT', () =>
  joined(async ({ client, server, log, pass }) => {
    server.attach({ ...QUIET, onEnd: () => server.end() })
    client.attach(QUIET)
    client.end()
    await pass(70_000)
    const path = (host: string) =>
      log.events
        .filter((event): event is TcpStateEvent => event.type === 'tcp.state' && event.host === host)
        .map(({ to }) => to)
        .join(' ')
    assert.equal(path('a'), 'SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED')
    assert.equal(path('b'), 'SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED')
  }))

test('a program that keeps a connection in TIME-WAIT disturbs neither its peer nor the wait', async () => {
  for (const done of ['close', 'reset'] as const)
    await joined(async ({ client, server, log, pass }) => {
      server.attach({ ...QUIET, onEnd: () => server.end() })
      client.attach(QUIET)
      client.end()
      await pass(1000)
      const before = log.events.length
      client.setOption('SO_RCVBUF', 2_000_000)
      client.setOption('TCP_QUICKACK', 1)
      client[done]()
      await pass(30_000)
      assert.equal(log.events.length, before, 'nothing is sent and nothing ends')
      await pass(70_000)
      client.setOption('TCP_NODELAY', 1)
      const after = log.events.slice(before) as TcpStateEvent[]
      assert.deepEqual(
        after.map(({ from, to, why }) => `${from} ${to} ${why}`),
        ['TIME-WAIT CLOSED timeout'],
      )
    })
})

test('nothing is kept of a connection that is over', async () => {
  const net = internet({ seed: 1 })
  const [a, b] = [net.host('a'), net.host('b')]
  net.link(a, b, { latency: ms(1) })
  await net.run(async () => {
    await b.listen({ address: '0.0.0.0', port: 80 }, (connection) => {
      connection.attach({ ...QUIET, onEnd: () => connection.end() })
    })
    for (let i = 0; i < 50; i++) {
      const connection = await a.connect({ address: b.address, port: 80 })
      connection.attach(QUIET)
      if (i % 3 === 0) connection.close()
      else if (i % 3 === 1) connection.reset()
      else connection.end()
    }
    await sleep(net.clock, seconds(130))
  })
  assert.deepEqual([a.stack.tcp.connectionCount, b.stack.tcp.connectionCount], [0, 0])
})

test('SO_RCVBUF of an open connection is what its peer may send ahead of the reader', async () => {
  const net = internet({ seed: 1 })
  const [client, server] = [net.host('client'), net.host('server')]
  net.link(client, server, { latency: ms(1) })
  let waiting = 0
  await net.run(async () => {
    await server.listen({ address: '0.0.0.0', port: 80 }, (connection) => {
      connection.attach({ onData() {}, onEnd() {}, onDrain() {}, onClose() {} })
      connection.setOption('SO_RCVBUF', 1_200_000)
      connection.pause()
    })
    const connection = await client.connect(
      { address: server.address, port: 80 },
      { options: { SO_SNDBUF: 4_000_000 } },
    )
    connection.attach({ onData() {}, onEnd() {}, onDrain() {}, onClose() {} })
    connection.write(new Uint8Array(4_000_000))
    await sleep(client.clock, seconds(5))
    waiting = 4_000_000 - connection.queued
    connection.reset()
  })
  // The window scale stays what the handshake agreed on: 65,535 · 2^4.
  assert.ok(waiting > 1_000_000 && waiting <= 1_200_016, `${waiting} bytes sent ahead`)
})

/** Two hosts; the server has paused, and 2 MB wait behind its closed window. */
async function stuck(body: (parts: Stuck) => Promise<void>, tcp: Partial<TcpSettings> = {}) {
  const log = new RecordingLog()
  const net = internet({ seed: 1, log })
  const [a, b] = [net.host('a', { tcp }), net.host('b')]
  net.link(a, b, { latency: ms(5) })
  await net.run(async () => {
    const ends: string[] = []
    await b.listen({ address: '0.0.0.0', port: 80 }, (connection) => {
      connection.attach(QUIET)
      connection.pause()
    })
    const client = await a.connect({ address: b.address, port: 80 })
    client.attach({ ...QUIET, onClose: (error) => void ends.push(String(error?.code ?? null)) })
    client.write(new Uint8Array(2_000_000))
    const pass = (time: number) => sleep(net.clock, seconds(time))
    await pass(10)
    const states = () =>
      log.events
        .filter((event): event is TcpStateEvent => event.type === 'tcp.state')
        .map(({ host, to, why }) => `${host} ${to} (${why})`)
        .slice(4)
    await body({ client, ends, pass, states, connections: () => a.stack.tcp.connectionCount })
  })
}

interface Stuck {
  readonly client: Connection
  readonly ends: readonly string[]
  pass(seconds: number): Promise<void>
  states(): readonly string[]
  connections(): number
}

test('SO_LINGER with 0 seconds: close resets at once, however much waits', () =>
  stuck(async ({ client, ends, pass, states, connections }) => {
    client.setOption('SO_LINGER', { on: true, seconds: 0 })
    client.close()
    await pass(1)
    assert.deepEqual(ends, ['null'])
    assert.deepEqual(states(), ['a CLOSED (abort)', 'b CLOSED (rst)'])
    assert.equal(connections(), 0)
  }))

test('SO_LINGER with n seconds: close waits so long and then resets, however much waits', () =>
  stuck(async ({ client, ends, pass, states }) => {
    client.setOption('SO_LINGER', { on: true, seconds: 5 })
    client.close()
    await pass(4.9)
    assert.deepEqual(ends, [])
    await pass(0.2)
    assert.deepEqual(ends, ['null'])
    assert.deepEqual(states(), ['a FIN-WAIT-1 (close)', 'a CLOSED (linger)', 'b CLOSED (rst)'])
  }))

test('close enters FIN-WAIT-1 at once, however much waits, and always ends', () =>
  stuck(
    async ({ client, ends, pass, states, connections }) => {
      client.close()
      await pass(1)
      assert.deepEqual(states(), ['a FIN-WAIT-1 (close)'])
      assert.deepEqual(ends, [], 'onClose waits until TCP has all of it')
      await pass(30)
      assert.deepEqual(states(), ['a FIN-WAIT-1 (close)', 'a CLOSED (orphan)', 'b CLOSED (rst)'])
      assert.deepEqual(ends, ['ETIMEDOUT'])
      assert.equal(connections(), 0)
    },
    { closeTime: seconds(30) },
  ))

test('close(within) cuts the closing short, also when it is called again', () =>
  stuck(async ({ client, ends, pass, states }) => {
    client.close()
    client.close(seconds(3))
    await pass(2.9)
    assert.deepEqual(ends, [])
    await pass(0.2)
    assert.deepEqual(ends, ['null'])
    assert.equal(states().at(-1), 'b CLOSED (rst)')
  }))

test('a closed connection lives on until its peer has taken the rest; so many may at once', async () => {
  const net = internet({ seed: 1 })
  const [a, b] = [net.host('a', { limits: { orphans: 3 } }), net.host('b')]
  net.link(a, b, { latency: ms(5) })
  await net.run(async () => {
    const taken: Connection[] = []
    await b.listen({ address: '0.0.0.0', port: 80 }, (connection) => {
      connection.attach(QUIET)
      connection.pause()
      taken.push(connection)
    })
    for (let i = 0; i < 5; i++) {
      const connection = await a.connect({ address: b.address, port: 80 })
      connection.attach(QUIET)
      connection.write(new Uint8Array(700_000))
      connection.close()
    }
    await sleep(net.clock, seconds(1))
    assert.deepEqual([a.stack.tcp.connectionCount, b.stack.tcp.connectionCount], [3, 3])
    for (const connection of taken) connection.resume()
    await sleep(net.clock, seconds(1))
    const last = await a.connect({ address: b.address, port: 80 })
    last.close()
    await sleep(net.clock, ms(100))
    assert.equal(b.stack.tcp.connectionCount, 4, 'those that are through make room')
  })
})

test('connections that are through do not count among the closed ones that are not, however they ended', async () => {
  const net = internet({ seed: 1 })
  const [a, b] = [net.host('a', { limits: { orphans: 2 } }), net.host('b')]
  net.link(a, b, { latency: ms(5) })
  await net.run(async () => {
    const ends: string[] = []
    await b.listen({ address: '0.0.0.0', port: 80 }, (connection) => {
      connection.attach({
        ...QUIET,
        onData: (bytes) => (bytes[0] === 1 ? connection.reset() : undefined),
        onEnd: () => connection.end(),
        onClose: (error) => void ends.push(error === null ? 'orderly' : error.code),
      })
    })
    for (let i = 0; i < 12; i++) {
      const connection = await a.connect({ address: b.address, port: 80 })
      connection.attach(QUIET)
      connection.write(Uint8Array.of(i % 3 === 0 ? 1 : 0)) // the peer resets every third
      if (i % 3 === 1) connection.end() // this one is in TIME-WAIT when it is closed
      await sleep(net.clock, ms(50))
      connection.close()
      await sleep(net.clock, ms(50))
    }
    assert.deepEqual(
      ends.filter((end) => end !== 'orderly'),
      [],
      'none of them was reset by this side',
    )
  })
})

test('the settings of TCP reach from a machine down to its connections, and a socket’s options have the last word', async () => {
  const net = internet({ seed: 1 })
  const [a, b] = [net.host('a', { tcp: { timeWait: seconds(1), sendBuffer: 100_000, noDelay: true } }), net.host('b')]
  net.link(a, b, { latency: ms(5) })
  await net.run(async () => {
    await b.listen({ address: '0.0.0.0', port: 80 }, (connection) => {
      connection.attach({ ...QUIET, onEnd: () => connection.end() })
    })
    const to = { address: b.address, port: 80 }
    const plain = await a.connect(to)
    assert.deepEqual([plain.getOption('SO_SNDBUF'), plain.getOption('TCP_NODELAY')], [100_000, 1])
    const other = await a.connect(to, { options: { SO_SNDBUF: 5000 } })
    assert.deepEqual([other.getOption('SO_SNDBUF'), other.getOption('TCP_NODELAY')], [5000, 1])
    for (const connection of [plain, other]) {
      connection.attach(QUIET)
      connection.end()
    }
    await sleep(net.clock, ms(900))
    assert.equal(a.stack.tcp.connectionCount, 2)
    await sleep(net.clock, ms(200))
    assert.equal(a.stack.tcp.connectionCount, 0)
  })
  assert.throws(() => net.host('c', { tcp: { congestion: 'cubik' } }), { code: 'TCP_SETTING' })
})

test('one packet that is lost of a window of 16 MB is one that is sent again', async () => {
  const net = internet({ seed: 1 })
  const options = { options: { SO_RCVBUF: 16_000_000, SO_SNDBUF: 16_000_000 } }
  const [a, b] = [net.host('a'), net.host('b')]
  net.link(a, b, { latency: ms(50), rate: mbit(1000), queue: { packets: 100_000 } })
  let full = 0
  net.rule(({ frame }) => (frame.length > 1000 && ++full === 7000 ? drop('the 7,000th') : pass))
  await net.run(async () => {
    let received = 0
    const done = new Promise<void>((resolve) => {
      b.listen(
        { address: '0.0.0.0', port: 80 },
        (connection) =>
          connection.attach({
            ...QUIET,
            onData: (bytes) => void (received += bytes.length),
            onEnd: () => {
              connection.close()
              resolve()
            },
          }),
        options,
      )
    })
    const client = (await a.connect({ address: b.address, port: 80 }, options)) as StackConnection
    const chunk = new Uint8Array(64 * 1024)
    let left = 400
    const pump = () => {
      while (left-- > 0) if (!client.write(chunk)) return
      client.end()
    }
    client.attach({ ...QUIET, onDrain: pump })
    pump()
    await done
    assert.ok(received > 20_000_000)
    const { total_retrans, total_rto } = client.info()
    assert.deepEqual([total_retrans, total_rto], [1, 0])
  })
})
