import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checksum, fold, pseudoSum4, pseudoSum6, sum, update, update32 } from './checksum.ts'

/** RFC 1071 word by word, with no cleverness. */
function reference(bytes: Uint8Array, offset: number, length: number): number {
  let total = 0n
  for (let i = 0; i < length; i += 2)
    total += BigInt((bytes[offset + i]! << 8) | (i + 1 < length ? bytes[offset + i + 1]! : 0))
  while (total > 0xffffn) total = (total & 0xffffn) + (total >> 16n)
  return Number(total)
}

test('the example of RFC 1071 §3', () => {
  const bytes = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7)
  assert.equal(sum(bytes, 0, 8), 0xddf2)
  assert.equal(checksum(bytes, 0, 8), 0x220d)
})

test('a whole IPv4 header verifies, and its field is found again', () => {
  const header = Buffer.from('45000073000040004011b861c0a80001c0a800c7', 'hex')
  assert.equal(checksum(header, 0, 20), 0, 'with its checksum in place the result is 0')
  header.writeUInt16BE(0, 10)
  assert.equal(checksum(header, 0, 20), 0xb861)
})

test('equals the plain definition at every length and alignment', () => {
  const bytes = new Uint8Array(600)
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 131 + 89) & 255
  for (let offset = 0; offset < 8; offset++)
    for (let length = 0; length <= 300; length++)
      assert.equal(sum(bytes, offset, length), reference(bytes, offset, length), `${offset}+${length}`)
})

test('the largest packet of the largest words does not overflow', () => {
  const bytes = new Uint8Array(65_535 * 4).fill(255)
  for (const length of [65_534, 65_535, 65_535 * 4]) assert.equal(sum(bytes, 0, length), reference(bytes, 0, length))
})

test('property: any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat(7), (bytes, cut) => {
      const offset = Math.min(cut, bytes.length)
      assert.equal(sum(bytes, offset, bytes.length - offset), reference(bytes, offset, bytes.length - offset))
    }),
    { numRuns: 300 },
  )
})

test('pseudo-headers equal the sum of the bytes they stand for', () => {
  const v4 = Buffer.from('c0a80001c6336401000600c8', 'hex')
  assert.equal(fold(pseudoSum4(0xc0a80001, 0xc6336401, 6, 200)), sum(v4, 0, 12))
  const v6 = Buffer.from('20010db8000000000000000000000001fe80000000000000fffefdfcfbfaf9f800012345000000ff', 'hex')
  assert.equal(fold(pseudoSum6(v6, 0, v6, 16, 255, 0x12345)), sum(v6, 0, 40))
})

test('property: an incremental update equals computing anew (RFC 1624)', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 12, maxLength: 12 }),
      fc.nat(0xffff),
      fc.integer({ min: 0, max: 0xffffffff }),
      (bytes, word, wide) => {
        if (bytes.every((byte) => byte === 0)) bytes[11] = 1 // all-zero data has two right answers
        const view = new DataView(bytes.buffer, bytes.byteOffset)
        const first = checksum(bytes, 0, 12)
        const oldWord = view.getUint16(2)
        view.setUint16(2, word)
        const second = update(first, oldWord, word)
        const nonZero = bytes.some((byte) => byte !== 0)
        if (nonZero) assert.equal(second, checksum(bytes, 0, 12))
        const oldWide = view.getUint32(4)
        view.setUint32(4, wide)
        if (nonZero && bytes.some((byte) => byte !== 0))
          assert.equal(update32(second, oldWide, wide), checksum(bytes, 0, 12))
      },
    ),
  )
})
