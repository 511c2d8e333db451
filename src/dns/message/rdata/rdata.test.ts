import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Name } from '../name.ts'
import { CLASS, TYPE, type TypeName } from '../types.ts'
import { TextError } from './lexer.ts'
import { canonicalRdata, parseRdata, printRdata, printRecord, rdataFault, readRdata, writeRdata } from './text.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const bytes = (text: string) => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'))

test('text to wire to text, by type', () => {
  const cases: [TypeName, string, string?][] = [
    ['A', '192.0.2.1'],
    ['AAAA', '2001:db8::1'],
    ['MX', '10 mail.example.'],
    ['SOA', 'ns.example. host.example. 1 7200 900 1209600 86400'],
    ['TXT', '"v=spf1 -all" "\\"\\\\\\000\\255"'],
    ['HINFO', '"PDP-11" "UNIX"'],
    ['SRV', '1 2 65535 .'],
    ['CAA', '0 issue "ca.example.net; account=230123"'],
    ['NAPTR', '100 10 "u" "E2U+sip" "!^.*$!sip:a@example.!" .'],
    ['DS', '60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118'],
    ['DNSKEY', '257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ=='],
    ['RRSIG', 'A 13 2 3600 20250101000000 20241201000000 12345 example. c2lnbmF0dXJl'],
    ['NSEC', 'host.example. A MX RRSIG NSEC TYPE1234'],
    ['NSEC3', '1 1 12 AABBCCDD 2t7b4g4vsa5smi47k61mv5bv1a22bojr MX DNSKEY NS'.replace('MX DNSKEY NS', 'NS MX DNSKEY')],
    ['NSEC3PARAM', '1 0 0 -'],
    ['TLSA', '3 1 1 92003BA34942DC74152E2F2C408D29EC'],
    ['SSHFP', '2 1 123456789ABCDEF67890'],
    ['LOC', '42 21 54.000 N 71 06 18.000 W -24m 30m 10000m 10m'],
    ['URI', '10 1 "ftp://ftp1.example.com/public"'],
    ['EUI48', '00-00-5e-90-01-2a'],
    ['SVCB', '1 . alpn="h2,h3" port=853 ipv4hint=192.0.2.1,192.0.2.2 ech=AAECAw== ipv6hint=2001:db8::1'],
    ['HTTPS', '0 svc.example.'],
    ['IPSECKEY', '10 3 2 gw.example. AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ=='],
    ['APL', '1:192.168.32.0/21 !1:192.168.38.0/28'],
    ['WKS', '10.0.0.1 tcp 25 53'],
    ['TSIG', 'hmac-sha256. 1480584899 300 16 lkEJsjwBeAdfv9RGs6zZrg== 15355 BADTIME 0'],
  ]
  for (const [type, text] of cases) {
    const rdata = parseRdata(TYPE[type], text)
    assert.equal(rdataFault(TYPE[type], rdata), null, type)
    assert.equal(printRdata(TYPE[type], rdata), text, type)
  }
})

test('values: read, write, and what a field cannot hold', () => {
  const rdata = writeRdata('MX', { preference: 10, exchange: Name.parse('mail.example.') })
  assert.equal(hex(rdata), '000a046d61696c076578616d706c6500')
  const { preference, exchange } = readRdata('MX', rdata)
  assert.deepEqual([preference, String(exchange)], [10, 'mail.example.'])
  assert.throws(
    () => writeRdata('MX', { preference: 65536, exchange: Name.root }),
    /integer from 0 to 65535, not 65536/,
  )
  assert.throws(() => writeRdata('A', { address: 'x' }), /'x' is not an IPv4 address/)
  assert.throws(() => writeRdata('TXT', { strings: [new Uint8Array(256)] }), /at most 255 octets, not 256/)
  assert.throws(() => readRdata('A', new Uint8Array(3)), /malformed address/)
  const typed: number = readRdata('SOA', parseRdata(TYPE.SOA, 'a. b. 1 2 3 4 5')).serial
  assert.equal(typed, 1)
})

