// biome-ignore-all lint/suspicious/noTemplateCurlyInString: $GENERATE has its own
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Name } from '../message/name.ts'
import { printRecord } from '../message/rdata/text.ts'
import { printFault } from './fault.ts'
import { type MasterOptions, readMaster } from './master.ts'

const origin = Name.parse('example.org.')

function lines(text: string, options: MasterOptions = {}): string[] {
  const { records, faults } = readMaster(text, { origin, ...options })
  assert.deepEqual(faults.map(printFault), [])
  return records.map((record) => printRecord(record).replaceAll('\t', ' '))
}

function faults(text: string, options: MasterOptions = {}): string[] {
  return readMaster(text, { origin, file: 'f', ...options }).faults.map(printFault)
}

test('owners, times to live and classes left out, parentheses, comments, quotes (RFC 1035 §5.1)', () => {
  const text = `
$TTL 1h
@       IN SOA ns1 host (  ; the start
          2024010101 ; serial
          1h 15m 1w 5m )
        NS  ns1
ns1 300 A   192.0.2.1
        AAAA 2001:db8::1
 IN 5 TXT "semi;colon" plain "a ""b" (
   "more" )
www     CNAME ns1.example.org.
$ORIGIN sub
a 60 IN A 192.0.2.2
`
  assert.deepEqual(lines(text), [
    'example.org. 3600 IN SOA ns1.example.org. host.example.org. 2024010101 3600 900 604800 300',
    'example.org. 3600 IN NS ns1.example.org.',
    'ns1.example.org. 300 IN A 192.0.2.1',
    'ns1.example.org. 3600 IN AAAA 2001:db8::1',
    'ns1.example.org. 5 IN TXT "semi;colon" "plain" "a " "b" "more"',
    'www.example.org. 3600 IN CNAME ns1.example.org.',
    'a.sub.example.org. 60 IN A 192.0.2.2',
  ])
})

test('without $TTL a record has that of the one before, and SOA its minimum', () => {
  assert.deepEqual(lines('@ SOA a b 1 2 3 4 99\n@ NS a\nx 7 A 192.0.2.1\n A 192.0.2.2'), [
    'example.org. 99 IN SOA a.example.org. b.example.org. 1 2 3 4 99',
    'example.org. 99 IN NS a.example.org.',
    'x.example.org. 7 IN A 192.0.2.1',
    'x.example.org. 7 IN A 192.0.2.2',
  ])
  assert.deepEqual(faults('x A 192.0.2.1'), [
    'f:1:1: error: no time to live: neither here, nor by $TTL, nor in a record before',
  ])
})

test('escapes in names and texts', () => {
  assert.deepEqual(lines('a\\.b 1 TXT "q\\"q" back\\\\slash \\065\\066'), [
    'a\\.b.example.org. 1 IN TXT "q\\"q" "back\\\\slash" "AB"',
  ])
})

test('unknown types and classes, and known ones written as unknown (RFC 3597 §5)', () => {
  assert.deepEqual(
    lines('a 1 CLASS32 TYPE731 \\# 6 abcd ( ef 01 23 45 )\nb 1 IN A \\# 4 0A000001\nc 1 IN TYPE1 10.0.0.2'),
    [
      'a.example.org. 1 CLASS32 TYPE731 \\# 6 ABCDEF012345',
      'b.example.org. 1 IN A 10.0.0.1',
      'c.example.org. 1 IN A 10.0.0.2',
    ],
  )
  assert.match(faults('a 1 TYPE731 10.0.0.1')[0]!, /^f:1:13: error: the rdata of TYPE731, in the form/)
  assert.match(faults('a 1 A \\# 3 0a0000')[0]!, /f:1:7: error: A has a malformed address/)
  assert.match(faults('a 1 A \\# 5 0a0000')[0]!, /5 octets in hexadecimal are expected/)
})

