import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecordingLog } from '../../base/events.ts'
import { internet, ms, type SimHost } from '../index.ts'

function house() {
  const log = new RecordingLog()
  const net = internet({ seed: 1, log })
  const lan = net.lan('lan')
  const router = net.homeRouter('router')
  const [laptop, phone, printer] = ['laptop', 'phone', 'printer'].map((name) => net.host(name)) as [
    ReturnType<typeof net.host>,
    ReturnType<typeof net.host>,
    ReturnType<typeof net.host>,
  ]
  net.link(router.lan, lan)
  net.link(laptop, lan, { latency: ms(1), address: '192.168.1.10' })
  net.link(phone, lan, { latency: ms(2) })
  net.link(printer, lan)
  const isp = net.router('isp')
  net.link(router.wan, isp, { latency: ms(8) })
  const web = net.host('web')
  net.link(isp, web, { latency: ms(5), addresses: ['203.0.113.1/24', '203.0.113.80/24'] })
  return { net, log, router, laptop, phone, printer, web, lan }
}

test('machines on a LAN share a subnet and reach each other, and by their router the world', async () => {
  const { net, router, laptop, phone, printer, web } = house()
  assert.deepEqual(
    [router.insideAddress, laptop.address, phone.address, printer.address],
    ['192.168.1.1', '192.168.1.10', '192.168.1.2', '192.168.1.3'],
  )
  await net.run(async () => {
    await laptop.ping(phone.address)
    assert.deepEqual(await laptop.ping(phone.address), { outcome: 'reply', from: phone.address, time: ms(6) })
    assert.equal((await phone.ping(web.address)).outcome, 'reply')
    assert.equal((await printer.ping(web.address)).outcome, 'reply')
  })
})

test('the switch sends to everybody what is for everybody or for a stranger, and to one what is for one', async () => {
  const { net, log, laptop, phone } = house()
  const heard = () =>
    new Set(log.events.splice(0).flatMap((event) => ('to' in event && event.host === 'lan' ? [String(event.to)] : [])))
  await net.run(async () => {
    await laptop.ping(phone.address)
    assert.deepEqual(
      heard(),
      new Set(['router:eth0', 'phone:eth0', 'printer:eth0', 'laptop:eth0']),
      'ARP asks everybody',
    )
    await laptop.ping(phone.address)
    assert.deepEqual(heard(), new Set(['phone:eth0', 'laptop:eth0']))
  })
})

test('a group on the LAN is heard by its members', async () => {
  const { net, laptop, phone, printer } = house()
  const heard: string[] = []
  await net.run(async () => {
    for (const host of [phone, printer]) {
      const socket = await host.datagrams({ address: '0.0.0.0', port: 5353 })
      if (host === printer) socket.setOption('IP_ADD_MEMBERSHIP', { group: '224.0.0.251' })
      socket.attach({ onDatagram: () => heard.push(host.name), onError() {}, onClose() {} })
    }
    const socket = await laptop.datagrams()
    socket.send(Buffer.from('who is printer.local?'), { address: '224.0.0.251', port: 5353 })
  })
  await net.run()
  assert.deepEqual(heard, ['printer'])
})

test('what a switch remembers is bounded: made-up addresses cost it nothing but a flood', async () => {
  const net = internet({ log: new RecordingLog() })
  const lan = net.lan('lan', { subnet: '10.7.0.0/24', remembers: 2 })
  const hosts = ['a', 'b', 'c'].map((name) => net.host(name))
  for (const host of hosts) net.link(host, lan)
  const [a, b, c] = hosts as [SimHost, SimHost, SimHost]
  assert.equal(a.address, '10.7.0.1')
  await net.run(async () => {
    assert.equal((await a.ping(b.address)).outcome, 'reply')
    const before = c.stack.counters.framesNotForUs
    assert.equal((await b.ping(a.address)).outcome, 'reply')
    assert.equal(c.stack.counters.framesNotForUs, before, 'both are known')
    for (let i = 0; i < 10; i++) {
      const frame = new Uint8Array(60)
      frame.set([2, 0, 0, 0, 0, 0x63, 2, 0, 0, 0, 1, i])
      c.ports[0]!.end.transmit(frame)
    }
    assert.equal((await b.ping(a.address)).outcome, 'reply')
    assert.ok(c.stack.counters.framesNotForUs > before, 'they were forgotten, and everybody was asked')
  })
})

test('misuse is refused in words', () => {
  const { net, lan } = house()
  const host = net.host('another')
  assert.throws(
    () => net.link(host, lan, { address: '10.9.9.9' }),
    /'10\.9\.9\.9' is not an address of 192\.168\.1\.0\/24/,
  )
  assert.throws(() => net.link(host, lan, { address: '192.168.1.10' }), /another machine has 192\.168\.1\.10 already/)
  assert.throws(() => net.link(lan, net.lan('other')), /put a router between two LANs/)
  assert.throws(() => net.link(host, lan, { addresses: ['10.0.0.1/24', '10.0.0.2/24'] }), /on a LAN write \{ address/)
  assert.throws(() => net.lan('bad', { subnet: '10.0.0.0' }), /must be a prefix like/)
  assert.throws(() => net.lan('laptop'), /already a machine or LAN named 'laptop'/)
})
