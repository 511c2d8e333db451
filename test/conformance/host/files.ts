/** `sendFile`: parts of files among what is written, by the connection's own means where it has them. */
import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FileSource } from '../../../src/socket/host.ts'
import { FileTooShort, sendFile } from '../../../src/socket/index.ts'
import { checkPattern, encode, onRelease, pair, pattern, shut } from './recorder.ts'
import type { Scenario } from './world.ts'

const SIZE = 3_000_000

/** A file of that length with the pattern's bytes, open, and gone with the test. */
function opened(length: number): { readonly source: FileSource; readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'reticle-file-'))
  const path = join(folder, 'file')
  writeFileSync(path, pattern(0, length))
  const descriptor = openSync(path, 'r')
  onRelease(() => {
    closeSync(descriptor)
    rmSync(folder, { recursive: true })
  })
  const read = async (into: Uint8Array, position: number): Promise<number> =>
    readSync(descriptor, into, 0, into.length, position)
  return { source: { descriptor, read }, path }
}

export function fileSendingScenarios(scenario: Scenario): void {
  scenario('a file goes out between what was written before and behind it', async (world) => {
    const both = await pair(world)
    const { source } = opened(SIZE)
    checkPattern(both.server)
    both.client.call((c) => c.write(pattern(0, 1000)))
    const sent = sendFile(both.client.connection, source, 1000, SIZE - 1000)
    await sent
    both.client.call((c) => c.write(pattern(SIZE, 5000)))
    await both.server.until(() => both.server.received === SIZE + 5000)
    await shut(both)
  })

  scenario('files one after the other, without waiting, and a reader that pauses', async (world) => {
    const both = await pair(world)
    const { source } = opened(1_000_000)
    checkPattern(both.server)
    both.server.call((c) => c.pause())
    const first = sendFile(both.client.connection, source, 0, 400_000)
    await new Promise<void>((resolve) => world.client.clock.at(world.client.clock.now(), resolve))
    both.server.call((c) => c.resume())
    await first
    await sendFile(both.client.connection, source, 400_000, 0)
    await sendFile(both.client.connection, source, 400_000, 600_000)
    await both.client.connection.flush()
    both.client.call((c) => c.end())
    await both.server.until(() => both.server.ended)
    assert.equal(both.server.received, 1_000_000)
    await shut(both)
  })

  scenario('close while a file is sent sends all of it; reset breaks it off and says so', async (world) => {
    const both = await pair(world)
    const { source } = opened(SIZE)
    checkPattern(both.server)
    await sendFile(both.client.connection, source, 0, SIZE)
    both.client.call((c) => c.close())
    await both.server.until(() => both.server.ended)
    assert.equal(both.server.received, SIZE)
    await shut(both)
    const other = await pair(world)
    other.server.call((c) => c.pause())
    const large = opened(64_000_000)
    const broken = assert.rejects(sendFile(other.client.connection, large.source, 0, 64_000_000))
    await new Promise<void>((resolve) => world.client.clock.at(world.client.clock.now(), resolve))
    other.client.call((c) => c.reset())
    await broken
    await shut(other)
  })

  scenario('a file that is shorter than was promised is an error, and the connection lives on', async (world) => {
    const both = await pair(world)
    const { source, path } = opened(100_000)
    truncateSync(path, 50_000)
    await assert.rejects(sendFile(both.client.connection, source, 0, 100_000), FileTooShort)
    both.client.call((c) => c.write(encode('on')))
    await both.server.until(() => both.server.received === 50_002)
    await shut(both)
  })

  scenario(
    'the other side that goes away while a file is sent ends it',
    async (world) => {
      const both = await pair(world)
      const { source } = opened(64_000_000)
      const broken = assert.rejects(sendFile(both.client.connection, source, 0, 64_000_000))
      await both.server.until(() => both.server.received > 0)
      both.server.call((c) => c.reset())
      await broken
      await shut(both)
    },
    'reset',
  )
}
