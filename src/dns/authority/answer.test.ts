import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DNS_LIMITS, dnsLimits } from '../limits.ts'
import { edns } from '../message/edns.ts'
import { type Message, message, query } from '../message/message.ts'
import { Name } from '../message/name.ts'
import { printRecord } from '../message/rdata/text.ts'
import { CLASS, OPCODE, RCODE, rcodeName, TYPE, type TypeName, typeName } from '../message/types.ts'
import { printFault } from '../zone/fault.ts'
import { loadZone } from '../zone/load.ts'
import { Zones } from '../zone/zones.ts'
import { answer } from './answer.ts'

const EXAMPLE = `$TTL 300
@      SOA ns host 1 3600 900 604800 60
       NS  ns
       NS  ns.elsewhere.test.
       MX  10 mail
ns     A   192.0.2.1
mail   A   192.0.2.25
       AAAA 2001:db8::25
www    CNAME web
web    A   192.0.2.80
chain  CNAME www
gone   CNAME nowhere
away   CNAME www.elsewhere.test.
loop1  CNAME loop2
loop2  CNAME loop1
into   CNAME www.sub
hop    CNAME www.other.
*.wild TXT any
       MX 5 mail
*.ali  CNAME web
ent.a  A 192.0.2.7
sub    NS ns.sub
       NS ns
       DS 1 8 2 0000
ns.sub A 192.0.2.53
old    DNAME new
a.new  A 192.0.2.99
long   DNAME ${'x'.repeat(63)}.${'y'.repeat(63)}.${'z'.repeat(63)}
srv    SRV 1 2 80 web
svc    HTTPS 1 web alpn=h2
`
const OTHER = '$TTL 300\n@ SOA ns host 1 2 3 4 5\n@ NS ns\nns A 192.0.2.2\nwww A 192.0.2.88\n'

function zone(text: string, origin: string) {
  const loaded = loadZone(text, Name.parse(origin))
  assert.deepEqual(loaded.faults.map(printFault), [])
  return loaded.zone!
}

const zones = new Zones([zone(EXAMPLE, 'example.'), zone(OTHER, 'other.')])

function ask(name: string, type: TypeName = 'A', parts: Partial<Message> = {}): Message {
  return answer(zones, query(Name.parse(name), TYPE[type], { id: 77, rd: true, ...parts }))
}

/** The reply as text: code, AA, then each section's records. */
function text(reply: Message): string[] {
  const section = (title: string, records: Message['answer']) =>
    records.map((record) => `${title} ${printRecord(record).replaceAll('\t', ' ')}`)
  return [
    `${rcodeName(reply.rcode)}${reply.aa ? ' aa' : ''}`,
    ...section('an', reply.answer),
    ...section('au', reply.authority),
    ...section('ad', reply.additional),
  ]
}

const SOA = 'au example. 60 IN SOA ns.example. host.example. 1 3600 900 604800 60'

test('what exists, with the ID, the question and RD of the query', () => {
  const reply = ask('WEB.example.')
  assert.deepEqual(text(reply), ['NOERROR aa', 'an WEB.example. 300 IN A 192.0.2.80'])
  assert.ok(reply.qr && reply.rd && !reply.ra && reply.id === 77)
  assert.equal(String(reply.question[0]!.name), 'WEB.example.')
  assert.equal(reply.edns, null)
})

test('NODATA and NXDOMAIN with the SOA and the negative time to live (RFC 2308)', () => {
  assert.deepEqual(text(ask('web.example.', 'AAAA')), ['NOERROR aa', SOA])
  assert.deepEqual(text(ask('nope.example.')), ['NXDOMAIN aa', SOA])
  assert.deepEqual(text(ask('a.example.')), ['NOERROR aa', SOA], 'an empty non-terminal exists')
})

test('aliases are followed within our zones, also into another one', () => {
  assert.deepEqual(text(ask('chain.example.')), [
    'NOERROR aa',
    'an chain.example. 300 IN CNAME www.example.',
    'an www.example. 300 IN CNAME web.example.',
    'an web.example. 300 IN A 192.0.2.80',
  ])
  assert.deepEqual(text(ask('hop.example.')), [
    'NOERROR aa',
    'an hop.example. 300 IN CNAME www.other.',
    'an www.other. 300 IN A 192.0.2.88',
  ])
  assert.deepEqual(text(ask('away.example.')), ['NOERROR aa', 'an away.example. 300 IN CNAME www.elsewhere.test.'])
  assert.deepEqual(text(ask('gone.example.')), ['NXDOMAIN aa', 'an gone.example. 300 IN CNAME nowhere.example.', SOA])
  assert.deepEqual(text(ask('www.example.', 'CNAME')), ['NOERROR aa', 'an www.example. 300 IN CNAME web.example.'])
  assert.deepEqual(text(ask('into.example.')), [
    'NOERROR aa',
    'an into.example. 300 IN CNAME www.sub.example.',
    'au sub.example. 300 IN NS ns.sub.example.',
    'au sub.example. 300 IN NS ns.example.',
    'ad ns.sub.example. 300 IN A 192.0.2.53',
    'ad ns.example. 300 IN A 192.0.2.1',
  ])
})

