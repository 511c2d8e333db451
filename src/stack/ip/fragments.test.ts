import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SECOND } from '../../base/clock.ts'
import { Fault } from '../../base/fault.ts'
import { ipv4 } from '../../wire/index.ts'
import { DEFAULT_LIMITS } from '../limits.ts'
import { bench, ipFrame, OWN, PEER, udpFrame } from '../trial/bench.ts'
import { fragments } from './fragments.ts'

const payloadOf = (frame: Uint8Array) => {
  const packet = ipv4.parse(frame, 14, frame.length - 14)
  assert.ok(!(packet instanceof Fault))
  return packet
}

test('any packet, cut for any MTU, in any order, some pieces cut again, comes back whole', () => {
  const { stack } = bench()
  const sizes = fc.tuple(
    fc.integer({ min: 1, max: 9000 }),
    fc.integer({ min: 68, max: 1500 }),
    fc.integer({ min: 68, max: 600 }),
  )
  fc.assert(
    fc.property(sizes, fc.infiniteStream(fc.nat()), ([size, mtu, narrower], random) => {
      const payload = Uint8Array.from({ length: size }, (_, i) => (i * 7) & 255)
      const pieces = [...fragments(stack, ipFrame(payload, {}), mtu)].flatMap((piece, i) =>
        i % 2 === 0 && piece.length - 14 > narrower ? [...fragments(stack, piece, narrower)] : [piece],
      )
      for (const piece of pieces)
        assert.ok(piece.length - 14 <= mtu && ipv4.check(piece, 14, piece.length - 14) === null)
      if (pieces.length > DEFAULT_LIMITS.reassemblyPieces || pieces.length === 1) return
      const shuffled = pieces.map((piece) => ({ piece, at: random.next().value })).sort((a, b) => a.at - b.at)
      const results = shuffled.map(({ piece }) => stack.reassembler.arrived(piece, 14))
      assert.deepEqual(
        results.slice(0, -1).filter((each) => each !== null),
        [],
      )
      const whole = results.at(-1)!
      assert.deepEqual(payloadOf(Uint8Array.from([...Array(14).fill(0), ...whole])).payload, payload)
      assert.equal(stack.reassembler.size, 0)
    }),
    { numRuns: 200 },
  )
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
  for (const piece of fragments(stack, udpFrame(9, 9, 'x'.repeat(5000)), 576)) {
    piece.set(udpFrame(9, 9, '').subarray(0, 14))
    probe.receive(piece)
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
  for (const [what, pieces] of cases) {
    const { stack } = bench()
    for (const each of pieces) assert.equal(stack.reassembler.arrived(each, 14), null, what)
    assert.equal(stack.reassembler.size, 0, what)
  }
  const { stack } = bench()
  assert.equal(stack.reassembler.arrived(piece(0, 12, true), 14), null)
  assert.equal(stack.reassembler.arrived(piece(65_528, 100, false), 14), null)
  assert.equal(stack.reassembler.size, 0, 'odd lengths and too long packets are not even begun')
})

test('a flood of first pieces is bounded', () => {
  const { stack, probe, clock } = bench()
  for (let i = 0; i < DEFAULT_LIMITS.reassemblies + 50; i++)
    probe.receive(ipFrame(new Uint8Array(8), { from: `192.0.2.${i + 3}`, moreFragments: true }))
  assert.equal(stack.reassembler.size, DEFAULT_LIMITS.reassemblies)
  clock.pass(31 * SECOND)
  assert.equal(stack.reassembler.size, 0)
  assert.equal(stack.counters.ipReassemblyFailed, DEFAULT_LIMITS.reassemblies)
})

test('what is never completed is given up, and the sender is told when the first piece had come', () => {
  const { stack, probe, clock } = bench()
  probe.receive(ipFrame(new Uint8Array(8), { moreFragments: true }))
  probe.receive(ipFrame(new Uint8Array(8), { moreFragments: true, fragmentOffset: 8, protocol: 99 }))
  clock.pass(31 * SECOND)
  assert.equal(stack.reassembler.size, 0)
  assert.ok(probe.lines().includes(`IP ${OWN} > ${PEER}: ICMP time exceeded, code 1, length 36`))
})

test('the pieces of one packet are bounded', () => {
  const { stack } = bench()
  for (let i = 0; i <= DEFAULT_LIMITS.reassemblyPieces; i++) stack.reassembler.arrived(piece(i * 16, 8, true), 14)
  assert.equal(stack.reassembler.size, 0)
})
