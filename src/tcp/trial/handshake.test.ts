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
  script.tcb.segmentArrived(parseLine('S. 0:10(10) ack 1 win 1000 <mss 1000>'), 0)
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
  assert.equal(script.tcb.rtt.rto, 3e9)
  assert.equal(script.tcb.congestion.ssthresh, Number.POSITIVE_INFINITY)
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
  new Script('connect').do((tcb) => tcb.unreachable('EHOSTUNREACH')).tells('SYN-SENT', 'CLOSED', 'closed EHOSTUNREACH')
  const script = accepted({ retries: 1 })
  script.do((tcb) => tcb.unreachable('EHOSTUNREACH')).tells()
  script.send(10).pass(10_000).tells('CLOSED', 'closed EHOSTUNREACH')
})

test('an MSS that would make headers of all traffic is not believed; none means 536', () => {
  assert.equal(Script.established({}, 'S. 0:0(0) ack 1 win 10 <mss 1>').tcb.mss, 48)
  assert.equal(Script.established({}, 'S. 0:0(0) ack 1 win 10').tcb.mss, 536)
  assert.equal(Script.established({}, 'S. 0:0(0) ack 1 win 10 <mss 9000>').tcb.mss, 1000)
})

test('a window scale above 14 counts as 14 (RFC 7323 §2.3)', () => {
  assert.equal(Script.established({}, 'S. 0:0(0) ack 1 win 10 <wscale 200>').tcb.sndScale, 14)
})

test('ICMP ends an active open; a passive one sends its SYN-ACK again (RFC 9293 §3.9.2.2)', () => {
  new Script('connect').do((tcb) => tcb.unreachable('EHOSTUNREACH')).tells('SYN-SENT', 'CLOSED', 'closed EHOSTUNREACH')
  new Script('S 0:0(0) win 4000')
    .do((tcb) => tcb.unreachable('EHOSTUNREACH'))
    .pass(1000)
    .expect('S. 0:0(0) ack 1', 'S. 0:0(0) ack 1')
    .arrive('. 1:1(0) ack 1 win 4000')
    .tells('SYN-RECEIVED', 'ESTABLISHED')
})
