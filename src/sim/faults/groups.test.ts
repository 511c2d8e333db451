import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../base/duration.ts'
import { type Internet, internet, ms, type SimHost } from '../index.ts'

/** Five machines on a LAN, or each on a link of its own to one router. */
function five(kind: 'lan' | 'router') {
  const net = internet({ seed: 1 })
  const hosts = ['a', 'b', 'c', 'd', 'e'].map((name) => net.host(name))
  const middle = kind === 'lan' ? net.lan('lan') : net.router('router')
  for (const host of hosts) net.link(host, middle, { latency: ms(1) })
  return { net, hosts: hosts as [SimHost, SimHost, SimHost, SimHost, SimHost] }
}

/** Who hears of whom: `ab` when a's question reached b and b's answer came back. */
async function reached(net: Internet, hosts: readonly SimHost[]): Promise<string> {
  const pairs: string[] = []
  await net.run(async () => {
    for (const from of hosts)
      for (const to of hosts) {
        if (from === to) continue
        const { outcome } = await from.ping(to.address, { timeout: ms(100) })
        if (outcome === 'reply') pairs.push(from.name + to.name)
      }
  })
  return pairs.join(' ')
}

for (const kind of ['lan', 'router'] as const) {
  test(`a partition into groups, through a ${kind}: each group is a world of its own until the guard is removed`, async () => {
    const { net, hosts } = five(kind)
    const [a, b, c, d, e] = hosts
    const all = await reached(net, hosts)
    assert.equal(all.split(' ').length, 20)
    const cut = net.partition([a, b], [c, d])
    assert.equal(await reached(net, hosts), 'ab ae ba be cd ce dc de ea eb ec ed', 'e is in no group')
    cut.remove()
    const three = net.partition(a, [b, c], [d, e])
    assert.equal(await reached(net, hosts), 'bc cb de ed')
    three[Symbol.dispose]()
    assert.equal(await reached(net, hosts), all)
  })
}

test('a broadcast on a LAN is heard on the own side of a partition only', async () => {
  const { net, hosts } = five('lan')
  const [a, b, c, d, e] = hosts
  const heard: string[] = []
  await net.run(async () => {
    for (const host of hosts) {
      const socket = await host.datagrams({ address: '0.0.0.0', port: 5 })
      socket.attach({ onDatagram: () => void heard.push(host.name), onError() {}, onClose() {} })
    }
    const socket = await a.datagrams(undefined, { options: { SO_BROADCAST: 1 } })
    net.partition([a, b], [c, d, e])
    socket.send(new Uint8Array(1), { address: '192.168.1.255', port: 5 })
    socket.send(new Uint8Array(1), { address: '255.255.255.255', port: 5 })
    await sleep(net.clock, ms(50))
  })
  assert.deepEqual(heard.sort(), ['a', 'a', 'b', 'b'])
})

test('one way is cut for groups too, and a hold keeps what they say', async () => {
  const { net, hosts } = five('router')
  const [a, b, c, d] = hosts
  const said: string[] = []
  await net.run(async () => {
    const server = await d.datagrams({ address: '0.0.0.0', port: 5 })
    server.attach({ onDatagram: (bytes) => void said.push(String.fromCharCode(...bytes)), onError() {}, onClose() {} })
    const say = async (from: SimHost, text: string) => {
      const socket = await from.datagrams()
      socket.send(
        Uint8Array.from(text, (letter) => letter.charCodeAt(0)),
        { address: d.address, port: 5 },
      )
    }
    const oneWay = net.partitionOneWay([a, b], [c, d])
    await say(a, 'a lost')
    await say(hosts[4], 'e heard')
    assert.equal((await c.ping(a.address, { timeout: ms(50) })).outcome, 'timeout', 'the answer goes that way')
    oneWay.remove()
    const held = net.hold([a, b], d)
    await say(a, 'a held')
    await say(b, 'b held')
    await say(c, 'c heard')
    assert.equal((await c.ping(d.address)).outcome, 'reply')
    held.release()
  })
  await net.run({ for: ms(50) })
  assert.deepEqual(said, ['e heard', 'c heard', 'a held', 'b held'])
})
