import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseIp4 } from '../../base/ip.ts'
import { internet, ms, type SimHost, us } from '../index.ts'

/** Distances between all routers, by Floyd and Warshall: a hop costs a nanosecond. */
function distances(count: number, links: readonly (readonly [number, number, number])[]): number[][] {
  const table = Array.from({ length: count }, (_, i) =>
    Array.from({ length: count }, (_, j) => (i === j ? 0 : Number.POSITIVE_INFINITY)),
  )
  for (const [a, b, latency] of links) {
    table[a]![b] = Math.min(table[a]![b]!, latency + 1)
    table[b]![a] = Math.min(table[b]![a]!, latency + 1)
  }
  for (let k = 0; k < count; k++)
    for (let i = 0; i < count; i++)
      for (let j = 0; j < count; j++) table[i]![j] = Math.min(table[i]![j]!, table[i]![k]! + table[k]![j]!)
  return table
}

/** Follows the routes from router to router, and adds up what the way costs; -1 when it leads nowhere. */
function cost(from: SimHost, to: SimHost, routers: readonly SimHost[], latency: (a: SimHost, b: SimHost) => number) {
  const destination = parseIp4(to.address)
  let at = from
  let sum = 0
  for (let hops = 0; at !== to; hops++) {
    const route = at.stack.ip4.routes.lookup(destination)
    if (route === null || hops > routers.length) return -1
    const next = route.gateway === null ? to : routers.find((router) => router.has(route.gateway!))!
    sum += latency(at, next) + 1
    at = next
  }
  return sum
}

test('routes are the shortest paths, in any network of routers', async () => {
  const network = fc.integer({ min: 2, max: 9 }).chain((count) =>
    fc.record({
      count: fc.constant(count),
      links: fc.uniqueArray(
        fc.tuple(fc.nat(count - 1), fc.nat(count - 1), fc.integer({ min: 1, max: 20 })),
        // One link for a pair: two of them are told apart by address alone.
        { maxLength: 16, selector: ([a, b]) => `${Math.min(a, b)} ${Math.max(a, b)}` },
      ),
    }),
  )
  await fc.assert(
    fc.asyncProperty(network, async ({ count, links }) => {
      const net = internet({ seed: 1 })
      const routers = Array.from({ length: count }, (_, i) => net.router(`r${i}`))
      const edges = links.filter(([a, b]) => a !== b)
      for (const [a, b, latency] of edges) net.link(routers[a]!, routers[b]!, { latency: us(latency) })
      await net.run({ for: ms(0) })
      const table = distances(
        count,
        edges.map(([a, b, latency]) => [a, b, us(latency)]),
      )
      const between = (a: SimHost, b: SimHost) =>
        Math.min(
          ...edges
            .filter(([i, j]) => [routers[i], routers[j]].includes(a) && [routers[i], routers[j]].includes(b))
            .map(([, , latency]) => us(latency)),
        )
      for (const [i, from] of routers.entries())
        for (const [j, to] of routers.entries()) {
          if (i === j || to.ports.length === 0) continue
          // The address lies on the first link of the router. The way goes to the nearest router that stands there.
          const [x, y, latency] = edges.find(([one, other]) => one === j || other === j)!
          const far = x === j ? y : x
          const [direct, around] = [table[i]![j]!, table[i]![far]!]
          const costs = [...(direct <= around ? [direct] : []), ...(around <= direct ? [around + us(latency) + 1] : [])]
          const expected = direct === Number.POSITIVE_INFINITY ? [-1] : costs
          const found = cost(from, to, routers, between)
          assert.ok(expected.includes(found), `r${i} to r${j}: ${found}, and not ${expected.join(' or ')}`)
        }
    }),
    { numRuns: 150 },
  )
})

test('a thousand hosts behind two hundred routers reach each other, and each router works out its own routes alone', async () => {
  const net = internet({ seed: 1 })
  const routers = Array.from({ length: 200 }, (_, i) => net.router(`r${i}`))
  for (let i = 1; i < routers.length; i++) net.link(routers[i]!, routers[i >> 1]!, { latency: ms(1) })
  const hosts = Array.from({ length: 1000 }, (_, i) => net.host(`h${i}`))
  for (const [i, host] of hosts.entries()) net.link(host, routers[i % 200]!, { latency: ms(1) })
  await net.run(async () => {
    for (const [from, to] of [
      [0, 999],
      [199, 500],
      [123, 321],
    ] as const)
      assert.equal((await hosts[from]!.ping(hosts[to]!.address)).outcome, 'reply')
    routers[1]!.restart()
    assert.equal((await hosts[0]!.ping(hosts[999]!.address)).outcome, 'reply')
  })
  const table = routers[7]!.stack.ip4.routes
  assert.equal(table.all.length, 1 + 1199, 'the loopback, and every subnet')
  assert.match(table.toString(), /^10\.0\.\d+\.\d+\/30 (via 10\.0\.\d+\.\d+ )?dev eth\d/)
})

test('a route that was added by hand is taken before the one that was worked out', async () => {
  const net = internet({ seed: 1 })
  const [a, b] = [net.host('a'), net.host('b')]
  const [west, north, south, east] = ['west', 'north', 'south', 'east'].map((name) => net.router(name)) as SimHost[]
  net.link(a, west!, { latency: ms(1) })
  net.link(west!, north!, { latency: ms(1) })
  net.link(north!, east!, { latency: ms(1) })
  const detour = net.link(west!, south!, { latency: ms(10) })
  net.link(south!, east!, { latency: ms(10) })
  net.link(east!, b, { latency: ms(1), addresses: ['192.0.2.1/24', '192.0.2.2/24'] })
  const time = async () => {
    await a.ping(b.address)
    return (await a.ping(b.address)).time
  }
  await net.run(async () => {
    assert.equal(await time(), ms(8))
    const out = west!.ports.find(({ end }) => end.link === detour)!
    const gateway = parseIp4(south!.address)
    const prefix = { network: parseIp4('192.0.2.0'), length: 24 }
    west!.stack.ip4.routes.add({ prefix, gateway, interface: out.interface, metric: 0 })
    assert.equal(await time(), ms(1 + 10 + 10 + 1 + 1 + 1 + 1 + 1), 'there by the south, back by the north')
    west!.stack.ip4.routes.remove((route) => route.gateway === gateway)
    assert.equal(await time(), ms(8))
  })
})

test('the way into a home is hidden from outside, also where two homes have the same subnet', async () => {
  const net = internet({ seed: 1 })
  const isp = net.router('isp')
  const homes = [1, 2].map((i) => {
    const [home, laptop] = [net.homeRouter(`home${i}`), net.host(`laptop${i}`)]
    net.link(home.lan, laptop, { addresses: ['192.168.7.1/24', '192.168.7.2/24'] })
    net.link(home.wan, isp, { addresses: [`198.51.100.${4 * i + 1}/30`, `198.51.100.${4 * i + 2}/30`] })
    return { home, laptop }
  })
  await net.run(async () => {
    for (const { home, laptop } of homes) {
      assert.equal((await laptop.ping(isp.address)).outcome, 'reply')
      assert.equal((await home.ping(laptop.address)).outcome, 'reply')
    }
  })
  assert.equal(isp.stack.ip4.routes.lookup(parseIp4('192.168.7.2')), null)
})
