import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { HmacSha256, sameOctets, sha256 } from './sha256.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

test('the example of FIPS 180-4, and every length around the blocks', () => {
  assert.equal(
    hex(sha256(new TextEncoder().encode('abc'))),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
  for (let length = 0; length < 260; length++) {
    const bytes = new Uint8Array(length).map((_, i) => i * 7)
    assert.equal(hex(sha256(bytes)), createHash('sha256').update(bytes).digest('hex'), `${length} octets`)
  }
})

test('HMAC is as OpenSSL has it, for keys of any length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 400 }), (key, bytes) => {
      const expected = createHmac('sha256', key).update(bytes).digest('hex')
      const hmac = new HmacSha256(key)
      return hex(hmac.of(bytes)) === expected && hex(hmac.of(bytes)) === expected
    }),
  )
})

test('octets are the same only when all are', () => {
  const bytes = Uint8Array.of(1, 2, 3)
  assert.ok(sameOctets(bytes, Uint8Array.of(1, 2, 3)))
  assert.ok(sameOctets(new Uint8Array(0), new Uint8Array(0)))
  for (const other of [
    [1, 2],
    [1, 2, 3, 4],
    [0, 2, 3],
    [1, 2, 0],
  ])
    assert.ok(!sameOctets(bytes, Uint8Array.from(other)))
})