test('a loop of aliases ends, and so does a long chain', () => {
  assert.equal(ask('loop1.example.').answer.length, 2)
  const chain = Array.from({ length: 30 }, (_, i) => `c${i} CNAME c${i + 1}`).join('\n')
  const long = new Zones([zone(`${OTHER}${chain}\n`, 'other.')])
  assert.equal(answer(long, query(Name.parse('c0.other.'), TYPE.A)).answer.length, 12)
  assert.equal(
    answer(long, query(Name.parse('c0.other.'), TYPE.A), { ...DNS_LIMITS.answer, aliases: 2 }).answer.length,
    3,
  )
})

test('referrals: no AA, the child’s servers, glue', () => {
  const referral = [
    'NOERROR',
    'au sub.example. 300 IN NS ns.sub.example.',
    'au sub.example. 300 IN NS ns.example.',
    'ad ns.sub.example. 300 IN A 192.0.2.53',
    'ad ns.example. 300 IN A 192.0.2.1',
  ]
  for (const [name, type] of [
    ['www.sub.example.', 'A'],
    ['sub.example.', 'NS'],
    ['ns.sub.example.', 'A'],
    ['x.sub.example.', 'DS'],
  ] as const)
    assert.deepEqual(text(ask(name, type)), referral, name)
  assert.deepEqual(text(ask('sub.example.', 'DS')), ['NOERROR aa', 'an sub.example. 300 IN DS 1 8 2 0000'])
})

test('wildcards (RFC 4592)', () => {
  assert.deepEqual(text(ask('x.wild.example.', 'TXT')), ['NOERROR aa', 'an x.wild.example. 300 IN TXT "any"'])
  assert.deepEqual(text(ask('y.x.wild.example.', 'TXT')), ['NOERROR aa', 'an y.x.wild.example. 300 IN TXT "any"'])
  assert.deepEqual(text(ask('x.wild.example.', 'A')), ['NOERROR aa', SOA])
  assert.deepEqual(text(ask('q.ali.example.')), [
    'NOERROR aa',
    'an q.ali.example. 300 IN CNAME web.example.',
    'an web.example. 300 IN A 192.0.2.80',
  ])
})

test('DNAME: a CNAME is made, YXDOMAIN when the name grows too long (RFC 6672)', () => {
  assert.deepEqual(text(ask('a.old.example.')), [
    'NOERROR aa',
    'an old.example. 300 IN DNAME new.example.',
    'an a.old.example. 300 IN CNAME a.new.example.',
    'an a.new.example. 300 IN A 192.0.2.99',
  ])
  assert.equal(ask(`${'w'.repeat(63)}.long.example.`).rcode, RCODE.YXDOMAIN)
})

test('addresses of the hosts that an answer names', () => {
  assert.deepEqual(text(ask('example.', 'MX')), [
    'NOERROR aa',
    'an example. 300 IN MX 10 mail.example.',
    'ad mail.example. 300 IN A 192.0.2.25',
    'ad mail.example. 300 IN AAAA 2001:db8::25',
  ])
  assert.deepEqual(ask('srv.example.', 'SRV').additional.map(printRecord), ['web.example.\t300\tIN\tA\t192.0.2.80'])
  assert.deepEqual(ask('svc.example.', 'HTTPS').additional.map(printRecord), ['web.example.\t300\tIN\tA\t192.0.2.80'])
})

test('addresses in other zones of this server are left to those who serve them', () => {
  const both = new Zones([
    zone(`${OTHER}m MX 1 mail.third.\n@ NS ns.third.\n`, 'other.'),
    zone('$TTL 300\n@ SOA ns host 1 2 3 4 5\n@ NS ns\nns A 192.0.2.3\nmail A 192.0.2.4\n', 'third.'),
  ])
  assert.deepEqual(answer(both, query(Name.parse('m.other.'), TYPE.MX)).additional, [])
})

