import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seconds } from '../../base/duration.ts'
import { add, diff, seq } from '../../wire/sequence.ts'
import { ACK, NO_OPTIONS, RST, SYN } from '../../wire/tcp.ts'
import { tcpSettings } from '../settings.ts'
import { accepted, parseLine, Script } from './script.ts'

test('four-way close, this side first (RFC 9293 §3.6, figure 12)', () => {
  const script = Script.established()
  script.do((tcb, now) => tcb.shutdown(now)).expect('F. 1:1(0) ack 1')
  script.arrive('. 1:1(0) ack 2 win 65535').tells('FIN-WAIT-1', 'FIN-WAIT-2')
  script.arrive('P. 1:101(100) ack 2 win 65535').tells('data 100') // half-closed: the peer goes on
  script.arrive('F. 101:101(0) ack 2 win 65535').expect('. 2:2(0) ack 102').tells('TIME-WAIT', 'end')
  script.pass(59_999).tells()
  script.pass(1).tells('CLOSED', 'closed null')
})

test('the other side first; data still goes out before the FIN', () => {
  const script = accepted()
  script.arrive('F. 1:1(0) ack 1 win 65535').expect('. 1:1(0) ack 2').tells('CLOSE-WAIT', 'end')
  script.send(50).expect('P. 1:51(50) ack 2')
  script.do((tcb, now) => tcb.shutdown(now)).expect('F. 51:51(0) ack 2')
  script.arrive('. 2:2(0) ack 52 win 65535').tells('LAST-ACK', 'CLOSED', 'closed null')
})

test('both at once (figure 13)', () => {
  const script = Script.established()
  script.do((tcb, now) => tcb.shutdown(now)).expect('F. 1:1(0) ack 1')
  script.arrive('F. 1:1(0) ack 1 win 65535').expect('. 2:2(0) ack 2')
  script.arrive('. 2:2(0) ack 2 win 65535').tells('FIN-WAIT-1', 'CLOSING', 'end', 'TIME-WAIT')
})

