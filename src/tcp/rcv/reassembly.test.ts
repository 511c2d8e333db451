import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { add, diff, seq } from '../../wire/sequence.ts'
import { Inbox } from './inbox.ts'
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
      const inbox = new Inbox()
      const last = sorted[sorted.length - 1]!
      for (let position = 0; position <= last; position++) {
        if (covered.has(position)) continue
        reassembly.insert(add(first, position), run(7, position, 1))
        next = reassembly.take(next, inbox)
        for (let bytes = inbox.take(); bytes !== null; bytes = inbox.take()) out.push(...bytes)
      }
      assert.deepEqual(out, [...run(7, 0, last + 1)])
      assert.equal(diff(next, first), last + 1)
      assert.equal(reassembly.size, 0)
      assert.equal(reassembly.pieces, 0)
    }),
    { numRuns: 200 },
  )
})

test('the number of runs is a limit, what touches a run is none of its own', () => {
  const reassembly = new Reassembly(3)
  for (const at of [10, 20, 30]) assert.ok(reassembly.insert(seq(at), Uint8Array.of(1)))
  assert.ok(!reassembly.insert(seq(40), Uint8Array.of(1)))
  assert.ok(reassembly.insert(seq(11), Uint8Array.of(1)))
  assert.ok(reassembly.insert(seq(19), Uint8Array.of(1)))
  assert.equal(reassembly.runs, 3)
  assert.equal(reassembly.size, 5)
})

test('RFC 2018 §4: the block with the newest arrival comes first, then those that were reported last', () => {
  const reassembly = new Reassembly(10)
  for (const at of [600, 200, 400, 800, 1000]) reassembly.insert(seq(at), new Uint8Array(10))
  const starts = () => reassembly.blocks(3).map(({ start }) => start)
  assert.deepEqual(starts(), [1000, 800, 400])
  reassembly.insert(seq(210), new Uint8Array(10))
  assert.deepEqual(starts(), [200, 1000, 800])
  reassembly.insert(seq(605), new Uint8Array(2)) // held already
  assert.deepEqual(starts(), [600, 200, 1000])
})

test('single bytes cost few pieces, in whatever order they come', () => {
  const orders: Record<string, (i: number) => number> = {
    ascending: (i) => i,
    descending: (i) => 8191 - i,
    'even, then odd': (i) => (i < 512 ? 2 * i : i < 1024 ? 2 * (i - 512) + 1 : i),
    scattered: (i) => (i * 5) % 8192,
  }
  for (const [name, place] of Object.entries(orders)) {
    const reassembly = new Reassembly(8192)
    for (let i = 0; i < 8192; i++) assert.ok(reassembly.insert(seq(100 + place(i)), Uint8Array.of(i)))
    assert.equal(reassembly.runs, 1)
    assert.ok(reassembly.pieces <= 2 * (8192 / 512) + 1, `${name}: ${reassembly.pieces} pieces`)
  }
})

test('the bytes are copies', () => {
  const reassembly = new Reassembly(10)
  const memory = Uint8Array.of(1, 2, 3)
  reassembly.insert(seq(1), memory)
  memory.fill(9)
  const inbox = new Inbox()
  reassembly.take(seq(1), inbox)
  assert.deepEqual([...inbox.take()!], [1, 2, 3])
})
