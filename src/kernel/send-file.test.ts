import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, fsyncSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { FileSource } from '../socket/host.ts'
import { libc, libcMissing } from './libc.ts'
import { FileTransfer } from './send-file.ts'
import { descriptorPair, SOCK_NONBLOCK, SOCK_STREAM } from './unix/pair.ts'

const skip = libc() === null ? libcMissing() : false
const EPIPE = 32

interface Bench {
  readonly source: FileSource
  readonly path: string
  readonly reads: number[]
  readonly near: number
  readonly far: number
}

/** A file of so many bytes and a pair of sockets. */
function bench(t: TestContext, length: number, where = tmpdir()): Bench {
  const folder = mkdtempSync(join(where, 'reticle-send-'))
  const path = join(folder, 'file')
  const writing = openSync(path, 'w')
  writeSync(
    writing,
    new Uint8Array(length).map((_, i) => i % 251),
  )
  fsyncSync(writing)
  closeSync(writing)
  const descriptor = openSync(path, 'r')
  const [near, far] = descriptorPair(libc()!, SOCK_STREAM | SOCK_NONBLOCK)
  t.after(() => {
    for (const fd of [descriptor, near, far]) libc()!.close(fd)
    rmSync(folder, { recursive: true })
  })
  const reads: number[] = []
  const read = async (into: Uint8Array, position: number): Promise<number> => {
    reads.push(position)
    return readSync(descriptor, into, 0, into.length, position)
  }
  return { source: { descriptor, read }, path, reads, near, far }
}

/** Everything the other socket holds now. */
function drain(fd: number): Uint8Array {
  const all = new Uint8Array(1 << 20)
  const got = libc()!.recv(fd, all, all.length, 0x40)
  return all.subarray(0, Math.max(0, got))
}

test('a file goes piece by piece as the socket takes it, from where it was asked', { skip }, (t) => {
  const { source, near, far, reads } = bench(t, 1_000_000)
  const transfer = new FileTransfer(libc()!, near, true, source, 300, 900_000)
  let at = 300
  let full = 0
  for (let step = transfer.step(); ; step = transfer.step()) {
    for (let bytes = drain(far); bytes.length > 0; bytes = drain(far))
      for (const byte of bytes) if (byte !== at++ % 251) assert.fail(`byte ${at - 1} is wrong`)
    if (step === 'done') break
    assert.equal(step, 'full')
    full++
  }
  assert.deepEqual([at, transfer.left, reads.length], [900_300, 0, 0])
  assert.ok(full > 0)
})

test('what is not in the cache is read first, outside the thread, and once', { skip }, async (t) => {
  // The working directory: /tmp may be memory, of which nothing can be let go.
  const { source, path, near, far, reads } = bench(t, 600_000, process.cwd())
  try {
    execFileSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0'], { stdio: 'ignore' })
  } catch {
    t.skip('dd cannot drop a file from the cache here')
    return
  }
  const transfer = new FileTransfer(libc()!, near, true, source, 0, 600_000)
  let got = 0
  let cold = 0
  for (let step = transfer.step(); step !== 'done'; step = transfer.step()) {
    if (step === 'cold') {
      cold++
      await transfer.warm()
    }
    for (let bytes = drain(far); bytes.length > 0; bytes = drain(far)) got += bytes.length
  }
  for (let bytes = drain(far); bytes.length > 0; bytes = drain(far)) got += bytes.length
  assert.equal(got, 600_000)
  assert.equal(reads.length, cold)
})

test('an end that comes too early, and a peer that has gone, are told apart', { skip }, (t) => {
  const short = bench(t, 1000)
  const transfer = new FileTransfer(libc()!, short.near, false, short.source, 0, 2000)
  assert.equal(transfer.step(), 'short')
  assert.match(transfer.tooShort().message, /ended after 1000 of the 2000 bytes/)
  const gone = bench(t, 1000)
  libc()!.shutdown(gone.near, 1)
  assert.equal(new FileTransfer(libc()!, gone.near, false, gone.source, 0, 1000).step(), EPIPE)
})
