import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accepted, Script } from './script.ts'

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

test('a send buffer that is full takes a part and says when there is room', () => {
  const script = Script.established({ sendBuffer: 3000 })
  script.do((tcb) => assert.equal(tcb.send(new Uint8Array(5000)), 3000))
  script.do((tcb) => assert.equal(tcb.send(new Uint8Array(1)), 0))
  script.arrive('. 1:1(0) ack 1001 win 65535').tells()
  script.arrive('. 1:1(0) ack 2001 win 65535').tells('drain')
  script.arrive('. 1:1(0) ack 3001 win 65535').tells()
  assert.equal(script.tcb.room, 3000)
})

test('the pieces kept out of order are limited', () => {
  const script = accepted({ outOfOrderPieces: 10 })
  for (let i = 0; i < 100; i++) script.arrive(`. ${10 + i * 2}:${11 + i * 2}(1) ack 1 win 65535`)
  assert.equal(script.tcb.reassembly.pieces, 10)
})

test('data beyond the window is not kept', () => {
  const script = accepted({ receiveBuffer: 1000 })
  script.reading = false
  script.arrive('. 1:2001(2000) ack 1 win 65535').expect('. 1:1(0) ack 1001 win 0').tells('data 1000')
  script.arrive('. 1001:1101(100) ack 1 win 65535').expect('. 1:1(0) ack 1001 win 0').tells()
})

test('urgent data stays in the stream, and what the ports of a segment say is not looked at', () => {
  accepted().arrive('P. 1:11(10) ack 1 win 65535').tells('data 10')
})
