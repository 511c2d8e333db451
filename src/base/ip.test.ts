import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  canonicalIp,
  contains4,
  formatIp4,
  formatIp6,
  formatPrefix4,
  ipVersion,
  isLoopback,
  mask4,
  parseIp4,
  parseIp6,
  parsePrefix4,
} from './ip.ts'

test('IPv4 literals read and print', () => {
  assert.equal(parseIp4('192.0.2.1'), 0xc0000201)
  assert.equal(parseIp4('255.255.255.255'), 0xffffffff)
  assert.equal(formatIp4(0xc0000201), '192.0.2.1')
  for (const bad of [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.0.0.1',
    '01.2.3.4',
    '1..2.3',
    '1.2.3.4 ',
    '1.2.3.-4',
    '.1.2.3',
    '1.2.3.',
  ])
    assert.equal(parseIp4(bad), -1, bad)
})

test('IPv6 literals take the form of RFC 5952', () => {
  const cases = [
    ['::', '::'],
    ['::1', '::1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
  ] as const
  for (const [text, canonical] of cases) assert.equal(canonicalIp(text), canonical)
  for (const bad of [
    ':',
    ':::',
    '1::2::3',
    '12345::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '1:',
    'g::',
    '::1%',
    '::1.2.3',
  ])
    assert.equal(ipVersion(bad), 0, bad)
})

test('any sixteen bytes come back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      assert.deepEqual(parseIp6(formatIp6(bytes)), bytes)
    }),
  )
})

test('what is a literal agrees with Node', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9a-f:.]{0,24}$/), (text) => {
      // Node takes "::" for one group only from two on; the grammar of RFC 4291 is the same as ours.
      assert.equal(ipVersion(text), isIP(text), text)
    }),
    { numRuns: 2000 },
  )
})

test('prefixes', () => {
  const parsed = parsePrefix4('10.1.2.3/20')
  assert.ok(parsed)
  assert.equal(formatPrefix4(parsed.prefix), '10.1.0.0/20')
  assert.ok(contains4(parsed.prefix, parseIp4('10.1.15.255')))
  assert.ok(!contains4(parsed.prefix, parseIp4('10.1.16.0')))
  assert.equal(mask4(0), 0)
  assert.equal(mask4(32), 0xffffffff)
  for (const bad of ['10.0.0.0/33', '10.0.0.0/', '10.0.0/8', '10.0.0.0/08']) assert.equal(parsePrefix4(bad), null, bad)
})

test('loopback literals of both families', () => {
  for (const text of ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1'])
    assert.ok(isLoopback(text), text)
  for (const text of ['0.0.0.0', '::', '128.0.0.1', '::2', 'fe80::1', 'localhost', '', '::ffff:1.2.3.4'])
    assert.ok(!isLoopback(text), text)
})