test('the vectors of RFC 9460 appendix D', () => {
  const good: [string, string][] = [
    ['0 foo.example.com.', '0000 03666f6f076578616d706c6503636f6d00'],
    ['1 .', '0001 00'],
    ['16 foo.example.com. port=53', '0010 03666f6f076578616d706c6503636f6d00 0003 0002 0035'],
    ['1 foo.example.com. key667=hello', '0001 03666f6f076578616d706c6503636f6d00 029b 0005 68656c6c6f'],
    [
      '1 foo.example.com. key667="hello\\210qoo"',
      '0001 03666f6f076578616d706c6503636f6d00 029b 0009 68656c6c6fd2716f6f',
    ],
    [
      '1 foo.example.com. ( ipv6hint="2001:db8::1,2001:db8::53:1" )',
      '0001 03666f6f076578616d706c6503636f6d00 0006 0020 20010db8000000000000000000000001 20010db8000000000000000000530001',
    ],
    [
      '16 foo.example.org. ( alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1 )',
      '0010 03666f6f076578616d706c65036f726700 0000 0004 0001 0004 0001 0009 02683205 68332d3139 0004 0004 c0000201',
    ],
    [
      '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
      '0010 03666f6f076578616d706c65036f726700 0001 000c 08 665c6f6f2c626172 02 6832',
    ],
  ]
  for (const [text, wire] of good) {
    const rdata = parseRdata(TYPE.SVCB, text)
    assert.equal(hex(rdata), wire.replace(/\s/g, ''), text)
    assert.equal(hex(parseRdata(TYPE.SVCB, printRdata(TYPE.SVCB, rdata))), hex(rdata), 'and back')
  }
  for (const bad of [
    '1 foo.example.com. key123=abc key123=def',
    '1 foo.example.com. mandatory',
    '1 foo.example.com. alpn',
    '1 foo.example.com. port',
    '1 foo.example.com. ipv4hint',
    '1 foo.example.com. no-default-alpn=abc',
    '1 foo.example.com. frob=1',
  ])
    assert.throws(() => parseRdata(TYPE.SVCB, bad), TextError, bad)
})

test('rdata that are malformed are printed as unknown ones, never wrongly', () => {
  for (const [type, wire] of [
    ['A', 'c00002'],
    ['MX', '000a'],
    ['TXT', '05616263'],
    ['NSEC', '00 0001 00'],
    ['NSEC', '00 00 21 00'],
    ['SVCB', '0001 00 0003 0002 0035 0001 0003 026832'],
    ['LOC', '01 121613 00000000 00000000 00000000'],
    ['APL', '0001 21 04 c0a82000'],
  ] as [TypeName, string][]) {
    const rdata = bytes(wire)
    assert.notEqual(rdataFault(TYPE[type], rdata), null, `${type} ${wire}`)
    assert.equal(printRdata(TYPE[type], rdata), `\\# ${rdata.length} ${hex(rdata).toUpperCase()}`)
    assert.throws(() => parseRdata(TYPE[type], `\\# ${rdata.length} ${hex(rdata)}`), TextError)
  }
})

test('canonical form: names fold for the types listed (RFC 4034 §6.2, RFC 6840 §5.1), else nothing changes', () => {
  const canonical = (type: TypeName, text: string) =>
    printRdata(TYPE[type], canonicalRdata(TYPE[type], parseRdata(TYPE[type], text)))
  assert.equal(canonical('MX', '10 Mail.Example.'), '10 mail.example.')
  assert.equal(canonical('SRV', '1 2 3 Host.Example.'), '1 2 3 host.example.')
  assert.equal(
    canonical('RRSIG', 'A 8 2 60 20250101000000 20241201000000 1 Example. AAAA'),
    'A 8 2 60 20250101000000 20241201000000 1 example. AAAA',
  )
  assert.equal(canonical('NSEC', 'Next.Example. A'), 'Next.Example. A')
  assert.equal(canonical('SVCB', '1 Svc.Example.'), '1 Svc.Example.')
  assert.equal(canonical('TXT', '"Text"'), '"Text"')
})

test('a record as a line', () => {
  const record = { name: Name.parse('a.example.'), type: TYPE.A, class: CLASS.IN, ttl: 60, rdata: bytes('c0000201') }
  assert.equal(printRecord(record), 'a.example.\t60\tIN\tA\t192.0.2.1')
})

test('words that every object knows are no mnemonics', () => {
  for (const [type, text] of [
    [TYPE.WKS, '10.0.0.1 constructor 25'],
    [TYPE.WKS, '10.0.0.1 tcp toString'],
    [TYPE.NSEC, 'a. __proto__'],
    [TYPE.SVCB, '1 . constructor=1'],
    [TYPE.CERT, 'valueOf 0 0 AAAA'],
  ] as const)
    assert.throws(() => parseRdata(type, text), TextError, text)
})
