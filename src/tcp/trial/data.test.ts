import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ms } from '../../base/duration.ts'
import { tcpSettings } from '../settings.ts'
import { accepted, parseLine, Script } from './script.ts'

test('Nagle: one small segment out at a time (RFC 9293 §3.7.4)', () => {
  const script = Script.established()
  script.send(10).expect('P. 1:11(10) ack 1')
  script.send(10).send(10).expect()
  script.arrive('. 1:1(0) ack 11 win 65535').expect('P. 11:31(20) ack 1')
})

test('TCP_NODELAY: at once', () => {
  const script = Script.established({ noDelay: true })
  script.send(10).send(10).expect('P. 1:11(10) ack 1', 'P. 11:21(10) ack 1')
})

test('full segments do not wait, the rest does', () => {
  Script.established()
    .send(2500)
    .expect('. 1:1001(1000) ack 1', '. 1001:2001(1000) ack 1')
    .arrive('. 1:1(0) ack 2001 win 65535')
    .expect('P. 2001:2501(500) ack 1')
})

test('delayed ACK: every second segment, or after 40 ms (RFC 9293 §3.8.6.3)', () => {
  const script = accepted()
  script.arrive('. 1:101(100) ack 1 win 65535').expect()
  script.arrive('. 101:201(100) ack 1 win 65535').expect('. 1:1(0) ack 201')
  script.arrive('. 201:301(100) ack 1 win 65535').pass(39).expect()
  script.pass(1).expect('. 1:1(0) ack 301')
  script.tells('data 100', 'data 100', 'data 100')
})

test('an answer carries the ACK', () => {
  accepted().arrive('P. 1:101(100) ack 1 win 65535').send(5).expect('P. 1:6(5) ack 101').pass(100).expect()
})

test('out of order: acknowledged at once, delivered in order (RFC 5681 §4.2)', () => {
  const script = accepted()
  script.arrive('. 101:201(100) ack 1 win 65535').expect('. 1:1(0) ack 1 win 65535 <>')
  script.arrive('. 301:401(100) ack 1 win 65535').expect('. 1:1(0) ack 1')
  script.arrive('. 1:101(100) ack 1 win 65535').expect('. 1:1(0) ack 201')
  script.arrive('. 151:351(200) ack 1 win 65535').expect('. 1:1(0) ack 401')
  assert.deepEqual(
    script.received,
    Array.from({ length: 400 }, (_, i) => (i + 1) & 255),
  )
})

test('SACK blocks: the newest first (RFC 2018 §4)', () => {
  const script = Script.established({}, 'S. 0:0(0) ack 1 win 65535 <mss 1000,sackOK>')
  script.arrive('. 101:201(100) ack 1 win 65535').expect('. 1:1(0) ack 1 <sack 101:201>')
  script.arrive('. 301:401(100) ack 1 win 65535').expect('. 1:1(0) ack 1 <sack 301:401 101:201>')
  script.arrive('. 201:251(50) ack 1 win 65535').expect('. 1:1(0) ack 1 <sack 101:251 301:401>')
  script.arrive('. 1:101(100) ack 1 win 65535').expect('. 1:1(0) ack 251 <sack 301:401>')
})

test('old and overlapping data is acknowledged and delivered once', () => {
  const script = accepted()
  script.arrive('. 1:101(100) ack 1 win 65535').arrive('. 1:101(100) ack 1 win 65535').expect('. 1:1(0) ack 101')
  script.arrive('. 51:151(100) ack 1 win 65535').tells('data 100', 'data 50')
})

test('no more is out than SO_SNDBUF allows; what else was written follows as it is acknowledged', () => {
  const script = Script.established({ sendBuffer: 3000 })
  script.send(5000).expect(...[1, 1001, 2001].map((n) => `. ${n}:${n + 1000}(1000) ack 1`))
  assert.equal(script.tcb.unsent, 2000)
  script.arrive('. 1:1(0) ack 1001 win 65535').expect('. 3001:4001(1000) ack 1')
  script.arrive('. 1:1(0) ack 3001 win 65535').expect('P. 4001:5001(1000) ack 1')
  assert.equal(script.tcb.unsent, 0)
  assert.equal(script.tcb.queued, 2000)
})

test('a cork holds partial segments back, full ones go; lifted, the rest leaves at once', () => {
  const script = Script.established()
  script.do((tcb) => tcb.cork(Number.POSITIVE_INFINITY)).send(300)
  script.expect().pass(60_000).expect()
  script
    .send(1000)
    .expect('. 1:1001(1000) ack 1')
    .do((tcb) => tcb.cork(0))
    .expect() // Nagle has its say then
    .arrive('. 1:1(0) ack 1001 win 65535')
    .expect('P. 1001:1301(300) ack 1')
})

test('TCP_CORK has a ceiling, and a FIN lifts it', () => {
  const script = Script.established()
  script.do((tcb) => tcb.cork(ms(200))).send(300)
  script.pass(199).expect().pass(1).expect('P. 1:301(300) ack 1')
  const other = Script.established()
  other.do((tcb) => tcb.cork(ms(200))).send(300)
  other.do((tcb, now) => tcb.shutdown(now)).expect('FP. 1:301(300) ack 1')
})

