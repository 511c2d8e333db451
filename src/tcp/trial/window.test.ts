import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ms } from '../../base/duration.ts'
import { accepted, Script } from './script.ts'

test('a closed window is probed after one time-out, then ever more rarely, for as long as the peer answers', () => {
  const script = Script.established({}, 'S. 0:0(0) ack 1 win 0 <mss 1000>')
  script.send(500).expect()
  const rto = script.tcb.loss.rtt.rto / 1e6
  for (let i = 0; i < 20; i++) {
    script.pass(Math.min(rto * 2 ** i, 120_000) - 1).expect()
    script.pass(1).expect('. 0:0(0) ack 1')
    script.arrive('. 1:1(0) ack 1 win 0').expect()
  }
  script.arrive('. 1:1(0) ack 1 win 2000').expect('P. 1:501(500) ack 1')
})

test('probes that nobody answers end the connection', () => {
  const script = Script.established({ retries: 3 }, 'S. 0:0(0) ack 1 win 0 <mss 1000>')
  script.send(500).pass(60_000).expect('. 0:0(0) ack 1', '. 0:0(0) ack 1', '. 0:0(0) ack 1')
  script.tells('CLOSED', 'closed ETIMEDOUT')
})

test('a FIN waits for the window too', () => {
  const script = Script.established({}, 'S. 0:0(0) ack 1 win 100 <mss 1000>')
  script.send(100).do((tcb, now) => tcb.shutdown(now))
  script.expect('P. 1:101(100) ack 1')
  script.arrive('. 1:1(0) ack 101 win 0').expect()
  script.arrive('. 1:1(0) ack 101 win 1').expect('F. 101:101(0) ack 1')
})

test('a FIN for which the window has no number left does not ride along', () => {
  const script = Script.established({}, 'S. 0:0(0) ack 1 win 100 <mss 1000>')
  script.do((tcb, now) => {
    tcb.send(new Uint8Array(100))
    tcb.shutdown(now)
  })
  script.expect('P. 1:101(100) ack 1').arrive('. 1:1(0) ack 101 win 100').expect('F. 101:101(0) ack 1')
})

test('silly windows of the peer are not filled (RFC 9293 §3.8.6.2.1), until the override', () => {
  const script = Script.established({}, 'S. 0:0(0) ack 1 win 4000 <mss 1000>')
  script.send(6000).expect(...[1, 1001, 2001].map((n) => `. ${n}:${n + 1000}(1000) ack 1`), '. 3001:4001(1000) ack 1')
  script.arrive('. 1:1(0) ack 4001 win 100').expect()
  script.pass(script.tcb.loss.rtt.rto / 1e6 + 1).expect('. 4001:4101(100) ack 1')
})

test('half the largest window is worth a segment', () => {
  const script = Script.established({}, 'S. 0:0(0) ack 1 win 300 <mss 1000>')
  script.send(1000).expect('. 1:301(300) ack 1')
  script.arrive('. 1:1(0) ack 301 win 140').expect()
  script.arrive('. 1:1(0) ack 301 win 150').expect('. 301:451(150) ack 1')
})

test('the receive window closes with unread data and opens by steps worth having (RFC 9293 §3.8.6.2.2)', () => {
  const script = accepted({ receiveBuffer: 4000 })
  script.reading = false
  script.arrive('. 1:1001(1000) ack 1 win 65535').arrive('. 1001:2001(1000) ack 1 win 65535')
  script.expect('. 1:1(0) ack 2001 win 2000')
  script.arrive('. 2001:3001(1000) ack 1 win 65535').arrive('. 3001:4001(1000) ack 1 win 65535')
  script.expect('. 1:1(0) ack 4001 win 0')
  script.read(1000).expect()
  script.read(1000).expect('. 1:1(0) ack 4001 win 2000')
})

test('a little room is not offered, even when an ACK goes out anyway', () => {
  const script = accepted({ receiveBuffer: 4000 })
  script.reading = false
  script.arrive('. 1:101(100) ack 1 win 65535').arrive('. 101:4001(3900) ack 1 win 65535')
  script
    .expect('. 1:1(0) ack 4001 win 0')
    .read(100)
    .arrive('. 4001:4002(1) ack 1 win 65535')
    .expect('. 1:1(0) ack 4001 win 0')
})

test('room in a window that is wide open is not a news', () => {
  const script = accepted()
  script.reading = false
  for (const at of [1, 1001, 2001]) script.arrive(`. ${at}:${at + 1000}(1000) ack 1 win 65535`)
  script.expect('. 1:1(0) ack 2001').read(3000).expect()
})

