import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SECOND } from '../../../base/clock.ts'
import { Fault } from '../../../base/fault.ts'
import { ipv4 } from '../../../wire/index.ts'
import type { Frame } from '../../frames.ts'
import { STACK_LIMITS } from '../../limits.ts'
import type { Stack } from '../../stack.ts'
import { bench, ipFrame, OWN, PEER, udpFrame } from '../../trial/bench.ts'
import { fragments } from './fragments.ts'
import type { Whole } from './reassembly.ts'

const payloadOf = (frame: Uint8Array) => {
  const packet = ipv4.parse(frame, 14, frame.length - 14)
  assert.ok(!(packet instanceof Fault))
  return packet
}

/** A frame as the stack builds them: from the IP header on. */
function built({ frames }: Stack, frame: Uint8Array): Frame {
  return frames.copy(frame, 14, frame.length - 14)
}

test('any packet, cut for any MTU, in any order, some pieces cut again, some doubled, comes back whole', () => {
  const sizes = fc.tuple(
    fc.integer({ min: 1, max: 9000 }),
    fc.integer({ min: 68, max: 1500 }),
    fc.integer({ min: 68, max: 600 }),
  )
  fc.assert(
    fc.property(sizes, fc.infiniteStream(fc.nat()), ([size, mtu, narrower], random) => {
      const { stack, eth0 } = bench()
      const { frames, ip4 } = stack
      const payload = Uint8Array.from({ length: size }, (_, i) => (i * 7) & 255)
      const pieces = [...fragments(frames, built(stack, ipFrame(payload, {})), mtu)].flatMap((piece, i) =>
        i % 2 === 0 && piece.length > narrower ? [...fragments(frames, piece, narrower)] : [piece],
      )
      for (const piece of pieces)
        assert.ok(piece.length <= mtu && ipv4.check(piece.bytes, piece.start, piece.length) === null)
      if (pieces.length === 1) return
      // One comes once: the doubles of all would be a second packet.
      const doubled = pieces.flatMap((piece, i) => (i > 0 && random.next().value % 4 === 0 ? [piece, piece] : [piece]))
      const shuffled = doubled.map((piece) => ({ piece, at: random.next().value })).sort((a, b) => a.at - b.at)
      const wholes: Whole[] = []
      for (const { piece } of shuffled) {
        const result = ip4.reassembler.arrived(eth0, piece.bytes, piece.start, false)
        assert.notEqual(typeof result, 'string')
        if (result !== null) wholes.push(result as Whole)
      }
      // Doubles that come after the last missing piece begin anew; they are forgotten in time.
      assert.equal(wholes.length, 1)
      const { bytes, offset } = wholes[0]!
      const packet = ipv4.parse(bytes, offset, bytes.length - offset)
      assert.ok(!(packet instanceof Fault))
      assert.deepEqual(packet.payload, payload)
    }),
    { numRuns: 200 },
  )
})

test('the longest datagram gets through the smallest MTU, in the worst order', () => {
  const { stack, eth0 } = bench()
  const payload = Uint8Array.from({ length: 65_515 }, (_, i) => (i * 7) & 255)
  const pieces = [...fragments(stack.frames, built(stack, ipFrame(payload, {})), 68)]
  assert.equal(pieces.length, 1365)
  // Every other piece first: nothing touches until the second half comes.
  const order = [...pieces.filter((_, i) => i % 2 === 0), ...pieces.filter((_, i) => i % 2 === 1)]
  const results = order.map((piece) => stack.ip4.reassembler.arrived(eth0, piece.bytes, piece.start, false))
  const whole = results.pop() as Whole
  assert.ok(results.every((each) => each === null))
  assert.deepEqual(whole.bytes.subarray(whole.offset + 20), payload)
})

test('a datagram longer than the MTU goes in pieces and is put together', async () => {
  const { host, probe, stack, clock } = bench()
  const socket = await host.datagrams({ address: '0.0.0.0', port: 9 })
  const texts: number[] = []
  socket.attach({ onDatagram: (bytes) => texts.push(bytes.length), onError() {}, onClose() {} })
  socket.send(new Uint8Array(4000), { address: PEER, port: 9 })
  const sent = probe.sent.splice(0)
  assert.deepEqual(
    sent.map((frame) => frame.length - 14),
    [1500, 1500, 1068],
  )
  assert.ok(sent.every((frame) => !payloadOf(frame).dontFragment))
  for (const piece of fragments(stack.frames, built(stack, udpFrame(9, 9, 'x'.repeat(5000))), 576)) {
    piece.bytes.set(udpFrame(9, 9, '').subarray(0, 14), piece.prepend(14))
    probe.receive(piece.view())
  }
  clock.pass(0)
  assert.deepEqual(texts, [5000])
})

