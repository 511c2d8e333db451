/** The same server and client on simulated hosts: lossy links, clients that stall, all in virtual time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../../src/base/clock.ts'
import { seconds, sleep } from '../../../src/base/duration.ts'
import { RecordingLog } from '../../../src/base/events.ts'
import { Client, type HttpServer, serve } from '../../../src/http/index.ts'
import { internet, kbit, mbit, ms } from '../../../src/sim/index.ts'

function pair(seed: number, loss = 0, rate = mbit(20), log = new RecordingLog()) {
  const net = internet({ seed, log })
  const [laptop, router, web] = [net.host('laptop'), net.router('router'), net.host('web')]
  net.link(laptop, router, { latency: ms(5), rate, loss })
  net.link(router, web, { latency: ms(20), rate: mbit(100), loss })
  return { net, laptop, web, log }
}

test('bodies arrive whole both ways over links that lose packets, again and again the same', async () => {
  const logs: string[] = []
  for (const _ of [1, 2]) {
    const { net, laptop, web, log } = pair(7, 0.03)
    await net.run(async () => {
      const server = await serve(web, async (exchange) => exchange.reply(200, [], await exchange.body.bytes()))
      const client = new Client(laptop)
      const sent = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => i))
      for (let i = 0; i < 3; i++) {
        const reply = await client.request('http://web/', {
          method: 'PUT',
          body: sent,
        })
        assert.deepEqual(Buffer.from(await reply.body.bytes()), sent)
      }
      assert.equal(client.connections, 1)
      client.close()
      await server.close()
    })
    logs.push(JSON.stringify(log.events.filter((event) => event.type.startsWith('http.'))))
  }
  assert.equal(logs[0], logs[1])
})

test('neither a reply nor a request waits in its sender for the other side’s delayed acknowledgment', async () => {
  const { net, laptop, web } = pair(3)
  await net.run(async () => {
    const page = Buffer.alloc(2_000, 'x') // a full segment and a part of one, which Nagle's algorithm would hold back
    const server = await serve(web, async (exchange) => {
      await exchange.body.bytes()
      exchange.reply(200, [], page)
    })
    const client = new Client(laptop)
    const ask = async () => {
      const began = laptop.clock.now()
      const reply = await client.request('http://web/', { method: 'PUT', body: page })
      await reply.body.bytes()
      return laptop.clock.now() - began
    }
    await ask()
    const time = await ask() // over the connection that stands: a round trip of 50 ms and what the bytes take
    assert.ok(time < ms(55), `${time / ms(1)} ms`)
    client.close()
    await server.close()
  })
})

test('a reply that closes its connection arrives whole, however slow the way', async () => {
  const { net, laptop, web } = pair(5, 0, kbit(800))
  await net.run(async () => {
    const server = await serve(web, (exchange) => exchange.reply(200, [], Buffer.alloc(5_000_000, 'x')))
    const client = new Client(laptop, { keepAlive: false })
    const reply = await client.request('http://web/')
    assert.equal((await reply.body.bytes()).length, 5_000_000)
    assert.ok(laptop.clock.now() > 50 * SECOND)
    client.close()
    await server.close()
  })
})

test('a refusal reaches a client that reads only when it has sent everything', async () => {
  const { net, laptop, web } = pair(6, 0, kbit(800))
  await net.run(async () => {
    const server = await serve(web, () => {}, { limits: { bodyBytes: 1000 } })
    const [address] = await laptop.lookup('web')
    const connection = await laptop.connect({ address: address!, port: 80 })
    let text = ''
    let failure: unknown = null
    let open = () => {}
    connection.attach({
      onData: (bytes) => void (text += Buffer.from(bytes).toString()),
      onEnd: () => connection.close(),
      onDrain: () => open(),
      onClose: (error) => void (failure = error),
    })
    connection.pause()
    connection.write(Buffer.from('POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 2000000\r\n\r\n'))
    for (let sent = 0; sent < 2_000_000; sent += 20_000)
      if (!connection.write(Buffer.alloc(20_000))) await new Promise<void>((resolve) => (open = resolve))
    assert.ok(laptop.clock.now() > 15 * SECOND, `${laptop.clock.now() / SECOND} s`)
    connection.resume()
    await sleep(laptop.clock, seconds(1))
    assert.match(text, /^HTTP\/1.1 413 /)
    assert.equal(failure, null)
    await server.close()
  })
})

test('slow heads, slow bodies and idle connections are ended in virtual time', async () => {
  const { net, laptop, web } = pair(1)
  await net.run(async () => {
    const server: HttpServer = await serve(web, async (e) => e.reply(200, [], await e.body.bytes()))
    const [address] = await laptop.lookup('web')
    const texts: string[] = []
    const ended: number[] = []
    const raw = async (start: string, drip: string) => {
      const connection = await laptop.connect({ address: address!, port: 80 })
      const index = texts.push('') - 1
      connection.attach({
        onData: (bytes) => void (texts[index] += Buffer.from(bytes).toString()),
        onEnd() {
          ended[index] = Math.round(laptop.clock.now() / SECOND)
          connection.close()
        },
        onDrain() {},
        onClose() {},
      })
      connection.write(Buffer.from(start))
      for (let i = 0; i < 100 && ended[index] === undefined; i++) {
        await sleep(laptop.clock, seconds(1))
        connection.write(Buffer.from(drip))
      }
    }
    await Promise.all([
      raw('GET / HTTP/1.1\r\n', 'X: y\r\n'),
      raw('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n', 'slow'),
      raw('GET / HTTP/1.1\r\nHost: a\r\n\r\n', ''),
    ])
    assert.match(texts[0]!, /^HTTP\/1.1 408 .*head did not arrive/s)
    assert.match(texts[1]!, /^HTTP\/1.1 408 .*slower than/s)
    assert.match(texts[2]!, /^HTTP\/1.1 200 /)
    assert.deepEqual(
      ended.map((at) => [20, 60, 75].findIndex((limit) => at >= limit && at <= limit + 2)),
      [0, 1, 2],
    )
    await server.close()
  })
})
