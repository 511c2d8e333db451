/** A proxy with three upstreams in a simulated network: machines crash, links are cut, names change. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ms, ns, seconds, sleep } from '../../../base/duration.ts'
import { RecordingLog } from '../../../base/events.ts'
import { internet } from '../../../sim/index.ts'
import { HostDecorator } from '../../../socket/index.ts'
import { Client } from '../../client/client.ts'
import type { Handler } from '../../exchange.ts'
import { serve } from '../../server/serve.ts'
import type { AnyProxyEvent } from '../events.ts'
import { type ReverseProxy, type ReverseProxyOptions, reverseProxy } from '../reverse.ts'

interface World {
  readonly net: ReturnType<typeof internet>
  readonly front: ReverseProxy
  /** Asks through the proxy: `200 app1`. */
  ask(path?: string, method?: string, body?: string): Promise<string>
  /** Asks so many times one after the other: how often each has answered. */
  count(times: number): Promise<Record<string, number>>
  readonly apps: readonly { crash(): void; restart(): void; readonly address: string }[]
  readonly cables: readonly { cut(): void; repair(): void }[]
  /** `app2 up>ejected` */
  states(): string[]
  /** What the third app does, changed by the test. */
  readonly behaviour: { status: number; wait: number; healthy: boolean }
}

async function world(
  options: Partial<ReverseProxyOptions>,
  play: (world: World) => Promise<void>,
  names = false,
): Promise<void> {
  const log = new RecordingLog()
  const net = internet({ seed: 'upstreams', log })
  const lan = net.lan('lan')
  const behaviour = { status: 200, wait: 0, healthy: true }
  const appNames = ['app1', 'app2', 'app3']
  const apps = appNames.map((name) =>
    net.host(name, {
      async boot(host) {
        const answer: Handler = async (e) => {
          const odd = name === 'app3'
          if (e.path === '/health') {
            e.reply(odd && !behaviour.healthy ? 500 : 200, [], '')
            return
          }
          if (odd && behaviour.wait > 0) await sleep(host.clock, ns(behaviour.wait))
          e.reply(odd ? behaviour.status : 200, [], name)
        }
        await serve(host, answer, { port: 3000, onError() {} })
      },
    }),
  )
  const [edge, laptop] = [net.host('edge'), net.host('laptop')]
  const cables = apps.map((app) => net.link(app, lan, { latency: ms(1) }))
  for (const host of [edge, laptop]) net.link(host, lan, { latency: ms(1) })
  await net.run(async () => {
    const to = names ? 'http://apps.internal:3000' : apps.map(({ address }) => `http://${address}:3000`)
    const current = { addresses: apps.slice(0, 2).map(({ address }) => address) }
    class Named extends HostDecorator {
      override async lookup(name: string): Promise<readonly string[]> {
        return name === 'apps.internal' ? current.addresses : super.lookup(name)
      }
    }
    const host = names ? new Named(edge) : edge
    const front = reverseProxy(host, { to, connectTime: ms(200), headTime: seconds(2), ...options })
    const server = await serve(edge, front, { port: 80 })
    const client = new Client(laptop)
    const ask = async (path = '/', method = 'GET', body?: string) => {
      const reply = await client.request(`http://${edge.address}${path}`, {
        method,
        ...(body === undefined ? {} : { body }),
      })
      const text = await reply.body.text()
      return `${reply.status} ${reply.status === 200 ? text : ''}`.trim()
    }
    const count = async (times: number) => {
      const counts: Record<string, number> = {}
      for (let i = 0; i < times; i++) {
        const answer = await ask()
        counts[answer] = (counts[answer] ?? 0) + 1
      }
      return counts
    }
    const states = () =>
      (log.events as unknown as AnyProxyEvent[]).flatMap((event) => {
        if (event.type !== 'proxy.upstream') return []
        const name = appNames[apps.findIndex(({ address }) => event.upstream.includes(`${address}:`))]
        return [`${name} ${event.from}>${event.to}`]
      })
    const rest = { net, front, ask, count, apps, cables, states, behaviour }
    await play(names ? { ...rest, behaviour: Object.assign(behaviour, { current }) as never } : rest)
    client.close()
    front.close()
    await server.close()
  })
}

test('requests go in turn; a machine that crashes is left out, and comes back by a trial', async () => {
  await world({}, async ({ count, apps, states, front, net }) => {
    assert.deepEqual(await count(30), { '200 app1': 10, '200 app2': 10, '200 app3': 10 })
    apps[1]!.crash()
    // One is lost on a connection that was kept: nobody can tell whether it was done. Each other that would have gone there
    // goes to another in a connect's time; after five failures it is not asked.
    const counts = await count(30)
    assert.equal(counts['504'], 1, JSON.stringify(counts))
    assert.equal(counts['200 app1']! + counts['200 app3']!, 29, JSON.stringify(counts))
    assert.deepEqual(states(), ['app2 up>ejected'])
    assert.equal(front.upstreams[1]!.state, 'ejected')
    // It rests; then one request finds that nothing has changed, and it rests twice as long.
    await sleep(net.clock, seconds(11))
    await count(6)
    assert.deepEqual(states().slice(1), ['app2 ejected>trial', 'app2 trial>ejected'])
    apps[1]!.restart()
    await sleep(net.clock, seconds(11))
    await count(6)
    assert.equal(states().length, 3)
    await sleep(net.clock, seconds(10))
    await count(6)
    assert.deepEqual(states().slice(3), ['app2 ejected>trial', 'app2 trial>up'])
    assert.deepEqual(await count(30), { '200 app1': 10, '200 app2': 10, '200 app3': 10 })
  })
})

