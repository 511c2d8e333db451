import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { sha1 } from './sha1.ts'

test('SHA-1 of every length around the blocks is that of the platform', () => {
  for (let length = 0; length < 200; length++) {
    const bytes = new Uint8Array(length).map((_, i) => (i * 7 + length) & 255)
    assert.deepEqual(sha1(bytes), new Uint8Array(createHash('sha1').update(bytes).digest()), `${length} octets`)
  }
})
