import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../base/clock.ts'
import { seconds, sleep } from '../../base/duration.ts'
import type { SocketError } from '../../base/errors.ts'
import { RecordingLog } from '../../base/events.ts'
import { internet, ms } from '../../sim/index.ts'
import { isEvent } from '../../trace/index.ts'
import { serveDns } from '../front/server.ts'
import { type Message, response } from '../message/message.ts'
import { CLASS, RCODE, TYPE } from '../message/types.ts'
import { type HostResolverOptions, hostResolver } from './host-resolver.ts'
import { programResolver } from './program-resolver.ts'

const ADDRESS = {
  A: Uint8Array.of(192, 0, 2, 1),
  AAAA: Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
}

/** A resolver that knows `host.example.` (A), `six.example.` (AAAA), fails `broken.lan.`, and nothing else. */
function replyTo(query: Message): Message {
  const { name, type } = query.question[0]!
  const record = (rdata: Uint8Array) =>
    response(query, { ra: true, answer: [{ name, type, class: CLASS.IN, ttl: 60, rdata }] })
  const text = name.lower().toString()
  if (text === 'broken.lan.') return response(query, { rcode: RCODE.SERVFAIL })
  if (text === 'host.example.' && type === TYPE.A) return record(ADDRESS.A)
  if (text === 'six.example.' && type === TYPE.AAAA) return record(ADDRESS.AAAA)
  return response(query, {
    rcode: text === 'host.example.' || text === 'six.example.' ? RCODE.NOERROR : RCODE.NXDOMAIN,
  })
}

async function world(options: Partial<HostResolverOptions> = {}, servers = 1) {
  const log = new RecordingLog()
  const net = internet({ seed: 2, log, names: false })
  const laptop = net.host('laptop')
  const asked: string[] = []
  const addresses: string[] = []
  for (let i = 0; i < 2; i++) {
    const server = net.host(`dns${i}`)
    net.link(laptop, server, { latency: ms(5) })
    addresses.push(server.address)
    const responder = (query: Message) => {
      asked.push(`${i} ${query.question[0]!.name.lower()} ${query.question[0]!.type}`)
      return i < servers ? replyTo(query) : null
    }
    await serveDns(server, responder)
  }
  const resolver = hostResolver(laptop, { resolvConf: `nameserver ${addresses[0]}\nsearch lan example\n`, ...options })
  return { net, log, laptop, asked, addresses, resolver }
}

const code = (wanted: string) => (error: SocketError) => error.code === wanted && error.address !== undefined

test('a lookup without a family asks for both at once, IPv4 first in the answer', async () => {
  const { net, resolver, asked } = await world()
  await net.run(async () => {
    assert.deepEqual(await resolver.lookup('host.example.'), ['192.0.2.1'])
    assert.deepEqual(await resolver.lookup('six.example.'), ['2001:db8::1'])
    assert.deepEqual(await resolver.lookup('six.example.', 6), ['2001:db8::1'])
    await assert.rejects(resolver.lookup('six.example.', 4), code('ENOTFOUND'))
  })
  assert.equal(asked.length, 4)
})

test('the search list: a short name is tried with the suffixes, then as it is', async () => {
  const { net, resolver, asked } = await world({ families: [4] })
  await net.run(async () => {
    assert.deepEqual(await resolver.lookup('host'), ['192.0.2.1'])
    assert.deepEqual(asked, ['0 host.lan. 1', '0 host.example. 1'])
    asked.length = 0
    await assert.rejects(resolver.lookup('nobody'), code('ENOTFOUND'))
    assert.deepEqual(asked, ['0 nobody.lan. 1', '0 nobody.example. 1', '0 nobody. 1'])
  })
})

test('“try again” outweighs “no such name”', async () => {
  const { net, resolver } = await world({ families: [4] })
  await net.run(() => assert.rejects(resolver.lookup('broken'), code('EAI_AGAIN')))
})

test('a silent first server: the next one answers, in the time that resolv.conf says', async () => {
  const { net, laptop, addresses } = await world()
  const resolver = hostResolver(laptop, {
    resolvConf: `nameserver 10.255.255.1\nnameserver ${addresses[0]}\noptions timeout:2`,
    families: [4],
  })
  await net.run(async () => {
    const started = net.clock.now()
    assert.deepEqual(await resolver.lookup('host.example.'), ['192.0.2.1'])
    assert.ok(net.clock.now() - started < 4 * SECOND)
  })
})

