import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatIp, Ip6, ipKey, isLoopbackIp, isMulticast, isUnspecified, parseIp, sameIp } from './ip6.ts'

test('addresses of both families are read, written, compared and kept in tables alike', () => {
  const texts = ['192.0.2.1', '255.255.255.255', '0.0.0.0', '2001:db8::1', '::', '::1', 'ff02::1', 'fe80::1:2:3:4']
  for (const text of texts) {
    const address = parseIp(text)!
    assert.equal(formatIp(address), text)
    assert.ok(sameIp(address, parseIp(text)!))
    for (const other of texts) assert.equal(sameIp(address, parseIp(other)!), text === other, `${text} ${other}`)
  }
  assert.equal(new Set(texts.map((text) => ipKey(parseIp(text)!))).size, texts.length)
  assert.deepEqual(
    texts.map((text) => isUnspecified(parseIp(text)!)),
    [false, false, true, false, true, false, false, false],
  )
  assert.deepEqual(
    texts.filter((text) => isMulticast(parseIp(text)!)),
    ['ff02::1'],
  )
  assert.ok(isMulticast(parseIp('239.1.2.3')!))
  assert.deepEqual(
    [...texts, '127.3.2.1'].filter((text) => isLoopbackIp(parseIp(text)!)),
    ['::1', '127.3.2.1'],
  )
  for (const text of ['', '1.2.3', 'fe80::1%eth0', ':::', 'host']) assert.equal(parseIp(text), null)
})

test('an IPv6 address does not follow the octets that it was read from', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), fc.nat(4), (bytes, offset) => {
      const before = bytes.slice(offset, offset + 16)
      const address = Ip6.read(bytes, offset)
      const text = address.toString()
      bytes.fill(0)
      const written = new Uint8Array(16)
      address.write(written, 0)
      assert.deepEqual(written, before)
      assert.equal(address.toString(), text)
      assert.ok(sameIp(address, parseIp(text)!))
      assert.equal(address.hash, Ip6.parse(text)!.hash)
      assert.equal(address.octet(3), before[3])
    }),
  )
})
