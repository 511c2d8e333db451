/** What has been handed over, and how long a closing connection may take: flush, close(within), files. */
import assert from 'node:assert/strict'
import { ms } from '../../../src/base/duration.ts'
import { sendFile, writeOwned } from '../../../src/socket/file.ts'
import type { FileSource } from '../../../src/socket/host.ts'
import { rejected } from './opening.ts'
import { checkPattern, encode, type Pair, pair, pattern, type Recorder, roundTrip, shut } from './recorder.ts'
import type { Scenario, World } from './world.ts'

const MEGABYTE = 1_000_000
/** More than a peer that does not read can be made to take, on any host. */
const TOO_MUCH = 16 * MEGABYTE

export function sendingScenarios(scenario: Scenario): void {
  scenario('flush resolves when all that was written has been handed over, not before', async (world) => {
    const both = await pair(world)
    await both.client.connection.flush()
    both.client.write('little')
    await both.client.connection.flush()
    both.server.call((c) => c.pause())
    writeMuch(both.client)
    const state = watch(both.client.connection.flush())
    for (let i = 0; i < 3; i++) await roundTrip(world)
    assert.equal(state.now, 'waiting')
    both.server.call((c) => c.resume())
    await state.settled
    assert.equal(state.now, 'resolved')
    await shut(both)
  })

  scenario('flush resolves after end and after close, when the last byte has gone', async (world) => {
    for (const how of ['end', 'close'] as const) {
      const both = await pair(world)
      both.client.call((c) => c.write(pattern(0, MEGABYTE)))
      both.client.call((c) => c[how]())
      await both.client.connection.flush()
      await both.server.until(() => both.server.ended)
      assert.equal(both.server.received, MEGABYTE)
      await both.client.connection.flush()
      await shut(both)
    }
  })

  scenario('flush rejects with what ended the connection', async (world) => {
    const both = await pair(world)
    both.server.call((c) => c.pause())
    writeMuch(both.client)
    const flushing = both.client.connection.flush()
    flushing.catch(() => {})
    await roundTrip(world)
    both.server.call((c) => c.reset())
    await assert.rejects(flushing, /ECONNRESET|EPIPE/)
    await both.client.until(() => both.client.closed)
    await assert.rejects(both.client.connection.flush(), /ECONNRESET|EPIPE/)
    await both.door.listener.close()
  })

  scenario('flush rejects when this side resets, and when bytes were written too late', async (world) => {
    const reset = await pair(world)
    reset.server.call((c) => c.pause())
    writeMuch(reset.client)
    const flushing = rejected('ECONNABORTED', reset.client.connection.flush())
    reset.client.call((c) => c.reset())
    await flushing
    await rejected('ECONNABORTED', reset.client.connection.flush())
    await shut(reset)
    const ended = await pair(world)
    ended.client.write('in time')
    ended.client.call((c) => c.end())
    await ended.client.connection.flush()
    ended.client.write('too late')
    await rejected('EPIPE', ended.client.connection.flush())
    await shut(ended)
  })

  scenario('close(within) resets a peer that does not take the rest in time', async (world) => {
    const both = await stuck(world)
    both.client.call((c) => c.close(ms(30)))
    await wasReset(world, both)
  })

  scenario('a close that waits can be given a deadline later', async (world) => {
    const both = await stuck(world)
    both.client.call((c) => c.close())
    await roundTrip(world)
    assert.equal(both.client.closed, false)
    both.client.call((c) => c.close(ms(30)))
    await wasReset(world, both)
  })

  scenario('close(within) lets a peer that reads have everything', async (world) => {
    const both = await pair(world)
    checkPattern(both.server)
    both.client.call((c) => c.write(pattern(0, 3 * MEGABYTE)))
    both.client.call((c) => c.close(ms(60_000)))
    await both.server.until(() => both.server.ended)
    assert.equal(both.server.received, 3 * MEGABYTE)
    await both.client.until(() => both.client.closed)
    await shut(both)
  })

  scenario('close(5000) is refused: a bare number of milliseconds was meant', async (world) => {
    const both = await pair(world)
    assert.throws(() => both.client.connection.close(500 as never), { name: 'RangeError', message: /ms\(500\)/ })
    both.client.write('still open')
    await both.server.until(() => both.server.received === 10)
    await shut(both)
  })

  scenario('disposing of a connection, a listener and a datagram socket closes them', async (world) => {
    const both = await pair(world)
    both.client.call((c) => c[Symbol.dispose]())
    await both.server.until(() => both.server.ended)
    await both.door.listener[Symbol.asyncDispose]()
    await rejected(
      world.place === undefined ? 'ECONNREFUSED' : 'ENOENT',
      world.client.connect(both.door.listener.local),
    )
    const socket = await world.client.datagrams()
    socket[Symbol.dispose]()
    assert.throws(() => socket.send(encode('late'), { address: world.serverAddress, port: 9 }), { code: 'EBADF' })
    await shut(both)
  })

  scenario('a file goes out after what was written before, from where it is asked', async (world) => {
    const both = await pair(world)
    const file = memoryFile(pattern(0, 700_000), 20_000)
    both.client.write('the file: ')
    await sendFile(both.client.connection, file, 100_000, 500_000)
    both.client.call((c) => c.end())
    await both.server.until(() => both.server.ended)
    assert.equal(both.server.received, 500_010)
    assert.deepEqual(both.server.bytes.subarray(10), pattern(100_000, 500_000))
    const again = await pair(world)
    await assert.rejects(sendFile(again.client.connection, file, 600_000, 200_000), { code: 'FILE_TOO_SHORT' })
    again.client.call((c) => c.close())
    await assert.rejects(sendFile(again.client.connection, file, 0, 10), { code: 'EPIPE' })
    await shut(both)
    await shut(again)
  })

  scenario('memory that is lent is let go, and goes out as it was', async (world) => {
    const both = await pair(world)
    checkPattern(both.server)
    const memory = pattern(0, 300_000)
    let released = 0
    const release = (): void => {
      released++
      memory.fill(0)
    }
    writeOwned(both.client.connection, memory, release)
    await both.server.until(() => both.server.received === 300_000)
    await both.client.connection.flush()
    assert.equal(released, 1)
    await shut(both)
  })
}

