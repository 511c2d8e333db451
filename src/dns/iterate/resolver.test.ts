/** The core against servers that say anything at all, and each limit that its neighbours' tests do not cross. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MILLISECOND, SECOND } from '../../base/clock.ts'
import { ms, seconds } from '../../base/duration.ts'
import { SeededRandom } from '../../base/random.ts'
import { answerOf, EDE } from '../answer/answer.ts'
import { DNS_LIMITS, dnsLimits } from '../limits.ts'
import { type Message, message } from '../message/message.ts'
import { Name } from '../message/name.ts'
import { parseRdata } from '../message/rdata/text.ts'
import type { ResourceRecord } from '../message/record.ts'
import { CLASS, parseType, RCODE, TYPE } from '../message/types.ts'
import type { Policy } from './policy.ts'
import { Resolver, type ResolverAction } from './resolver.ts'
import type { ResolverSettings } from './settings.ts'

const limits = DNS_LIMITS.resolver

type Ask = Extract<ResolverAction, { kind: 'ask' }>

const ROOT = { zone: Name.root, servers: [{ address: '198.18.0.1', port: 53 }], forwarding: false }

function resolverWith(settings: Partial<ResolverSettings> = {}): Resolver {
  return new Resolver(new SeededRandom('core'), { zones: [ROOT], prime: false, ...settings })
}

function question(name: string, type: number = TYPE.A) {
  return { name: Name.parse(name), type, class: CLASS.IN }
}

function record(line: string): ResourceRecord {
  const [name = '', type = '', ...rdata] = line.split(' ')
  const number = parseType(type)!
  return { name: Name.parse(name), type: number, class: CLASS.IN, ttl: 60, rdata: parseRdata(number, rdata.join(' ')) }
}

/** Plays until the client is answered; how many questions to servers that took. */
function play(resolver: Resolver, name: string, reply: (ask: Ask, n: number) => Message | null, now = SECOND) {
  const open = resolver.step({ kind: 'question', request: 1, query: question(name) }, now)
  for (let asked = 0; asked < 1000; asked++) {
    const action = open.shift()
    assert.ok(action !== undefined, 'neither a question nor an answer')
    if (action.kind === 'answer') return { ...action, asked }
    const answer = reply(action, asked)
    const { exchange } = action
    const event =
      answer === null
        ? ({ kind: 'failure', cause: 'timeout', exchange } as const)
        : ({ kind: 'reply', exchange, message: answer, rtt: MILLISECOND } as const)
    open.push(...resolver.step(event, now))
  }
  throw new Error('no end')
}

test('whatever servers reply, the client is answered, within the budget and without an exception', () => {
  const names = ['.', 'a.', 'b.', 'x.a.', 'y.a.', 'w.x.a.', 'ns.a.', 'ns.b.', 'ns.x.a.']
  const name = fc.constantFrom(...names)
  const line = fc.oneof(
    fc.tuple(name, name).map(([owner, target]) => `${owner} NS ${target}`),
    fc.tuple(name, name).map(([owner, target]) => `${owner} CNAME ${target}`),
    fc.tuple(name, name).map(([owner, target]) => `${owner} DNAME ${target}`),
    fc.tuple(name, fc.integer({ min: 1, max: 4 })).map(([owner, last]) => `${owner} A 198.18.0.${last}`),
    name.map((owner) => `${owner} SOA ns. h. 1 2 3 4 5`),
  )
  const section = fc.array(line, { maxLength: 5 }).map((lines) => lines.map(record))
  const reply = fc.record({
    aa: fc.boolean(),
    ra: fc.boolean(),
    rcode: fc.constantFrom(RCODE.NOERROR, RCODE.NOERROR, RCODE.NOERROR, RCODE.NXDOMAIN, RCODE.SERVFAIL, RCODE.REFUSED),
    answer: section,
    authority: section,
    additional: section,
  })
  fc.assert(
    fc.property(fc.array(fc.option(reply, { freq: 8 }), { minLength: 1, maxLength: 12 }), name, (replies, asked) => {
      const resolver = resolverWith({ prime: true })
      for (let i = 0; i < 3; i++) {
        const result = play(
          resolver,
          asked,
          ({ query }, n) => {
            const parts = replies[n % replies.length]
            return parts == null ? null : message({ qr: true, question: [query], ...parts })
          },
          (1 + 10 * i) * SECOND,
        )
        assert.ok(result.asked <= limits.upstreamQueries)
      }
    }),
    { numRuns: 1500 },
  )
})

