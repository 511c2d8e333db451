import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accepted, Script } from './script.ts'

test('a blind reset is questioned unless it has the exact number (RFC 5961 §3)', () => {
  const script = accepted()
  script.arrive('R 500:500(0) win 0').expect('. 1:1(0) ack 1').tells()
  script.arrive('R 999999:999999(0) win 0').expect().tells()
  script.arrive('R 1:1(0) win 0').tells('CLOSED', 'closed ECONNRESET')
})

test('a blind SYN is questioned (RFC 5961 §4)', () => {
  const script = accepted()
  script.arrive('S 500:500(0) win 0').expect('. 1:1(0) ack 1')
  script.arrive('S 99999999:99999999(0) win 0').expect('. 1:1(0) ack 1')
  script.arrive('S. 1:1(0) ack 1 win 0').expect('. 1:1(0) ack 1').tells()
})

test('blind data is not taken when its ACK is out of range (RFC 5961 §5)', () => {
  const script = Script.established({}, 'S. 0:0(0) ack 1 win 1000 <mss 1000>')
  script.arrive('P. 1:11(10) ack 9 win 1000').expect('. 1:1(0) ack 1').tells()
  script.send(500).arrive('. 1:1(0) ack 501 win 1000').expect('P. 1:501(500) ack 1')
  script.arrive('P. 1:11(10) ack 1000000000 win 1000').expect('. 501:501(0) ack 1').tells()
  script.send(900).arrive('. 1:1(0) ack 1401 win 1000').expect('P. 501:1401(900) ack 1')
  script.arrive('P. 1:11(10) ack 400 win 1000').expect('. 1401:1401(0) ack 1').tells()
  script.arrive('P. 1:11(10) ack 401 win 1000').tells('data 10')
})

test('challenges are limited to ten a second, so that two peers cannot answer each other for ever', () => {
  const script = accepted()
  for (let i = 0; i < 100; i++) script.arrive('. 900000:900000(0) ack 1 win 0')
  script.expect(...Array(10).fill('. 1:1(0) ack 1'))
  script.pass(1000).arrive('S 900000:900000(0) win 0').expect('. 1:1(0) ack 1')
  const strict = accepted({ challengeAcksPerSecond: 2 })
  for (let i = 0; i < 100; i++) strict.arrive('R 600:600(0) win 0')
  strict.expect(...Array(2).fill('. 1:1(0) ack 1'))
})

test('divided ACKs open no more than the bytes they are for (RFC 3465)', () => {
  const script = Script.established()
  script.send(20_000)
  for (let ack = 11; ack <= 1001; ack += 10) script.arrive(`. 1:1(0) ack ${ack} win 65535`)
  assert.equal(script.tcb.loss.congestion.cwnd, 11_000)
})

test('forged duplicate ACKs count no further than there are segments to cause them (RFC 5681 §6)', () => {
  const script = Script.established({}, 'S. 0:0(0) ack 1 win 65535 <mss 1000,wscale 7>')
  script.send(400_000)
  for (let i = 0; i < 500; i++) script.arrive('. 1:1(0) ack 1 win 65535')
  // Twelve were out when the third came, so nine more count; half the flight stays in the pipe.
  assert.equal(script.tcb.loss.board.count, 18)
})

test('an ACK of data never sent is questioned and changes nothing', () => {
  const script = accepted()
  script.send(10).expect('P. 1:11(10) ack 1')
  script.arrive('. 1:1(0) ack 12 win 5').expect('. 11:11(0) ack 1')
  assert.equal(script.tcb.queued, 10)
  assert.equal(script.tcb.snd.wnd, 65535)
})

test('an old segment does not set the window (SND.WL1, SND.WL2)', () => {
  const script = accepted()
  script.arrive('. 1:11(10) ack 1 win 1000').arrive('. 1:1(0) ack 1 win 5')
  assert.equal(script.tcb.snd.wnd, 1000)
})

test('a segment without ACK is dropped', () => {
  accepted().arrive('P 1:11(10) win 5').expect().tells()
})
