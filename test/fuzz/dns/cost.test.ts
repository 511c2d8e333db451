/** Messages made to cost much: the work grows with their length, not with its square. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, MessageFault } from '../../../src/dns/message/decode.ts'
import { encode } from '../../../src/dns/message/encode.ts'
import { message } from '../../../src/dns/message/message.ts'
import { Name } from '../../../src/dns/message/name.ts'
import { type ResourceRecord, rrsetsOf } from '../../../src/dns/message/record.ts'
import { TYPE } from '../../../src/dns/message/types.ts'
import { stepsOf } from '../../work.ts'

/** 64 KiB that nobody made to cost anything. */
const PLAIN = message({
  answer: Array.from({ length: 4000 }, (_, i) => ({
    name: Name.parse('a.example.'),
    type: TYPE.A,
    class: 1,
    ttl: 0,
    rdata: Uint8Array.of(10, 0, i >>> 8, i & 255),
  })),
})
const PLAIN_BYTES = encode(PLAIN)

/** How many times the steps of a plain message of that length. Work in the square of the length would be hundreds. */
function timesPlain(run: () => void, plain: () => void): number {
  return stepsOf(run) / stepsOf(plain)
}

function assertCheapToDecode(bytes: Uint8Array): void {
  assert.ok(!(decode(bytes) instanceof MessageFault))
  const times = timesPlain(
    () => decode(bytes),
    () => decode(PLAIN_BYTES),
  )
  assert.ok(times < 8, `${times} times as much as a plain message`)
}

/** A compression pointer (RFC 1035 §4.1.4). */
function pointer(target: number): [number, number] {
  return [0xc0 | (target >>> 8), target & 255]
}

/** Records that own names of 255 octets in labels of `size`, all different from the first label or from the last on. */
function longNames(count: number, size: number, differ: 'first' | 'last'): ResourceRecord[] {
  const labels = Math.floor(254 / (size + 1))
  return Array.from({ length: count }, (_, i) => {
    const parts = Array.from({ length: labels }, () => new Uint8Array(size).fill(97))
    const label = parts[differ === 'first' ? 0 : labels - 1]!
    for (let at = 0, rest = i + 1; at < size; at++, rest = Math.floor(rest / 26)) label[at] = 97 + (rest % 26)
    return { name: Name.of(parts), type: 65000, class: 1, ttl: 0, rdata: new Uint8Array(0) }
  })
}

test('encoding 64 KiB of long names of many labels', () => {
  for (const [size, differ] of [
    [1, 'last'],
    [3, 'last'],
    [3, 'first'],
    [63, 'last'],
  ] as const) {
    const answer = longNames(240, size, differ)
    const bytes = encode(message({ answer }))
    assert.ok(!(decode(bytes) instanceof MessageFault))
    const times = timesPlain(
      () => encode(message({ answer })),
      () => encode(PLAIN),
    )
    assert.ok(times < 25, `labels of ${size}: ${times} times as much as a plain message`)
  }
})

test('decoding 64 KiB of pointers to long names', () => {
  // One name of 127 labels, then thousands of records that point into it, at another place each.
  const head = [0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  const first = [...Array.from({ length: 127 }, () => [1, 97]).flat(), 0]
  const octets = [...head, ...first, 0xfd, 0xe8, 0, 1, 0, 0, 0, 0, 0, 0]
  let count = 1
  for (; octets.length < 65_500; count++)
    octets.push(...pointer(12 + 2 * (count % 126)), 0xfd, 0xe8, 0, 1, 0, 0, 0, 0, 0, 0)
  octets[6] = count >>> 8
  octets[7] = count & 255
  const bytes = Uint8Array.from(octets)
  assertCheapToDecode(bytes)
})

test('decoding chains of pointers: each name is one label and a pointer to the name before', () => {
  const octets = [0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  let count = 0
  let last = 0
  for (; octets.length < 16_300 && count < 120; count++) {
    const at = octets.length
    octets.push(1, 97)
    if (last === 0) octets.push(0)
    else octets.push(...pointer(last))
    octets.push(0xfd, 0xe8, 0, 1, 0, 0, 0, 0, 0, 0)
    last = at
  }
  for (; octets.length < 65_500; count++) octets.push(...pointer(last), 0xfd, 0xe8, 0, 1, 0, 0, 0, 0, 0, 0)
  octets[6] = count >>> 8
  octets[7] = count & 255
  const bytes = Uint8Array.from(octets)
  assertCheapToDecode(bytes)
})

test('decoding 64 KiB of different names', () => {
  const bytes = encode(message({ answer: longNames(310, 63, 'first') }), { compress: false })
  assert.ok(bytes.length > 60_000)
  assertCheapToDecode(bytes)
})

test('gathering sets out of 64 KiB of signatures that differ at their end', () => {
  const name = Name.parse('a.example.')
  const covered = { name, type: TYPE.A, class: 1, ttl: 0, rdata: Uint8Array.of(10, 0, 0, 1) }
  const signatures = Array.from({ length: 1500 }, (_, i) => {
    const rdata = new Uint8Array(40)
    rdata[1] = TYPE.A
    rdata[38] = i >>> 8
    rdata[39] = i
    return { name, type: TYPE.RRSIG, class: 1, ttl: 0, rdata }
  })
  const records = [covered, ...signatures]
  const [set] = rrsetsOf(records)
  assert.equal(set?.signatures.length, 1500)
  const times = timesPlain(
    () => rrsetsOf(records),
    () => rrsetsOf(PLAIN.answer),
  )
  assert.ok(times < 8, `${times} times as much as a plain set`)
})
