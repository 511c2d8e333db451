/** The core against servers that say anything at all, and each limit that its neighbours' tests do not cross. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MILLISECOND, SECOND } from '../../base/clock.ts'
import { SeededRandom } from '../../base/random.ts'
import { defaultResolverLimits as limits } from '../limits.ts'
import { type Message, message } from '../message/message.ts'
import { Name } from '../message/name.ts'
import { parseRdata } from '../message/rdata/text.ts'
import type { ResourceRecord } from '../message/record.ts'
import { CLASS, parseType, RCODE, TYPE } from '../message/types.ts'
import { Resolver, type ResolverAction } from './resolver.ts'
import type { ResolverSettings } from './settings.ts'

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
        ? ({ kind: 'timeout', exchange } as const)
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
    order.push(ask.server.address)
    return null
  })
  assert.equal(new Set(order.slice(0, 2)).size, 2)
  assert.equal(order.length, 2 * limits.triesPerServer)
})

test('minimised questions that get no answer give way to the whole name', () => {
  const names: string[] = []
  play(resolverWith({ limits: { ...limits, triesPerServer: 6 } }), 'www.example.', ({ query }) => {
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
  const resolver = resolverWith({ patience: 3 * SECOND })
  const [ask] = resolver.step({ kind: 'question', request: 1, query: question('www.') }, 0)
  assert.equal(ask?.kind, 'ask')
  const exchange = ask?.kind === 'ask' ? ask.exchange : 0
  const [answer] = resolver.step({ kind: 'timeout', exchange }, 3 * SECOND)
  assert.ok(answer?.kind === 'answer' && answer.answer.rcode === RCODE.SERVFAIL && /time/.test(answer.why))
})

test('plans, and clients that wait for one, are limited; the others are told at once', () => {
  const resolver = resolverWith({ limits: { ...limits, plans: 2, waitersPerPlan: 3 } })
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
  assert.deepEqual(resolver.step({ kind: 'timeout', exchange: 99 }, 0), [])
  const [ask] = resolver.step({ kind: 'question', request: 1, query: question('www.') }, 0)
  const exchange = ask?.kind === 'ask' ? ask.exchange : 0
  assert.equal(resolver.step({ kind: 'error', exchange }, 0)[0]?.kind, 'answer')
  assert.deepEqual(resolver.step({ kind: 'error', exchange }, 0), [])
})

test('an upstream that refers instead of resolving is no resolver: the next one is asked', () => {
  const servers = [1, 2].map((last) => ({ address: `198.18.0.${last}`, port: 53 }))
  const zones = [{ zone: Name.root, servers, forwarding: true }]
  const resolver = resolverWith({ zones, minimise: false, order: 'listed' })
  const result = play(resolver, 'www.a.', ({ server, query }) =>
    server.address.endsWith('1')
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
    server.address === '198.18.0.1'
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
      asked.push(ask.server.address)
      return null
    })
    return asked.join()
  }
  assert.equal(order(), order())
})
