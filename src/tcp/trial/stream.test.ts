import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MILLISECOND, SECOND } from '../../base/clock.ts'
import { below, SeededRandom } from '../../base/random.ts'
import type { TcpSettings } from '../settings.ts'
import { Endpoint, Pair, type Weather } from './pair.ts'

const HOUR = 3600 * SECOND
const SEEDS = 100

function bytes(length: number, seed: string): Uint8Array {
  const data = new Uint8Array(length)
  new SeededRandom(seed).fill(data)
  return data
}

function pair(weather: Weather, up: number, down: number, settings: Partial<TcpSettings>[] = []): Pair {
  const toServer = bytes(up, `${weather.seed}/up`)
  const toClient = bytes(down, `${weather.seed}/down`)
  return new Pair(weather, new Endpoint(toServer, down), new Endpoint(toClient, up), settings)
}

function assertIntact(run: Pair, label: string): void {
  for (const side of [run.client, run.server]) side.read() // what a slow reader has left
  const state = `${label}: client ${run.client.tcb.state} ${run.client.closed}, server ${run.server.tcb?.state} ${run.server.closed}, ${run.now / SECOND} s, ${run.client.receivedLength}/${run.server.toSend.length} down ${run.server.receivedLength}/${run.client.toSend.length} up`
  assert.equal(run.client.closed, null, state)
  assert.equal(run.server.closed, null, state)
  assert.ok(run.client.ended && run.server.ended, state)
  assert.ok(Buffer.from(run.server.received).equals(run.client.toSend), state)
  assert.ok(Buffer.from(run.client.received).equals(run.server.toSend), state)
}

test('a megabyte each way over a good link', () => {
  const run = pair({ seed: 1 }, 1_000_000, 1_000_000)
  run.run(HOUR)
  assertIntact(run, 'good link')
  assert.equal(run.client.tcb.loss.resentSegments + run.server.tcb.loss.resentSegments, 0)
})

for (const [name, sack] of [
  ['NewReno', false],
  ['SACK', true],
] as const) {
  test(`${name}: loss, reordering and duplication, many seeds`, () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const random = new SeededRandom(`weather ${seed}`)
      const weather = {
        seed,
        loss: below(random, 20) / 100,
        reorder: below(random, 20) / 100,
        duplicate: below(random, 10) / 100,
        latency: (1 + below(random, 100)) * MILLISECOND,
      }
      const run = pair(weather, below(random, 200_000), below(random, 200_000), [{ sack }, { sack }])
      run.run(HOUR)
      assertIntact(run, `seed ${seed} ${JSON.stringify(weather)}`)
    }
  })
}

test('tiny buffers and slow readers: windows close and open, bounded memory, no deadlock', () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = new SeededRandom(`tiny ${seed}`)
    const settings = [0, 1].map(() => ({
      receiveBuffer: 1 + below(random, 5000),
      sendBuffer: 1 + below(random, 5000),
      noDelay: below(random, 2) === 0,
      sack: below(random, 2) === 0,
      windowScaling: below(random, 2) === 0,
    }))
    const weather = { seed, loss: below(random, 10) / 100, reorder: below(random, 10) / 100 }
    const run = pair(weather, below(random, 30_000), below(random, 30_000), settings)
    run.client.eager = run.server.eager = false
    let nextRead = 0
    const reader = () => {
      if (run.now < nextRead) return
      nextRead = run.now + below(random, 300) * MILLISECOND
      for (const side of [run.client, run.server]) {
        if (side.tcb === undefined) continue
        side.read(1 + below(random, 3000))
        run.poll(side)
      }
    }
    run.run(10 * HOUR, reader)
    assertIntact(run, `seed ${seed} ${JSON.stringify(settings)}`)
    for (const [i, side] of [run.client, run.server].entries())
      assert.ok(side.peakUnread <= settings[i]!.receiveBuffer + 16, `seed ${seed}: ${side.peakUnread}`)
  }
})

test('windows that jump about, shrink over what is in flight and close: the stream still arrives', () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = new SeededRandom(`jump ${seed}`)
    const sack = below(random, 2) === 0
    const weather = { seed, loss: below(random, 10) / 100, reorder: below(random, 10) / 100 }
    const run = pair(weather, below(random, 60_000), below(random, 60_000), [{ sack }, { sack }])
    run.mangle = (segment) => {
      const dice = below(random, 10)
      if (dice > 3) return segment
      return { ...segment, window: dice < 2 ? 0 : below(random, segment.window + 1) }
    }
    run.run(100 * HOUR)
    assertIntact(run, `seed ${seed} ${JSON.stringify(weather)} sack ${sack}`)
  }
})

test('a link that dies: both sides learn why', () => {
  const run = pair({ seed: 5 }, 500_000, 500_000)
  let count = 0
  run.mangle = (segment) => (++count > 100 ? null : segment)
  run.run(HOUR)
  assert.equal(run.client.closed, 'ETIMEDOUT')
  assert.equal(run.server.closed, 'ETIMEDOUT')
})
