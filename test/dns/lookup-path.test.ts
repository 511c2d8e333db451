/** The whole way of a lookup over simulated hosts: every stage a running machine, every message a real packet. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seconds, sleep } from '../../src/base/duration.ts'
import type { SocketError } from '../../src/base/errors.ts'
import type { SimHost } from '../../src/sim/index.ts'
import { ADDRESSES, exchanges, lookupWorld, stageEvents, stages, zone } from './world.ts'

test('a cold lookup goes through every stage, and the walk can be read from the log', async () => {
  const { net, log, browser, home } = await lookupWorld()
  const addresses = await net.run(() => browser.lookup('www.board.example'))
  assert.deepEqual(addresses, ['203.0.113.80'])
  assert.deepEqual(stages(log), [
    'program cache passed',
    'hosts file passed',
    'host cache passed',
    'forwarder passed',
    'resolver passed', // priming
    'root answered',
    'resolver passed',
    'root referred',
    'resolver passed',
    'top-level domain referred',
    'resolver passed',
    'authoritative answered',
    'resolver answered',
    'forwarder answered',
    'host cache answered',
  ])
  const passed = stageEvents(log).filter((event) => event.outcome === 'passed')
  assert.deepEqual(
    passed.map((event) => event.next).filter((next) => next !== ''),
    [
      `${home.insideAddress}:53`,
      `${ADDRESSES.resolver}:53`,
      `${ADDRESSES.root}:53`,
      `${ADDRESSES.root}:53`,
      `${ADDRESSES.tld}:53`,
      passed.at(-1)!.next,
    ],
  )
  assert.ok([`${ADDRESSES.board}:53`, `${ADDRESSES.boardToo}:53`].includes(passed.at(-1)!.next))
  // The mixed case that one hop sends does not travel on to the next.
  assert.ok(exchanges(log).every(({ name }) => name === name.toLowerCase()))
  // RFC 9156: nobody is told more of the name than it must know.
  const asked = stageEvents(log).filter((event) => event.stage === 'resolver' && event.outcome === 'passed')
  assert.deepEqual(
    asked.map((event) => event.name),
    ['.', 'example.', 'board.example.', 'www.board.example.'],
  )
  const answer = stageEvents(log).at(-1)!
  assert.deepEqual([answer.answer, answer.rcode, answer.ttl], [['A 203.0.113.80'], 'NOERROR', 300])
})

test('each cache answers in its turn, with the time to live that is left', async () => {
  const { net, log, browser, host, forwarder, resolver } = await lookupWorld()
  await net.run(async () => {
    await browser.lookup('www.board.example')
    await sleep(net.clock, seconds(100))
    let from = log.events.length
    assert.deepEqual(await browser.lookup('www.board.example'), ['203.0.113.80'])
    assert.deepEqual(stages(log, from), ['program cache answered (cached)'])
    assert.equal(stageEvents(log, from)[0]?.ttl, 200)

    from = log.events.length
    await host.lookup('www.board.example')
    assert.deepEqual(stages(log, from), ['hosts file passed', 'host cache answered (cached)'])
    assert.equal(stageEvents(log, from)[1]?.ttl, 200)

    host.driver?.resolver.cache.clear()
    from = log.events.length
    await host.lookup('www.board.example')
    assert.deepEqual(stages(log, from).slice(1), [
      'host cache passed',
      'forwarder answered (cached)',
      'host cache answered',
    ])
    assert.equal(stageEvents(log, from).at(-1)?.ttl, 200)

    host.driver?.resolver.cache.clear()
    forwarder.driver.resolver.cache.clear()
    from = log.events.length
    await host.lookup('www.board.example')
    assert.ok(stages(log, from).includes('resolver answered (cached)'))

    await sleep(net.clock, seconds(201)) // past its end: the zone is asked again, the delegations are not
    from = log.events.length
    await browser.lookup('www.board.example')
    assert.deepEqual(
      stages(log, from).filter((stage) => /root|top-level|authoritative/.test(stage)),
      ['authoritative answered'],
    )
  })
  assert.ok(resolver.driver.resolver.cache.rrsets.size > 0)
})

test('a time to live of five seconds is kept for five seconds', async () => {
  const { net, log, host } = await lookupWorld()
  await net.run(async () => {
    await host.lookup('short.board.example')
    await sleep(net.clock, seconds(3))
    let from = log.events.length
    await host.lookup('short.board.example')
    assert.equal(stages(log, from).at(-1), 'host cache answered (cached)')
    await sleep(net.clock, seconds(3))
    from = log.events.length
    await host.lookup('short.board.example')
    assert.ok(stages(log, from).includes('authoritative answered'))
  })
})

test('a name that is not there is not asked for twice, until the SOA says so', async () => {
  const { net, log, host } = await lookupWorld()
  const refusal = (error: SocketError) => error.code === 'ENOTFOUND' && error.syscall === 'getaddrinfo'
  await net.run(async () => {
    await assert.rejects(host.lookup('nobody.board.example'), refusal)
    await sleep(net.clock, seconds(10))
    let from = log.events.length
    await assert.rejects(host.lookup('nobody.board.example'), refusal)
    assert.deepEqual(stages(log, from).slice(1), ['host cache answered (cached)'])
    const event = stageEvents(log, from).at(-1)!
    assert.equal(event.rcode, 'NXDOMAIN')
    assert.ok(event.ttl <= 20 && event.ttl >= 19, `ttl ${event.ttl}`)
    await sleep(net.clock, seconds(25)) // the zone's SOA has a minimum of 30 s
    from = log.events.length
    await assert.rejects(host.lookup('nobody.board.example'), refusal)
    assert.ok(stages(log, from).includes('authoritative answered'))
  })
})

test('an alias into another zone is followed there, and the whole chain is answered', async () => {
  const { net, log, host } = await lookupWorld()
  await net.run(async () => {
    assert.deepEqual(await host.lookup('pictures.board.example'), ['203.0.113.99'])
    const answer = stageEvents(log).at(-1)!
    assert.deepEqual(answer.answer, ['CNAME edge.cdn.example.', 'A 203.0.113.99'])
    assert.equal(answer.ttl, 120)
    const from = log.events.length
    assert.deepEqual(await host.lookup('pictures.board.example'), ['203.0.113.99'])
    assert.equal(stages(log, from).at(-1), 'host cache answered (cached)')
  })
})

test('aliases that run in a circle are a failure, not a loop', async () => {
  const { net, log, host } = await lookupWorld()
  await net.run(() =>
    assert.rejects(host.lookup('loop.board.example'), (error: SocketError) => error.code === 'EAI_AGAIN'),
  )
  assert.ok(exchanges(log).length < 20, `${exchanges(log).length} exchanges`)
})

test('a dead name server costs time, not the answer, and is avoided afterwards', async () => {
  const { net, log, host } = await lookupWorld({ dead: ['board'] })
  await net.run(async () => {
    for (const name of ['www', 'short', 'pictures'])
      assert.equal((await host.lookup(`${name}.board.example`)).length, 1)
  })
  const silent = exchanges(log).filter((event) => event.server.startsWith(ADDRESSES.board))
  assert.ok(silent.length <= 2, `${silent.length} questions to the dead server`)
})

test('a lame name server is found out and left alone', async () => {
  // It has been given another zone: it refuses all questions for this one.
  const other = zone('other.example.', '@ 60 SOA ns hostmaster 1 2 3 4 5\n@ NS ns\nns A 198.18.3.53')
  const { net, log, host } = await lookupWorld({ zones: { board: [other] } })
  await net.run(async () => {
    for (const name of ['www', 'short', 'pictures'])
      assert.equal((await host.lookup(`${name}.board.example`)).length, 1)
  })
  assert.ok(exchanges(log).some((event) => event.rcode === 'NOERROR' && event.server.startsWith(ADDRESSES.boardToo)))
})

test('all servers of a zone dead: try again, quickly the second time', async () => {
  const { net, log, host, resolver } = await lookupWorld({ dead: ['board', 'boardToo'] })
  await net.run(async () => {
    await assert.rejects(host.lookup('www.board.example'), (error: SocketError) => error.code === 'EAI_AGAIN')
    const from = log.events.length
    const { answer, why } = await resolver.driver.resolve({
      name: (await import('../../src/dns/message/name.ts')).Name.parse('www.board.example.'),
      type: 1,
      class: 1,
    })
    assert.equal(answer.rcode, 2)
    assert.match(why, /just failed|no server|no answer/)
    assert.ok(exchanges(log, from).length <= 10)
  })
})

test('a hundred lookups at 10 % loss on every link: each server is asked up to five times, and hardly one fails', async () => {
  let found = 0
  let lost = 0
  for (let seed = 1; seed <= 5; seed++) {
    const { net, log, host } = await lookupWorld({ seed, weather: { loss: 0.1 } })
    await net.run(async () => {
      for (let i = 0; i < 10; i++) {
        for (const name of ['www.board.example', 'pictures.board.example'])
          found += (await host.find(name)).addresses.length
        await sleep(net.clock, seconds(301))
      }
    })
    lost += exchanges(log).filter((event) => event.failure === 'timeout').length
  }
  assert.ok(found >= 97, `${found} of 100`)
  assert.ok(lost > 50, 'much must have been lost')
})

test('a hundred equal lookups at once are one question at every stage', async () => {
  const { net, log, host } = await lookupWorld()
  await net.run(async () => {
    const all = await Promise.all(Array.from({ length: 100 }, () => host.lookup('www.board.example')))
    assert.ok(all.every(([address]) => address === '203.0.113.80'))
  })
  assert.equal(exchanges(log).filter((event) => event.host === 'laptop').length, 1)
  assert.equal(exchanges(log).filter((event) => event.host === 'home').length, 1)
})

test('hosts file, literals, localhost and names without a chance never leave the machine', async () => {
  const { net, log, host } = await lookupWorld()
  await net.run(async () => {
    assert.deepEqual(await host.lookup('printer.lan'), ['10.9.8.7'])
    assert.deepEqual(await host.lookup('192.0.2.7'), ['192.0.2.7'])
    assert.deepEqual(await host.lookup('localhost'), ['127.0.0.1'])
    assert.deepEqual(await host.lookup('api.localhost'), ['127.0.0.1'])
    await assert.rejects(host.lookup('nothing.invalid'), (error: SocketError) => error.code === 'ENOTFOUND')
    await assert.rejects(host.lookup('..'), (error: SocketError) => error.code === 'ENOTFOUND')
    assert.equal(exchanges(log).length, 0)
  })
})

test('the same seed gives the same walk', async () => {
  const walk = async () => {
    const { net, log, host } = await lookupWorld({ seed: 5, weather: { loss: 0.05 } })
    await net.run(() => host.lookup('pictures.board.example'))
    return JSON.stringify(log.events.filter((event) => event.type.startsWith('dns.')))
  }
  assert.equal(await walk(), await walk())
})

test('a host whose lookup is the resolver connects by name', async () => {
  const { net, laptop, host, browser } = await lookupWorld()
  const machine = laptop as SimHost
  machine.resolver = (name, family) => host.lookup(name, family)
  await net.run(async () => {
    assert.deepEqual(await machine.lookup('www.board.example'), ['203.0.113.80'])
    await assert.rejects(machine.lookup('nobody.board.example'), (error: SocketError) => error.code === 'ENOTFOUND')
    assert.deepEqual(await browser.lookup('www.board.example'), ['203.0.113.80'])
  })
})
