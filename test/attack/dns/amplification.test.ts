/** Zones made to make a resolver work: one client's question has one budget, and no zone can get more out of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DNS_LIMITS, dnsLimits, type ResolverLimits } from '../../../src/dns/limits.ts'
import type { Message } from '../../../src/dns/message/message.ts'
import { EVIL, Network, reply, standardServers, TLD } from './network.ts'

const limits = DNS_LIMITS.resolver

test('NXNS: a referral to a hundred names without addresses costs a handful of questions', () => {
  const ns = Array.from({ length: 100 }, (_, i) => `sub.evil.example. NS n${i}.victim.example.`).join('\n')
  const network = new Network(standardServers((to) => reply(to, { authority: ns })))
  assert.equal(network.resolve('www.sub.evil.example.'), 'SERVFAIL')
  const spent = network.asked.filter((ask) => ask.includes('.victim.example.')).length
  assert.ok(spent <= 2 * limits.vainTargets, `${spent} questions to the victim`)
  assert.ok(network.asked.length < 25, `${network.asked.length} questions`)
})

test('NRDelegation: referrals to servers that only refer on are bounded by the budget', () => {
  let n = 0
  const network = new Network(
    standardServers((to, name) => {
      n++
      const child = name.split('.').slice(-4).join('.')
      const names = Array.from({ length: 50 }, (_, i) => `${child} NS m${n}-${i}.evil.example.`).join('\n')
      return reply(to, { authority: names })
    }),
  )
  assert.equal(network.resolve('www.sub.evil.example.'), 'SERVFAIL')
  assert.ok(network.asked.length <= limits.upstreamQueries, `${network.asked.length} questions`)
})

test('a name server whose address needs another whose address needs another …: depth is bounded', () => {
  let n = 0
  const network = new Network(
    standardServers((to, name) => {
      const zone = name.split('.').slice(-4).join('.')
      return name === 'evil.example.'
        ? reply(to, { aa: true, authority: 'evil.example. SOA a. b. 1 2 3 4 5' })
        : reply(to, { authority: `${zone} NS ns.z${n++}.evil.example.` })
    }),
  )
  assert.equal(network.resolve('www.start.evil.example.'), 'SERVFAIL')
  assert.ok(n <= 2 * limits.depth + limits.targets, `${n} referrals`)
  assert.ok(network.asked.length <= limits.upstreamQueries, `${network.asked.length} questions`)
})

test('an endless delegation chain ends with the name', () => {
  const network = new Network(
    standardServers((to, name) =>
      reply(to, { authority: `${name} NS ns.${name}`, additional: `ns.${name} A ${EVIL}` }),
    ),
  )
  const deep = `${'a.'.repeat(100)}evil.example.`
  assert.equal(network.resolve(deep), 'SERVFAIL')
  assert.ok(network.asked.length <= limits.queriesPerName + 5, `${network.asked.length} questions`)
})

test('two zones that serve each other without glue: a circle is noticed', () => {
  const servers = standardServers(() => null)
  servers[TLD] = (to, name) =>
    name.endsWith('one.example.')
      ? reply(to, { authority: 'one.example. NS ns.two.example.' })
      : name.endsWith('two.example.')
        ? reply(to, { authority: 'two.example. NS ns.one.example.' })
        : reply(to, { aa: true, authority: 'example. SOA a. b. 1 2 3 4 5' })
  const network = new Network(servers)
  assert.equal(network.resolve('www.one.example.'), 'SERVFAIL')
  assert.ok(network.asked.length < 40, `${network.asked.length} questions`)
})

test('a name server inside its own zone, without glue, is not looked for for ever', () => {
  const servers = standardServers(() => null)
  servers[TLD] = (to, name) =>
    name === 'example.'
      ? reply(to, { aa: true, authority: 'example. SOA a. b. 1 2 3 4 5' })
      : reply(to, { authority: 'evil.example. NS ns.evil.example.' })
  const network = new Network(servers)
  assert.equal(network.resolve('www.evil.example.'), 'SERVFAIL')
  assert.ok(network.asked.length < 20, `${network.asked.length} questions`)
})

test('aliases: a circle, and a chain that never ends, each across answers', () => {
  const circle = new Network(
    standardServers((to, name) =>
      reply(to, { aa: true, answer: `${name} CNAME ${name.startsWith('a.') ? 'b' : 'a'}.evil.example.` }),
    ),
  )
  assert.equal(circle.resolve('a.evil.example.'), 'SERVFAIL')
  assert.ok(circle.asked.length < 12, `${circle.asked.length} questions`)

  let n = 0
  const chain = new Network(
    standardServers((to, name) => reply(to, { aa: true, answer: `${name} CNAME c${n++}.evil.example.` })),
  )
  assert.equal(chain.resolve('start.evil.example.'), 'SERVFAIL')
  assert.ok(n <= DNS_LIMITS.answer.aliases + 2, `${n} aliases`)
})

test('a circle of aliases in the cache is not a loop either', () => {
  const network = new Network(
    standardServers((to, name) =>
      reply(to, { aa: true, answer: `${name} CNAME ${name.startsWith('a.') ? 'b' : 'a'}.evil.example.` }),
    ),
  )
  network.resolve('a.evil.example.')
  network.seconds += 60
  assert.equal(network.resolve('b.evil.example.'), 'SERVFAIL')
  assert.ok(network.asked.length <= 2, `${network.asked.length} questions`)
})

test('aliases times delegations share one budget', () => {
  let n = 0
  const network = new Network(
    standardServers((to, name) => {
      const labels = name.split('.')
      if (labels.length > 5) {
        const zone = labels.slice(-4).join('.')
        const names = Array.from({ length: 13 }, (_, i) => `${zone} NS ns${n++}-${i}.evil.example.`).join('\n')
        return reply(to, { authority: names })
      }
      return reply(to, { aa: true, answer: `${name} CNAME www.x${n++}.evil.example.` })
    }),
  )
  network.resolve('start.evil.example.')
  assert.ok(network.asked.length <= limits.upstreamQueries, `${network.asked.length} questions`)
})

/** Every reply refers one step further down, to a new name server with an address. */
function endless(settings: Partial<ResolverLimits>): Network {
  let n = 0
  const server = (to: Message, name: string) => {
    n++
    return reply(to, { authority: `${name} NS ns${n}.${name}`, additional: `ns${n}.${name} A ${EVIL}` })
  }
  const network = new Network(standardServers(server), { limits: dnsLimits({ resolver: settings }) })
  assert.equal(network.resolve(`${'a.'.repeat(60)}evil.example.`), 'SERVFAIL')
  return network
}

