import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../base/fault.ts'
import { pseudoSum4 } from './checksum.ts'
import { seq } from './sequence.ts'
import * as tcp from './tcp.ts'

/** A SYN that Linux sent over its loopback, captured with tshark: its TCP part. (The checksum was left to the device.) */
const CAPTURED_SYN = Buffer.from(
  '8f62b3afdd43406500000000a002ffd7fe3000000204ffd70402080aa261c05a000000000103030a',
  'hex',
)

function segment(changes: Partial<tcp.TcpSegment> = {}): tcp.TcpSegment {
  return {
    sourcePort: 49152,
    destinationPort: 80,
    seq: seq(1000),
    ack: seq(0),
    flags: tcp.ACK,
    window: 65535,
    urgent: 0,
    options: tcp.NO_OPTIONS,
    payload: new Uint8Array(0),
    ...changes,
  }
}

function parsed(bytes: Uint8Array, offset = 0, length = bytes.length - offset): tcp.TcpSegment {
  const result = tcp.parse(bytes, offset, length)
  if (result instanceof Fault) assert.fail(result.why)
  return result
}

test('a SYN as captured, parsed and written again byte for byte', () => {
  const syn = parsed(CAPTURED_SYN)
  assert.equal(
    tcp.print(syn),
    '36706 > 45999: Flags [S], seq 3712172133, win 65495, options [mss 65495,sackOK,TS val 2724315226 ecr 0,wscale 10], length 0',
  )
  const again = new Uint8Array(40)
  assert.equal(tcp.emit(syn, again, 0, 0), 40)
  assert.deepEqual(again.subarray(20), new Uint8Array(CAPTURED_SYN.subarray(20)))
  assert.equal(tcp.length(syn), 40)
})

test('readers agree with parse', () => {
  const bytes = new Uint8Array(100)
  const written = tcp.emit(
    segment({ ack: seq(0xdeadbeef), flags: tcp.ACK | tcp.PSH | tcp.AE, urgent: 7, payload: Uint8Array.of(1, 2, 3) }),
    bytes,
    11,
    pseudoSum4(0x0a000001, 0x0a000002, 6, 23),
  )
  assert.equal(tcp.check(bytes, 11, written), null)
  const value = parsed(bytes, 11, written)
  assert.equal(tcp.sourcePort(bytes, 11), value.sourcePort)
  assert.equal(tcp.destinationPort(bytes, 11), value.destinationPort)
  assert.equal(tcp.seq(bytes, 11), value.seq)
  assert.equal(tcp.ack(bytes, 11), value.ack)
  assert.equal(tcp.flags(bytes, 11), value.flags)
  assert.equal(tcp.window(bytes, 11), value.window)
  assert.equal(tcp.urgent(bytes, 11), value.urgent)
  assert.equal(tcp.headerLength(bytes, 11), 20)
  assert.ok(tcp.verify(bytes, 11, written, pseudoSum4(0x0a000001, 0x0a000002, 6, written)))
  bytes[11 + 21]! ^= 1
  assert.ok(!tcp.verify(bytes, 11, written, pseudoSum4(0x0a000001, 0x0a000002, 6, written)))
})

test('what is not a segment gets a fault that says what and where', () => {
  assert.deepEqual(tcp.parse(new Uint8Array(19), 0, 19), new Fault('TCP segment of 19 octets, 20 needed', 0))
  assert.deepEqual(tcp.parse(new Uint8Array(20), 4, 20), new Fault('TCP segment of 20 octets, 20 needed', 4))
  const bytes = new Uint8Array(24)
  bytes[12] = 4 << 4
  assert.deepEqual(tcp.parse(bytes, 0, 24), new Fault('TCP header length 16, 20 to 24 octets wanted', 12))
  bytes[12] = 7 << 4
  assert.deepEqual(tcp.parse(bytes, 0, 24), new Fault('TCP header length 28, 20 to 24 octets wanted', 12))
})

test('reserved bits are ignored (RFC 9293 §3.1)', () => {
  const bytes = new Uint8Array(20)
  tcp.emit(segment({ flags: tcp.SYN }), bytes, 0, 0)
  bytes[12]! |= 0x0e
  assert.equal(parsed(bytes).flags, tcp.SYN)
})

