/** What a resolver answers out of its own, and what it does not believe. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answer } from '../../answer/answer.ts'
import { Name } from '../../message/name.ts'
import { parseRdata, printRdata } from '../../message/rdata/text.ts'
import { rrset } from '../../message/record.ts'
import { CLASS, parseType, RCODE } from '../../message/types.ts'
import { EMPTY_ZONES, emptyZones } from './empty.ts'
import { PRIVATE_PREFIXES, withoutPrivateAddresses } from './private.ts'
import { specialNames } from './special.ts'

const query = (name: string, type = 'A') => ({ name: Name.parse(name), type: parseType(type)!, class: CLASS.IN })

const shown = (answer: Answer | undefined) =>
  answer && [
    answer.rcode,
    ...answer.answer.flatMap((set) => set.rdatas.map((rdata) => printRdata(set.type, rdata))),
    ...answer.authority.map((set) => `${set.name} ${set.ttl}`),
  ]

test('RFC 6761: localhost and the names below it are this machine, other names of the kind do not exist', () => {
  const policy = specialNames()
  const ask = (name: string, type?: string) => shown(policy.question!(query(name, type), null))
  assert.deepEqual(ask('localhost.'), [0, '127.0.0.1'])
  assert.deepEqual(ask('a.b.LocalHost.', 'AAAA'), [0, '::1'])
  // RFC 2308 §5: with a SOA, so that "no" can be cached further down.
  assert.deepEqual(ask('localhost.', 'MX'), [0, 'localhost. 10800'])
  assert.deepEqual(ask('x.invalid.'), [RCODE.NXDOMAIN, 'invalid. 10800'])
  assert.deepEqual(ask('x.onion.', 'AAAA'), [RCODE.NXDOMAIN, 'onion. 10800'])
  assert.equal(ask('example.'), undefined)
})

test('RFC 6303: reverse zones of private networks are empty and leak to nobody', () => {
  const policy = emptyZones()
  const ask = (name: string) => shown(policy.question!(query(name, 'PTR'), null))
  for (const [name, zone] of [
    ['1.1.168.192.in-addr.arpa.', '168.192.in-addr.arpa.'],
    ['1.0.0.127.in-addr.arpa.', '127.in-addr.arpa.'],
    ['4.3.31.172.in-addr.arpa.', '31.172.in-addr.arpa.'],
    ['9.8.64.100.in-addr.arpa.', '64.100.in-addr.arpa.'],
    [`1.${'0.'.repeat(31)}ip6.arpa.`, `1.${'0.'.repeat(31)}ip6.arpa.`],
    ['1.d.f.ip6.arpa.', 'd.f.ip6.arpa.'],
  ] as const)
    assert.deepEqual(ask(name), [name === zone ? RCODE.NOERROR : RCODE.NXDOMAIN, `${zone} 10800`], name)
  for (const name of ['1.32.172.in-addr.arpa.', '8.8.8.8.in-addr.arpa.', 'in-addr.arpa.', '2.ip6.arpa.'])
    assert.equal(ask(name), undefined, name)
  assert.equal(new Set(EMPTY_ZONES).size, EMPTY_ZONES.length)
})

test('DS of such a zone are asked for: its parent says whether there is a delegation', () => {
  const policy = emptyZones()
  assert.equal(policy.question!(query('10.in-addr.arpa.', 'DS'), null), undefined)
  assert.equal(shown(policy.question!(query('1.10.in-addr.arpa.', 'DS'), null))?.[0], RCODE.NXDOMAIN)
})

test('who is configured to know a private reverse zone is asked', () => {
  const policy = emptyZones([Name.root, Name.parse('10.in-addr.arpa.')])
  assert.equal(policy.question!(query('1.2.10.in-addr.arpa.', 'PTR'), null), undefined)
  assert.notEqual(policy.question!(query('1.168.192.in-addr.arpa.', 'PTR'), null), undefined)
})

const set = (name: string, type: string, ...rdata: string[]) => {
  const number = parseType(type)!
  const signatures = [Uint8Array.of(1)]
  return {
    ...rrset(
      Name.parse(name),
      number,
      CLASS.IN,
      60,
      rdata.map((text) => parseRdata(number, text)),
    ),
    signatures,
  }
}

test('private addresses are left out of answers: of either family, and hidden in hints', () => {
  const { addresses } = withoutPrivateAddresses()
  const left = (...given: Parameters<typeof set>) => {
    const kept = addresses!(set(...given))
    return kept === null ? null : kept.rdatas.map((rdata) => printRdata(kept.type, rdata))
  }
  assert.deepEqual(left('a.', 'A', '192.0.2.1', '10.1.2.3', '172.31.0.1', '172.32.0.1'), ['192.0.2.1', '172.32.0.1'])
  assert.equal(left('a.', 'A', '192.168.1.1', '127.0.0.1', '169.254.1.1', '100.64.0.1', '0.0.0.0'), null)
  assert.deepEqual(left('a.', 'AAAA', 'fd00::1', 'fe80::1', '::1', '::ffff:10.0.0.1', '2001:db8::1'), ['2001:db8::1'])
  assert.equal(left('a.', 'HTTPS', '1 . alpn="h2"', '1 . ipv4hint=10.0.0.1', '1 . ipv6hint=fd00::1')?.length, 1)
  assert.equal(left('a.', 'SVCB', '1 b. ipv4hint=192.0.2.1,10.0.0.1'), null)
  assert.equal(PRIVATE_PREFIXES.length, 12)
})

test('a whole set keeps its signatures, what is left of one does not', () => {
  const { addresses } = withoutPrivateAddresses()
  const whole = set('a.', 'A', '192.0.2.1')
  assert.equal(addresses!(whole), whole)
  assert.deepEqual(addresses!(set('a.', 'A', '192.0.2.1', '10.0.0.1'))?.signatures, [])
})

test('names of the network itself may have private addresses; other prefixes can be given', () => {
  const home = withoutPrivateAddresses({ allowed: [Name.parse('home.')] })
  assert.notEqual(home.addresses!(set('nas.home.', 'A', '10.0.0.1')), null)
  assert.equal(home.addresses!(set('nas.example.', 'A', '10.0.0.1')), null)
  const own = withoutPrivateAddresses({ prefixes: ['192.0.2.128/25', '2001:db8::/33'] })
  assert.deepEqual(own.addresses!(set('a.', 'A', '192.0.2.127', '192.0.2.128'))?.rdatas.length, 1)
  assert.deepEqual(own.addresses!(set('a.', 'AAAA', '2001:db8:7fff::', '2001:db8:8000::'))?.rdatas.length, 1)
  for (const bad of ['10.0.0.0/33', 'x', '10.0.0.0/', '::/129', ''])
    assert.throws(() => withoutPrivateAddresses({ prefixes: [bad] }), { code: 'DNS_SETTING' }, bad)
})
