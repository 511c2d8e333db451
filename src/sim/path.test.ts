import assert from 'node:assert/strict'
import { test } from 'node:test'
import { internet, ms, type SimHost } from './index.ts'
import { stream } from './trial/stream.ts'

/** a ── r1 ── r2 ── b, the middle narrower than the ends. */
function narrow() {
  const net = internet({ seed: 1 })
  const [a, b] = [net.host('a'), net.host('b')]
  const [r1, r2] = [net.router('r1'), net.router('r2')]
  net.link(a, r1, { latency: ms(1) })
  net.link(r1, r2, { latency: ms(5), mtu: 600 })
  net.link(r2, b, { latency: ms(1) })
  return { net, a, b, r1, r2 }
}

test('ping measures the round trip, and its time to live names the routers on the way', async () => {
  const { net, a, b, r1, r2 } = narrow()
  await net.run(async () => {
    await a.ping(b.address) // so that everybody knows their neighbours
    assert.deepEqual(await a.ping(b.address), { outcome: 'reply', from: b.address, time: ms(14) })
    const steps = [
      await a.ping(b.address, { ttl: 1 }),
      await a.ping(b.address, { ttl: 2 }),
      await a.ping(b.address, { ttl: 3 }),
    ]
    assert.deepEqual(
      steps.map(({ outcome, from }) => `${outcome} ${from}`),
      [`time exceeded ${r1.addresses[0]}`, `time exceeded ${r2.addresses[0]}`, `reply ${b.address}`],
    )
    assert.deepEqual(await a.ping(a.address), { outcome: 'reply', from: a.address, time: 0 })
    assert.equal((await a.ping('203.0.113.1')).outcome, 'net unreachable')
    assert.equal((await a.ping(b.address, { size: 1000 })).outcome, 'fragmentation needed')
    assert.equal((await a.ping(b.address, { size: 1000 })).outcome, 'reply', 'now it goes in pieces')
    assert.equal((await a.ping(b.address, { size: 4000 })).outcome, 'reply')
    const cut = net.partition(a, b)
    assert.deepEqual(await a.ping(b.address, { timeout: ms(50) }), { outcome: 'timeout', from: '', time: ms(50) })
    cut.remove()
    await assert.rejects(a.ping('b'), { code: 'EINVAL' })
  })
})

test('TCP gets through a path that is narrower than both ends', async () => {
  const { net, a, b } = narrow()
  assert.deepEqual(await stream(net, a, b, 300_000), { received: 300_000, wrong: -1, from: a.address })
})

test('routes follow the latency, and one of two equal ways is always the same', async () => {
  const net = internet({ seed: 1 })
  const [a, b] = [net.host('a'), net.host('b')]
  const [west, slow, quick, east] = ['west', 'slow', 'quick', 'east'].map((name) => net.router(name)) as SimHost[]
  net.link(a, west!, { latency: ms(1) })
  net.link(west!, slow!, { latency: ms(10) })
  net.link(slow!, east!, { latency: ms(10) })
  net.link(west!, quick!, { latency: ms(2) })
  const link = net.link(quick!, east!, { latency: ms(2) })
  net.link(east!, b, { latency: ms(1) })
  await net.run(async () => {
    await a.ping(b.address)
    assert.equal((await a.ping(b.address)).time, ms(12))
    link.cut()
    assert.equal((await a.ping(b.address)).outcome, 'timeout', 'routes are static: a cut is not routed around')
  })
})

test('broadcast and multicast reach everybody on the link and nobody beyond', async () => {
  const net = internet({ seed: 1 })
  const [a, b, beyond] = [net.host('a'), net.host('b'), net.host('beyond')]
  net.link(a, b, { latency: ms(1) })
  net.link(b, beyond, { latency: ms(1) })
  const heard: string[] = []
  await net.run(async () => {
    for (const host of [a, b, beyond]) {
      const socket = await host.datagrams({ address: '0.0.0.0', port: 5 })
      socket.setOption('IP_ADD_MEMBERSHIP', { group: '239.1.2.3', interface: host.address })
      socket.attach({
        onDatagram: (bytes) => heard.push(`${host.name}: ${Buffer.from(bytes)}`),
        onError() {},
        onClose() {},
      })
    }
    const socket = await a.datagrams()
    assert.throws(() => socket.send(Buffer.from('x'), { address: '255.255.255.255', port: 5 }), { code: 'EACCES' })
    socket.setOption('SO_BROADCAST', 1)
    for (const address of ['255.255.255.255', '10.0.0.3', '239.1.2.3']) {
      socket.send(Buffer.from(address), { address, port: 5 })
      await net.clock.hold(Promise.resolve())
    }
    socket.setOption('IP_MULTICAST_LOOP', 0)
    socket.send(Buffer.from('unlooped'), { address: '239.1.2.3', port: 5 })
  })
  await net.run()
  assert.deepEqual(heard, [
    'a: 255.255.255.255',
    'a: 10.0.0.3',
    'a: 239.1.2.3',
    'b: 255.255.255.255',
    'b: 10.0.0.3',
    'b: 239.1.2.3',
    'b: unlooped',
  ])
})
