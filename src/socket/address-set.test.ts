import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AddressSet } from './address-set.ts'

test('prefixes of both families, single addresses and words', () => {
  const cases: readonly (readonly [entries: string[], inside: string[], outside: string[]])[] = [
    [['10.0.0.0/8'], ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3'], ['11.0.0.0', '9.255.255.255', '::10.0.0.1']],
    [['192.0.2.7'], ['192.0.2.7', '::ffff:c000:207'], ['192.0.2.6', '192.0.2.70']],
    [['2001:db8::/33'], ['2001:db8::1', '2001:db8:7fff::'], ['2001:db8:8000::', '2001:db9::']],
    [['fe80::/10'], ['fe80::1%eth0', 'febf::1'], ['fec0::1']],
    [['::1/128'], ['::1'], ['::', '::2', '0.0.0.1']],
    [['loopback'], ['127.9.9.9', '::1', '::ffff:127.0.0.1'], ['128.0.0.1', '::2']],
    [['private'], ['10.1.1.1', '172.31.0.1', '192.168.1.1', 'fd00::1', '169.254.1.1'], ['172.32.0.1', '8.8.8.8']],
    [['all'], ['1.2.3.4', '::'], ['not an address', '']],
    [[], [], ['127.0.0.1', '::1']],
  ]
  for (const [entries, inside, outside] of cases) {
    const set = new AddressSet('trust', entries)
    for (const address of inside) assert.ok(set.has({ address, port: 1 }), `${address} in ${entries}`)
    for (const address of outside) assert.ok(!set.has({ address, port: 1 }), `${address} not in ${entries}`)
  }
})

test('Unix sockets are in no set that does not name them, not even in all', () => {
  assert.ok(new AddressSet('trust', ['unix']).has({ path: '/run/a' }))
  assert.ok(!new AddressSet('trust', ['all']).has({ path: '/run/a' }))
  assert.ok(!new AddressSet('trust', ['unix']).has({ address: '127.0.0.1', port: 1 }))
})

test('what is not a prefix is refused with the setting and what to write', () => {
  for (const entry of [
    '',
    'a.example',
    '10.0.0.0/33',
    '10.0.0/8',
    '10.0.0.0/08',
    '::/129',
    '10.0.0.0/',
    'fe80::1%eth0',
  ])
    assert.throws(() => new AddressSet('trust.from', [entry]), /^RangeError: trust.from: ".*" is not an address/, entry)
  assert.throws(() => new AddressSet('trust.from', ['10.0.0.1/8']), /has bits set beyond the length/)
  assert.throws(() => new AddressSet('trust.from', ['2001:db8::1/32']), /has bits set beyond the length/)
  assert.throws(() => new AddressSet('trust.from', '10.0.0.0/8' as never), /must be a list/)
})