function writeMuch(from: Recorder): void {
  for (let sent = 0; sent < TOO_MUCH; sent += MEGABYTE) from.call((c) => c.write(pattern(sent, MEGABYTE)))
}

/** A client with more queued than its peer, who does not read, can be made to take. */
async function stuck(world: World): Promise<Pair> {
  const both = await pair(world)
  both.server.call((c) => c.pause())
  writeMuch(both.client)
  await roundTrip(world)
  return both
}

async function wasReset(world: World, both: Pair): Promise<void> {
  await both.client.until(() => both.client.closed)
  assert.deepEqual(both.client.closes, [null])
  both.server.call((c) => c.resume())
  await both.server.until(() => both.server.closed || both.server.ended)
  if (world.softReset !== true) assert.equal(both.server.closes[0]?.code, 'ECONNRESET')
  assert.ok(both.server.received < TOO_MUCH)
  await shut(both)
}

interface Watched {
  now: 'waiting' | 'resolved' | 'rejected'
  readonly settled: Promise<void>
}

function watch(work: Promise<void>): Watched {
  const state: { now: Watched['now']; settled: Promise<void> } = { now: 'waiting', settled: Promise.resolve() }
  state.settled = work.then(
    () => {
      state.now = 'resolved'
    },
    () => {
      state.now = 'rejected'
    },
  )
  return state
}

/** A file in memory that gives at most so many bytes a read. */
function memoryFile(bytes: Uint8Array, most: number): FileSource {
  return {
    descriptor: null,
    async read(into, position) {
      const piece = bytes.subarray(position, position + Math.min(most, into.length))
      into.set(piece)
      return piece.length
    },
  }
}
