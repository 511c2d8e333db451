/** Clients of Redis and Valkey. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { internet, ms, seconds } from '../../src/sim/index.ts'
import { virtualGlobals } from '../../src/sim/node/index.ts'
import type { Host } from '../../src/socket/host.ts'
import { type HostSocket, nodeConnect } from '../../src/socket/node/index.ts'
import { everywhere, type Place } from './places.ts'
import { serveRedis } from './servers/redis.ts'

/** A class of connectors, for either library: its sockets are the host's. */
function connectorOn(host: Host) {
  return class {
    readonly #at: { readonly host?: string; readonly port?: number }
    #socket: HostSocket | null = null

    constructor(options: { readonly host?: string; readonly port?: number }) {
      this.#at = options
    }

    check(): boolean {
      return true
    }

    async connect(): Promise<HostSocket> {
      const { port = 6379, host: name = 'localhost' } = this.#at
      this.#socket = nodeConnect(host)(port, name)
      return this.#socket
    }

    disconnect(): void {
      this.#socket?.end()
    }
  }
}

async function useful(redis: Redis | Valkey, other: Redis | Valkey, place: Place): Promise<void> {
  place.finally(() => redis.disconnect())
  place.finally(() => other.disconnect())
  assert.equal(await redis.set('page', 'ünïcode 🎉'), 'OK')
  assert.equal(await other.get('page'), 'ünïcode 🎉')
  assert.equal(await redis.get('nothing'), null)
  assert.deepEqual(await Promise.all([redis.incr('n'), redis.incr('n'), redis.incrby('n', 40)]), [1, 2, 42])
  await assert.rejects(redis.incr('page'), /not an integer/)
  assert.deepEqual(await redis.multi().set('a', '1').incr('a').get('a').exec(), [
    [null, 'OK'],
    [null, 2],
    [null, '2'],
  ])
  // Somebody else changes what is watched: the transaction does not happen.
  await redis.watch('a')
  await other.set('a', '10')
  assert.equal(await redis.multi().incr('a').exec(), null)
  const heard: string[] = []
  const told = new Promise<void>((resolve) => {
    other.on('message', (channel, text) => {
      heard.push(`${channel}: ${text}`)
      if (heard.length === 2) resolve()
    })
  })
  await other.subscribe('news', 'weather')
  assert.equal(await redis.publish('news', 'hello'), 1)
  assert.equal(await redis.publish('weather', 'rain'), 1)
  assert.equal(await redis.publish('sports', 'nobody'), 0)
  await told
  assert.deepEqual(heard, ['news: hello', 'weather: rain'])
  await redis.set('short', 'life', 'PX', 50)
  assert.equal(await redis.expire('a', 60), 1)
  assert.equal(await redis.ttl('a'), 60)
  while ((await redis.get('short')) !== null) await new Promise((resolve) => setTimeout(resolve, 20))
  await assert.rejects(redis.call('GEOADD', 'x'), /unknown command 'GEOADD'/)
}

everywhere('ioredis', 'values, counters, transactions, messages and expiry', async (place) => {
  const port = await place.open(serveRedis(place.server, 0))
  const options = { host: place.address, port, Connector: connectorOn(place.client) as never, protocol: 2 as const }
  await useful(new Redis(options), new Redis(options), place)
})

everywhere('iovalkey', 'values, counters, transactions, messages and expiry', async (place) => {
  const port = await place.open(serveRedis(place.server, 0))
  const options = { host: place.address, port, Connector: connectorOn(place.client) as never }
  await useful(new Valkey(options), new Valkey(options), place)
})

test('ioredis tries again by its back-off, on virtual time, until the server is there', async () => {
  const net = internet({ seed: 'back-off' })
  using _globals = virtualGlobals(net)
  const [client, server] = [net.host('client'), net.host('server')]
  net.link(client, server, { latency: ms(10) })
  await net.run(async () => {
    const tried: number[] = []
    const redis = new Redis({
      host: 'server',
      protocol: 2,
      Connector: connectorOn(client) as never,
      maxRetriesPerRequest: null,
      retryStrategy: (times) => Math.min(times * 1000, 5000),
    })
    redis.on('connecting', () => tried.push(net.now))
    redis.on('error', () => {}) // ECONNREFUSED, each time
    const answer = redis.set('key', 'value')
    net.clock.at(seconds(30), () => void serveRedis(server))
    assert.equal(await answer, 'OK')
    const waits = tried.slice(1).map((at, i) => (at - (tried[i] ?? 0)) / 1e6)
    assert.deepEqual(
      waits.map((wait) => Math.floor(wait / 1000)),
      [1, 2, 3, 4, 5, 5, 5, 5],
    )
    assert.ok(net.now > seconds(30) && net.now < seconds(36))
    redis.disconnect()
  })
})
