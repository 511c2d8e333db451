import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIp4 } from '../base/ip.ts'
import { formatIp } from '../base/ip6.ts'
import { internet, mbit, ms, seconds } from '../sim/index.ts'
import { STACK_LIMITS, type StackLimits } from './limits.ts'
import { bench, OWN, PEER, udpFrame } from './trial/bench.ts'

test('what waits for a program is bounded by SO_RCVBUF', async () => {
  const { host, probe, stack, clock } = bench({ limits: { datagramBuffer: 4 * (STACK_LIMITS.datagramOverhead + 1) } })
  const socket = await host.datagrams({ address: '0.0.0.0', port: 9 })
  for (let i = 0; i < 6; i++) probe.receive(udpFrame(1, 9, String(i)))
  assert.equal(stack.counters.udpBufferFull, 2)
  const texts: string[] = []
  socket.attach({ onDatagram: (bytes) => texts.push(`${Buffer.from(bytes)}`), onError() {}, onClose() {} })
  assert.deepEqual(texts, [], 'never from inside the owner’s own call')
  clock.pass(0)
  assert.deepEqual(texts, ['0', '1', '2', '3'])
  probe.receive(udpFrame(1, 9, 'more'))
  assert.equal(texts.length, 5, 'what was delivered no longer counts')
})

test('a socket’s groups are bounded', async () => {
  const { host } = bench({ limits: { memberships: 2 } })
  const socket = await host.datagrams()
  for (const group of ['239.0.0.1', '239.0.0.2']) socket.setOption('IP_ADD_MEMBERSHIP', { group, interface: OWN })
  assert.throws(() => socket.setOption('IP_ADD_MEMBERSHIP', { group: '239.0.0.3', interface: OWN }), {
    code: 'ENOBUFS',
  })
  socket.setOption('IP_DROP_MEMBERSHIP', { group: '239.0.0.1', interface: OWN })
  socket.setOption('IP_ADD_MEMBERSHIP', { group: '239.0.0.3', interface: OWN })
})

test('when every ephemeral port is taken the next socket is refused, and one port is enough for many peers', async () => {
  const ports: Partial<StackLimits> = { ephemeralFirst: 60_000, ephemeralLast: 60_001 }
  const { host } = bench({ limits: ports })
  await host.datagrams()
  const second = await host.datagrams()
  await assert.rejects(host.datagrams(), { code: 'EADDRINUSE' })
  second.close()
  assert.equal((await host.datagrams()).local.port, second.local.port)
  host.connect({ address: PEER, port: 80 }).catch(() => {})
  host.connect({ address: PEER, port: 80 }).catch(() => {})
  await assert.rejects(host.connect({ address: PEER, port: 80 }), { code: 'EADDRNOTAVAIL' })
  host.connect({ address: PEER, port: 81 }).catch(() => {})
  assert.equal(host.stack.tcp.connectionCount, 3)
})

test('ways that are remembered are bounded: an address scan changes nothing', () => {
  const { stack } = bench({ limits: { paths: 10 } })
  for (let i = 0; i < 1000; i++) assert.ok(stack.ip4.path(parseIp4('198.51.0.0') + i, 0) !== null)
  assert.equal(formatIp(stack.ip4.path(parseIp4('198.51.0.0'), 0)!.nextHop!), PEER)
})

test('a full translator refuses new endpoints inside and keeps the old ones; old ones make room when they end', async () => {
  const net = internet()
  const home = net.homeRouter('home', { limits: { natEntries: 3 } })
  const [laptop, web] = [net.host('laptop'), net.host('web')]
  net.link(home.lan, laptop, { latency: ms(1) })
  net.link(home.wan, web, { latency: ms(1) })
  await net.run(async () => {
    for (let i = 0; i < 3; i++) assert.equal((await laptop.ping(web.address)).outcome, 'reply')
    assert.equal((await laptop.ping(web.address)).outcome, 'timeout')
    assert.equal(home.stack.counters.natFull, 1)
  })
  await net.run({ for: seconds(61) })
  await net.run(async () => assert.equal((await laptop.ping(web.address)).outcome, 'reply'))
})

test('write says stop above the high-water mark, and says go on below the low one', async () => {
  const net = internet()
  const limits = { writeHighWater: 10_000, writeLowWater: 1000 }
  const [a, b] = [net.host('a', { limits }), net.host('b')]
  net.link(a, b, { latency: ms(1), rate: mbit(1) })
  await net.run(async () => {
    await b.listen({ address: '0.0.0.0', port: 80 }, (connection) =>
      connection.attach({ onData() {}, onEnd() {}, onDrain() {}, onClose() {} }),
    )
    const connection = await a.connect({ address: b.address, port: 80 })
    const queued = await new Promise<number>((resolve) => {
      connection.attach({ onData() {}, onEnd() {}, onDrain: () => resolve(connection.queued), onClose() {} })
      assert.equal(connection.write(new Uint8Array(100)), true)
      assert.equal(connection.write(new Uint8Array(100_000)), false)
    })
    assert.ok(queued <= 1000)
  })
})
