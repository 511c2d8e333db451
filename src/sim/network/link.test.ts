import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { loop } from '#loop'
import { RecordingLog } from '../../base/events.ts'
import { SeededRandom } from '../../base/random.ts'
import type { DeviceOwner } from '../../stack/device.ts'
import { Rules } from '../faults/rule.ts'
import {
  type Duration,
  deliverAfter,
  type LinkDroppedEvent,
  type LinkSentEvent,
  mbit,
  ms,
  SIM_LIMITS,
  us,
} from '../index.ts'
import { World } from '../time/world.ts'
import { Backlog } from './backlog.ts'
import { Link, type LinkOptions, type Way } from './link.ts'

/** Who hears what arrives at an end. */
const hears = (received: (frame: Uint8Array) => unknown): DeviceOwner => ({
  received: (frame) => void received(frame),
  batchEnd() {},
})

/** A link alone, its ends in the hands of the test. */
function cable(options: LinkOptions, seed = 1) {
  const world = new World({ epochMillis: 0, loop })
  const log = new RecordingLog()
  const rules = new Rules()
  const fabric = { world, log, rules, limits: SIM_LIMITS, nextId: 1 }
  const node = (name: string) => ({ node: { name, up: true, refusal: null }, name: 'eth0', mac: 1 })
  const link = new Link(fabric, new SeededRandom(seed), node('a'), node('b'), options)
  const arrivals: { frame: Uint8Array; at: number }[] = []
  link.b.attach(hears((frame) => arrivals.push({ frame, at: world.now })))
  const run = () =>
    world.advance(
      Number.POSITIVE_INFINITY,
      () => false,
      ({ error }) => error,
    )
  const sent = () => log.events.filter((event): event is LinkSentEvent => event.type === 'link.sent')
  const dropped = () => log.events.filter((event): event is LinkDroppedEvent => event.type === 'link.dropped')
  return { world, link, rules, arrivals, run, sent, dropped }
}

const numbered = (i: number, size = 100) => Uint8Array.from({ length: size }, (_, place) => (place === 0 ? i : 7))

test('one after the other at the rate of the line, and the latency on top', async () => {
  const { link, arrivals, run, sent } = cable({ latency: ms(1), rate: mbit(8) })
  for (let i = 0; i < 3; i++) link.a.transmit(numbered(i, 1000))
  await run()
  assert.deepEqual(
    arrivals.map(({ at }) => at),
    [ms(2), ms(3), ms(4)],
  )
  assert.deepEqual(
    sent().map(({ departs, arrives, queued }) => [departs, arrives, queued]),
    [
      [0, ms(2), 0],
      [ms(1), ms(3), 0],
      [ms(2), ms(4), 1000],
    ],
  )
})

test('jitter keeps the order; reordering does not, and leaves the rest in order', async () => {
  const order = async (options: LinkOptions) => {
    const { link, arrivals, run } = cable({ latency: ms(1), ...options })
    for (let i = 0; i < 200; i++) link.a.transmit(numbered(i))
    await run()
    return arrivals.map(({ frame }) => frame[0]!)
  }
  const sorted = Array.from({ length: 200 }, (_, i) => i)
  assert.deepEqual(await order({ jitter: ms(5) }), sorted)
  const shuffled = await order({ reorder: 0.2, rate: mbit(100) })
  assert.notDeepEqual(shuffled, sorted)
  assert.deepEqual(
    [...shuffled].sort((a, b) => a - b),
    sorted,
  )
})

test('shares are what they say: lost, doubled, spoiled by one bit', async () => {
  const { link, arrivals, run, dropped } = cable({ loss: 0.2, duplicate: 0.1, corrupt: 0.1 })
  const frame = numbered(0)
  for (let i = 0; i < 5000; i++) link.a.transmit(frame)
  await run()
  const lost = dropped().length
  assert.ok(lost > 900 && lost < 1100, `${lost} lost`)
  const extra = arrivals.length - (5000 - lost)
  assert.ok(extra > 330 && extra < 470, `${extra} doubled`)
  const bits = arrivals.map((arrival) => arrival.frame.reduce((sum, byte, i) => sum + popcount(byte ^ frame[i]!), 0))
  const spoiled = bits.filter((count) => count === 1).length
  assert.ok(spoiled > 330 && spoiled < 470, `${spoiled} spoiled`)
  assert.ok(bits.every((count) => count <= 1))
  assert.deepEqual(frame, numbered(0), 'the sender’s frame is not touched')
})

const popcount = (byte: number) => byte.toString(2).replaceAll('0', '').length

test('both queue limits drop what comes on top', async () => {
  const full = async (queue: { packets?: number; bytes?: number }) => {
    const { link, run, arrivals, dropped } = cable({ rate: mbit(1), queue })
    for (let i = 0; i < 10; i++) link.a.transmit(numbered(i))
    await run()
    assert.ok(dropped().every(({ reason }) => reason === 'queue full'))
    return arrivals.length
  }
  assert.equal(await full({ packets: 4 }), 5, 'one on the line and four behind it')
  assert.equal(await full({ bytes: 399 }), 4)
  assert.equal(await full({}), 10)
})

test('the way back can have other weather, and the weather can change', async () => {
  const { link, world, run, arrivals } = cable({ latency: ms(1), back: { latency: ms(9) } })
  let back = 0
  link.a.attach(hears(() => (back = world.now)))
  link.b.transmit(numbered(0))
  link.a.transmit(numbered(0))
  await run()
  assert.deepEqual([arrivals[0]!.at, back], [ms(1), ms(9)])
  link.weather({ latency: us(10) })
  link.a.transmit(numbered(1))
  await run()
  assert.equal(arrivals[1]!.at, ms(9) + us(10))
})

