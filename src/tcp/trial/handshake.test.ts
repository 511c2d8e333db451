import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accepted, parseLine, Script } from './script.ts'

test('active open (RFC 9293 §3.5, figure 6)', () => {
  new Script('connect')
    .expect('S 0:0(0) win 65535 <mss 1000,sackOK,TS val 0 ecr 0,wscale 4>')
    .tells('SYN-SENT')
    .arrive('S. 0:0(0) ack 1 win 1000 <mss 600,sackOK,wscale 7>')
    .expect('. 1:1(0) ack 1 win 32768 <>')
    .tells('ESTABLISHED')
})

test('passive open, taking up only what the SYN offered', () => {
  new Script('S 0:0(0) win 4000 <mss 600>')
    .expect('S. 0:0(0) ack 1 win 65535 <mss 1000>')
    .arrive('. 1:1(0) ack 1 win 4000')
    .expect()
    .tells('SYN-RECEIVED', 'ESTABLISHED')
  new Script('S 0:0(0) win 4000 <mss 600,sackOK,wscale 2>').expect(
    'S. 0:0(0) ack 1 win 65535 <mss 1000,sackOK,wscale 4>',
  )
})

test('data written before the handshake is over goes out with its end', () => {
  new Script('connect')
    .send(100)
    .expect('S 0:0(0)')
    .arrive('S. 0:0(0) ack 1 win 1000 <mss 1000>')
    .expect('P. 1:101(100) ack 1')
})

test('data that comes with the SYN-ACK, or right after it, is taken', () => {
  const script = new Script('connect')
  script.tcb.segmentArrived(parseLine('S. 0:10(10) ack 1 win 1000 <mss 1000>'), { at: 0, ecn: 0, segments: 1 }, 0)
  script.arrive('P. 11:21(10) ack 1 win 1000').tells('SYN-SENT', 'ESTABLISHED', 'data 10', 'data 10')
})

test('simultaneous open (RFC 9293 §3.5, figure 7)', () => {
  new Script('connect')
    .expect('S 0:0(0)')
    .arrive('S 0:0(0) win 5000 <mss 1000>')
    .expect('S. 0:0(0) ack 1')
    .arrive('S. 0:0(0) ack 1 win 5000 <mss 1000>')
    .expect('. 1:1(0) ack 1')
    .tells('SYN-SENT', 'SYN-RECEIVED', 'ESTABLISHED')
})

test('the SYN is sent again after 1, 2, 4 … s, and given up after 127 s', () => {
  const script = new Script('connect').expect('S 0:0(0)')
  for (const wait of [1, 2, 4, 8, 16, 32]) {
    script.pass(wait * 1000 - 1).expect()
    script.pass(1).expect('S 0:0(0)')
  }
  script.pass(63_999).expect().tells('SYN-SENT')
  script.pass(1).expect().tells('CLOSED', 'closed ETIMEDOUT')
})

test('after a lost SYN: one segment, three seconds (RFC 5681 §3.1, RFC 6298 §5.7)', () => {
  const script = new Script('connect').pass(1000).expect('S 0:0(0)', 'S 0:0(0)')
  script.arrive('S. 0:0(0) ack 1 win 65535 <mss 1000>').expect('. 1:1(0) ack 1')
  script.send(5000).expect('. 1:1001(1000) ack 1')
  assert.equal(script.tcb.loss.rtt.rto, 3e9)
  assert.equal(script.tcb.loss.congestion.ssthresh, Number.POSITIVE_INFINITY)
})

test('a refused connection', () => {
  new Script('connect').arrive('R. 0:0(0) ack 1 win 0').tells('SYN-SENT', 'CLOSED', 'closed ECONNREFUSED')
})

test('in SYN-SENT (RFC 9293 §3.10.7.3): a wrong ACK is reset, a reset without ACK or with a wrong one is ignored', () => {
  new Script('connect')
    .expect('S 0:0(0)')
    .arrive('. 5:5(0) ack 7 win 100')
    .expect('R 7:7(0)')
    .arrive('R 0:0(0) win 0')
    .arrive('R. 0:0(0) ack 9 win 0')
    .arrive('. 0:0(0) ack 1 win 100')
    .expect()
    .tells('SYN-SENT')
    .arrive('S. 0:0(0) ack 1 win 100 <mss 1000>')
    .expect('. 1:1(0) ack 1')
})

test('a SYN that comes again is answered again; the SYN-ACK is given up after five time-outs', () => {
  const script = new Script('S 0:0(0) win 4000 <mss 600>').expect('S. 0:0(0) ack 1')
  script.arrive('S 0:0(0) win 4000 <mss 600>').expect('S. 0:0(0) ack 1')
  script.pass(31_000).expect(...Array(5).fill('S. 0:0(0) ack 1'))
  script.pass(32_000).tells('SYN-RECEIVED', 'CLOSED', 'closed ETIMEDOUT')
})