test('what is acceptable at a closed window: the ACK of an in-sequence segment counts (RFC 9293 §3.10.7.4, first)', () => {
  const script = accepted({ receiveBuffer: 1000 })
  script.reading = false
  script.send(10).expect('P. 1:11(10) ack 1')
  script.arrive('. 1:1001(1000) ack 1 win 65535').pass(50).expect('. 11:11(0) ack 1001 win 0')
  script.arrive('. 1001:1002(1) ack 11 win 65535').expect('. 11:11(0) ack 1001 win 0')
  assert.equal(script.tcb.queued, 0)
})

test('the advertised edge never moves back, with scaling neither', () => {
  const script = Script.established({ receiveBuffer: 300_000 }, 'S. 0:0(0) ack 1 win 65535 <mss 1000,wscale 3>')
  script.reading = false
  let edge = 0
  let next = 1
  while (next < 250_000) {
    script.arrive(`. ${next}:${next + 777}(777) ack 1 win 65535`)
    next += 777
    const now = script.tcb.rcv.adv
    assert.ok(edge === 0 || ((now - edge) | 0) >= 0)
    edge = now
    assert.ok(script.tcb.rcv.inbox.bytes + ((script.tcb.rcv.adv - script.tcb.rcv.nxt) >>> 0) < 300_000 + 8)
  }
})

test('small segments against a scaled window: the edge the peer sees never moves back, nor beyond the buffer', () => {
  const script = Script.established(
    { receiveBuffer: 70_000, delayedAck: ms(0) },
    'S. 0:0(0) ack 1 win 9 <mss 1000,wscale 3>',
  )
  script.reading = false
  const unit = 2 ** script.tcb.rcv.scale
  assert.equal(unit, 2)
  let edge = 0
  let next = 1
  script.watch = (segment) => {
    const seen = ((segment.ack - script.tcb.rcv.irs) >>> 0) + segment.window * unit
    assert.ok(seen > edge - unit, `${edge} to ${seen}`)
    // Only where rounding up would go over the buffer by a whole unit.
    if (seen < edge) assert.ok((segment.window + 1) * unit > 70_000 - script.tcb.rcv.inbox.bytes + unit - 1)
    edge = Math.max(edge, seen)
  }
  while (next < edge || edge === 0) {
    const length = Math.min(77, Math.max(1, edge - next))
    script.arrive(`. ${next}:${next + length}(${length}) ack 1 win 9`)
    next += length
  }
  assert.ok(script.tcb.rcv.inbox.bytes <= 70_000 + unit, String(script.tcb.rcv.inbox.bytes))
})

test('a peer that answers from a window shrunk to nothing is not given up', () => {
  const script = Script.established({ retries: 2 })
  script.send(100).arrive('. 1:1(0) ack 1 win 0')
  for (let i = 0; i < 20; i++) script.pass(100_000).arrive('. 1:1(0) ack 1 win 0').tells()
  script.pass(1_000_000).tells('CLOSED', 'closed ETIMEDOUT')
})

test('under a shrunken window: ACKs carry a number the peer accepts, the oldest segment is cut to what it takes', () => {
  const script = Script.established()
  script.send(3000).arrive('. 1:1(0) ack 1 win 300')
  script.expect('. 1:1001(1000) ack 1', '. 1001:2001(1000) ack 1', 'P. 2001:3001(1000) ack 1')
  script.arrive('P. 1:11(10) ack 1 win 300').pass(40).expect('. 301:301(0) ack 11')
  script.pass(160).expect('. 1:301(300) ack 11')
  // Slow start has room for two segments, the window for one.
  script.arrive('. 11:11(0) ack 301 win 700').expect('. 301:1001(700) ack 11')
})

test('two closed windows do not lock each other: the ACK of an old segment counts when it is of something new', () => {
  const script = accepted()
  script.send(100).expect('P. 1:101(100) ack 1')
  script.arrive('P. 1:101(100) ack 1 win 0').pass(40).expect('. 1:1(0) ack 101')
  script.arrive('. 1:1(0) ack 101 win 500').expect('. 101:101(0) ack 101')
  assert.equal(script.tcb.queued, 0)
})

test('a window that shrank over what was in flight: sent again as soon as it opens', () => {
  const script = Script.established()
  script.send(2000).expect('. 1:1001(1000) ack 1', 'P. 1001:2001(1000) ack 1')
  script.arrive('. 1:1(0) ack 1 win 0').expect()
  script.pass(100_000)
  script.arrive('. 1:1(0) ack 1 win 0')
  assert.ok(script.tcb.loss.rtt.backoff > 3)
  script.expect(...Array(script.tcb.loss.resentSegments).fill('. 1:1001(1000) ack 1'))
  script.arrive('. 1:1(0) ack 1 win 5000').expect('. 1:1001(1000) ack 1')
  script.arrive('. 1:1(0) ack 1001 win 5000').expect('P. 1001:2001(1000) ack 1')
})