test('a signed zone: signatures and the DS of referrals go to those who ask for them; each has the time of its set', () => {
  const rrsig = (type: string) => `RRSIG ${type} 8 2 300 20300101000000 20200101000000 1 other. AAAA`
  const signed = new Zones([
    zone(
      `${OTHER}www ${rrsig('A')}\n@ ${rrsig('SOA')}\nlong 900 TXT x\nlong 900 ${rrsig('TXT')}\nsub NS ns\nsub DS 1 8 2 0000\nsub ${rrsig('DS')}\n`,
      'other.',
    ),
  ])
  const types = (name: string, type: number, dnssecOk = true) => {
    const reply = answer(signed, query(Name.parse(name), type, { edns: edns({ dnssecOk }) }))
    return [...reply.answer, ...reply.authority].map((record) => `${record.ttl} ${typeName(record.type)}`)
  }
  assert.deepEqual(types('www.other.', TYPE.A), ['300 A', '300 RRSIG'])
  assert.deepEqual(types('www.other.', TYPE.A, false), ['300 A'])
  assert.deepEqual(types('no.other.', TYPE.A), ['5 SOA', '5 RRSIG'])
  assert.deepEqual(types('x.sub.other.', TYPE.A), ['300 NS', '300 DS', '300 RRSIG'])
  assert.deepEqual(types('x.sub.other.', TYPE.A, false), ['300 NS'])
  assert.deepEqual(types('sub.other.', TYPE.DS, false), ['300 DS'])
  // RFC 4034 §3: not the smallest of all.
  assert.deepEqual(types('long.other.', TYPE.TXT), ['900 TXT', '900 RRSIG'])
  assert.deepEqual(types('long.other.', TYPE.RRSIG, false), ['900 RRSIG'])
})

test('limit: addresses of so many hosts and no more (CVE-2024-11187)', () => {
  const hosts = Array.from({ length: 50 }, (_, i) => `m MX 1 h${i}\nh${i} A 192.0.2.${i}`).join('\n')
  const many = new Zones([zone(`${OTHER}${hosts}\n`, 'other.')])
  const asked = query(Name.parse('m.other.'), TYPE.MX)
  assert.equal(answer(many, asked).additional.length, 13)
  assert.equal(answer(many, asked, dnsLimits({ answer: { additionalNames: 2 } }).answer).additional.length, 2)
})

test('of glue that a referral needs, none is left out, and it comes first (RFC 9471)', () => {
  const hosts = Array.from(
    { length: 20 },
    (_, i) => `sub NS h${i}\nh${i} A 192.0.2.${i}\nsub NS n${i}.sub\nn${i}.sub A 192.0.2.${i}`,
  )
  const many = new Zones([zone(`${OTHER}${hosts.join('\n')}\n`, 'other.')])
  const { additional } = answer(many, query(Name.parse('x.sub.other.'), TYPE.A))
  assert.equal(additional.length, 20 + 13)
  assert.ok(additional.slice(0, 20).every((record) => record.name.isUnder(Name.parse('sub.other.'))))
})

test('ANY is answered with one set (RFC 8482)', () => {
  assert.deepEqual(text(ask('mail.example.', 'ANY')), ['NOERROR aa', 'an mail.example. 300 IN A 192.0.2.25'])
  assert.deepEqual(text(ask('www.example.', 'ANY')), ['NOERROR aa', 'an www.example. 300 IN CNAME web.example.'])
})

test('what is not ours, not understood, not allowed', () => {
  const name = Name.parse('web.example.')
  assert.deepEqual(text(ask('elsewhere.test.')), ['REFUSED'])
  assert.deepEqual(text(ask('web.example.', 'AXFR')), ['REFUSED'])
  assert.deepEqual(text(ask('web.example.', 'TSIG')), ['NOTIMP'])
  assert.deepEqual(text(ask('web.example.', 'A', { question: [{ name, type: TYPE.A, class: CLASS.CH }] })), ['REFUSED'])
  assert.deepEqual(text(ask('web.example.', 'A', { opcode: OPCODE.UPDATE })), ['NOTIMP'])
  assert.deepEqual(text(answer(zones, message({ id: 1 }))), ['FORMERR'])
  const bad = ask('web.example.', 'A', { edns: edns({ version: 1 }) })
  assert.deepEqual(text(bad), ['BADVERS'])
  assert.equal(bad.edns?.version, 0)
})

test('EDNS is answered with EDNS, and DO is copied (RFC 3225)', () => {
  const reply = ask('web.example.', 'A', {
    edns: edns({ udpSize: 4096, dnssecOk: true, options: [{ code: 3, data: new Uint8Array(0) }] }),
  })
  assert.deepEqual(reply.edns, edns({ dnssecOk: true }))
})
