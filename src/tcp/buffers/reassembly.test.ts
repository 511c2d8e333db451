import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { add, diff, seq } from '../sequence.ts'
import { Reassembly } from './reassembly.ts'

function run(start: number, from: number, length: number): Uint8Array {
  return new Uint8Array(length).map((_, i) => (from + i + start) & 255)
}

test('property: overlapping pieces in any order give the stream once, across the wrap', () => {
  const pieces = fc.array(fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 60 })), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(fc.integer({ min: 0xffffff00, max: 0xffffffff }), pieces, (start, arrivals) => {
      const first = seq(start)
      const reassembly = new Reassembly(1000)
      const covered = new Set<number>()
      for (const [from, length] of arrivals) {
        assert.ok(reassembly.insert(add(first, from + 1), run(7, from + 1, length)))
        for (let i = 0; i < length; i++) covered.add(from + 1 + i)
      }
      assert.equal(reassembly.size, covered.size, 'every byte is kept once')
      const sorted = [...covered].sort((a, b) => a - b)
      const runs: [number, number][] = []
      for (const position of sorted) {
        const last = runs[runs.length - 1]
        if (last !== undefined && last[1] === position) last[1]++
        else runs.push([position, position + 1])
      }
      const blocks = reassembly
        .blocks(1000)
        .map((block) => [diff(seq(block.start), first), diff(seq(block.end), first)])
      assert.deepEqual(
        blocks.sort((a, b) => a[0]! - b[0]!),
        runs,
      )
      // Fill every gap: the whole stream comes out.
      let next = first
      const out: number[] = []
      const last = sorted[sorted.length - 1]!
      for (let position = 0; position <= last; position++) {
        if (covered.has(position)) continue
        reassembly.insert(add(first, position), run(7, position, 1))
        next = reassembly.take(next, (bytes) => out.push(...bytes))
      }
      assert.deepEqual(out, [...run(7, 0, last + 1)])
      assert.equal(diff(next, first), last + 1)
      assert.equal(reassembly.size, 0)
      assert.equal(reassembly.pieces, 0)
    }),
    { numRuns: 200 },
  )
})

test('the number of pieces is a limit', () => {
  const reassembly = new Reassembly(3)
  for (const at of [10, 20, 30]) assert.ok(reassembly.insert(seq(at), Uint8Array.of(1)))
  assert.ok(!reassembly.insert(seq(40), Uint8Array.of(1)))
  assert.equal(reassembly.pieces, 3)
  assert.equal(reassembly.size, 3)
})

test('the block with the newest arrival comes first (RFC 2018 §4)', () => {
  const reassembly = new Reassembly(10)
  reassembly.insert(seq(100), new Uint8Array(10))
  reassembly.insert(seq(200), new Uint8Array(10))
  reassembly.insert(seq(110), new Uint8Array(10))
  reassembly.insert(seq(300), new Uint8Array(10))
  reassembly.insert(seq(210), new Uint8Array(5))
  assert.deepEqual(reassembly.blocks(3), [
    { start: 200, end: 215 },
    { start: 100, end: 120 },
    { start: 300, end: 310 },
  ])
})

test('the bytes are copies', () => {
  const reassembly = new Reassembly(10)
  const memory = Uint8Array.of(1, 2, 3)
  reassembly.insert(seq(1), memory)
  memory.fill(9)
  const out: number[] = []
  reassembly.take(seq(1), (bytes) => out.push(...bytes))
  assert.deepEqual(out, [1, 2, 3])
})
