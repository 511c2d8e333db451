/** Many questions at once for servers that are slow, lossy, dead or broken: common weather, and nobody is left without an answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../src/base/clock.ts'
import { type Duration, seconds, sleep } from '../../src/base/duration.ts'
import { serveZones } from '../../src/dns/authority/serve.ts'
import { serveDns } from '../../src/dns/front/server.ts'
import { response } from '../../src/dns/message/message.ts'
import { Name } from '../../src/dns/message/name.ts'
import { CLASS, RCODE, TYPE } from '../../src/dns/message/types.ts'
import type { ResolverDriver } from '../../src/dns/resolver/driver.ts'
import { iterating, resolverDriver } from '../../src/dns/resolver/serve.ts'
import { hostResolver } from '../../src/dns/stub/host-resolver.ts'
import { internet, type LinkOptions, ms, type SimHost } from '../../src/sim/index.ts'
import { zone } from './world.ts'

const NAMES = Array.from({ length: 50 }, (_, i) => `n${i}`)
const ROOT = `$TTL 60\n@ SOA ns. h. 1 2 3 4 5\n@ NS ns.\nns. A 198.18.0.1\n${NAMES.map((name) => `${name} A 192.0.2.1\n`).join('')}`

/** A resolver and the one server that it has, over such a link. */
async function through(link: Partial<LinkOptions>, scene: (driver: ResolverDriver) => Promise<void>, seed = 1) {
  const net = internet({ seed, names: false })
  const [client, server] = [net.host('resolver'), net.host('server')]
  net.link(client, server, { latency: ms(10), ...link })
  await net.run(async () => {
    await serveZones(server, [zone('.', ROOT)])
    const hints = [{ address: server.address, port: 53 }]
    await scene(resolverDriver(client, 'resolver', { ...iterating(hints), prime: false }))
  })
}

/** How many of the names are found when they are asked for at once. */
async function foundAtOnce(driver: ResolverDriver, names: readonly string[]): Promise<number> {
  const asked = names.map((name) => driver.resolve({ name: Name.parse(name), type: TYPE.A, class: CLASS.IN }))
  const answers = await Promise.all(asked)
  return answers.filter(({ answer }) => answer.rcode === RCODE.NOERROR && answer.answer.length === 1).length
}

test('names asked for at once of a server that is slower than the first time-out are all found', async () => {
  for (const [latency, count] of [
    [190, 12],
    [300, 50],
    [700, 12],
  ] as const)
    await through({ latency: ms(latency) }, async (driver) => {
      const names = NAMES.slice(0, count)
      assert.equal(await foundAtOnce(driver, names), count, `${count} names at ${latency} ms`)
      // What came late has taught how fast the server is: nothing is asked twice any more.
      const server = [...driver.resolver.settings.zones][0]!.servers[0]!
      const key = 'key' in server ? server.key : `${server.address}:53`
      assert.ok(driver.resolver.book.expected(key, TYPE.A, 60 * SECOND) >= ms(2 * latency))
    })
})

test('a fifth of all packets is lost, and forty names at once are found all the same', async () => {
  let found = 0
  for (let seed = 1; seed <= 5; seed++)
    await through(
      { loss: 0.2 },
      async (driver) => {
        found += await foundAtOnce(driver, NAMES.slice(0, 40))
      },
      seed,
    )
  // Each question may be asked five times: one in 166 is lost with all of them.
  assert.ok(found >= 196, `${found} of 200`)
})

test('a dead first nameserver is waited for once, then passed over, and noticed when it comes back', async () => {
  const net = internet({ seed: 3, names: false })
  const laptop = net.host('laptop')
  const machines = ['dead', 'alive'].map((name) => net.host(name)) as [SimHost, SimHost]
  for (const machine of machines) net.link(laptop, machine, { latency: ms(5) })
  const asked: string[] = []
  const serve = (machine: SimHost) =>
    serveDns(machine, (query) => {
      asked.push(machine.name)
      const { name, type } = query.question[0]!
      const rdata = Uint8Array.of(192, 0, 2, 1)
      return response(query, { ra: true, answer: [{ name, type, class: CLASS.IN, ttl: 0, rdata }] })
    })
  const [dead, alive] = machines
  // There and silent: a datagram socket that nobody reads.
  const silence = await net.run(dead.datagrams({ address: dead.address, port: 53 }))
  const resolver = hostResolver(laptop, {
    resolvConf: `nameserver ${dead.address}\nnameserver ${alive.address}\n`,
    families: [4],
  })
  const took = async (name: string): Promise<Duration> => {
    const started = net.clock.now()
    assert.deepEqual(await resolver.lookup(name), ['192.0.2.1'])
    return (net.clock.now() - started) as Duration
  }
  await net.run(async () => {
    await serve(alive)
    assert.ok((await took('a.example')) < seconds(5.1))
    for (const name of ['b', 'c', 'd']) assert.ok((await took(`${name}.example`)) < ms(50))
    // Now and then it is tried, beside the other: nobody waits for that.
    for (let i = 0; i < 10; i++) {
      await sleep(net.clock, seconds(20))
      assert.ok((await took(`e${i}.example`)) < ms(50))
    }
    silence.close()
    await serve(dead)
    await sleep(net.clock, seconds(600))
    await took('f.example')
    asked.length = 0
    await took('g.example')
    assert.deepEqual(asked, ['dead'])
  })
})