const piece = (fragmentOffset: number, size: number, moreFragments: boolean) =>
  ipFrame(new Uint8Array(size), { fragmentOffset, moreFragments })

const other = (fragmentOffset: number, size: number, moreFragments: boolean) =>
  ipFrame(new Uint8Array(size).fill(1), { fragmentOffset, moreFragments })

test('pieces that overlap, contradict each other or run past the end void the packet (RFC 5722)', () => {
  const cases: [string, Uint8Array[]][] = [
    ['overlap', [piece(0, 16, true), piece(8, 16, true)]],
    ['the same twice, other bytes', [piece(0, 16, true), other(0, 16, true)]],
    ['two ends', [piece(16, 8, false), piece(24, 8, false)]],
    ['past the end', [piece(16, 8, false), piece(24, 8, true)]],
    ['end before what is there', [piece(32, 8, true), piece(16, 8, false)]],
  ]
  const results = (pieces: readonly Uint8Array[]) => {
    const { stack, eth0 } = bench()
    const { reassembler } = stack.ip4
    return { found: pieces.map((each) => reassembler.arrived(eth0, each, 14, false)), reassembler }
  }
  for (const [what, pieces] of cases) {
    const { found, reassembler } = results(pieces)
    assert.deepEqual(found, [null, 'fragments contradict each other'], what)
    assert.equal(reassembler.size, 0, what)
  }
  const { found, reassembler } = results([piece(0, 12, true), piece(65_528, 100, false)])
  assert.deepEqual(found, ['fragment malformed', 'fragment malformed'])
  assert.equal(reassembler.size, 0, 'odd lengths and too long packets are not even begun')
})

test('a mark of congestion on one piece marks the packet, unless another was not to be marked (RFC 3168 §5.3)', () => {
  const codepoints = (...ecn: readonly number[]) => {
    const { stack, eth0 } = bench()
    const marked = ecn.map((each, i) => {
      const frame = piece(i * 8, 8, i < ecn.length - 1)
      frame[15] = each
      ipv4.sealHeader(frame, 14)
      return stack.ip4.reassembler.arrived(eth0, frame, 14, false)
    })
    const last = marked.at(-1)!
    return typeof last === 'string' ? last : ipv4.ecn(last.bytes, last.offset)
  }
  assert.equal(codepoints(0, 0), 0)
  assert.equal(codepoints(2, 2), 2)
  assert.equal(codepoints(2, 3, 2), 3)
  assert.equal(codepoints(0, 3), 'fragments contradict each other')
})

test('a flood of first pieces is bounded', () => {
  const { stack, probe, clock } = bench()
  for (let i = 0; i < STACK_LIMITS.reassemblies + 50; i++)
    probe.receive(ipFrame(new Uint8Array(8), { from: `192.0.2.${i + 3}`, moreFragments: true }))
  assert.equal(stack.ip4.reassembler.size, STACK_LIMITS.reassemblies)
  clock.pass(31 * SECOND)
  assert.equal(stack.ip4.reassembler.size, 0)
  assert.equal(stack.counters.ipReassemblyFailed, STACK_LIMITS.reassemblies)
})

test('what is never completed is given up, and the sender is told when the first piece had come', () => {
  const { stack, probe, clock } = bench()
  probe.receive(ipFrame(new Uint8Array(8), { moreFragments: true }))
  probe.receive(ipFrame(new Uint8Array(8), { moreFragments: true, fragmentOffset: 8, protocol: 99 }))
  clock.pass(31 * SECOND)
  assert.equal(stack.ip4.reassembler.size, 0)
  assert.ok(probe.lines().includes(`IP ${OWN} > ${PEER}: ICMP time exceeded, code 1, length 36`))
})

test('the gaps of one packet are bounded', () => {
  const { stack, eth0 } = bench({ limits: { reassemblyGaps: 10 } })
  const arrived = (i: number) => stack.ip4.reassembler.arrived(eth0, piece(i * 16, 8, true), 14, false)
  for (let i = 0; i < 10; i++) assert.equal(arrived(i), null)
  assert.equal(arrived(10), 'fragments contradict each other')
  assert.equal(stack.ip4.reassembler.size, 0)
})

test('nobody is told what became of pieces that were sent to everybody (RFC 1122 §3.2.2)', () => {
  const { probe, clock } = bench()
  probe.receive(ipFrame(new Uint8Array(8), { to: '192.0.2.255', moreFragments: true }))
  const toAll = ipFrame(new Uint8Array(8), { moreFragments: true })
  toAll.fill(0xff, 0, 6)
  probe.receive(toAll)
  clock.pass(31 * SECOND)
  assert.deepEqual(probe.lines(), [])
})