test('the FIN rides on the last data, and is sent again with it', () => {
  const script = Script.established()
  script
    .do((tcb, now) => {
      tcb.send(new Uint8Array(10))
      tcb.shutdown(now)
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
  script.do((tcb, now) => {
    tcb.send(new Uint8Array(1000))
    tcb.shutdown(now)
  })
  script.pass(200).expect(...Array(2).fill('FP. 1:1001(1000) ack 1'))
})

test('TIME-WAIT answers a FIN that comes again and waits anew', () => {
  const script = Script.established({ timeWait: seconds(1) })
  script.do((tcb, now) => tcb.shutdown(now)).arrive('F. 1:1(0) ack 2 win 65535')
  script.expect('F. 1:1(0) ack 1', '. 2:2(0) ack 2')
  script.pass(900).arrive('F. 1:1(0) ack 2 win 65535').expect('. 2:2(0) ack 2')
  script.pass(900).tells('FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'end')
  script.pass(100).tells('CLOSED', 'closed null')
})

test('a new SYN beyond the old numbers may take over a TIME-WAIT', () => {
  const script = Script.established()
  script.do((tcb, now) => tcb.shutdown(now)).arrive('F. 1:1(0) ack 2 win 65535')
  const empty = { ack: seq(0), window: 1, urgent: 0, options: NO_OPTIONS, payload: new Uint8Array(0) }
  const { timeWait, rcv, snd } = script.tcb
  const beyond = { sourcePort: 80, destinationPort: 49152, seq: add(rcv.adv, 10), flags: SYN, ...empty }
  assert.ok(timeWait.yieldsTo(beyond, script.now))
  assert.ok(!timeWait.yieldsTo({ ...beyond, seq: add(rcv.nxt, -10) }, script.now))
  assert.ok(!timeWait.yieldsTo({ ...beyond, flags: SYN | ACK }, script.now))
  assert.ok(
    diff(timeWait.nextIss, snd.nxt) > 0,
    'RFC 9293 §3.6.1 (1): the new numbers are larger than the largest used',
  )
})

test('a SYN behind the old numbers takes over when its time stamp is later (RFC 6191 §2)', () => {
  const script = Script.established({}, 'S. 0:0(0) ack 1 win 65535 <mss 1000,TS val 100 ecr 0>')
  script.do((tcb, now) => tcb.shutdown(now)).arrive('F. 1:1(0) ack 2 win 65535 <TS val 110 ecr 0>')
  const { timeWait } = script.tcb
  assert.ok(timeWait.yieldsTo(parseLine('S 0:0(0) win 9 <TS val 111 ecr 0>'), script.now))
  assert.ok(!timeWait.yieldsTo(parseLine('S 0:0(0) win 9 <TS val 110 ecr 0>'), script.now))
  assert.ok(!timeWait.yieldsTo(parseLine('S 500:500(0) win 9 <TS val 109 ecr 0>'), script.now))
})

test('a FIN ahead of a gap waits for it', () => {
  const script = accepted()
  script.arrive('F. 101:101(0) ack 1 win 65535').expect('. 1:1(0) ack 1').tells()
  script.arrive('. 1:101(100) ack 1 win 65535').expect('. 1:1(0) ack 102').tells('CLOSE-WAIT', 'data 100', 'end')
})

test('close: FIN-WAIT-2 ends by itself when the peer says no more', () => {
  const script = Script.established({ finWait2: seconds(5) })
  script.do((tcb, now) => tcb.close(now)).expect('F. 1:1(0) ack 1')
  script.arrive('. 1:1(0) ack 2 win 65535').pass(50)
  script.expect().tells('FIN-WAIT-1', 'FIN-WAIT-2')
  script.pass(5000).tells('CLOSED', 'closed null')
})

test('close: data that nobody will read is answered with a reset (RFC 1122 §4.2.2.13)', () => {
  for (const data of ['P. 1:101(100) ack 2 win 65535', 'P. 51:101(50) ack 2 win 65535']) {
    const script = Script.established()
    script.do((tcb, now) => tcb.close(now)).expect('F. 1:1(0) ack 1')
    script.arrive('. 1:1(0) ack 2 win 65535').arrive(data)
    script.expect('R. 2:2(0) ack 1').tells('FIN-WAIT-1', 'FIN-WAIT-2', 'CLOSED', 'closed null')
  }
})

test('close: what was read already is acknowledged when it comes again, and resets nothing', () => {
  const script = Script.established()
  script
    .arrive('P. 1:101(100) ack 1 win 65535')
    .do((tcb, now) => tcb.close(now))
    .expect('F. 1:1(0) ack 101')
  script.arrive('P. 1:101(100) ack 1 win 65535').expect('. 2:2(0) ack 101')
  script.arrive('F. 101:101(0) ack 2 win 65535').expect('. 2:2(0) ack 102')
  assert.equal(script.tcb.state, 'TIME-WAIT')
})

test('close during the handshake: of an active one nothing is left, a passive one sends its FIN when it is open', () => {
  new Script('connect')
    .do((tcb, now) => tcb.close(now))
    .tells('SYN-SENT', 'CLOSED', 'closed null')
    .pass(5000)
    .expect('S 0:0(0)')
  new Script('S 0:0(0) win 4000')
    .do((tcb, now) => tcb.close(now))
    .expect('S. 0:0(0) ack 1')
    .arrive('. 1:1(0) ack 1 win 100')
    .expect('F. 1:1(0) ack 1')
    .tells('SYN-RECEIVED', 'ESTABLISHED', 'FIN-WAIT-1')
})

test('abort: a reset, and the owner hears of the end only from poll', () => {
  const script = Script.established()
  script.send(10).expect('P. 1:11(10) ack 1')
  script.tcb.abort(script.now)
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
    .do((tcb, now) => tcb.abort(now))
    .expect()
    .tells('SYN-SENT', 'CLOSED', 'closed null')
  new Script('S 0:0(0) win 9')
    .expect('S. 0:0(0) ack 1')
    .do((tcb, now) => tcb.abort(now))
    .expect('R. 1:1(0) ack 1')
  const script = accepted()
    .arrive('F. 1:1(0) ack 1 win 9')
    .do((tcb, now) => tcb.shutdown(now))
  script
    .expect('. 1:1(0) ack 2', 'F. 1:1(0) ack 2')
    .do((tcb, now) => tcb.abort(now))
    .expect()
})

test('SO_LINGER: zero aborts, a time cuts the closing short', () => {
  Script.established()
    .do((tcb, now) => tcb.close(now, 0))
    .expect('R. 1:1(0) ack 1')
    .tells('CLOSED', 'closed null')
  const script = Script.established()
  script
    .send(10)
    .do((tcb, now) => tcb.close(now, 100e6))
    .pass(100)
  script
    .expect('P. 1:11(10) ack 1', 'F. 11:11(0) ack 1', 'R. 12:12(0) ack 1')
    .tells('FIN-WAIT-1', 'CLOSED', 'closed null')
})

test('the time for lingering begins with the close, however long nothing happened before', () => {
  const script = Script.established()
  script
    .pass(3_600_000)
    .do((tcb, now) => tcb.close(now, 5e9))
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
  script.tells('data 100', 'data 100', 'CLOSE-WAIT', 'end')
})

test('a reset by the peer, in each state it matters in', () => {
  accepted().arrive('R 1:1(0) win 0').tells('CLOSED', 'closed ECONNRESET')
  const closing = accepted()
    .arrive('F. 1:1(0) ack 1 win 9')
    .do((tcb, now) => tcb.shutdown(now))
  closing.arrive('R 2:2(0) win 0').tells('CLOSE-WAIT', 'end', 'LAST-ACK', 'CLOSED', 'closed null')
})

test('nothing is taken after shutdown, and calls on a dead connection do nothing', () => {
  const script = Script.established()
  script.do((tcb, now) => tcb.shutdown(now)).do((tcb) => assert.equal(tcb.send(new Uint8Array(5)), false))
  script.do((tcb, now) => tcb.abort(now))
  script.do((tcb, now) => {
    tcb.shutdown(now)
    tcb.close(now)
    tcb.abort(now)
    tcb.narrow(100)
    tcb.set(tcpSettings({ keepAlive: true }, tcb.settings), now)
    tcb.unreachable('EHOSTUNREACH', now)
    assert.equal(tcb.read(), null)
    assert.equal(tcb.send(new Uint8Array(5)), false)
  })
  script.expect('F. 1:1(0) ack 1', 'R. 2:2(0) ack 1').tells('FIN-WAIT-1', 'CLOSED', 'closed null')
})

test('keepalive: probes after idleness, then the end (RFC 9293 §3.8.4)', () => {
  const script = Script.established({
    keepAlive: true,
    keepAliveIdle: seconds(10),
    keepAliveInterval: seconds(1),
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

test('close enters FIN-WAIT-1 at once, however much waits, and the FIN follows the last byte', () => {
  const script = Script.established({}, 'S. 0:0(0) ack 1 win 2000 <mss 1000>')
  script.send(2_000_000).do((tcb, now) => tcb.close(now))
  script.tells('FIN-WAIT-1')
  let una = 1
  for (; una < 1_998_001; una += 2000) script.arrive(`. 1:1(0) ack ${una + 2000} win 2000`)
  script.expect(
    ...Array.from(
      { length: 2000 },
      (_, i) => `${i === 1999 ? 'P' : ''}. ${i * 1000 + 1}:${i * 1000 + 1001}(1000) ack 1`,
    ),
  )
  script.arrive('. 1:1(0) ack 2000001 win 2000').expect('F. 2000001:2000001(0) ack 1')
})

test('SO_LINGER 0 resets at once, SO_LINGER n after n, however much waits behind a closed window', () => {
  const stuck = () => Script.established({}, 'S. 0:0(0) ack 1 win 0 <mss 1000>').send(2_000_000)
  stuck()
    .do((tcb, now) => tcb.close(now, 0))
    .expect('R. 1:1(0) ack 1')
    .tells('CLOSED', 'closed null')
  const script = stuck().do((tcb, now) => tcb.close(now, seconds(5)))
  for (let i = 0; i < 5; i++) script.arrive('. 1:1(0) ack 1 win 0').pass(999)
  script.tells('FIN-WAIT-1').pass(5)
  script.tells('CLOSED', 'closed null')
})

test('an orphan is bounded: without progress it is reset, though its peer answers every probe (sockstress)', () => {
  const script = Script.established({ closeTime: seconds(30) }, 'S. 0:0(0) ack 1 win 1000 <mss 1000>')
  script.send(5000).do((tcb, now) => tcb.close(now))
  script.pass(20_000).arrive('. 1:1(0) ack 1001 win 0').tells('FIN-WAIT-1') // progress begins it anew
  for (let i = 0; i < 29; i++) script.pass(1000).arrive('. 1:1(0) ack 1001 win 0')
  script.tells().pass(1000)
  script.tells('CLOSED', 'closed ETIMEDOUT')
  const last = script.log.events.at(-1)
  assert.ok(last !== undefined && 'flags' in last && last.flags === (RST | ACK), 'and it says so')
})

test('the patience with an orphan is no longer than TCP_USER_TIMEOUT, and living connections have all the time', () => {
  const script = Script.established({ closeTime: seconds(30), userTimeout: seconds(10) }, 'S. 0:0(0) ack 1 win 0')
  script
    .send(10)
    .do((tcb, now) => tcb.close(now))
    .pass(9999)
    .tells('FIN-WAIT-1')
  script.pass(1).tells('CLOSED', 'closed ETIMEDOUT')
  const living = Script.established({ closeTime: seconds(30) }, 'S. 0:0(0) ack 1 win 0').send(10)
  for (let i = 0; i < 200; i++) living.pass(1000).arrive('. 1:1(0) ack 1 win 0')
  living.tells()
})
