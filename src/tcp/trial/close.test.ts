import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACK, NO_OPTIONS, SYN } from '../../wire/tcp.ts'
import { supersedes } from '../input/input.ts'
import { accepted, Script } from './script.ts'

test('four-way close, this side first (RFC 9293 §3.6, figure 12)', () => {
  const script = Script.established()
  script.do((tcb) => tcb.shutdown()).expect('F. 1:1(0) ack 1')
  script.arrive('. 1:1(0) ack 2 win 65535').tells('FIN-WAIT-1', 'FIN-WAIT-2')
  script.arrive('P. 1:101(100) ack 2 win 65535').tells('data 100') // half-closed: the peer goes on
  script.arrive('F. 101:101(0) ack 2 win 65535').expect('. 2:2(0) ack 102').tells('end', 'TIME-WAIT')
  script.pass(59_999).tells()
  script.pass(1).tells('CLOSED', 'closed null')
})

test('the other side first; data still goes out before the FIN', () => {
  const script = accepted()
  script.arrive('F. 1:1(0) ack 1 win 65535').expect('. 1:1(0) ack 2').tells('end', 'CLOSE-WAIT')
  script.send(50).expect('P. 1:51(50) ack 2')
  script.do((tcb) => tcb.shutdown()).expect('F. 51:51(0) ack 2')
  script.arrive('. 2:2(0) ack 52 win 65535').tells('LAST-ACK', 'CLOSED', 'closed null')
})

test('both at once (figure 13)', () => {
  const script = Script.established()
  script.do((tcb) => tcb.shutdown()).expect('F. 1:1(0) ack 1')
  script.arrive('F. 1:1(0) ack 1 win 65535').expect('. 2:2(0) ack 2')
  script.arrive('. 2:2(0) ack 2 win 65535').tells('FIN-WAIT-1', 'end', 'CLOSING', 'TIME-WAIT')
})

test('the FIN rides on the last data, and is sent again with it', () => {
  const script = Script.established()
  script
    .do((tcb) => {
      tcb.send(new Uint8Array(10))
      tcb.shutdown()
    })
    .expect('FP. 1:11(10) ack 1')
    .pass(200)
    .expect('FP. 1:11(10) ack 1')
    .arrive('. 1:1(0) ack 11 win 65535') // the data, but not the FIN
    .pass(400)
    .expect('F. 11:11(0) ack 1')
})

test('a full segment with a FIN stays one when it is sent again', () => {
  const script = Script.established()
  script.do((tcb) => {
    tcb.send(new Uint8Array(1000))
    tcb.shutdown()
  })
  script.pass(200).expect(...Array(2).fill('FP. 1:1001(1000) ack 1'))
})

test('TIME-WAIT answers a FIN that comes again and waits anew', () => {
  const script = Script.established({ timeWait: 1e9 })
  script.do((tcb) => tcb.shutdown()).arrive('F. 1:1(0) ack 2 win 65535')
  script.expect('F. 1:1(0) ack 1', '. 2:2(0) ack 2')
  script.pass(900).arrive('F. 1:1(0) ack 2 win 65535').expect('. 2:2(0) ack 2')
  script.pass(900).tells('FIN-WAIT-1', 'FIN-WAIT-2', 'end', 'TIME-WAIT')
  script.pass(100).tells('CLOSED', 'closed null')
})

test('a new SYN beyond the old numbers may take over a TIME-WAIT', () => {
  const script = Script.established()
  script.do((tcb) => tcb.shutdown()).arrive('F. 1:1(0) ack 2 win 65535')
  const empty = { ack: 0, window: 1, urgent: 0, options: NO_OPTIONS, payload: new Uint8Array(0) }
  const seq = (script.tcb.rcvAdv + 10) >>> 0
  const beyond = { sourcePort: 80, destinationPort: 49152, seq, flags: SYN, ...empty }
  assert.ok(supersedes(script.tcb, beyond))
  assert.ok(!supersedes(script.tcb, { ...beyond, seq: (script.tcb.rcvNxt - 10) >>> 0 }))
  assert.ok(!supersedes(script.tcb, { ...beyond, flags: SYN | ACK }))
})

test('a FIN ahead of a gap waits for it', () => {
  const script = accepted()
  script.arrive('F. 101:101(0) ack 1 win 65535').expect('. 1:1(0) ack 1').tells()
  script.arrive('. 1:101(100) ack 1 win 65535').expect('. 1:1(0) ack 102').tells('data 100', 'end', 'CLOSE-WAIT')
})

test('close: FIN-WAIT-2 ends by itself when the peer says no more', () => {
  const script = Script.established({ finWait2: 5e9 })
  script.do((tcb) => tcb.close()).expect('F. 1:1(0) ack 1')
  script.arrive('. 1:1(0) ack 2 win 65535').pass(50)
  script.expect().tells('FIN-WAIT-1', 'FIN-WAIT-2')
  script.pass(5000).tells('CLOSED', 'closed null')
})

test('close: data that nobody will read is answered with a reset (RFC 1122 §4.2.2.13)', () => {
  for (const data of ['P. 1:101(100) ack 2 win 65535', 'P. 51:101(50) ack 2 win 65535']) {
    const script = Script.established()
    script.do((tcb) => tcb.close()).expect('F. 1:1(0) ack 1')
    script.arrive('. 1:1(0) ack 2 win 65535').arrive(data)
    script.expect('R. 2:2(0) ack 1').tells('FIN-WAIT-1', 'FIN-WAIT-2', 'CLOSED', 'closed null')
  }
})

