/** The checker itself: a log that was tampered with must not pass. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import type { Event } from '../../src/base/events.ts'
import { check } from './check/check.ts'
import { logOf } from './log.ts'
import { reticle } from './run.ts'
import { ACK, FIN, readFrame, SYN } from './wire.ts'

type Loose = { -readonly [key in keyof Event]: Event[key] } & { [key: string]: unknown }

const SITE = ['--site', join(import.meta.dirname, 'sites/large.ts')]

async function record(...args: string[]): Promise<Loose[]> {
  const { out } = await reticle(['look', 'http://large.example/', '--json', ...SITE, ...args])
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Loose)
}

const calm = await record()
const rough = await record('--loss', '5', '--seed', '2')

/** The rules that are broken once `change` has been at the log. */
function broken(events: readonly Loose[], change: (events: Loose[]) => void): string[] {
  const copy = structuredClone(events) as Loose[]
  change(copy)
  return [...new Set(check(logOf(copy as unknown as Event[])).violations.map(({ rule }) => rule))]
}

const bytesOf = (event: Loose): Buffer => Buffer.from(event['frame'] as string, 'base64')
const put = (event: Loose, frame: Buffer): void => void (event['frame'] = frame.toString('base64'))

/** Changes the frames that satisfy, and puts the TCP checksum right again. */
function edit(events: Loose[], which: (event: Loose, frame: Buffer) => boolean, how: (frame: Buffer) => void): void {
  let found = 0
  for (const event of events) {
    if (event.type !== 'link.sent') continue
    const frame = bytesOf(event)
    if (!which(event, frame)) continue
    found++
    how(frame)
    seal(frame)
    put(event, frame)
  }
  assert.ok(found > 0, 'there must be something to tamper with')
}

function sum(bytes: Buffer, start: number): number {
  let total = start
  for (let i = 0; i < bytes.length; i += 2) total += (bytes[i]! << 8) + (bytes[i + 1] ?? 0)
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16)
  return total ^ 0xffff
}

function seal(frame: Buffer): void {
  if (frame.readUInt16BE(12) !== 0x0800) return
  frame.writeUInt16BE(0, 24)
  frame.writeUInt16BE(sum(frame.subarray(14, 34), 0), 24)
  if (frame[23] !== 6) return
  const segment = frame.subarray(34)
  segment.writeUInt16BE(0, 16)
  segment.writeUInt16BE(sum(segment, sum(frame.subarray(26, 34), 6 + segment.length) ^ 0xffff), 16)
}

const tcp = (frame: Buffer) => readFrame(frame).tcp
/** The nth frame that satisfies. */
const nth = (count: number, test: (event: Loose, frame: Buffer) => boolean) => {
  let seen = 0
  return (event: Loose, frame: Buffer): boolean => test(event, frame) && ++seen === count
}
const from = (host: string, test: (flags: number, length: number) => boolean) => (event: Loose, frame: Buffer) => {
  const segment = tcp(frame)
  return event.host === host && segment !== null && test(segment.flags, segment.payload.length)
}

test('an untouched log passes', () => {
  assert.deepEqual(
    broken(calm, () => {}),
    [],
  )
  assert.deepEqual(
    broken(rough, () => {}),
    [],
  )
})

