import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../base/clock.ts'
import type { Answer, Query } from '../answer/answer.ts'
import { dnsLimits } from '../limits.ts'
import { Name } from '../message/name.ts'
import { parseRdata } from '../message/rdata/text.ts'
import { type Rrset, rrset } from '../message/record.ts'
import { CLASS, parseType, RCODE, TYPE } from '../message/types.ts'
import { DnsCache, type Learned } from './cache.ts'
import { FailureCache } from './failures.ts'

function setOf(line: string): Rrset {
  const [name = '', ttl = '', type = '', ...rdata] = line.split(' ')
  const number = parseType(type)!
  return rrset(Name.parse(name), number, CLASS.IN, Number(ttl), [parseRdata(number, rdata.join(' '))])
}

function question(name: string, type: number = TYPE.A): Query {
  return { name: Name.parse(name), type, class: CLASS.IN }
}

function learned(parts: Partial<Learned>): Learned {
  return {
    rcode: RCODE.NOERROR,
    authoritative: true,
    answer: [],
    authority: [],
    additional: [],
    error: null,
    ...parts,
  }
}

const ttls = (answer: Answer | undefined) => answer?.answer.map((set) => set.ttl)

test('an answer ages with the sets it points to', () => {
  const cache = new DnsCache()
  cache.store(question('www.example.'), learned({ answer: [setOf('www.example. 60 A 192.0.2.1')] }), 0)
  assert.deepEqual(ttls(cache.lookup(question('WWW.example.'), 20 * SECOND)), [40])
  assert.equal(cache.lookup(question('www.example.'), 60 * SECOND), undefined)
  assert.equal(cache.lookup(question('www.example.', TYPE.AAAA), 0), undefined)
})

test('RFC 2308: “no” holds for the lesser of the SOA’s TTL and its minimum, and counts down', () => {
  const cache = new DnsCache()
  const soa = setOf('example. 600 SOA ns.example. h.example. 1 2 3 4 90')
  cache.store(question('no.example.'), learned({ rcode: RCODE.NXDOMAIN, authority: [soa] }), 0)
  const answer = cache.lookup(question('no.example.'), 30 * SECOND)
  assert.equal(answer?.rcode, RCODE.NXDOMAIN)
  assert.equal(answer?.authority[0]?.ttl, 60)
  assert.equal(cache.lookup(question('no.example.'), 90 * SECOND), undefined)
})

test('a negative answer is capped, and one without a SOA is kept for five seconds only', () => {
  const cache = new DnsCache(dnsLimits({ cache: { maxNegativeTtl: 10 } }))
  const soa = setOf('example. 600 SOA ns.example. h.example. 1 2 3 4 600')
  cache.store(question('no.example.'), learned({ authority: [soa] }), 0)
  assert.equal(cache.lookup(question('no.example.'), 10 * SECOND), undefined)
  const floor = new DnsCache(dnsLimits({ cache: { minNegativeTtl: 700 } }))
  floor.store(question('no.example.'), learned({ authority: [soa] }), 0)
  assert.equal(floor.lookup(question('no.example.'), 10 * SECOND)?.authority[0]?.ttl, 690)
  cache.store(question('empty.example.'), learned({}), 0)
  assert.notEqual(cache.lookup(question('empty.example.'), 4 * SECOND), undefined)
  assert.equal(cache.lookup(question('empty.example.'), 5 * SECOND), undefined)
  const longer = new DnsCache(dnsLimits({ cache: { unstatedNegativeTtl: 9 } }))
  longer.store(question('empty.example.'), learned({}), 0)
  assert.notEqual(longer.lookup(question('empty.example.'), 8 * SECOND), undefined)
})

test('a SOA that is known for longer, from its own answer, does not make “no” last longer', () => {
  const cache = new DnsCache()
  const soa = setOf('example. 3600 SOA ns.example. h.example. 1 2 3 4 60')
  cache.store(question('example.', TYPE.SOA), learned({ answer: [soa] }), 0)
  const fresh = cache.store(question('no.example.'), learned({ rcode: RCODE.NXDOMAIN, authority: [soa] }), 0)
  assert.equal(fresh.authority[0]?.ttl, 60)
  assert.equal(cache.lookup(question('no.example.'), 20 * SECOND)?.authority[0]?.ttl, 40)
  assert.equal(cache.lookup(question('no.example.'), 60 * SECOND), undefined)
  assert.deepEqual(ttls(cache.lookup(question('example.', TYPE.SOA), 60 * SECOND)), [3540])
})

test('an answer whose set is no longer there is no answer, least of all “no data”', () => {
  const cache = new DnsCache(dnsLimits({ cache: { rrsets: 2 } }))
  for (const name of ['a.', 'b.', 'c.'])
    cache.store(question(name), learned({ answer: [setOf(`${name} 60 A 192.0.2.1`)] }), 0)
  assert.equal(cache.lookup(question('a.'), 0), undefined)
  assert.equal(cache.lookup(question('c.'), 0)?.answer.length, 1)
})

test('chains are put together from what is known of each link', () => {
  const cache = new DnsCache()
  cache.store(question('a.example.', TYPE.CNAME), learned({ answer: [setOf('a.example. 30 CNAME b.example.')] }), 0)
  assert.equal(cache.lookup(question('a.example.'), 0), undefined)
  cache.store(question('b.example.'), learned({ answer: [setOf('b.example. 60 A 192.0.2.2')] }), 0)
  assert.deepEqual(ttls(cache.lookup(question('a.example.'), 10 * SECOND)), [20, 50])
  assert.equal(cache.lookup(question('a.example.', TYPE.MX), 0), undefined)
})