test('the runs kept out of order are limited: a thousand single bytes that touch are one', () => {
  const script = accepted({ outOfOrderRuns: 10 })
  for (let i = 0; i < 100; i++) script.arrive(`. ${10 + i * 2}:${11 + i * 2}(1) ack 1 win 65535`)
  assert.equal(script.tcb.rcv.reassembly.runs, 10)
  const other = accepted({ outOfOrderRuns: 10 })
  for (let i = 0; i < 1000; i++) other.arrive(`. ${10 + i}:${11 + i}(1) ack 1 win 65535`)
  assert.equal(other.tcb.rcv.reassembly.runs, 1)
  assert.equal(other.tcb.rcv.reassembly.size, 1000)
})

test('data beyond the window is not kept', () => {
  const script = accepted({ receiveBuffer: 1000 })
  script.reading = false
  script.arrive('. 1:2001(2000) ack 1 win 65535').expect('. 1:1(0) ack 1001 win 0')
  script.arrive('. 1001:1101(100) ack 1 win 65535').expect('. 1:1(0) ack 1001 win 0')
  assert.equal(script.tcb.rcv.inbox.bytes, 1000)
})

test('urgent data stays in the stream, and what the ports of a segment say is not looked at', () => {
  accepted().arrive('P. 1:11(10) ack 1 win 65535').tells('data 10')
})

test('segments that a device has merged count as so many (SegmentMeta.segments): two of them are acknowledged at once', () => {
  const script = accepted()
  script.tcb.segmentArrived(parseLine('. 1:2001(2000) ack 1 win 65535'), { at: 0, ecn: 0, segments: 2 }, 0)
  script.do(() => {}).expect('. 1:1(0) ack 2001')
  assert.deepEqual([script.tcb.traffic.in, script.tcb.traffic.dataIn], [4, 2])
})

test('round trips are measured from when a segment came in, however late it is looked at (SegmentMeta.at)', () => {
  const script = accepted()
  script.send(100).pass(90)
  script.tcb.segmentArrived(parseLine('. 1:1(0) ack 101 win 65535'), { at: 30e6, ecn: 0, segments: 1 }, 90e6)
  assert.equal(script.tcb.loss.rtt.srtt, 30e6 / 8)
})

test('what is read at once is the segment’s own bytes; what has to rest is a copy', () => {
  const script = accepted()
  const take = (line: string, poll: boolean) => {
    const segment = parseLine(line)
    script.tcb.segmentArrived(segment, { at: 0, ecn: 0, segments: 1 }, 0)
    if (poll) script.do(() => {})
    return [segment.payload, script.tcb.read()!] as const
  }
  const [sent, read] = take('. 1:101(100) ack 1 win 65535', false)
  assert.equal(read, sent)
  const [driver, kept] = take('. 101:201(100) ack 1 win 65535', true)
  driver.fill(0xee)
  assert.notEqual(kept.buffer, driver.buffer)
  assert.deepEqual(
    kept,
    new Uint8Array(100).map((_, i) => (101 + i) & 255),
  )
})

test('TCP_QUICKACK: every segment is acknowledged at once, what waits too', () => {
  const script = accepted()
  script.arrive('. 1:101(100) ack 1 win 65535').expect()
  script.do((tcb, now) => tcb.set(tcpSettings({ delayedAck: ms(0) }, tcb.settings), now)).expect('. 1:1(0) ack 101')
  script.arrive('. 101:201(100) ack 1 win 65535').expect('. 1:1(0) ack 201')
})

test('tcp_info: when data and ACKs came, how large they were, what held the sender back', () => {
  const script = Script.established({ sendBuffer: 3000 }, 'S. 0:0(0) ack 1 win 10000 <mss 1000>')
  script.pass(1000)
  assert.deepEqual([script.tcb.info(script.now).last_data_recv, script.tcb.info(script.now).busy_time], [0, 0])
  script.arrive('. 1:301(300) ack 1 win 10000').pass(500).arrive('. 301:301(0) ack 1 win 10000').pass(20)
  let info = script.tcb.info(script.now)
  assert.deepEqual([info.last_data_recv, info.last_ack_recv, info.rcv_mss, info.data_segs_in], [520, 20, 300, 1])
  script.send(6000).pass(100) // 3000 out, SO_SNDBUF
  script.arrive('. 301:301(0) ack 3001 win 1000').pass(50) // 1000 out, the peer's window
  script.arrive('. 301:301(0) ack 4001 win 10000').pass(30).arrive('. 301:301(0) ack 6001 win 10000').pass(1000)
  info = script.tcb.info(script.now)
  assert.deepEqual([info.sndbuf_limited, info.rwnd_limited, info.busy_time], [100_000, 50_000, 180_000])
  assert.deepEqual([info.data_segs_out, info.bytes_acked, info.notsent_bytes, info.pmtu], [6, 6000, 0, 1040])
})