for (const [what, rule, tamper] of [
  [
    'a bit turned in a segment',
    'RFC 1071',
    (events) => {
      const event = events.find((each) => each.type === 'link.sent' && (tcp(bytesOf(each))?.payload.length ?? 0) > 0)!
      const frame = bytesOf(event)
      frame[frame.length - 1]! ^= 1
      put(event, frame)
    },
  ],
  [
    'a TTL that a router left',
    'RFC 1812 §5.3.1',
    (e) =>
      edit(
        e,
        (x) => x.host === 'provider',
        (f) => f[22]!++,
      ),
  ],
  [
    'another port at the translator',
    'RFC 4787 REQ-1',
    (e) =>
      edit(
        e,
        nth(3, (x, f) => x.host === 'home-router' && tcp(f) !== null && x['toHost'] === 'provider'),
        (f) => f.writeUInt16BE(f.readUInt16BE(34) ^ 1, 34),
      ),
  ],
  ['no ARP before the first packet', 'RFC 826', (e) => e.splice(0, e.length, ...e.filter((x) => !isArp(x)))],
  [
    'an acknowledgement of too much',
    'RFC 9293 §3.4',
    (e) => edit(e, nth(3, from('laptop', isAck)), (f) => bump(f, 42, 1)),
  ],
  ['a wrong number', 'RFC 9293 §3.4', (e) => edit(e, nth(4, from('web', hasData)), (f) => bump(f, 38, 7))],
  [
    'a window taken back',
    'RFC 9293 §3.8.6, SHLD-14',
    (e) => edit(e, nth(5, from('laptop', isAck)), (f) => f.writeUInt16BE(100, 48)),
  ],
  ['a congestion window too large', 'RFC 5681 §3.1', (e) => says(e, 20, (x) => void ((x['cwnd'] as number) *= 2))],
  ['a threshold from nowhere', 'RFC 5681 §3.1 (4)', (e) => says(e, 20, (x) => void (x['ssthresh'] = 9000))],
  ['another round-trip time', 'RFC 6298 §2', (e) => says(e, 20, (x) => void ((x['srtt'] as number) += 5e6))],
  ['a flight too small', 'the log', (e) => says(e, 20, (x) => void ((x['flight'] as number) -= 1448))],
  [
    'ACKs that never came',
    'RFC 5681 §4.2',
    (e) => drop(e, (x, f) => x.host === 'laptop' && from('laptop', isAck)(x, f) && (x['at'] as number) > 3e8),
  ],
  ['a FIN before its time', 'RFC 9293 §3.6', (e) => edit(e, nth(9, from('web', hasData)), (f) => void (f[47]! |= FIN))],
  [
    'a state left out',
    'RFC 9293 §3.3.2',
    (e) =>
      e.splice(
        e.findIndex((x) => x.type === 'tcp.state' && x['to'] === 'FIN-WAIT-1'),
        1,
      ),
  ],
  [
    'an answer that gives more time',
    'RFC 2181 §8',
    (e) =>
      edit(
        e,
        (x, f) => x.host === 'home-router' && isAnswer(f),
        (f) => liveLonger(f),
      ),
  ],
] as const satisfies readonly (readonly [string, string, (events: Loose[]) => void])[])
  test(`the checker sees ${what}`, () => {
    const rules = broken(calm, tamper)
    assert.ok(rules.includes(rule), `${rule} should be among ${rules.join(', ') || 'nothing'}`)
  })

test('the checker misses a retransmission that is left out, and one that comes without need', () => {
  const again = (x: Loose): boolean => x.type === 'tcp.segment' && x['retransmission'] === 'fast'
  const at = rough.findIndex(again)
  assert.ok(at > 0, 'there must be a fast retransmit')
  const rules = broken(rough, (e) => {
    const said = e.splice(at, 1)[0]!
    const frame = e.findIndex((x, i) => i >= at && x.type === 'link.sent' && x.host === said.host)
    e.splice(frame, 1)
  })
  assert.ok(rules.includes('RFC 5681 §3.2'), rules.join(', '))
  assert.ok(
    broken(rough, (e) => {
      e.find(again)!['retransmission'] = ''
    }).includes('the log'),
  )
})

function isArp(event: Loose): boolean {
  return event.type === 'link.sent' && readFrame(bytesOf(event)).arp !== null
}

function isAck(flags: number, length: number): boolean {
  return (flags & (ACK | SYN | FIN)) === ACK && length === 0
}

function hasData(_flags: number, length: number): boolean {
  return length > 0
}

function bump(frame: Buffer, at: number, by: number): void {
  frame.writeUInt32BE((frame.readUInt32BE(at) + by) >>> 0, at)
}

/** Changes what the web server says of its nth data segment. */
function says(events: Loose[], count: number, how: (event: Loose) => void): void {
  how(events.filter((x) => x.type === 'tcp.segment' && x.host === 'web' && (x['length'] as number) > 0)[count]!)
}

/** Takes the frames that satisfy out of the log, as if they had never been sent, with what was said of them. */
function drop(events: Loose[], which: (event: Loose, frame: Buffer) => boolean): void {
  const gone = new Set(events.filter((x) => x.type === 'link.sent' && which(x, bytesOf(x))))
  const times = new Set([...gone].map((x) => x['at']))
  const kept = events.filter(
    (x) =>
      !gone.has(x) && !(x.type === 'tcp.segment' && x.host === 'laptop' && x['length'] === 0 && times.has(x['at'])),
  )
  events.splice(0, events.length, ...kept)
}

function isAnswer(frame: Buffer): boolean {
  return readFrame(frame).udp?.sourcePort === 53 && (frame[44]! & 0x80) !== 0
}

/** The last record before an OPT record is the address: its time to live stands ten bytes before the end of it. */
function liveLonger(frame: Buffer): void {
  const at = frame.lastIndexOf(Buffer.from([0, 1, 0, 1, 0, 0]))
  frame.writeUInt32BE(9999, at + 4)
  frame.writeUInt16BE(0, 40)
}
