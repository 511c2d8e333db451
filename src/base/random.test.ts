import assert from 'node:assert/strict'
import test from 'node:test'
import { below, SeededRandom, unit } from './random.ts'

test('the same seed gives the same stream', () => {
  const a = new SeededRandom('x')
  const b = new SeededRandom('x')
  assert.deepEqual(
    Array.from({ length: 100 }, () => a.u32()),
    Array.from({ length: 100 }, () => b.u32()),
  )
  assert.notEqual(new SeededRandom('x').u32(), new SeededRandom('y').u32())
})

test('a fork depends on the label, not on the draws made before', () => {
  const a = new SeededRandom(1)
  const b = new SeededRandom(1)
  for (let i = 0; i < 10; i++) b.u32()
  assert.equal(a.fork('link').u32(), b.fork('link').u32())
  assert.notEqual(a.fork('link').u32(), a.fork('host').u32())
})

test('draws are unsigned, spread over the range, and fill whole arrays', () => {
  const random = new SeededRandom('spread')
  const buckets = new Uint32Array(16)
  for (let i = 0; i < 16_000; i++) {
    const draw = random.u32()
    assert.ok(Number.isInteger(draw) && draw >= 0 && draw < 2 ** 32)
    buckets[draw >>> 28]!++
  }
  // 1,000 expected each; 5 standard deviations are about 155.
  for (const count of buckets) assert.ok(Math.abs(count - 1_000) < 155, `bucket of ${count}`)
  for (const length of [0, 1, 3, 4, 7, 64]) {
    const bytes = new Uint8Array(length)
    random.fill(bytes)
    if (length >= 64) assert.ok(new Set(bytes).size > 40)
  }
})

test('below stays below its bound and reaches both ends', () => {
  const random = new SeededRandom('below')
  const seen = new Set(Array.from({ length: 1_000 }, () => below(random, 6)))
  assert.deepEqual([...seen].sort(), [0, 1, 2, 3, 4, 5])
  assert.equal(below(random, 1), 0)
  assert.throws(() => below(random, 0), RangeError)
  assert.throws(() => below(random, 2 ** 32 + 1), RangeError)
  const value = unit(random)
  assert.ok(value >= 0 && value < 1)
})