test('a silent server is asked as often as the limit says, with longer and longer waits, others first', () => {
  const waits: number[] = []
  const result = play(resolverWith(), 'www.', (ask) => {
    waits.push(ask.timeout / MILLISECOND)
    return null
  })
  assert.equal(result.asked, limits.triesPerServer)
  assert.deepEqual(waits, [376, 752, 1504, 3000, 3000])
  const two = { ...ROOT, servers: [1, 2].map((last) => ({ address: `198.18.0.${last}`, port: 53 })) }
  const order: string[] = []
  play(resolverWith({ zones: [two] }), 'www.', (ask) => {
    order.push(ask.server.key)
    return null
  })
  assert.equal(new Set(order.slice(0, 2)).size, 2)
  assert.equal(order.length, 2 * limits.triesPerServer)
})

test('minimised questions that get no answer give way to the whole name', () => {
  const names: string[] = []
  play(resolverWith({ limits: dnsLimits({ resolver: { triesPerServer: 6 } }) }), 'www.example.', ({ query }) => {
    names.push(query.name.toString())
    return null
  })
  assert.deepEqual(names.slice(0, 4), ['example.', 'example.', 'example.', 'www.example.'])
})

test('empty replies are put aside while others may know better, then believed', () => {
  const four = { ...ROOT, servers: [1, 2, 3, 4].map((last) => ({ address: `198.18.0.${last}`, port: 53 })) }
  const result = play(resolverWith({ zones: [four] }), 'www.', ({ query }) => message({ qr: true, question: [query] }))
  assert.equal(result.answer.rcode, RCODE.NOERROR)
  assert.equal(result.asked, limits.emptyReplies + 1)
  const one = play(resolverWith(), 'www.', ({ query }) => message({ qr: true, question: [query] }))
  assert.deepEqual([one.answer.rcode, one.asked], [RCODE.NOERROR, 1])
})

test('a client that has waited long enough is told so', () => {
  const resolver = resolverWith({ patience: seconds(3) })
  const [ask] = resolver.step({ kind: 'question', request: 1, query: question('www.') }, 0)
  assert.equal(ask?.kind, 'ask')
  const exchange = ask?.kind === 'ask' ? ask.exchange : 0
  const [answer] = resolver.step({ kind: 'failure', cause: 'timeout', exchange }, 3 * SECOND)
  assert.ok(answer?.kind === 'answer' && answer.answer.rcode === RCODE.SERVFAIL && /time/.test(answer.why))
})

test('a question that takes long makes room for a new one, but half of the places are kept', () => {
  const resolver = resolverWith({ limits: dnsLimits({ resolver: { plans: 4, hurry: ms(200) } }) })
  for (const [i, name] of ['a.', 'b.', 'c.', 'd.'].entries()) assert.equal(asks(resolver, name, i, i).length, 1)
  const step = (name: string, now: number) =>
    resolver
      .step({ kind: 'question', request: 9, query: question(name) }, now)
      .map((action) => (action.kind === 'answer' ? `${action.request} ${action.refused}` : action.kind))
  assert.deepEqual(step('e.', 100 * MILLISECOND), ['9 true'])
  assert.deepEqual(step('e.', 300 * MILLISECOND), ['2 true', 'ask'])
  assert.deepEqual(step('f.', 300 * MILLISECOND), ['3 true', 'ask'])
  assert.deepEqual(step('g.', 400 * MILLISECOND), ['9 true'])
})

test('plans, and clients that wait for one, are limited; the others are told at once', () => {
  const resolver = resolverWith({ limits: dnsLimits({ resolver: { plans: 2, waitersPerPlan: 3 } }) })
  const ask = (request: number, name: string) => resolver.step({ kind: 'question', request, query: question(name) }, 0)
  assert.equal(ask(1, 'a.')[0]?.kind, 'ask')
  assert.equal(ask(2, 'b.')[0]?.kind, 'ask')
  assert.equal(ask(3, 'c.')[0]?.kind, 'answer')
  assert.deepEqual([ask(4, 'a.'), ask(5, 'a.')], [[], []])
  const [refused] = ask(6, 'a.')
  assert.ok(refused?.kind === 'answer' && refused.answer.rcode === RCODE.SERVFAIL)
})

