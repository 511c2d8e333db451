import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../base/clock.ts'
import { RecordingLog } from '../../base/events.ts'
import { internet, ms, seconds } from '../../sim/index.ts'
import type { Connection } from '../../socket/host.ts'
import type { TcpSegmentEvent, TcpStateEvent } from '../../tcp/index.ts'

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
