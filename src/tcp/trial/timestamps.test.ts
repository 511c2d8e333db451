import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Script } from './script.ts'

const HANDSHAKE = 'S. 0:0(0) ack 1 win 65535 <mss 1000,TS val 100 ecr 0>'

test('agreed on by both SYNs or not at all; they come off the segment size (RFC 7323 §3.2, RFC 6691)', () => {
  new Script('S 0:0(0) win 9000 <mss 1000,TS val 7 ecr 0>').expect(
    'S. 0:0(0) ack 1 win 65535 <mss 1000,TS val 0 ecr 7>',
  )
  new Script('S 0:0(0) win 9000 <mss 1000>').expect('S. 0:0(0) ack 1 win 65535 <mss 1000>')
  const script = Script.established({}, HANDSHAKE)
  script.pass(30).send(988).expect('P. 1:989(988) ack 1 <TS val 30 ecr 100>')
  const plain = Script.established({ timestamps: false }, HANDSHAKE)
  plain.send(1000).expect('P. 1:1001(1000) ack 1 <>')
})

test('the clock can begin anywhere', () => {
  new Script('connect', { sack: false }, { timestampOffset: 0xffff_ffff })
    .expect('S 0:0(0) win 65535 <mss 1000,TS val 4294967295 ecr 0,wscale 4>')
    .pass(1000)
    .expect('S 0:0(0) win 65535 <mss 1000,TS val 999 ecr 0,wscale 4>')
})

test('the stamp echoed is that of the oldest segment not acknowledged (RFC 7323 §4.3)', () => {
  const script = Script.established({}, HANDSHAKE)
  script.arrive('. 1:11(10) ack 1 win 9000 <TS val 110 ecr 0>')
  script.arrive('. 11:21(10) ack 1 win 9000 <TS val 120 ecr 0>').expect('. 1:1(0) ack 21 <TS val 0 ecr 110>')
  script.arrive('. 31:41(10) ack 1 win 9000 <TS val 130 ecr 0>').expect('. 1:1(0) ack 21 <TS val 0 ecr 110>')
  script.arrive('. 21:31(10) ack 1 win 9000 <TS val 140 ecr 0>').expect('. 1:1(0) ack 41 <TS val 0 ecr 140>')
})

test('an old segment with a right number is refused (PAWS, RFC 7323 §5.3), a reset is not', () => {
  const script = Script.established({}, HANDSHAKE)
  script.arrive('. 1:11(10) ack 1 win 9000 <TS val 99 ecr 0>').expect('. 1:1(0) ack 1').tells()
  script.arrive('. 1:11(10) ack 1 win 9000 <TS val 101 ecr 0>').tells('data 10')
  script.send(5).arrive('. 1:11(10) ack 6 win 9000 <TS val 98 ecr 0>')
  assert.equal(script.tcb.queued, 5, 'its ACK counts no more than it does')
  script.arrive('R 11:11(0) win 0 <TS val 5 ecr 0>').tells('CLOSED', 'closed ECONNRESET')
})

test('a segment sent again since our ACK was lost: the next ACK echoes the second sending', () => {
  const script = Script.established({}, HANDSHAKE)
  script.arrive('. 1:11(10) ack 1 win 9000 <TS val 110 ecr 0>').arrive('. 11:21(10) ack 1 win 9000 <TS val 110 ecr 0>')
  script.expect('. 1:1(0) ack 21 <TS val 0 ecr 110>')
  script.arrive('. 1:11(10) ack 1 win 9000 <TS val 310 ecr 0>').expect('. 1:1(0) ack 21 <TS val 0 ecr 310>')
})

test('after 24 days of silence the old stamp counts no longer (RFC 7323 §5.5)', () => {
  const script = Script.established({}, HANDSHAKE)
  script
    .pass(24 * 24 * 3600 * 1000 + 1)
    .arrive('. 1:11(10) ack 1 win 9000 <TS val 99 ecr 0>')
    .tells('data 10')
})

test('the round trip of a segment that was sent again, and with it the end of the back-off', () => {
  const script = Script.established({}, HANDSHAKE)
  script.send(10).pass(200)
  assert.equal(script.tcb.loss.rtt.backoff, 1)
  script.pass(50).arrive('. 1:1(0) ack 11 win 9000 <TS val 150 ecr 200>')
  assert.equal(script.tcb.loss.rtt.backoff, 0)
  assert.equal(script.tcb.loss.rtt.rttvar > 0, true)
})

test('a segment from behind sets no time stamp: its own ACK echoes it, TS.Recent stays (RFC 7323 §5.3, R3)', () => {
  const script = Script.established({}, HANDSHAKE)
  script
    .arrive('. 1:501(500) ack 1 win 9000 <TS val 110 ecr 0>')
    .arrive('. 501:1001(500) ack 1 win 9000 <TS val 111 ecr 0>')
  script.arrive('. 301:401(100) ack 1 win 9000 <TS val 2000000000 ecr 0>')
  script.expect('. 1:1(0) ack 1001 <TS val 0 ecr 110>', '. 1:1(0) ack 1001 <TS val 0 ecr 2000000000>')
  script
    .arrive('. 1001:1011(10) ack 1 win 9000 <TS val 112 ecr 0>')
    .pass(40)
    .expect('. 1:1(0) ack 1011 <TS val 40 ecr 112>')
  script.tells('data 500', 'data 500', 'data 10')
})