test('all who wait for one answer get it', () => {
  const resolver = resolverWith()
  const [ask] = resolver.step({ kind: 'question', request: 1, query: question('www.') }, 0)
  resolver.step({ kind: 'question', request: 2, query: question('WWW.') }, 0)
  const exchange = ask?.kind === 'ask' ? ask.exchange : 0
  const reply = message({ qr: true, aa: true, question: [question('www.')], answer: [record('www. A 192.0.2.1')] })
  const answers = resolver.step({ kind: 'reply', exchange, message: reply, rtt: MILLISECOND }, 0)
  assert.deepEqual(
    answers.map((action) => action.kind === 'answer' && [action.request, action.cached]),
    [
      [1, false],
      [2, false],
    ],
  )
})

test('an answer that comes twice, or for nothing that was asked, is passed over', () => {
  const resolver = resolverWith()
  assert.deepEqual(resolver.step({ kind: 'failure', cause: 'timeout', exchange: 99 }, 0), [])
  const [ask] = resolver.step({ kind: 'question', request: 1, query: question('www.') }, 0)
  const exchange = ask?.kind === 'ask' ? ask.exchange : 0
  assert.equal(resolver.step({ kind: 'failure', cause: 'unreachable', exchange }, 0)[0]?.kind, 'answer')
  assert.deepEqual(resolver.step({ kind: 'failure', cause: 'unreachable', exchange }, 0), [])
})

test('an upstream that refers instead of resolving is not a resolver: the next one is asked', () => {
  const servers = [1, 2].map((last) => ({ address: `198.18.0.${last}`, port: 53 }))
  const zones = [{ zone: Name.root, servers, forwarding: true }]
  const resolver = resolverWith({ zones, minimise: false, order: 'listed' })
  const result = play(resolver, 'www.a.', ({ server, query }) =>
    server.key.endsWith('1:53')
      ? message({
          qr: true,
          question: [query],
          authority: [record('a. NS ns.a.')],
          additional: [record('ns.a. A 198.18.0.9')],
        })
      : message({ qr: true, ra: true, question: [query], answer: [record('www.a. A 192.0.2.1')] }),
  )
  assert.deepEqual([result.answer.rcode, result.asked], [RCODE.NOERROR, 2])
})

test('glue with a time to live of zero leads to the answer at hand', () => {
  const glue = { ...record('ns.a. A 198.18.0.2'), ttl: 0 }
  const result = play(resolverWith(), 'www.a.', ({ server, query }) =>
    server.key === '198.18.0.1:53'
      ? message({ qr: true, question: [query], authority: [record('a. NS ns.a.')], additional: [glue] })
      : message({ qr: true, aa: true, question: [query], answer: [record('www.a. A 192.0.2.1')] }),
  )
  assert.deepEqual([result.answer.rcode, result.asked], [RCODE.NOERROR, 2])
})

test('the same seed asks the same servers in the same order', () => {
  const many = { ...ROOT, servers: Array.from({ length: 13 }, (_, i) => ({ address: `198.18.0.${i + 1}`, port: 53 })) }
  const order = () => {
    const asked: string[] = []
    play(resolverWith({ zones: [many] }), 'www.', (ask) => {
      asked.push(ask.server.key)
      return null
    })
    return asked.join()
  }
  assert.equal(order(), order())
})

/** The first question to a server that the client's leads to. */
function asks(resolver: Resolver, name: string, now = 0, request = 1): Ask[] {
  const actions = resolver.step({ kind: 'question', request, query: question(name) }, now)
  return actions.filter((action): action is Ask => action.kind === 'ask')
}

const found = (name: string) =>
  message({ qr: true, aa: true, question: [question(name)], answer: [record(`${name} A 192.0.2.1`)] })

test('it says when it wants to be woken, and gives up then what has taken too long', () => {
  const resolver = resolverWith({ patience: seconds(3) })
  assert.equal(resolver.wakeAt, Number.POSITIVE_INFINITY)
  asks(resolver, 'a.', 0, 1)
  asks(resolver, 'b.', SECOND, 2)
  assert.equal(resolver.wakeAt, 3 * SECOND)
  const answers = resolver.step({ kind: 'wake' }, 3 * SECOND)
  assert.deepEqual(
    answers.map((action) => action.kind === 'answer' && [action.request, action.answer.rcode]),
    [[1, RCODE.SERVFAIL]],
  )
  assert.equal(resolver.wakeAt, 4 * SECOND)
  resolver.step({ kind: 'wake' }, 4 * SECOND)
  assert.equal(resolver.wakeAt, Number.POSITIVE_INFINITY)
})