test('what may not be sent twice is not: a POST that was sent fails, one that was not goes to another', async () => {
  await world({ ejection: { failures: 0 } }, async ({ ask, apps, cables, count, net }) => {
    await count(3)
    await sleep(net.clock, seconds(10)) // no kept connections
    apps[0]!.crash()
    apps[1]!.crash()
    for (let i = 0; i < 3; i++) assert.equal(await ask('/', 'POST', 'x'), '200 app3')
    apps[0]!.restart()
    apps[1]!.restart()
    // The cable is pulled while the request is under way: nobody knows whether it was done.
    const asking = [0, 1, 2].map(() => ask('/', 'POST', 'y'))
    await sleep(net.clock, ms(2))
    for (const cable of cables) cable.cut()
    const answers = await Promise.all(asking)
    for (const answer of answers) assert.match(answer, /^504|^200/)
  })
})

test('statuses count against an upstream; not more than half of a group rests', async () => {
  await world({}, async ({ count, states, behaviour, apps }) => {
    behaviour.status = 503
    const counts = await count(30)
    assert.equal(counts['503'], 5)
    assert.deepEqual(states(), ['app3 up>ejected'])
    apps[0]!.crash()
    await count(12)
    assert.deepEqual(states(), ['app3 up>ejected'], 'one of three may rest, not two')
  })
})

test('health checks take an upstream out and bring it back, slowly at first', async () => {
  const health = { path: '/health', every: seconds(1), fall: 2, rise: 2 }
  await world(
    { health, slowStart: seconds(60), ejection: { failures: 0 } },
    async ({ count, states, behaviour, net, apps, front }) => {
      await sleep(net.clock, seconds(3))
      behaviour.healthy = false
      await sleep(net.clock, seconds(4))
      assert.deepEqual(states(), ['app3 up>down'])
      assert.deepEqual(await count(10), { '200 app1': 5, '200 app2': 5 })
      behaviour.healthy = true
      await sleep(net.clock, seconds(4))
      assert.deepEqual(states().slice(1), ['app3 down>up'])
      const early = await count(60)
      assert.ok((early['200 app3'] ?? 0) < 10, JSON.stringify(early))
      await sleep(net.clock, seconds(60))
      assert.deepEqual(await count(30), { '200 app1': 10, '200 app2': 10, '200 app3': 10 })
      for (const app of apps) app.crash()
      await sleep(net.clock, seconds(12))
      assert.deepEqual(
        front.upstreams.map(({ state }) => state),
        ['down', 'down', 'down'],
      )
      assert.deepEqual(await count(1), { '503': 1 })
    },
  )
})

test('a name stands for all of its addresses, which may change; who leaves ends what is under way', async () => {
  await world(
    { lookup: seconds(5) },
    async ({ count, ask, apps, net, front, behaviour, states }) => {
      const { current } = behaviour as unknown as { current: { addresses: string[] } }
      assert.deepEqual(await count(10), { '200 app1': 5, '200 app2': 5 })
      current.addresses = [apps[1]!.address, apps[2]!.address]
      await sleep(net.clock, seconds(6))
      assert.deepEqual(await count(10), { '200 app2': 5, '200 app3': 5 })
      assert.deepEqual(states(), ['app1 up>leaving'])
      behaviour.wait = seconds(1)
      const long = [ask(), ask()]
      await sleep(net.clock, ms(100))
      current.addresses = [apps[0]!.address]
      await sleep(net.clock, seconds(6))
      assert.deepEqual((await Promise.all(long)).toSorted(), ['200 app2', '200 app3'])
      assert.deepEqual(
        front.upstreams.map(({ name }) => name),
        [`http://${apps[0]!.address}:3000`],
      )
      // A name that is gone for a while changes nothing.
      current.addresses = []
      await sleep(net.clock, seconds(6))
      assert.deepEqual(await count(2), { '200 app1': 2 })
    },
    true,
  )
})

test('an upstream that has as many requests as it may is not asked while another has room', async () => {
  const net = internet({ seed: 'room' })
  const lan = net.lan('lan')
  const [one, two, edge, laptop] = ['one', 'two', 'edge', 'laptop'].map((name) => net.host(name)) as [
    never,
    never,
    never,
    never,
  ]
  for (const host of [one, two, edge, laptop]) net.link(host, lan, { latency: ms(1) })
  await net.run(async () => {
    const hosts = { one, two, edge, laptop } as unknown as Record<string, ReturnType<typeof net.host>>
    for (const name of ['one', 'two'])
      await serve(
        hosts[name]!,
        async (e) => {
          await sleep(e.machine.clock, seconds(1))
          e.reply(200, [], name)
        },
        { port: 3000 },
      )
    const to = [{ url: `http://${hosts['one']!.address}:3000`, connections: 2 }, `http://${hosts['two']!.address}:3000`]
    const front = reverseProxy(hosts['edge']!, { to })
    const server = await serve(hosts['edge']!, front, { port: 80 })
    const client = new Client(hosts['laptop']!, { connections: 32 })
    const all = Array.from({ length: 10 }, async () =>
      (await client.request(`http://${hosts['edge']!.address}/`)).body.text(),
    )
    const answers = await Promise.all(all)
    assert.equal(answers.filter((name) => name === 'one').length, 2)
    client.close()
    front.close()
    await server.close()
  })
})