test('a DNAME answers again for the name with which it came, with its CNAME, and for no other', () => {
  const cache = new DnsCache()
  const dname = setOf('old.example. 60 DNAME new.example.')
  const made = setOf('www.old.example. 60 CNAME www.new.example.')
  const address = setOf('www.new.example. 60 A 192.0.2.3')
  const types = (answer: Answer | undefined) => answer?.answer.map((set) => `${set.type} ${set.ttl}`)
  const whole = (ttl: number) => [TYPE.DNAME, TYPE.CNAME, TYPE.A].map((type) => `${type} ${ttl}`)
  cache.store(question('www.old.example.'), learned({ answer: [dname, made, address] }), 0)
  assert.deepEqual(types(cache.lookup(question('www.old.example.'), 20 * SECOND)), whole(40))
  // Of another type: the name has been renamed, whatever is asked for.
  const six = setOf('www.new.example. 60 AAAA 2001:db8::3')
  cache.store(question('www.new.example.', TYPE.AAAA), learned({ answer: [six] }), 0)
  const other = cache.lookup(question('www.old.example.', TYPE.AAAA), 20 * SECOND)
  assert.deepEqual(types(other)?.slice(0, 2), whole(40).slice(0, 2))
  // Nobody has checked it: a forged one must not take every name below it.
  cache.store(question('mail.new.example.'), learned({ answer: [setOf('mail.new.example. 60 A 192.0.2.4')] }), 0)
  assert.equal(cache.lookup(question('mail.old.example.'), 0), undefined)
  // The CNAME was never a record of the zone.
  assert.equal(cache.lookup(question('www.old.example.', TYPE.CNAME), 0), undefined)
})

test('what was learnt with checking disabled is for those who check themselves', () => {
  const cache = new DnsCache()
  const unchecked = { ...question('bogus.example.'), checkingDisabled: true }
  cache.store(unchecked, learned({ answer: [setOf('bogus.example. 60 A 192.0.2.66')] }), 0)
  assert.equal(cache.lookup(question('bogus.example.'), 0), undefined)
  assert.equal(cache.lookup(unchecked, 0)?.answer.length, 1)
})

test('proofs are kept with the answer, as long as all of it is there', () => {
  const cache = new DnsCache()
  const soa = setOf('example. 600 SOA ns.example. h.example. 1 2 3 4 600')
  const nsec = setOf('a.example. 30 NSEC z.example. A')
  cache.store(question('no.example.'), learned({ rcode: RCODE.NXDOMAIN, authority: [soa, nsec] }), 0)
  const answer = cache.lookup(question('no.example.'), 10 * SECOND)
  assert.deepEqual([answer?.authority[1]?.ttl, answer?.security, answer?.error], [20, 'unchecked', null])
  assert.equal(cache.lookup(question('no.example.'), 30 * SECOND), undefined)
  assert.equal(cache.lookup(question('a.example.', TYPE.NSEC), 0), undefined) // a proof answers no question
})

test('the aliases that are followed are those of the one setting', () => {
  for (const [aliases, found] of [
    [2, false],
    [3, true],
  ] as const) {
    const cache = new DnsCache(dnsLimits({ answer: { aliases } }))
    for (const [from, to] of ['ab', 'bc', 'cd'])
      cache.store(question(`${from}.`, TYPE.CNAME), learned({ answer: [setOf(`${from}. 60 CNAME ${to}.`)] }), 0)
    cache.store(question('d.'), learned({ answer: [setOf('d. 60 A 192.0.2.1')] }), 0)
    assert.equal(cache.lookup(question('a.'), 0) !== undefined, found)
  }
})

test('a circle of aliases in the cache comes to an end', () => {
  const cache = new DnsCache()
  for (const [from, to] of ['ab', 'ba'])
    cache.store(question(`${from}.`, TYPE.CNAME), learned({ answer: [setOf(`${from}. 60 CNAME ${to}.`)] }), 0)
  assert.equal(cache.lookup(question('a.'), 0), undefined)
})

test('additional and authority data never answer a question', () => {
  const cache = new DnsCache()
  cache.store(
    question('example.', TYPE.NS),
    learned({
      answer: [setOf('example. 60 NS ns.example.')],
      authority: [setOf('sub.example. 60 NS ns.example.')],
      additional: [setOf('ns.example. 60 A 192.0.2.9')],
    }),
    0,
  )
  assert.equal(cache.lookup(question('ns.example.'), 0), undefined)
  assert.equal(cache.lookup(question('sub.example.', TYPE.NS), 0), undefined)
  assert.notEqual(cache.lookup(question('example.', TYPE.NS), 0), undefined)
})

test('answers are bounded', () => {
  const cache = new DnsCache(dnsLimits({ cache: { answers: 4 } }))
  for (let i = 0; i < 10; i++) cache.store(question(`n${i}.`), learned({ rcode: RCODE.NXDOMAIN }), 0)
  const left = [...Array(10).keys()].filter((i) => cache.lookup(question(`n${i}.`), 0) !== undefined)
  assert.ok(left.length <= 4 && left.at(-1) === 9, left.join())
})

test('RFC 9520: failures in a row are remembered longer and longer, up to five minutes', () => {
  const failures = new FailureCache()
  let now = 0
  const kept: number[] = []
  for (let i = 0; i < 10; i++) {
    failures.add('x', now)
    let left = 0
    while (failures.has('x', now + left * SECOND)) left++
    kept.push(left)
    now += left * SECOND
  }
  assert.deepEqual(kept, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300])
  failures.delete('x')
  failures.add('x', now)
  assert.equal(failures.has('x', now + SECOND), false)
})

test('failures are bounded', () => {
  const failures = new FailureCache(dnsLimits({ cache: { failures: 2 } }).cache)
  for (const key of ['a', 'b', 'c']) failures.add(key, 0)
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => failures.has(key, 0)),
    [false, true, true],
  )
})