test('in SYN-RECEIVED a wrong ACK is reset, a reset ends it', () => {
  new Script('S 0:0(0) win 4000')
    .expect('S. 0:0(0) ack 1')
    .arrive('. 1:1(0) ack 2 win 100')
    .expect('R 2:2(0)')
    .arrive('R 1:1(0) win 0')
    .tells('SYN-RECEIVED', 'CLOSED', 'closed ECONNREFUSED')
})

test('a full accept queue leaves the connection half-open until there is room', () => {
  let room = false
  const script = new Script('S 0:0(0) win 4000', {}, { admit: () => room }).expect('S. 0:0(0) ack 1')
  script.arrive('. 1:1(0) ack 1 win 100').tells('SYN-RECEIVED')
  room = true
  script.arrive('. 1:1(0) ack 1 win 100').tells('ESTABLISHED')
})

test('an unreachable network ends the attempt, and only the attempt', () => {
  new Script('connect')
    .do((tcb, now) => tcb.unreachable('EHOSTUNREACH', now))
    .tells('SYN-SENT', 'CLOSED', 'closed EHOSTUNREACH')
  const script = accepted({ retries: 1 })
  script.do((tcb, now) => tcb.unreachable('EHOSTUNREACH', now)).tells()
  script.send(10).pass(10_000).tells('CLOSED', 'closed EHOSTUNREACH')
})

test('an MSS that would make headers of all traffic is not believed; none means 536', () => {
  assert.equal(Script.established({}, 'S. 0:0(0) ack 1 win 10 <mss 1>').tcb.snd.mss, 48)
  assert.equal(Script.established({}, 'S. 0:0(0) ack 1 win 10').tcb.snd.mss, 536)
  assert.equal(Script.established({}, 'S. 0:0(0) ack 1 win 10 <mss 9000>').tcb.snd.mss, 1000)
})

test('a window scale above 14 counts as 14 (RFC 7323 §2.3)', () => {
  assert.equal(Script.established({}, 'S. 0:0(0) ack 1 win 10 <wscale 200>').tcb.snd.scale, 14)
})

test('ICMP ends an active open; a passive one sends its SYN-ACK again (RFC 9293 §3.9.2.2)', () => {
  new Script('connect')
    .do((tcb, now) => tcb.unreachable('EHOSTUNREACH', now))
    .tells('SYN-SENT', 'CLOSED', 'closed EHOSTUNREACH')
  new Script('S 0:0(0) win 4000')
    .do((tcb, now) => tcb.unreachable('EHOSTUNREACH', now))
    .pass(1000)
    .expect('S. 0:0(0) ack 1', 'S. 0:0(0) ack 1')
    .arrive('. 1:1(0) ack 1 win 4000')
    .tells('SYN-RECEIVED', 'ESTABLISHED')
})

test('a SYN that was late, not lost, costs no window: the time stamp proves which one was answered (RFC 3522 §3)', () => {
  for (const [echo, window] of [
    [0, 9880],
    [1000, 988],
  ]) {
    const script = new Script('connect').pass(1100)
    script.arrive(`S. 0:0(0) ack 1 win 65535 <mss 1000,TS val 7 ecr ${echo}>`)
    assert.equal(script.tcb.loss.congestion.cwnd, window)
    assert.equal(script.tcb.loss.rtt.rto, 3e9, 'RFC 6298 §5.7: three seconds all the same')
  }
  const passive = new Script('S 0:0(0) win 4000 <mss 1000,TS val 7 ecr 0>').pass(1000)
  passive.arrive('. 1:1(0) ack 1 win 4000 <TS val 9 ecr 0>')
  assert.equal(passive.tcb.loss.congestion.cwnd, 9880)
  assert.equal(passive.tcb.loss.rtt.srtt, 1e9)
})

test('a SYN-ACK answers the SYN that came last: it echoes its stamp (RFC 7323 §4.3)', () => {
  const script = new Script('S 0:0(0) win 4000 <mss 1000,TS val 7 ecr 0>')
  script.arrive('S 0:0(0) win 4000 <mss 1000,TS val 1007 ecr 0>')
  script.expect('S. 0:0(0) ack 1 <mss 1000,TS val 0 ecr 7>', 'S. 0:0(0) ack 1 <mss 1000,TS val 0 ecr 1007>')
})

test('over a path of 68 octets segments are as small as that, whatever a peer announces', () => {
  const script = new Script('connect', {}, { mss: 28 }).arrive('S. 0:0(0) ack 1 win 65535 <mss 1,TS val 7 ecr 0>')
  assert.equal(script.tcb.snd.mss, 28 - 12)
  script.tcb.narrow(10)
  assert.equal(script.tcb.snd.mss, 28 - 12)
})

test('TCP_MAXSEG: what is announced, and the most that is sent', () => {
  const script = new Script('connect', { maxSegment: 500 }).expect(
    'S 0:0(0) win 65535 <mss 500,sackOK,TS val 0 ecr 0,wscale 4>',
  )
  script.arrive('S. 0:0(0) ack 1 win 65535 <mss 900>')
  assert.equal(script.tcb.snd.mss, 500)
})
