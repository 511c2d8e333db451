import assert from 'node:assert/strict'
import { test } from 'node:test'
import { libc, libcMissing } from '../libc.ts'
import { type Chunk, LARGEST, SendChunks } from './send-chunks.ts'

const library = libc()
const skip = library === null ? libcMissing() : false
const MEGABYTE = 1 << 20

function chunksOf(most = 64 * MEGABYTE): SendChunks {
  return new SendChunks(library!.ffi, most)
}

function burst(chunks: SendChunks, count: number, length: number): Chunk[] {
  const taken = Array.from({ length: count }, () => chunks.take(length))
  for (const chunk of taken) chunks.give(chunk)
  return taken
}

test('a chunk is at most twice as large as what it is for, and no smaller than a page', { skip }, () => {
  const chunks = chunksOf()
  const sizes = [1, 4096, 4097, 8192, 20_000, 32_769, LARGEST, 10 * LARGEST].map((n) => chunks.take(n).bytes.length)
  assert.deepEqual(sizes, [4096, 4096, 8192, 8192, 32_768, 65_536, 65_536, 65_536])
})

test('the next burst finds what the last one needed, however large it was', { skip }, () => {
  const chunks = chunksOf()
  const first = new Set(burst(chunks, 1000, 500))
  const again = Array.from({ length: 1000 }, () => chunks.take(500))
  assert.ok(again.every((chunk) => first.has(chunk)))
  assert.equal(new Set(again).size, 1000)
  assert.equal(chunks.taken, 1000)
})

test('what two periods did not need goes back to the heap', { skip }, () => {
  const chunks = chunksOf()
  burst(chunks, 1000, 500)
  assert.equal(chunks.kept, 1000 * 4096)
  assert.equal(chunks.decay(), true)
  burst(chunks, 10, 500)
  assert.equal(chunks.kept, 1000 * 4096, 'the burst was in the period before')
  chunks.decay()
  assert.equal(chunks.kept, 10 * 4096)
  chunks.decay()
  assert.equal(chunks.decay(), false)
  assert.equal(chunks.kept, 0)
})

test('freeSendBytes bounds what is kept', { skip }, () => {
  const chunks = chunksOf(MEGABYTE)
  burst(chunks, 100, LARGEST)
  assert.equal(chunks.kept, MEGABYTE)
  assert.equal(chunks.taken, 0)
})
