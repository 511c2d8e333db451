import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sizeText } from './size.ts'

test('sizes are said as they are meant', () => {
  const table: [number, string][] = [
    [0, '0 bytes'],
    [1, '1 byte'],
    [12, '12 bytes'],
    [1000, '1 kB'],
    [1024, '1 kB'],
    [1536, '1.5 kB'],
    [5_000_000, '5 MB'],
    [10 * 1024 * 1024, '10 MB'],
    [33 * 1024 * 1024 + 512_000, '33.5 MB'],
  ]
  for (const [bytes, text] of table) assert.equal(sizeText(bytes), text)
})
