import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { SECOND } from '../base/clock.ts'
import { seconds } from '../base/duration.ts'
import { SeededRandom } from '../base/random.ts'
import { FailureCache } from './cache/failures.ts'
import { DnsError } from './errors.ts'
import { Resolver } from './iterate/resolver.ts'
import { deeper, minimisation, minimised } from './iterate/walk/minimise.ts'
import { DNS_LIMITS, dnsLimits } from './limits.ts'
import { encode } from './message/encode.ts'
import { message } from './message/message.ts'
import { Name } from './message/name.ts'
import { CLASS, TYPE } from './message/types.ts'
import { Zones } from './zone/zones.ts'

test('limits are completed, and nonsense is refused where it is given', () => {
  assert.deepEqual(dnsLimits(), DNS_LIMITS)
  const changed = dnsLimits({ front: { streams: 3 }, resolver: { hurry: seconds(1) } })
  assert.deepEqual([changed.front.streams, changed.front.udpSize, changed.resolver.hurry], [3, 1232, SECOND])
  assert.equal(dnsLimits({ cache: { rrsets: Number.POSITIVE_INFINITY } }).cache.rrsets, Number.POSITIVE_INFINITY)
  for (const bad of [-1, Number.NaN, '100', null])
    assert.throws(
      () => dnsLimits({ cache: { rrsets: bad as never } }),
      (error) => error instanceof DnsError && /^limits.cache.rrsets must be a number from 0/.test(error.message),
    )
  assert.throws(() => dnsLimits({ front: { stream: 3 } as never }), /limits.front.stream does not exist: .*streams/)
  assert.throws(
    () => dnsLimits({ front: { streamIdle: 5000 as never } }),
    /limits.front.streamIdle .* write ms\(5000\)/,
  )
  for (const group of Object.values(DNS_LIMITS)) assert.ok(Object.isFrozen(group))
})

test('settings that make no sense are refused where they are given', () => {
  const random = new SeededRandom('settings')
  const at = (address: string, port: number) => ({
    zones: [{ zone: Name.root, servers: [{ address, port }], forwarding: true }],
  })
  assert.throws(() => new Resolver(random, at('dns.example', 53)), /dns\.example:53 cannot be asked: an IP address is/)
  assert.throws(() => new Resolver(random, at('192.0.2.1', 0)), /a port is a number from 1 to 65535, not 0/)
  assert.throws(() => new Resolver(random, { patience: 20 as never }), /patience .* write ms\(20\)/)
  assert.throws(() => new Zones([null as never]), /the zone is null: its file has errors/)
})

test('limit: how long a failure is remembered, at first and at most', () => {
  const failures = new FailureCache(dnsLimits({ cache: { failureTtl: 2, maxFailureTtl: 5 } }).cache)
  const lasts = (from: number) => {
    failures.add('key', from * SECOND)
    let second = from
    while (failures.has('key', second * SECOND)) second++
    return second - from
  }
  assert.deepEqual([lasts(0), lasts(2), lasts(6), lasts(11)], [2, 4, 5, 5])
  assert.equal(lasts(100), 2, 'a failure long ago says nothing')
})

test('limit: minimised questions that add one label only', () => {
  const limits = dnsLimits({ resolver: { minimiseOneLabel: 2, minimisedQueries: 4 } }).resolver
  const query = { name: Name.parse('a.b.c.d.e.f.g.h.'), type: TYPE.A, class: CLASS.IN }
  const asked: string[] = []
  let state = minimisation(true)
  for (let i = 0; i < 5; i++) {
    const next = minimised(state, query, Name.root, limits)
    asked.push(String(next.name))
    state = deeper(state, next)
  }
  assert.deepEqual(asked, ['h.', 'g.h.', 'd.e.f.g.h.', 'a.b.c.d.e.f.g.h.', 'a.b.c.d.e.f.g.h.'])
})

test('limit: places that are looked at for a name that may be compressed', () => {
  const answer = Array.from({ length: 2 }, () => ({
    name: Name.parse('www.example.'),
    type: TYPE.A,
    class: CLASS.IN,
    ttl: 1,
    rdata: new Uint8Array(4),
  }))
  const size = (compressionProbes: number) => encode(message({ answer }), { limits: { compressionProbes } }).length
  assert.equal(size(0) - size(1), 'www.example.'.length + 1 - 2)
})

test('each limit is named by a test that crosses it', () => {
  const root = join(import.meta.dirname, '../..')
  const tests = globSync(['src/dns/**/*.test.ts', 'test/{attack,fuzz}/dns/*.test.ts', 'test/dns/*.test.ts'], {
    cwd: root,
  })
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n')
  const names = Object.values(DNS_LIMITS).flatMap((group) => Object.keys(group))
  assert.deepEqual(
    names.filter((name) => !new RegExp(`\\b${name}\\b`).test(tests)),
    [],
  )
})