test('a reply after its time-out answers the client if it still waits, and teaches in any case', () => {
  const resolver = resolverWith()
  const [first] = asks(resolver, 'www.')
  const [second] = resolver.step({ kind: 'overdue', exchange: first!.exchange }, SECOND)
  assert.ok(second?.kind === 'ask' && second.exchange !== first!.exchange)
  const [answer] = resolver.step(
    { kind: 'reply', exchange: first!.exchange, message: found('www.'), rtt: 2 * SECOND },
    2 * SECOND,
  )
  assert.ok(answer?.kind === 'answer' && answer.answer.rcode === RCODE.NOERROR)
  assert.equal(resolver.book.expected('198.18.0.1:53', TYPE.A, 2 * SECOND), 2 * SECOND)
  // The second reply finds nobody waiting, and is no harm.
  const later = { kind: 'reply', exchange: second.exchange, message: found('www.'), rtt: SECOND } as const
  assert.deepEqual(resolver.step(later, 3 * SECOND), [])
  assert.ok(resolver.book.expected('198.18.0.1:53', TYPE.A, 3 * SECOND) < 2 * SECOND)
})

test('a late reply to another question than the one that is asked now changes nothing', () => {
  const resolver = resolverWith({ limits: dnsLimits({ resolver: { minimisedFailures: 1 } }) })
  const [minimised] = asks(resolver, 'www.example.')
  assert.equal(String(minimised!.query.name), 'example.')
  const [whole] = resolver.step({ kind: 'overdue', exchange: minimised!.exchange }, SECOND)
  assert.equal(whole?.kind === 'ask' && String(whole.query.name), 'www.example.')
  const late = { kind: 'reply', exchange: minimised!.exchange, message: found('example.'), rtt: SECOND } as const
  assert.deepEqual(resolver.step(late, 2 * SECOND), [])
})

test('the failure after a time-out is the end of the exchange, not a second time-out', () => {
  const resolver = resolverWith()
  const [first] = asks(resolver, 'www.')
  resolver.step({ kind: 'overdue', exchange: first!.exchange }, SECOND)
  const end = { kind: 'failure', exchange: first!.exchange, cause: 'timeout' } as const
  assert.deepEqual(resolver.step(end, 2 * SECOND), [])
  assert.equal(resolver.book.timeouts('198.18.0.1:53', TYPE.A, 2 * SECOND), 1)
})

test('many names at once, all overdue, are one time-out of the server', () => {
  const resolver = resolverWith()
  const open = Array.from({ length: 12 }, (_, i) => asks(resolver, `n${i}.`, 0, i)[0]!)
  for (const { exchange } of open) resolver.step({ kind: 'overdue', exchange }, 376 * MILLISECOND)
  assert.equal(resolver.book.timeouts('198.18.0.1:53', TYPE.A, SECOND), 1)
})

test('a server whose reply cannot be read is not asked again, nor thought silent', () => {
  const resolver = resolverWith()
  const [only] = asks(resolver, 'www.')
  const failure = { kind: 'failure', exchange: only!.exchange, cause: 'malformed' } as const
  const [answer] = resolver.step(failure, SECOND)
  assert.ok(answer?.kind === 'answer' && answer.answer.rcode === RCODE.SERVFAIL)
  assert.equal(resolver.book.timeouts('198.18.0.1:53', TYPE.A, SECOND), 0)
  // A minimised question is not the one that matters: the whole one is asked of the same server.
  const [minimised] = asks(resolver, 'www.example.', SECOND, 2)
  const [whole] = resolver.step(
    { kind: 'failure', exchange: minimised!.exchange, cause: 'malformed' },
    SECOND + MILLISECOND,
  )
  assert.equal(whole?.kind === 'ask' && String(whole.query.name), 'www.example.')
})

test('signatures are asked for unless it is said otherwise; CD goes to resolvers only, and is an answer of its own', () => {
  assert.equal(asks(resolverWith(), 'www.')[0]?.dnssecOk, true)
  assert.equal(asks(resolverWith({ dnssecOk: false }), 'www.')[0]?.dnssecOk, false)
  const unchecked = (resolver: Resolver, request: number) =>
    resolver
      .step({ kind: 'question', request, query: { ...question('www.'), checkingDisabled: true } }, 0)
      .filter((action): action is Ask => action.kind === 'ask')
  const forwarder = resolverWith({ zones: [{ ...ROOT, forwarding: true }], minimise: false })
  assert.equal(asks(forwarder, 'www.')[0]?.query.checkingDisabled, undefined)
  assert.equal(unchecked(forwarder, 2)[0]?.query.checkingDisabled, true)
  // Who walks to the zone itself asks once for both.
  const walker = resolverWith()
  assert.equal(asks(walker, 'www.').length, 1)
  assert.deepEqual(unchecked(walker, 2), [])
})