test('options with impossible lengths keep what came before them', () => {
  for (const tail of [
    [3, 0, 9, 9], // length zero
    [3, 1, 9, 9], // shorter than its own head
    [3, 5, 9, 9], // beyond the header
    [1, 1, 1, 8], // no room for a length
  ]) {
    const bytes = Uint8Array.of(2, 4, 5, 0xb4, ...tail)
    const options = tcp.parseOptions(bytes, 0, bytes.length)
    assert.equal(options.mss, 1460)
    assert.ok(options.malformed)
  }
})

test('known kinds with a wrong length and unknown kinds are kept as unknown', () => {
  const bytes = Uint8Array.of(2, 3, 5, 1, 254, 4, 0xca, 0xfe, 5, 2, 0, 77)
  const options = tcp.parseOptions(bytes, 0, bytes.length)
  assert.equal(options.mss, null)
  assert.deepEqual(
    options.unknown.map((option) => [option.kind, ...option.data]),
    [[2, 5], [254, 0xca, 0xfe], [5]],
  )
  assert.ok(!options.malformed, 'what follows end-of-list is not looked at')
})

test('options that do not fit and buffers that are too short are local mistakes', () => {
  const sack = [1, 2, 3, 4].map((n) => ({ start: seq(n * 10), end: seq(n * 10 + 5) }))
  const options = { ...tcp.NO_OPTIONS, sack, timestamps: { value: 1, echo: 2 } }
  assert.throws(() => tcp.emit(segment({ options }), new Uint8Array(100), 0, 0), RangeError)
  assert.throws(() => tcp.emit(segment(), new Uint8Array(19), 0, 0), RangeError)
})

test('the printer', () => {
  const line = tcp.print(
    segment({
      ack: seq(5),
      flags: tcp.ACK | tcp.PSH | tcp.FIN,
      payload: new Uint8Array(10),
      options: { ...tcp.NO_OPTIONS, sack: [{ start: seq(7), end: seq(9) }] },
    }),
  )
  assert.equal(line, '49152 > 80: Flags [FP.], seq 1000:1010, ack 5, win 65535, options [sack 1 {7:9}], length 10')
  assert.equal(tcp.printFlags(0), 'none')
})

const plain = { noNullPrototype: true }
const u16 = fc.nat(0xffff)
const u32 = fc.integer({ min: 0, max: 0xffffffff })
const anySeq = u32.map(seq)
const anySegment: fc.Arbitrary<tcp.TcpSegment> = fc.record(
  {
    sourcePort: u16,
    destinationPort: u16,
    seq: anySeq,
    ack: anySeq,
    flags: fc.nat(0x1ff),
    window: u16,
    urgent: u16,
    options: fc.record(
      {
        mss: fc.option(u16),
        windowScale: fc.option(fc.nat(255)),
        sackPermitted: fc.boolean(),
        sack: fc.array(fc.record({ start: anySeq, end: anySeq }, plain), { maxLength: 2 }),
        timestamps: fc.option(fc.record({ value: u32, echo: u32 }, plain)),
        unknown: fc.constant([]),
        malformed: fc.constant(false),
      },
      plain,
    ),
    payload: fc.uint8Array({ maxLength: 200 }),
  },
  plain,
)

test('property: parse undoes emit', () => {
  fc.assert(
    fc.property(anySegment, fc.nat(5), (value, offset) => {
      const bytes = new Uint8Array(offset + tcp.length(value))
      const written = tcp.emit(value, bytes, offset, 12345)
      assert.equal(written, tcp.length(value))
      assert.deepEqual(parsed(bytes, offset, written), value)
      assert.ok(tcp.verify(bytes, offset, written, 12345))
    }),
    { numRuns: 300 },
  )
})

test('fuzz: any bytes give a segment or a fault, and a segment can be printed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const result = tcp.parse(bytes, 0, bytes.length)
      if (result instanceof Fault) return
      assert.ok(tcp.print(result).length > 0)
    }),
    { numRuns: 1000 },
  )
})

test('fuzz: mutated headers', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(39), fc.nat(255)), { maxLength: 6 }), (mutations) => {
      const bytes = new Uint8Array(CAPTURED_SYN)
      for (const [at, value] of mutations) bytes[at] = value
      const result = tcp.parse(bytes, 0, bytes.length)
      if (!(result instanceof Fault)) tcp.print(result)
    }),
    { numRuns: 1000 },
  )
})