test('the limits of questions, per client’s question and per name, and of referrals are what they say', () => {
  assert.ok(endless({}).asked.length > 10)
  assert.equal(endless({ upstreamQueries: 8 }).asked.length, 8)
  assert.equal(endless({ queriesPerName: 6 }).asked.length, 7) // and one for the root's servers
  assert.equal(endless({ referrals: 3 }).asked.length, 5)
})

test('the limit of depth is what it says', () => {
  const names = (depth: number) => {
    let n = 0
    const server = (to: Message, name: string) =>
      name === 'evil.example.'
        ? reply(to, { aa: true, authority: 'evil.example. SOA a. b. 1 2 3 4 5' })
        : reply(to, { authority: `${name.split('.').slice(-4).join('.')} NS ns.z${n++}.evil.example.` })
    new Network(standardServers(server), {
      limits: dnsLimits({ resolver: { depth, vainTargets: 100 } }),
      families: [4],
    }).resolve('www.start.evil.example.')
    return n
  }
  assert.deepEqual([1, 2, 3, 4, 5].map(names), [1, 2, 3, 4, 5])
})

test('a failure is remembered: asked again at once, it costs nothing', () => {
  const network = new Network(standardServers(() => null))
  assert.equal(network.resolve('www.evil.example.'), 'SERVFAIL')
  assert.ok(network.asked.length > 0)
  assert.equal(network.resolve('www.evil.example.'), 'SERVFAIL')
  assert.equal(network.asked.length, 0)
})

test('a client that has spent its budget does not spoil the names it came past for others', () => {
  const servers = standardServers(() => null)
  const tld = servers[TLD]!
  servers[TLD] = (to, name, type) =>
    name.endsWith('evil.example.')
      ? reply(to, { authority: 'evil.example. NS ns.victim.example.' })
      : tld(to, name, type)
  const network = new Network(servers, { limits: dnsLimits({ resolver: { upstreamQueries: 4 } }) })
  assert.equal(network.resolve('www.evil.example.'), 'SERVFAIL')
  assert.match(network.resolve('ns.victim.example.'), /^NOERROR/)
})

test('a failing helper does not poison the name itself: its own question is answered later', () => {
  let dead = true
  const servers = standardServers((to, name) =>
    dead ? null : reply(to, { aa: true, answer: `${name} A 203.0.113.7` }),
  )
  const network = new Network(servers)
  assert.equal(network.resolve('www.evil.example.'), 'SERVFAIL')
  dead = false
  network.seconds += 60
  assert.match(network.resolve('www.evil.example.'), /203.0.113.7/)
})

test('addresses of one name server are capped, and equal ones are asked once', () => {
  const many = Array.from({ length: 50 }, (_, i) => `ns.sub.evil.example. A 198.19.0.${i + 1}`).join('\n')
  const network = new Network(
    standardServers((to) => reply(to, { authority: 'sub.evil.example. NS ns.sub.evil.example.', additional: many })),
  )
  network.resolve('www.sub.evil.example.')
  const servers = new Set(
    network.asked.map((ask) => ask.split(' ')[0]).filter((address) => address?.startsWith('198.19.')),
  )
  assert.equal(servers.size, limits.addressesPerName)
})
