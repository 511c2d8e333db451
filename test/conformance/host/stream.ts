/** Bytes both ways: order, integrity, backpressure, pause and resume, cork. */
import assert from 'node:assert/strict'
import { after, MILLISECOND } from '../../../src/base/clock.ts'
import type { Host } from '../../../src/socket/host.ts'
import { checkPattern, type Pair, pair, pattern, patternAt, type Recorder, roundTrip, shut } from './recorder.ts'
import type { Scenario } from './world.ts'

const MEGABYTE = 1_000_000

export function streamScenarios(scenario: Scenario): void {
  scenario('bytes go both ways and both ends know the addresses', async (world) => {
    const both = await pair(world)
    await talk(both)
    assert.deepEqual(both.client.connection.remote, both.door.listener.local)
    await shut(both)
  })

  scenario(
    'the same over IPv6',
    async (world) => {
      const both = await pair(world, world.serverAddress6!)
      await talk(both)
      await shut(both)
    },
    'IPv6',
  )

  scenario('10 MB both ways at once, with backpressure, pauses and resumes, arrive intact', async (world) => {
    const both = await pair(world)
    const bulk = world.bulk ?? 10 * MEGABYTE
    await Promise.all([
      transfer(world.client, both.client, both.server, bulk),
      transfer(world.server, both.server, both.client, bulk),
    ])
    assert.ok(both.client.drains > 0, 'the writer was held back at least once')
    await shut(both)
  })

  scenario('write takes the bytes: the caller may overwrite the memory', async (world) => {
    const both = await pair(world)
    const memory = pattern(0, 200_000)
    both.client.call((c) => c.write(memory))
    memory.fill(0)
    checkPattern(both.server)
    await both.server.until(() => both.server.received === memory.length)
    await shut(both)
  })

  scenario(
    'nothing is lost when the writer ignores false, and onDrain follows once all is handed over',
    async (world) => {
      const both = await pair(world)
      checkPattern(both.server)
      let sent = 0
      let ready = true
      while (ready && sent < 64 * MEGABYTE) {
        ready = both.client.call((c) => c.write(pattern(sent, MEGABYTE)))
        sent += MEGABYTE
      }
      assert.equal(ready, false, 'no host takes that much at once')
      both.client.call((c) => c.write(pattern(sent, MEGABYTE)))
      await both.client.until(() => both.client.drains > 0)
      await both.server.until(() => both.server.received === sent + MEGABYTE)
      assert.equal(both.client.connection.queued, 0)
      await shut(both)
    },
  )

  scenario('a write of nothing sends nothing', async (world) => {
    const both = await pair(world)
    both.client.call((c) => c.write(new Uint8Array(0)))
    both.client.write('x')
    await both.server.until(() => both.server.received === 1)
    await shut(both)
  })

  scenario('a paused reader is told nothing, holds the sender back, and loses nothing', async (world) => {
    const both = await pair(world)
    checkPattern(both.server)
    both.server.call((c) => c.pause())
    const total = 16 * MEGABYTE
    for (let sent = 0; sent < total; sent += MEGABYTE) both.client.call((c) => c.write(pattern(sent, MEGABYTE)))
    for (let i = 0; i < 5; i++) await roundTrip(world)
    assert.equal(both.server.received, 0)
    assert.ok(both.client.connection.queued > 0, 'the sender must still hold bytes')
    both.server.call((c) => c.resume())
    await both.server.until(() => both.server.received === total)
    await shut(both)
  })

  scenario('pause inside onData stops the next call, and the end waits with the data', async (world) => {
    const both = await pair(world)
    both.server.react = (what) => {
      if (what === 'data') both.server.call((c) => c.pause())
    }
    both.client.write('first')
    await both.server.until(() => both.server.received === 5)
    both.client.write('second')
    both.client.call((c) => c.end())
    await roundTrip(world)
    assert.equal(both.server.text, 'first')
    assert.equal(both.server.ended, false)
    both.server.react = () => {}
    both.server.call((c) => c.resume())
    await both.server.until(() => both.server.ended)
    assert.equal(both.server.text, 'firstsecond')
    await shut(both)
  })

  scenario('corked writes wait, count as queued, and go out at the last uncork', async (world) => {
    const both = await pair(world)
    both.client.call((c) => c.cork())
    both.client.write('one ')
    both.client.call((c) => c.cork())
    both.client.write('two ')
    both.client.call((c) => c.uncork())
    await roundTrip(world)
    assert.equal(both.server.received, 0)
    assert.equal(both.client.connection.queued, 8)
    both.client.write('three')
    both.client.call((c) => c.uncork())
    await both.server.until(() => both.server.received === 13)
    assert.equal(both.server.text, 'one two three')
    await shut(both)
  })

  scenario('an uncork too many does no harm', async (world) => {
    const both = await pair(world)
    both.client.call((c) => c.uncork())
    both.client.call((c) => c.cork())
    both.client.write('held')
    await roundTrip(world)
    assert.equal(both.server.received, 0)
    both.client.call((c) => c.uncork())
    await both.server.until(() => both.server.received === 4)
    await shut(both)
  })

  scenario('end sends what is corked', async (world) => {
    const both = await pair(world)
    both.client.call((c) => c.cork())
    both.client.write('last words')
    both.client.call((c) => c.end())
    await both.server.until(() => both.server.ended)
    assert.equal(both.server.text, 'last words')
    await shut(both)
  })
}

async function talk({ client, server }: Pair): Promise<void> {
  client.write('hello ')
  client.write('server')
  await server.until(() => server.received === 12)
  assert.equal(server.text, 'hello server')
  server.write('hello client')
  await client.until(() => client.received === 12)
  assert.equal(client.text, 'hello client')
  assert.deepEqual(client.connection.remote, server.connection.local)
  assert.deepEqual(client.connection.local, server.connection.remote)
}

/** Sends `total` patterned bytes as a polite writer does; the reader checks each and pauses now and then. */
async function transfer(host: Host, from: Recorder, to: Recorder, total: number): Promise<void> {
  let pauses = 0
  let offset = 0
  to.react = (what, bytes) => {
    if (what !== 'data') return
    for (const byte of bytes!) assert.equal(byte, patternAt(offset++))
    if (offset / total > (pauses + 1) / 8) {
      pauses++
      to.call((c) => c.pause())
      after(host.clock, MILLISECOND, () => to.call((c) => c.resume()))
    }
  }
  let sent = 0
  while (sent < total) {
    const length = Math.min(1 + ((sent * 7) % 60_000), total - sent)
    const drains = from.drains
    const more = from.call((c) => c.write(pattern(sent, length)))
    sent += length
    if (!more) await from.until(() => from.drains > drains)
  }
  await to.until(() => to.received === total)
  assert.ok(pauses >= 7)
}
