/** HTTP/2 on simulated hosts, over our own TCP: lossy links, readers that stop, requests given up at random, in virtual time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seconds, sleep } from '../../../src/base/duration.ts'
import { RecordingLog } from '../../../src/base/events.ts'
import { below, SeededRandom } from '../../../src/base/random.ts'
import { Client, type Handler, type HttpLimits, serve } from '../../../src/http/index.ts'
import { internet, mbit, ms } from '../../../src/sim/index.ts'

function pair(seed: number, loss = 0, log = new RecordingLog()) {
  const net = internet({ seed, log })
  const [laptop, router, web] = [net.host('laptop'), net.router('router'), net.host('web')]
  net.link(laptop, router, { latency: ms(5), rate: mbit(20), loss })
  net.link(router, web, { latency: ms(20), rate: mbit(100), loss })
  return { net, laptop, web, log }
}

const http2 = 'prior knowledge'
const echo: Handler = async (exchange) => exchange.reply(200, [], await exchange.body.bytes())

test('many bodies at once arrive whole both ways over links that lose packets, again and again the same', async () => {
  const logs: string[] = []
  for (const _ of [1, 2]) {
    const { net, laptop, web, log } = pair(7, 0.03)
    await net.run(async () => {
      const server = await serve(web, echo)
      const client = new Client(laptop, { http2 })
      const bodies = Array.from({ length: 20 }, (_, i) => new Uint8Array(20_000 + i * 1_000).fill(i))
      const echoed = bodies.map(async (body) =>
        (await client.request('http://web/', { method: 'PUT', body })).body.bytes(),
      )
      assert.deepEqual(await Promise.all(echoed), bodies)
      assert.equal(client.connections, 1)
      client.close()
      await server.close()
    })
    logs.push(JSON.stringify(log.events.filter(({ type }) => type.startsWith('http.'))))
  }
  assert.equal(logs[0], logs[1])
})

test('a reader that stops costs its own stream alone, and that for limits.stallTime', async () => {
  const { net, laptop, web } = pair(3)
  await net.run(async () => {
    const limits: Partial<HttpLimits> = { stallTime: seconds(8) }
    let gaveUp = -1
    const handler: Handler = async (exchange) => {
      if (exchange.path === '/small') return exchange.reply(200, [], 'small')
      const body = exchange.start(200, [])
      try {
        for (;;) if (!body.write(new Uint8Array(20_000))) await body.ready()
      } catch {
        gaveUp = web.clock.now()
      }
    }
    const server = await serve(web, handler, { limits })
    const client = new Client(laptop, { http2 })
    const began = web.clock.now()
    const large = await client.request('http://web/large')
    for (let i = 0; i < 20; i++) {
      assert.equal(await (await client.request('http://web/small')).body.text(), 'small')
      await sleep(laptop.clock, seconds(1))
    }
    const took = gaveUp - began
    assert.ok(took >= seconds(8) && took < seconds(16), `given up after ${took / seconds(1)} s`)
    await assert.rejects(large.body.bytes())
    assert.deepEqual([client.connections, server.connections], [1, 1])
    client.close()
    await server.close()
  })
})

test('requests that are given up at any point leave nothing behind, on either side', async () => {
  const { net, laptop, web } = pair(5, 0.01)
  await net.run(async () => {
    let running = 0
    const server = await serve(
      web,
      async (exchange) => {
        running++
        try {
          const body = exchange.start(200, [])
          body.write(await exchange.body.bytes())
          for (let i = 0; i < 10; i++) {
            await sleep(web.clock, ms(20))
            if (!body.write(new Uint8Array(5_000))) await body.ready()
          }
          body.end()
        } finally {
          running--
        }
      },
      { onError: () => {} },
    )
    const client = new Client(laptop, { http2 })
    const random = new SeededRandom('give up')
    const outcomes = { whole: 0, given: 0, other: 0 }
    await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        await sleep(laptop.clock, ms(10 * i))
        const giveUp = new AbortController()
        const after = ms(1 + below(random, 4_000))
        laptop.clock.at(laptop.clock.now() + after, () => giveUp.abort(new Error('enough')))
        try {
          const body = new Uint8Array(2_000)
          const reply = await client.request('http://web/', { method: 'POST', body, signal: giveUp.signal })
          await reply.body.bytes()
          outcomes.whole++
        } catch (error) {
          if ((error as { code?: string }).code === 'HTTP_ABORTED') outcomes.given++
          else outcomes.other++
        }
      }),
    )
    assert.equal(outcomes.other, 0)
    assert.ok(outcomes.whole > 10 && outcomes.given > 20, JSON.stringify(outcomes))
    await sleep(laptop.clock, seconds(10))
    assert.deepEqual([running, server.connections, client.connections], [0, 0, 0])
    client.close()
    await server.close()
  })
})