test('every fault has line and column and says what was expected; reading goes on', () => {
  const text = `$TTL 300
a A 192.0.2.256
b AAAA fe80::%eth0
c MX mail
d MX 70000 mail
e BOGUS x
f A 192.0.2.1 192.0.2.2
g A
h..x A 192.0.2.1
$FROB x
$INCLUDE other
good A 192.0.2.9
i TXT "open
j A 192.0.2.1 )
k NSEC a A NOPE
$TTL 1y
`
  assert.deepEqual(faults(text), [
    "f:2:5: error: '192.0.2.256' is not an IPv4 address",
    "f:3:8: error: 'fe80::%eth0' is not an IPv6 address",
    "f:4:6: error: 'mail' is not a number from 0 to 65535",
    "f:5:6: error: '70000' is not a number from 0 to 65535",
    "f:6:3: error: 'BOGUS' is not a record type",
    "f:7:15: error: '192.0.2.2' is more than A has",
    'f:8:4: error: an IPv4 address is missing',
    "f:9:3: error: 'h..x' is not a domain name: a label is empty",
    "f:10:1: error: '$FROB' is not a directive: there are $ORIGIN, $TTL, $INCLUDE and $GENERATE",
    'f:11:10: error: $INCLUDE is not allowed here',
    'f:13:7: error: this quotation is not closed before the end of the line',
    "f:14:15: error: a ')' without its '('",
    "f:15:12: error: 'NOPE' is not a record type",
    "f:16:6: error: '1y' is not a time to live: seconds up to 2147483647, or with units as in 1h30m",
  ])
  assert.equal(readMaster(text, { origin }).records.length, 1)
  assert.deepEqual(faults('a 1 SOA ( x y'), ["f:1:9: error: this '(' is never closed"])
  assert.deepEqual(faults(' 1 A 192.0.2.1'), ['f:1:2: error: the first record names no owner'])
  assert.match(faults('a 1 OPT x')[0]!, /OPT is a type of messages/)
})

test('$INCLUDE reads through the function given, with an origin of its own, and returns to the owner before', () => {
  const include = (path: string, from: string) => {
    assert.equal(from, 'zone')
    return path === 'hosts' ? { text: 'x A 192.0.2.1\n' } : { why: 'no such file' }
  }
  assert.deepEqual(lines('$TTL 1\na A 192.0.2.9\n$INCLUDE hosts sub\n A 192.0.2.8', { include }), [
    'a.example.org. 1 IN A 192.0.2.9',
    'x.sub.example.org. 1 IN A 192.0.2.1',
    'a.example.org. 1 IN A 192.0.2.8',
  ])
  assert.match(faults('$INCLUDE none', { include: () => ({ why: 'no such file' }) })[0]!, /'none': no such file/)
  const bad = faults('$TTL 1\n$INCLUDE hosts', { include: () => ({ text: '\nx A y' }) })
  assert.deepEqual(bad, ["hosts:2:5: error: 'y' is not an IPv4 address"])
})

test('limit: a file that includes itself ends', () => {
  const include = () => ({ text: '$INCLUDE again' })
  assert.match(faults('$INCLUDE again', { include })[0]!, /more than 8 deep/)
  assert.match(faults('$INCLUDE again', { include, limits: { includeDepth: 2 } })[0]!, /more than 2 deep/)
  let read = 0
  const twice = () => {
    read++
    return { text: '$INCLUDE again\n$INCLUDE again\n'.repeat(5) }
  }
  const found = faults('$INCLUDE again', { include: twice, limits: { faults: 1_000_000 } })
  assert.ok(found.some((fault) => /more than 256 files/.test(fault)))
  assert.equal(read, 256)
  assert.match(faults('$INCLUDE again', { include: twice, limits: { includedFiles: 3 } })[0]!, /more than 3 files/)
})

