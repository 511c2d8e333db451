/** What is believed of a reply, and what kind of reply it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query, response } from '../../message/message.ts'
import { Name } from '../../message/name.ts'
import { parseRdata } from '../../message/rdata/text.ts'
import type { ResourceRecord, Rrset } from '../../message/record.ts'
import { CLASS, parseType, RCODE, TYPE, typeName } from '../../message/types.ts'
import { classify } from './classify.ts'
import { type Scope, type Scrubbed, scrub } from './scrub.ts'

interface Reply {
  readonly name?: string
  readonly type?: number
  readonly zone?: string
  readonly aa?: boolean
  readonly ra?: boolean
  readonly rcode?: number
  readonly answer?: readonly string[]
  readonly authority?: readonly string[]
  readonly additional?: readonly string[]
  readonly scope?: Partial<Scope>
  readonly rd?: boolean
}

function record(line: string): ResourceRecord {
  const [name = '', type = '', ...rdata] = line.split(' ')
  const number = parseType(type)!
  return { name: Name.parse(name), type: number, class: CLASS.IN, ttl: 60, rdata: parseRdata(number, rdata.join(' ')) }
}

function scrubbed(reply: Reply): Scrubbed {
  const {
    aa = true,
    ra = false,
    rcode = RCODE.NOERROR,
    name = 'www.example.',
    type = TYPE.A,
    zone = 'example.',
  } = reply
  const to = query(Name.parse(name), type)
  const sections = {
    answer: (reply.answer ?? []).map(record),
    authority: (reply.authority ?? []).map(record),
    additional: (reply.additional ?? []).map(record),
  }
  return scrub(response(to, { aa, ra, rcode, ...sections }), to.question[0]!, {
    zone: Name.parse(zone),
    forwarding: false,
    nameServers: 20,
    aliases: 11,
    proofs: 16,
    signatures: 8,
    promiscuous: false,
    ...reply.scope,
  })
}

function kind(reply: Reply): string {
  const { name = 'www.example.', type = TYPE.A, zone = 'example.', rd = false } = reply
  const asked = { name: Name.parse(name), type, class: CLASS.IN }
  return classify(scrubbed(reply), asked, Name.parse(zone), rd).kind
}

const print = (sets: readonly Rrset[]) => sets.map((set) => `${set.name} ${typeName(set.type)} ${set.rdatas.length}`)

test('the answer section: what was asked for, and nothing beside it', () => {
  const result = scrubbed({ answer: ['www.example. A 192.0.2.1', 'www.example. AAAA ::1', 'ftp.example. A 192.0.2.2'] })
  assert.deepEqual(print(result.answer), ['www.example. A 1'])
  assert.ok(result.answered)
})

test('aliases: the first link from a zone, the whole chain from a resolver, in any order', () => {
  const answer = ['b.example. A 192.0.2.1', 'www.example. CNAME a.example.', 'a.example. CNAME b.example.']
  const zone = scrubbed({ answer })
  assert.deepEqual(
    [print(zone.answer), zone.target.toString(), zone.answered],
    [['www.example. CNAME 1'], 'a.example.', false],
  )
  const resolver = scrubbed({ answer, scope: { forwarding: true } })
  assert.deepEqual(print(resolver.answer), ['www.example. CNAME 1', 'a.example. CNAME 1', 'b.example. A 1'])
  assert.ok(resolver.answered)
})

test('a chain longer than the limit, or in a circle, is cut', () => {
  const answer = Array.from({ length: 30 }, (_, i) => `n${i}.example. CNAME n${i + 1}.example.`)
  assert.equal(scrubbed({ name: 'n0.example.', answer, scope: { forwarding: true, aliases: 5 } }).answer.length, 5)
  const circle = ['www.example. CNAME a.example.', 'a.example. CNAME www.example.']
  assert.equal(scrubbed({ answer: circle, scope: { forwarding: true } }).answer.length, 2)
})

test('RFC 2181 §10.1: of two CNAMEs one is taken', () => {
  const result = scrubbed({ answer: ['www.example. CNAME a.example.', 'www.example. CNAME b.example.'] })
  assert.deepEqual(print(result.answer), ['www.example. CNAME 1'])
})

test('name servers are capped, and only the first set counts', () => {
  const authority = Array.from({ length: 40 }, (_, i) => `sub.example. NS n${i}.example.`)
  const result = scrubbed({ name: 'www.sub.example.', aa: false, authority: [...authority, 'example. NS x.example.'] })
  assert.deepEqual(print(result.authority), ['sub.example. NS 20'])
})

test('additional: addresses of the name servers named, inside the zone, and no others', () => {
  const result = scrubbed({
    name: 'www.sub.example.',
    aa: false,
    authority: ['sub.example. NS ns.sub.example.', 'sub.example. NS ns.other.'],
    additional: [
      'ns.sub.example. A 192.0.2.1',
      'ns.sub.example. AAAA 2001:db8::1',
      'ns.sub.example. TXT x',
      'ns.other. A 192.0.2.2',
      'www.example. A 192.0.2.3',
    ],
  })
  assert.deepEqual(print(result.additional), ['ns.sub.example. A 1', 'ns.sub.example. AAAA 1'])
})

test('the kinds of reply', () => {
  const soa = 'example. SOA ns.example. h.example. 1 2 3 4 5'
  assert.equal(kind({ answer: ['www.example. A 192.0.2.1'] }), 'answer')
  assert.equal(kind({ answer: ['www.example. CNAME a.example.'] }), 'alias')
  assert.equal(kind({ answer: ['www.example. CNAME a.example.'], type: TYPE.CNAME }), 'answer')
  assert.equal(kind({ rcode: RCODE.NXDOMAIN, authority: [soa] }), 'answer')
  assert.equal(kind({ rcode: RCODE.NXDOMAIN, answer: ['www.example. CNAME a.example.'] }), 'alias')
  assert.equal(kind({ authority: [soa] }), 'answer')
  assert.equal(kind({}), 'empty')
  for (const rcode of [RCODE.SERVFAIL, RCODE.REFUSED, RCODE.FORMERR, RCODE.NOTIMP])
    assert.equal(kind({ rcode }), 'useless')
})

test('referrals: down is a referral, up is lame, the same zone depends on AA', () => {
  const ns = (owner: string, aa = false, name = 'www.sub.example.') =>
    kind({ name, aa, authority: [`${owner} NS ns.x.`] })
  assert.equal(ns('sub.example.'), 'referral')
  assert.equal(ns('sub.example.', true), 'referral')
  assert.equal(ns('.'), 'lame')
  assert.equal(ns('example.', true), 'answer')
  assert.equal(ns('example.', false), 'useless')
  assert.equal(ns('other.'), 'empty') // not about the name at all
})

test('an answer from a cache is known by RA without AA, unless it was asked to resolve', () => {
  const reply = { aa: false, ra: true, answer: ['www.example. A 192.0.2.1'] }
  assert.equal(kind(reply), 'recursive')
  assert.equal(kind({ ...reply, rd: true }), 'answer')
  assert.equal(kind({ aa: false, ra: true, rcode: RCODE.NXDOMAIN }), 'recursive')
})

test('an answer without AA beside name servers of a zone below is a referral', () => {
  const answer = ['www.sub.example. A 192.0.2.1']
  const reply = { name: 'www.sub.example.', aa: false, answer, authority: ['sub.example. NS ns.sub.example.'] }
  assert.equal(kind(reply), 'referral')
  assert.deepEqual(print(scrubbed(reply).authority), ['sub.example. NS 1'])
  assert.equal(kind({ ...reply, aa: true }), 'answer')
  assert.deepEqual(print(scrubbed({ ...reply, aa: true }).authority), [])
})

const SOA = 'example. SOA ns.example. h.example. 1 2 3 4 5'

test('RFC 2308 §2.2: a resolver’s alias without data is an answer when a SOA says so; name servers do not', () => {
  const scope = { forwarding: true }
  const chased = { name: 'k.example.', rd: true, zone: '.', scope, answer: ['k.example. CNAME www.target.'] }
  assert.equal(kind({ ...chased, authority: ['target. SOA ns. h. 1 2 3 4 5'] }), 'answer')
  assert.equal(kind({ ...chased, rcode: RCODE.NXDOMAIN }), 'answer')
  assert.equal(kind({ ...chased, authority: ['example. NS ns.example.'] }), 'alias')
  assert.equal(kind(chased), 'alias')
})

test('aliases that lead back are seen: to the name itself, by a DNAME, over several names', () => {
  for (const answer of [
    ['www.example. CNAME www.example.'],
    ['www.example. CNAME a.example.', 'a.example. CNAME WWW.example.'],
    ['example. DNAME example.'],
  ]) {
    const result = scrubbed({ answer, scope: { forwarding: true } })
    assert.equal(result.broken, 'circle', answer.join())
    assert.equal(kind({ answer, rd: true, scope: { forwarding: true } }), 'alias')
  }
  assert.equal(scrubbed({ answer: ['www.example. CNAME www.example.'] }).broken, 'circle')
})

test('a name with an alias has nothing else, whatever its server says', () => {
  const both = scrubbed({ answer: ['www.example. A 192.0.2.66', 'www.example. CNAME t.example.'] })
  assert.deepEqual([print(both.answer), both.answered], [['www.example. CNAME 1'], false])
  const below = scrubbed({ answer: ['www.example. A 192.0.2.66', 'example. DNAME other.'] })
  assert.deepEqual(print(below.answer), ['example. DNAME 1', 'www.example. CNAME 1'])
  const asked = scrubbed({ answer: ['www.example. A 192.0.2.66', 'www.example. CNAME t.example.'], type: TYPE.CNAME })
  assert.deepEqual([print(asked.answer), asked.answered], [['www.example. CNAME 1'], true])
})

test('that a DNAME makes too long a name is seen here; a server that only says so is of no use', () => {
  const name = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.d.example.`
  const long = { name, answer: [`d.example. DNAME ${'x'.repeat(63)}.${'y'.repeat(63)}.example.`] }
  assert.deepEqual([scrubbed(long).rcode, scrubbed(long).broken, kind(long)], [RCODE.YXDOMAIN, 'too long', 'answer'])
  assert.equal(kind({ rcode: RCODE.YXDOMAIN, answer: ['www.example. A 192.0.2.1'] }), 'useless')
})

test('signatures travel with their sets, so many and no more; proofs stay where the server put them', () => {
  const rrsig = (owner: string, type: string, tag: number) =>
    `${owner} RRSIG ${type} 8 2 60 20300101000000 20200101000000 ${tag} example. AAAA`
  const many = Array.from({ length: 20 }, (_, i) => rrsig('www.example.', 'A', i))
  const positive = scrubbed({ answer: ['www.example. A 192.0.2.1', ...many] })
  assert.deepEqual([print(positive.answer), positive.answer[0]!.signatures.length], [['www.example. A 1'], 8])
  const nsec = ['a.example. NSEC z.example. A', rrsig('a.example.', 'NSEC', 1)]
  const negative = scrubbed({ rcode: RCODE.NXDOMAIN, authority: [...nsec, SOA, rrsig('example.', 'SOA', 1)] })
  assert.deepEqual(print(negative.authority), ['a.example. NSEC 1', 'example. SOA 1'])
  assert.deepEqual(
    negative.authority.map(({ signatures }) => signatures.length),
    [1, 1],
  )
  const crowd = Array.from({ length: 40 }, (_, i) => `n${i}.example. NSEC z.example. A`)
  assert.equal(scrubbed({ rcode: RCODE.NXDOMAIN, authority: [SOA, ...crowd] }).authority.length, 1 + 16)
  // What is left of a set that was cut is not the set that was signed.
  const ns = Array.from({ length: 30 }, (_, i) => `sub.example. NS n${i}.example.`)
  const cut = scrubbed({ name: 'a.sub.example.', aa: false, authority: [...ns, rrsig('sub.example.', 'NS', 1)] })
  assert.deepEqual([cut.delegation?.rdatas.length, cut.delegation?.signatures], [20, []])
})

test('a proof that reaches beyond the zone is not a proof', () => {
  const over = 'a.example. NSEC b.other. A'
  assert.deepEqual(print(scrubbed({ rcode: RCODE.NXDOMAIN, authority: [SOA, over] }).authority), ['example. SOA 1'])
  assert.deepEqual(print(scrubbed({ name: 'a.example.', type: TYPE.NSEC, answer: [over] }).answer), [])
})

test('DS live above the cut: a referral to the zone itself answers, with the DS beside it or without', () => {
  const asked = { name: 'sub.example.', type: TYPE.DS, aa: false }
  const referral = ['sub.example. NS ns.sub.example.', 'sub.example. DS 1 8 2 0000']
  assert.equal(kind({ ...asked, authority: referral }), 'answer')
  assert.deepEqual(print(scrubbed({ ...asked, authority: referral }).answer), ['sub.example. DS 1'])
  assert.equal(kind({ ...asked, authority: referral.slice(0, 1) }), 'empty')
  assert.equal(kind({ ...asked, authority: ['example.org. NS ns.'] }), 'empty')
  // Further up it is a referral as any other.
  assert.equal(kind({ ...asked, zone: '.', authority: ['example. NS ns.example.'] }), 'referral')
})
