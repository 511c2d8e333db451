import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../base/clock.ts'
import { Fault } from '../../base/fault.ts'
import { below, SeededRandom } from '../../base/random.ts'
import { seq } from '../../wire/sequence.ts'
import { emit, length, parse, type TcpSegment } from '../../wire/tcp.ts'
import { Endpoint, Pair } from './pair.ts'

/** Flips some bytes of the segment as it is on the wire; the checksum is taken to be right by luck or by intent. */
function mutate(segment: TcpSegment, random: SeededRandom): TcpSegment {
  const bytes = new Uint8Array(length(segment))
  emit(segment, bytes, 0, 0)
  const header = Math.min(bytes.length, 40)
  for (let i = 1 + below(random, 3); i > 0; i--) bytes[4 + below(random, header - 4)] = below(random, 256)
  const result = parse(bytes, 0, bytes.length)
  return result instanceof Fault ? segment : result
}

test('live endpoints under mutated segments: nothing throws, nothing hangs, memory stays bounded', () => {
  for (let seed = 0; seed < 150; seed++) {
    const random = new SeededRandom(`fuzz ${seed}`)
    const data = new Uint8Array(60_000)
    const settings = { receiveBuffer: 20_000, retries: 5 }
    // What arrives may be anything by then, so there is room for more than was sent.
    const ends = [new Endpoint(data, 1 << 22), new Endpoint(data, 1 << 22)] as const
    const pair = new Pair({ seed, loss: 0.02, reorder: 0.05 }, ends[0], ends[1], [settings, settings])
    pair.mangle = (segment) => (below(random, 10) === 0 ? mutate(segment, random) : segment)
    let steps = 0
    pair.run(3600 * SECOND, () => {
      assert.ok(++steps < 200_000, `seed ${seed}: it never comes to rest`)
      for (const side of ends) {
        if (side.tcb === undefined) continue
        assert.ok(side.tcb.loss.board.outstanding >= 0 && side.tcb.loss.board.pipe <= side.tcb.loss.board.outstanding)
        assert.ok(side.tcb.rcv.reassembly.size <= 20_000 + 16)
        assert.ok(side.tcb.loss.congestion.cwnd >= 48)
      }
    })
  }
})

test('one endpoint against random segments aimed at its numbers', () => {
  for (let seed = 0; seed < 60; seed++) {
    const random = new SeededRandom(`aimed ${seed}`)
    const side = new Endpoint(new Uint8Array(20_000), 1 << 20)
    const other = new Endpoint(new Uint8Array(0), 1 << 20)
    const pair = new Pair({ seed }, side, other)
    for (let i = 0; i < 10; i++) pair.step()
    const { tcb } = side
    const near = (base: number) => seq(base + below(random, 3000) - 1000 + (below(random, 20) === 0 ? random.u32() : 0))
    for (let i = 0; i < 300 && side.closed === undefined; i++) {
      tcb.segmentArrived(
        {
          sourcePort: 2,
          destinationPort: 1,
          seq: near(tcb.rcv.nxt),
          ack: near(tcb.snd.una),
          flags: below(random, 64) & (below(random, 30) === 0 ? 63 : ~4),
          window: below(random, 3) === 0 ? 0 : below(random, 65536),
          urgent: 0,
          options: {
            mss: null,
            windowScale: null,
            sackPermitted: false,
            sack: [{ start: near(tcb.snd.una), end: near(tcb.snd.una) }],
            timestamps: null,
            unknown: [],
            malformed: false,
          },
          payload: new Uint8Array(below(random, 2000)),
        },
        { at: pair.now, ecn: 0, segments: 1 },
        pair.now,
      )
      side.read()
      let sent = 0
      tcb.poll((pair.now += below(random, 50_000_000)), () => {
        assert.ok(++sent < 1000)
      })
      assert.ok(tcb.deadline() > pair.now)
    }
  }
})
