import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import fc from 'fast-check'
import { libc, libcMissing } from './libc.ts'
import { decodeAddress, encodeAddress } from './sockaddr.ts'

const library = libc()
const skip = library === null ? libcMissing() : false

test('addresses survive the way to a sockaddr and back', { skip }, () => {
  const port = fc.integer({ min: 0, max: 65_535 })
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), port, (address, at) => {
      const bytes = encodeAddress(library!, { address, port: at })
      const once = decodeAddress(library!, bytes)
      assert.equal(once.port, at)
      assert.deepEqual(encodeAddress(library!, once), bytes)
      if (!address.includes(':')) assert.equal(once.address, address)
    }),
  )
})

test('IPv6 text is RFC 5952’s', { skip }, () => {
  const canonical = (address: string): string | undefined =>
    decodeAddress(library!, encodeAddress(library!, { address, port: 1 })).address
  assert.equal(canonical('2001:0DB8:0:0:1:0:0:1'), '2001:db8::1:0:0:1')
  assert.equal(canonical('0:0:0:0:0:0:0:0'), '::')
  assert.equal(canonical('::ffff:192.0.2.1'), '::ffff:192.0.2.1')
})

test('paths survive the way to a sockaddr and back, abstract names too, and a socket may have none', { skip }, () => {
  for (const path of [
    '/run/app.sock',
    'relative.sock',
    '\0abstract',
    '/tmp/ünïcode',
    'x'.repeat(107),
    `\0${'y'.repeat(107)}`,
  ]) {
    const bytes = encodeAddress(library!, { path })
    assert.deepEqual(decodeAddress(library!, bytes), { path })
  }
  assert.equal(encodeAddress(library!, { path: '' }).length, 2)
  assert.deepEqual(decodeAddress(library!, new Uint8Array([1, 0, 47, 0, 9, 9]), 2), { path: '' })
})

test('a link-local address keeps its interface', { skip }, () => {
  const name = Object.keys(networkInterfaces())[0]!
  const address = `fe80::1%${name}`
  assert.equal(decodeAddress(library!, encodeAddress(library!, { address, port: 1 })).address, address)
})
