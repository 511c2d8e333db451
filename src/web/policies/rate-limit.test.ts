import assert from 'node:assert/strict'
import { test } from 'node:test'
import { minutes, seconds } from '../../base/duration.ts'
import { testMachine } from '../../http/trial/machine.ts'
import { WEB_LIMITS } from '../limits.ts'
import { app } from '../site/app.ts'
import { MemoryRates, networkOf, type RateLimitOptions, rateLimit } from './rate-limit.ts'

function site(options: Partial<RateLimitOptions> = {}) {
  const machine = testMachine()
  const made = app({ machine, log: () => {} })
  made.before(rateLimit({ quota: 3, window: seconds(30), key: (c) => c.header('x-who') ?? null, ...options }))
  made.get('/', () => 'here')
  const ask = async (who = 'ada') => {
    const { status, headers } = await made.fetch(new Request('http://localhost/', { headers: { 'x-who': who } }))
    return [status, headers.get('ratelimit'), headers.get('retry-after'), headers.get('ratelimit-policy')]
  }
  return { ask, clock: machine.clock, made }
}

test('a quota is used up, said, refused, and comes back evenly', async () => {
  const { ask, clock, made } = site()
  const policy = '"default";q=3;w=30'
  assert.deepEqual(await ask(), [200, '"default";r=2;t=10', null, policy])
  assert.deepEqual(await ask(), [200, '"default";r=1;t=20', null, policy])
  assert.deepEqual(await ask(), [200, '"default";r=0;t=30', null, policy])
  assert.deepEqual(await ask(), [429, '"default";r=0;t=30', '10', policy])
  assert.deepEqual((await ask('eve'))[0], 200, 'others have their own')
  await clock.advance(seconds(9))
  assert.deepEqual(await ask(), [429, '"default";r=0;t=21', '1', policy])
  await clock.advance(seconds(1))
  assert.deepEqual(await ask(), [200, '"default";r=0;t=30', null, policy])
  await clock.advance(seconds(100))
  assert.deepEqual(await ask(), [200, '"default";r=2;t=10', null, policy])
  const uncounted = await made.fetch(new Request('http://localhost/'))
  assert.equal(uncounted.headers.get('ratelimit'), null)
})

test('a store that takes its time, and one that several limits share', async () => {
  const store = new MemoryRates()
  const late = { count: async (...given: Parameters<MemoryRates['count']>) => store.count(...given) }
  const a = site({ quota: 1, name: 'a', store: late })
  const b = site({ quota: 1, name: 'b', store: late })
  assert.deepEqual([(await a.ask())[0], (await a.ask())[0], (await b.ask())[0]], [200, 429, 200])
})

test('past limits.memoryRates the client that has been silent for longest is forgotten', () => {
  assert.equal(new MemoryRates().limit, WEB_LIMITS.memoryRates)
  const rates = new MemoryRates(3)
  const quota = { quota: 1, window: minutes(1) }
  for (const who of ['a', 'b', 'c', 'a', 'd']) rates.count(who, quota, 0)
  assert.equal(rates.size, 3)
  assert.equal(rates.count('a', quota, 0).allowed, false)
  assert.equal(rates.count('b', quota, 0).allowed, true, 'forgotten')
  for (let i = 0; i < 100; i++) rates.count(String(i), quota, minutes(2) + i)
  assert.equal(rates.size, 3)
})

test('whatever is asked and when, no window has more than twice the quota, and each quota can be used whole', () => {
  for (const quota of [1, 2, 3, 7, 10, 60, 1000]) {
    const rates = new MemoryRates()
    const of = { quota, window: seconds(7) }
    let allowed = 0
    for (let i = 0; i < quota * 3; i++) if (rates.count('x', of, 123).allowed) allowed++
    assert.equal(allowed, quota)
    for (let at = 0; at < 100; at++) if (rates.count('x', of, 123 + (at * of.window) / 100).allowed) allowed++
    assert.ok(allowed <= quota * 2)
  }
})

test('a client is its address, or the half of it that it cannot choose', () => {
  assert.equal(networkOf({ address: '192.0.2.7', port: 1 }), '192.0.2.7')
  assert.equal(networkOf({ address: '2001:db8:1:2:3:4:5:6', port: 1 }), '2001:db8:1:2::/64')
  assert.equal(networkOf({ address: 'fe80::1%eth0', port: 1 }), 'fe80::/64')
  assert.equal(networkOf({ address: '::ffff:192.0.2.7', port: 1 }), '192.0.2.7')
  assert.equal(networkOf({ address: '::ffff:c000:208', port: 1 }), '192.0.2.8')
})

test('quotas and windows that cannot be meant are refused', () => {
  for (const quota of [0, -1, 1.5, Number.NaN, '10'])
    assert.throws(() => rateLimit({ quota: quota as number, window: minutes(1) }), /whole number from 1/)
  for (const window of [0, 60, 1e6])
    assert.throws(() => rateLimit({ quota: 1, window: window as never }), /seconds|minutes/)
})