test('$GENERATE', () => {
  assert.deepEqual(lines('$TTL 1\n$GENERATE 1-3 h$ A 10.0.0.$'), [
    'h1.example.org. 1 IN A 10.0.0.1',
    'h2.example.org. 1 IN A 10.0.0.2',
    'h3.example.org. 1 IN A 10.0.0.3',
  ])
  assert.deepEqual(lines('$GENERATE 8-10/2 x${-8,3,d} 5 TXT "${0,2,X} $$ \\$ ${16,3,n}"'), [
    'x000.example.org. 5 IN TXT "08" "$" "$" "8.1"',
    'x002.example.org. 5 IN TXT "0A" "$" "$" "a.1"',
  ])
  assert.match(faults('$GENERATE 5-1 a$ 1 A 10.0.0.$')[0]!, /'5-1' is not a range/)
  assert.match(faults('$GENERATE 1-2 a${x} 1 A 10.0.0.$')[0]!, /has not the form/)
  assert.match(faults('$GENERATE 0-1 a${-1} 1 A 10.0.0.$')[0]!, /below 0/)
})

test('$GENERATE as BIND’s manual writes it: one word of data, in quotes when it has blanks', () => {
  assert.deepEqual(lines('$TTL 1\n$GENERATE 1-2 HOST-$ A 1.2.3.$\n$GENERATE 1-2 HOST-$ MX "0 ."'), [
    'HOST-1.example.org. 1 IN A 1.2.3.1',
    'HOST-2.example.org. 1 IN A 1.2.3.2',
    'HOST-1.example.org. 1 IN MX 0 .',
    'HOST-2.example.org. 1 IN MX 0 .',
  ])
  assert.deepEqual(lines('$GENERATE 7-7 mx 1 IN MX "10 h${0,3}"\n$GENERATE 7-7 mx 1 MX 10 h$'), [
    'mx.example.org. 1 IN MX 10 h007.example.org.',
    'mx.example.org. 1 IN MX 10 h7.example.org.',
  ])
  assert.deepEqual(lines('$GENERATE 1-1 t$ 1 TXT "a $ b"\n$GENERATE 1-1 t$ 1 TXT "\\"a $\\" b"'), [
    't1.example.org. 1 IN TXT "a" "1" "b"',
    't1.example.org. 1 IN TXT "a 1" "b"',
  ])
  assert.deepEqual(
    faults('$GENERATE 1-9 m$ 1 MX "10 h$"\n$GENERATE 1-2 m$ 1 MX "h$"')[0],
    "f:2:23: error: 'h1' is not a number from 0 to 65535",
  )
})

test('a byte order mark is named, and what follows it is read', () => {
  const { records, faults: found } = readMaster('\ufeffa 1 A 192.0.2.1', { origin })
  assert.match(found.map(printFault).join(), /^zone:1:1: error: the file starts with a byte order mark/)
  assert.equal(records.length, 1)
})

test('limit: of a fault so much is told and no more', () => {
  const [long] = faults(`a 1 ${'x'.repeat(5000)} y`)
  assert.ok(long!.length < 700)
  assert.ok(faults(`a 1 ${'x'.repeat(5000)} y`, { limits: { faultText: 20 } })[0]!.length < 60)
})

test('limit: $GENERATE makes so many records and no more', () => {
  assert.match(faults('$GENERATE 0-2147483647 a$ 1 A 10.0.0.1')[0]!, /more than 65536 records/)
  assert.match(faults('$GENERATE 0-9 a$ 1 A 10.0.0.1', { limits: { generated: 9 } })[0]!, /more than 9 records/)
  assert.equal(lines('$GENERATE 0-9 a$ 1 A 10.0.0.1', { limits: { generated: 10 } }).length, 10)
})

test('limit: a file of nothing but faults is given up', () => {
  const found = faults('x A y\n'.repeat(1000))
  assert.equal(found.length, 51)
  assert.match(found.at(-1)!, /too many errors/)
})

test('white space that is not a blank is part of a word, and does not stop the reader', () => {
  assert.equal(lines('a 1 TXT x\u00a0y').length, 1)
  assert.equal(faults('\u2028').length, 1)
})