test('nobody answers: EAI_AGAIN after timeout times attempts, and again when asked later', async () => {
  const { net, laptop, addresses, asked } = await world({}, 0)
  const resolver = hostResolver(laptop, {
    resolvConf: `nameserver ${addresses[0]}\nnameserver ${addresses[1]}\noptions timeout:1 attempts:2`,
    families: [4],
  })
  await net.run(async () => {
    for (let i = 1; i <= 5; i++) {
      const started = net.clock.now()
      await assert.rejects(resolver.lookup('host.example.'), code('EAI_AGAIN'))
      const took = (net.clock.now() - started) / SECOND
      assert.ok(took >= 3.9 && took < 8.1, `${took} s`)
      assert.equal(asked.length, 4 * i)
      await sleep(net.clock, seconds(2))
    }
  })
})

test('no nameserver at all: the one on this machine is asked (resolv.conf(5))', async () => {
  const { net, laptop, asked } = await world()
  const resolver = hostResolver(laptop, { resolvConf: 'search lan', families: [4] })
  await net.run(async () => {
    await serveDns(laptop, (query) => {
      asked.push(`local ${query.question[0]!.name.lower()}`)
      return replyTo(query)
    })
    assert.deepEqual(await resolver.lookup('host.example'), ['192.0.2.1'])
  })
  assert.deepEqual(asked, ['local host.example.'])
})

test('nobody to ask: only the hosts file is known', async () => {
  const { net, laptop } = await world()
  const resolver = hostResolver(laptop, { resolvConf: '', hostsFile: '10.0.0.1 here' })
  await net.run(async () => {
    assert.deepEqual(await resolver.lookup('here'), ['10.0.0.1'])
    await assert.rejects(resolver.lookup('host.example.'), code('EAI_AGAIN'))
  })
})

test('names beyond ASCII are asked for as IDNA writes them', async () => {
  const { net, resolver, asked } = await world({ families: [4] })
  await net.run(() => assert.rejects(resolver.lookup('bücher.example.'), code('ENOTFOUND')))
  assert.deepEqual(asked, ['0 xn--bcher-kva.example. 1'])
})

test('use-vc asks over TCP, no-aaaa asks for IPv4 only', async () => {
  const { net, laptop, addresses, asked } = await world()
  const resolver = hostResolver(laptop, { resolvConf: `nameserver ${addresses[0]}\noptions use-vc no-aaaa` })
  await net.run(async () => {
    assert.deepEqual(await resolver.lookup('host.example.'), ['192.0.2.1'])
    assert.equal(resolver.driver.resolver.book.expected(`tcp://${addresses[0]}:53`, TYPE.A, 0) < 376e6, true)
  })
  assert.deepEqual(asked, ['0 host.example. 1'])
})

test('the hosts file goes before the DNS and is not searched with suffixes', async () => {
  const { net, resolver, asked } = await world({ hostsFile: '10.0.0.7 host.example\n::7 host.example', families: [4] })
  await net.run(async () => {
    assert.deepEqual(await resolver.lookup('HOST.example'), ['10.0.0.7'])
    assert.deepEqual(await resolver.lookup('host.example', 6), ['::7'])
  })
  assert.equal(asked.length, 0)
})

test('a program’s cache keeps names for their time, “no” too, and asks the host once for many', async () => {
  const { net, log, laptop, resolver, asked } = await world({ families: [4] })
  const program = programResolver(laptop, resolver, { families: [4], names: 2 })
  await net.run(async () => {
    await Promise.all([
      program.lookup('host.example.'),
      program.lookup('Host.Example.'),
      program.lookup('host.example.'),
    ])
    assert.equal(asked.length, 1)
    await sleep(net.clock, seconds(30))
    assert.deepEqual(await program.find('host.example.'), { addresses: ['192.0.2.1'], ttl: 30, failure: '' })
    const last = log.events.filter((event) => isEvent(event, 'dns.stage')).at(-1)!
    assert.deepEqual([last.stage, last.outcome, last.cached, last.ttl], ['program cache', 'answered', true, 30])
    await sleep(net.clock, seconds(31))
    await program.lookup('host.example.')
    assert.equal(asked.length, 2)
    // Past its limit the least recently used name goes.
    for (const name of ['a.lan.', 'b.lan.', 'six.example.']) await program.find(name)
    await assert.rejects(program.lookup('nobody.example.'), code('ENOTFOUND'))
  })
})