test('the backlog agrees with a list', () => {
  const call = fc.record({ wait: fc.nat(50), size: fc.integer({ min: 1, max: 2000 }), lasts: fc.nat(100) })
  fc.assert(
    fc.property(fc.array(call, { maxLength: 200 }), (calls) => {
      const backlog = new Backlog()
      let model: { departs: number; size: number }[] = []
      let now = 0
      let departs = 0
      for (const { wait, size, lasts } of calls) {
        now += wait
        departs = Math.max(now + 1, departs) + lasts
        backlog.forget(now)
        model = model.filter((each) => each.departs > now)
        backlog.add(departs, size)
        model.push({ departs, size })
        assert.equal(backlog.packets, model.length)
        assert.equal(
          backlog.bytes,
          model.reduce((sum, each) => sum + each.size, 0),
        )
      }
    }),
  )
})

/** Which of a thousand frames did not arrive, by their numbers. */
async function lostOf(options: LinkOptions, spared: readonly number[] = [], seed = 1): Promise<number[]> {
  const { link, run, rules, dropped, sent } = cable(options, seed)
  rules.add(({ number }) => (spared.includes(number) ? { kind: 'deliver after', delay: ms(1) } : 'pass'))
  for (let i = 0; i < 1000; i++) link.a.transmit(numbered(i))
  await run()
  const lost = new Set(dropped().map(({ id }) => id))
  return sent().flatMap(({ id }, i) => (lost.has(id) ? [i] : []))
}

test('what befalls a frame depends on the seed, the link and its number: nothing else changes its fate', async () => {
  const lost = await lostOf({ loss: 0.1 })
  assert.ok(lost.length > 60 && lost.length < 140)
  assert.deepEqual(await lostOf({ loss: 0.1, jitter: ms(2), reorder: 0.2, corrupt: 0.3 }), lost, 'other misfortunes')
  assert.deepEqual(await lostOf({ loss: 0.1, latency: ms(50), rate: mbit(100), queue: {} }), lost, 'another line')
  assert.deepEqual(await lostOf({ loss: 0.1 }, [3, 5, 9]), lost, 'a rule that deals with some of them')
  const more = await lostOf({ loss: 0.2 })
  assert.deepEqual(
    lost.filter((number) => !more.includes(number)),
    [],
    'who is lost at ten per cent is lost at twenty',
  )
  assert.notDeepEqual(await lostOf({ loss: 0.1 }, [], 2), lost)
})

test('a rule has chances of its own, by label, and knows the number and the way of a frame', async () => {
  const { link, run, rules, arrivals } = cable({})
  const seen: string[] = []
  const shares: number[] = []
  rules.add((packet) => {
    seen.push(`${packet.way} ${packet.number}`)
    shares.push(packet.chance('mine'), packet.chance('mine'), packet.chance('other'))
    return 'pass'
  })
  link.a.transmit(numbered(0))
  link.b.transmit(numbered(0))
  link.a.transmit(numbered(1))
  await run()
  assert.equal(arrivals.length, 2)
  assert.deepEqual(seen, ['forth 1', 'back 1', 'forth 2'])
  assert.equal(shares[0], shares[1])
  assert.equal(new Set(shares).size, 6)
})

test('a cable can be cut one way', async () => {
  const { link, run, arrivals, dropped } = cable({})
  let back = 0
  link.a.attach(hears(() => back++))
  const both = async () => {
    link.a.transmit(numbered(0))
    link.b.transmit(numbered(0))
    await run()
    return [arrivals.length, back]
  }
  link.cut('forth')
  assert.equal(link.up, false)
  assert.deepEqual(await both(), [0, 1])
  assert.equal(dropped()[0]!.reason, 'link down')
  link.repair('forth')
  link.cut('back')
  assert.deepEqual(await both(), [1, 1])
  link.cut()
  assert.deepEqual(await both(), [1, 1])
  link.repair()
  assert.equal(link.up, true)
  assert.deepEqual(await both(), [2, 2])
  assert.throws(() => link.cut('away' as Way), /a way is 'forth' or 'back', not "away"/)
})

test('a bare number is refused where a duration or a rate is meant, with what to write', () => {
  const refused = (options: object, words: RegExp) => assert.throws(() => cable(options as LinkOptions), words)
  refused({ latency: 20 }, /link a--b: latency must be 0 or at least 1 µs, and 20 is 20 ns: write ms\(20\)/)
  refused({ jitter: 0.5 }, /jitter must be 0 or at least 1 µs/)
  refused({ latency: 1500.5 }, /whole number of nanoseconds/)
  refused({ latency: Number.POSITIVE_INFINITY }, /whole number of nanoseconds/)
  refused({ latency: '20 ms' }, /latency must be/)
  refused(
    { rate: 10 },
    /link a--b: rate must be at least 1 kbit\/s, and 10 is 10 bit\/s: write mbit\(10\) for megabits/,
  )
  refused({ rate: 0 }, /rate must be at least 1 kbit\/s, and this is 0: write mbit\(10\)/)
  refused({ rate: Number.NaN }, /this is NaN/)
  const { link } = cable({ latency: ms(5) })
  assert.throws(() => link.weather({ loss: 2, latency: ms(1) }))
  assert.equal(link.a.out.latency, ms(5), 'weather that is refused changes nothing')
  assert.throws(() => deliverAfter(20 as Duration), /write ms\(20\)/)
})