test('servers that are configured first give way to those that zones name', () => {
  const first = {
    zone: Name.parse('a.'),
    servers: [{ address: '198.18.0.9', port: 53 }],
    forwarding: true,
    first: true,
  }
  const asked: string[] = []
  const result = play(resolverWith({ zones: [ROOT, first], minimise: false }), 'www.a.', ({ server, query }) => {
    asked.push(server.key)
    return server.key === '198.18.0.9:53'
      ? message({ qr: true, ra: true, rcode: RCODE.SERVFAIL, question: [query] })
      : found('www.a.')
  })
  assert.deepEqual([result.answer.rcode, asked], [RCODE.NOERROR, ['198.18.0.9:53', '198.18.0.1:53']])
})

test('servers that are configured by name are looked for; what they say is not kept where that is wanted', () => {
  const named = { zone: Name.parse('a.'), servers: [], names: [Name.parse('ns.b.')], forwarding: true, uncached: true }
  const resolver = resolverWith({ zones: [ROOT, named], minimise: false })
  const answers = (ask: Ask) => (ask.server.key === '192.0.2.1:53' ? found('www.a.') : found(String(ask.query.name)))
  assert.equal(play(resolver, 'www.a.', answers).asked, 2)
  assert.equal(play(resolver, 'www.a.', answers).asked, 1)
})

test('policies answer questions and the targets of aliases, leave out addresses, and forbid servers', () => {
  const local = answerOf({ rcode: RCODE.NXDOMAIN })
  const clients: (string | undefined)[] = []
  const policies: Policy[] = [
    {
      question(query, client) {
        if (!query.name.isUnder(Name.parse('local.'))) return undefined
        clients.push(client?.address)
        return local
      },
      addresses: (set) => (set.rdatas.some((rdata) => rdata[0] === 10) ? null : set),
      server: (_zone, { key }) => key !== '198.18.0.2:53',
    },
  ]
  const two = { ...ROOT, servers: [1, 2].map((last) => ({ address: `198.18.0.${last}`, port: 53 })) }
  const resolver = resolverWith({ zones: [two], policies })
  const client = { address: '192.0.2.99', port: 1 }
  const [direct] = resolver.step({ kind: 'question', request: 1, query: question('x.local.'), client }, 0)
  assert.ok(direct?.kind === 'answer' && direct.answer === local && !direct.cached)
  const asked = new Set<string>()
  const alias = play(resolver, 'alias.', ({ server, query }) => {
    asked.add(server.key)
    return message({ qr: true, aa: true, question: [query], answer: [record('alias. CNAME y.local.')] })
  })
  assert.equal(alias.answer.rcode, RCODE.NXDOMAIN)
  assert.deepEqual(clients, ['192.0.2.99', undefined])
  const inside = play(resolver, 'inside.', ({ query }) =>
    message({ qr: true, aa: true, question: [query], answer: [record('inside. A 10.0.0.1')] }),
  )
  assert.deepEqual([inside.answer.rcode, inside.answer.answer.length, inside.answer.error?.code], [0, 0, EDE.BLOCKED])
  assert.deepEqual([...asked], ['198.18.0.1:53'])
})

test('without RD: the answer that is known, or the nearest servers, and nobody is asked', () => {
  const resolver = resolverWith()
  assert.equal(resolver.known(question('www.a.'), SECOND), undefined)
  play(resolver, 'www.a.', ({ query }) =>
    query.name.equals(Name.parse('www.a.'))
      ? found('www.a.')
      : message({
          qr: true,
          question: [query],
          authority: [record('a. NS ns.a.')],
          additional: [record('ns.a. A 198.18.0.1')],
        }),
  )
  assert.equal(resolver.known(question('www.a.'), SECOND)?.answer.length, 1)
  const referral = resolver.known(question('other.a.'), SECOND)
  assert.deepEqual(
    [referral?.authority.map(({ name }) => String(name)), referral?.additional.map(({ name }) => String(name))],
    [['a.'], ['ns.a.']],
  )
})