test('close: what was read already is acknowledged when it comes again, and resets nothing', () => {
  const script = Script.established()
  script
    .arrive('P. 1:101(100) ack 1 win 65535')
    .do((tcb) => tcb.close())
    .expect('F. 1:1(0) ack 101')
  script.arrive('P. 1:101(100) ack 1 win 65535').expect('. 2:2(0) ack 101')
  script.arrive('F. 101:101(0) ack 2 win 65535').expect('. 2:2(0) ack 102')
  assert.equal(script.tcb.state, 'TIME-WAIT')
})

test('close during the handshake: of an active one nothing is left, a passive one sends its FIN when it is open', () => {
  new Script('connect')
    .do((tcb) => tcb.close())
    .tells('SYN-SENT', 'CLOSED', 'closed null')
    .pass(5000)
    .expect('S 0:0(0)')
  new Script('S 0:0(0) win 4000')
    .do((tcb) => tcb.close())
    .expect('S. 0:0(0) ack 1')
    .arrive('. 1:1(0) ack 1 win 100')
    .expect('F. 1:1(0) ack 1')
    .tells('SYN-RECEIVED', 'ESTABLISHED', 'FIN-WAIT-1')
})

test('abort: a reset, and the owner hears of the end only from poll', () => {
  const script = Script.established()
  script.send(10).expect('P. 1:11(10) ack 1')
  script.tcb.abort()
  script.tells()
  script
    .do(() => {})
    .expect('R. 11:11(0) ack 1')
    .tells('CLOSED', 'closed null')
  script.arrive('. 1:1(0) ack 11 win 5').pass(100_000).expect().tells()
  assert.equal(script.tcb.deadline(), Number.POSITIVE_INFINITY)
})

test('abort elsewhere: of a connection the peer does not know, or has closed itself, nothing is said', () => {
  new Script('connect')
    .expect('S 0:0(0)')
    .do((tcb) => tcb.abort())
    .expect()
    .tells('SYN-SENT', 'CLOSED', 'closed null')
  new Script('S 0:0(0) win 9')
    .expect('S. 0:0(0) ack 1')
    .do((tcb) => tcb.abort())
    .expect('R. 1:1(0) ack 1')
  const script = accepted()
    .arrive('F. 1:1(0) ack 1 win 9')
    .do((tcb) => tcb.shutdown())
  script
    .expect('. 1:1(0) ack 2', 'F. 1:1(0) ack 2')
    .do((tcb) => tcb.abort())
    .expect()
})

test('SO_LINGER: zero aborts, a time cuts the closing short', () => {
  Script.established()
    .do((tcb) => tcb.close(0))
    .expect('R. 1:1(0) ack 1')
    .tells('CLOSED', 'closed null')
  const script = Script.established()
  script
    .send(10)
    .do((tcb) => tcb.close(100e6))
    .pass(100)
  script
    .expect('P. 1:11(10) ack 1', 'F. 11:11(0) ack 1', 'R. 12:12(0) ack 1')
    .tells('FIN-WAIT-1', 'CLOSED', 'closed null')
})

test('the time for lingering begins with the close, however long nothing happened before', () => {
  const script = Script.established()
  script
    .pass(3_600_000)
    .do((tcb) => tcb.close(5e9))
    .pass(4_999)
  script.expect(...Array(5).fill('F. 1:1(0) ack 1')).tells('FIN-WAIT-1')
  script.pass(1).tells('CLOSED', 'closed null')
  const event = script.log.events.find((each) => each.type === 'tcp.state' && each.at === 3600e9)
  assert.ok(event !== undefined, 'and the event says when it was')
})

test('a FIN before data that is here already is a lie and is not believed', () => {
  const script = accepted()
  script.arrive('. 101:201(100) ack 1 win 65535').arrive('F. 51:51(0) ack 1 win 65535')
  script.arrive('. 1:101(100) ack 1 win 65535').arrive('F. 201:201(0) ack 1 win 65535')
  script.tells('data 100', 'data 100', 'end', 'CLOSE-WAIT')
})

test('a reset by the peer, in each state it matters in', () => {
  accepted().arrive('R 1:1(0) win 0').tells('CLOSED', 'closed ECONNRESET')
  const closing = accepted()
    .arrive('F. 1:1(0) ack 1 win 9')
    .do((tcb) => tcb.shutdown())
  closing.arrive('R 2:2(0) win 0').tells('end', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSED', 'closed null')
})

test('nothing is taken after shutdown, and calls on a dead connection do nothing', () => {
  const script = Script.established()
  script.do((tcb) => tcb.shutdown()).do((tcb) => assert.equal(tcb.send(new Uint8Array(5)), 0))
  script.do((tcb) => tcb.abort())
  script.do((tcb) => {
    tcb.shutdown()
    tcb.close()
    tcb.abort()
    tcb.consumed(10)
    tcb.unreachable('EHOSTUNREACH')
    assert.equal(tcb.send(new Uint8Array(5)), 0)
  })
  script.expect('F. 1:1(0) ack 1', 'R. 2:2(0) ack 1').tells('FIN-WAIT-1', 'CLOSED', 'closed null')
})

test('keepalive: probes after idleness, then the end (RFC 9293 §3.8.4)', () => {
  const script = Script.established({
    keepAlive: true,
    keepAliveIdle: 10e9,
    keepAliveInterval: 1e9,
    keepAliveProbes: 3,
  })
  script.pass(9_999).expect()
  script.pass(1).expect('. 0:0(0) ack 1')
  script.arrive('. 1:1(0) ack 1 win 65535').expect()
  script.pass(9_999).expect()
  script.pass(3000).expect(...Array(3).fill('. 0:0(0) ack 1'))
  script.pass(1000).expect('R. 1:1(0) ack 1').tells('CLOSED', 'closed ETIMEDOUT')
})

test('keepalive off: nothing polls', () => {
  assert.equal(Script.established().tcb.deadline(), Number.POSITIVE_INFINITY)
})
