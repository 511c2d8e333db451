import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ms } from '../../base/duration.ts'
import { add, diff } from '../../wire/sequence.ts'
import { ALGORITHMS } from '../congestion/algorithms.ts'
import type { CongestionControl, CongestionStart } from '../congestion/congestion.ts'
import { reno } from '../congestion/reno.ts'
import type { TcpSegmentEvent } from '../events.ts'
import type { AckReport } from '../loss/report.ts'
import { tcpSettings } from '../settings.ts'
import { TIMER } from '../timers.ts'
import { Script } from './script.ts'

/** Ten segments out, cwnd 10 000. The handshake took no time, so the time-out is the least: 200 ms. */
function tenOut(options = ''): Script {
  const script = Script.established({}, `S. 0:0(0) ack 1 win 65535 <mss 1000${options}>`)
  script.send(20_000).expect(...run(1, 10))
  return script
}

function run(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `. ${from + i * 1000}:${from + (i + 1) * 1000}(1000) ack 1`)
}

test('slow start: the window grows by what is acknowledged (RFC 5681 §3.1, RFC 3465), whatever an ACK is for', () => {
  const script = tenOut()
  assert.equal(script.tcb.loss.congestion.cwnd, 10_000)
  script.arrive('. 1:1(0) ack 1001 win 65535').expect(...run(10_001, 2))
  assert.equal(script.tcb.loss.congestion.cwnd, 11_000)
  script.arrive('. 1:1(0) ack 3001 win 65535').expect(...run(12_001, 4))
  assert.equal(script.tcb.loss.congestion.cwnd, 13_000)
  script.arrive('. 1:1(0) ack 9001 win 65535')
  assert.equal(script.tcb.loss.congestion.cwnd, 19_000)
})

test('a sender that does not fill the window does not widen it', () => {
  const script = Script.established()
  for (let i = 0; i < 20; i++) script.send(100).arrive(`. 1:1(0) ack ${1 + (i + 1) * 100} win 65535`)
  assert.equal(script.tcb.loss.congestion.cwnd, 10_000)
})

test('limited transmit, fast retransmit, fast recovery (RFC 3042, RFC 5681 §3.2, RFC 6582)', () => {
  const script = tenOut()
  const dup = '. 1:1(0) ack 1 win 65535'
  script.arrive(dup).expect(...run(10_001, 1))
  script.arrive(dup).expect(...run(11_001, 1))
  script.arrive(dup).expect(...run(1, 1)) // the third: the hole, and nothing new
  assert.equal(script.tcb.loss.congestion.ssthresh, 6000) // half of the twelve segments out
  assert.equal(script.tcb.loss.congestion.cwnd, 6000)
  assert.equal(script.tcb.info(0).ca_state, 3)
  // 6582: cwnd = ssthresh + 3, inflated by each further one; new data from where that passes the 12 in flight.
  script.arrive(dup).arrive(dup).arrive(dup).expect()
  script.arrive(dup).expect(...run(12_001, 1))
  script.arrive(dup).expect(...run(13_001, 1))
  // Full acknowledgement: all that was out when the loss was found.
  script.arrive('. 1:1(0) ack 12001 win 65535')
  assert.equal(script.tcb.loss.congestion.cwnd, 3000) // min (ssthresh, FlightSize + SMSS)
  assert.equal(script.tcb.loss.phase, 'open')
})

test('partial acknowledgements mend one hole each (RFC 6582 §3.2)', () => {
  const script = tenOut()
  for (let i = 0; i < 3; i++) script.arrive('. 1:1(0) ack 1 win 65535')
  script.expect(...run(10_001, 2), ...run(1, 1))
  script.arrive('. 1:1(0) ack 4001 win 65535').expect(...run(4001, 1))
  assert.equal(script.tcb.loss.phase, 'recovery')
  script.arrive('. 1:1(0) ack 7001 win 65535').expect(...run(7001, 1), ...run(12_001, 1))
  script.arrive('. 1:1(0) ack 12001 win 65535')
  assert.equal(script.tcb.loss.phase, 'open')
  assert.equal(script.tcb.loss.resentSegments, 3)
})

test('SACK: exactly what is missing is sent again (RFC 6675)', () => {
  const script = tenOut(',sackOK')
  const dup = (blocks: string) => script.arrive(`. 1:1(0) ack 1001 win 65535 <sack ${blocks}>`)
  script.arrive('. 1:1(0) ack 1001 win 65535').expect(...run(10_001, 2))
  dup('2001:3001').expect(...run(12_001, 1))
  dup('2001:4001').expect(...run(13_001, 1))
  dup('5001:6001 2001:4001').expect(...run(1001, 1)) // three above the first hole: lost
  dup('5001:8001 2001:4001') // three above the second too
  assert.equal(script.tcb.info(0).lost, 2)
  dup('5001:10001 2001:4001')
  script.expect('. 4001:5001(1000) ack 1')
  script.arrive('. 1:1(0) ack 10001 win 65535')
  assert.equal(script.tcb.loss.resentSegments, 2)
})

test('SACK: a loss right behind what the last recovery had out is answered too (RFC 6675 §5.1: HighACK ≥ RecoveryPoint)', () => {
  const script = tenOut(',sackOK')
  for (const end of [2001, 3001, 4001]) script.arrive(`. 1:1(0) ack 1 win 65535 <sack 1001:${end}>`)
  script.arrive('. 1:1(0) ack 12001 win 65535')
  assert.equal(script.tcb.loss.phase, 'open')
  assert.equal(script.tcb.snd.una, script.tcb.loss.recovery.episode.recover)
  for (const end of [14_001, 15_001, 16_001]) script.arrive(`. 1:1(0) ack 12001 win 65535 <sack 13001:${end}>`)
  assert.equal(script.tcb.loss.phase, 'recovery')
  const again = script.log.events.findLast((event) => (event as TcpSegmentEvent).retransmission) as TcpSegmentEvent
  assert.equal(again.retransmission, 'fast')
})

test('SACK: one ACK may end a recovery and begin the next (RFC 6675 §2: it counts as a duplicate ACK, though it moves on)', () => {
  const script = tenOut(',sackOK')
  for (let end = 2001; end <= 12_001; end += 1000) script.arrive(`. 1:1(0) ack 1 win 65535 <sack 1001:${end}>`)
  assert.equal(script.tcb.loss.phase, 'recovery')
  script.arrive('. 1:1(0) ack 12001 win 65535 <sack 13001:16001>')
  assert.equal(script.tcb.loss.phase, 'recovery')
  const again = script.log.events.findLast((event) => (event as TcpSegmentEvent).retransmission) as TcpSegmentEvent
  assert.equal(again.seq, add(script.tcb.snd.iss, 12_001))
  assert.equal(again.retransmission, 'fast')
})

test('segments that the network doubled cause no retransmission where SACK tells', () => {
  const script = tenOut(',sackOK')
  for (let i = 0; i < 5; i++) script.arrive('. 1:1(0) ack 1 win 65535')
  script.expect()
  assert.equal(script.tcb.loss.phase, 'open')
})

test('without a loss for 2^31 bytes the next one is still answered', () => {
  const script = tenOut()
  script.arrive('. 1:1(0) ack 10001 win 65535')
  assert.equal(
    diff(script.tcb.snd.una, script.tcb.loss.recovery.episode.recover),
    1,
    'recover follows, so it can never seem to lie ahead',
  )
})

test('window updates are no duplicate ACKs', () => {
  const script = tenOut()
  for (const window of [60_000, 61_000, 62_000, 63_000]) script.arrive(`. 1:1(0) ack 1 win ${window}`)
  script.expect()
})

test('no fast retransmit for the window that a time-out has answered (RFC 6582 §3.2 (2))', () => {
  const script = tenOut()
  script
    .pass(200)
    .arrive('. 1:1(0) ack 10001 win 65535')
    .expect(...run(1, 1), ...run(10_001, 2))
  for (let i = 0; i < 6; i++) script.arrive('. 1:1(0) ack 10001 win 65535')
  script.expect(...run(12_001, 2)) // limited transmit, and no more
  assert.equal(script.tcb.loss.phase, 'disorder')
})

test('NewReno: only the first partial ACK restarts the timer (RFC 6582 §3.2 (3)); SACK: every one (RFC 6298 §5.3)', () => {
  for (const [options, restarts] of [
    ['', false],
    [',sackOK', true],
  ] as const) {
    const script = tenOut(options)
    for (const end of [2001, 3001, 4001]) script.arrive(`. 1:1(0) ack 1 win 65535 <sack 1001:${end}>`)
    assert.equal(script.tcb.loss.phase, 'recovery')
    script.pass(10).arrive('. 1:1(0) ack 4001 win 65535')
    const first = script.tcb.timers.at(TIMER.retransmit)
    script.pass(10).arrive('. 1:1(0) ack 5001 win 65535')
    assert.equal(script.tcb.timers.at(TIMER.retransmit) > first, restarts)
  }
})

test('after a time-out what SACK told counts no longer (RFC 2018 §8)', () => {
  const script = tenOut(',sackOK')
  script.arrive('. 1:1(0) ack 1 win 65535 <sack 2001:4001>').pass(200)
  assert.equal(script.tcb.loss.board.sackedBytes, 0)
  assert.equal(script.tcb.loss.board.lostBytes, script.tcb.loss.board.outstanding)
})

test('nonsense in SACK blocks changes nothing', () => {
  const script = tenOut(',sackOK')
  for (const blocks of ['1:500', '99000:99900', '5001:2001', '4001:4001', '20001:60001', '5001:60001'])
    script.arrive(`. 1:1(0) ack 1 win 65534 <sack ${blocks}>`)
  assert.equal(script.tcb.loss.board.sackedBytes, 0)
})

test('a time-out: one segment, the threshold at half, then slow start through what was lost (RFC 5681 §3.1)', () => {
  const script = tenOut()
  script.pass(200).expect(...run(1, 1))
  assert.equal(script.tcb.loss.congestion.cwnd, 1000)
  assert.equal(script.tcb.loss.congestion.ssthresh, 5000)
  script.arrive('. 1:1(0) ack 1001 win 65535').expect(...run(1001, 2))
  script.arrive('. 1:1(0) ack 3001 win 65535').expect(...run(3001, 3)) // by one segment an ACK (RFC 3465 §2.3)
  script.arrive('. 1:1(0) ack 10001 win 65535').expect(...run(10_001, 4))
  assert.equal(script.tcb.loss.phase, 'open')
})

test('back-off doubles, and Karn: only a segment sent once ends it (RFC 6298 §5.5, §3)', () => {
  const script = Script.established()
  script.send(1000).expect('P. 1:1001(1000) ack 1')
  const rto = script.tcb.loss.rtt.rto / 1e6
  for (const times of [1, 2, 4, 8, 16]) {
    script.pass(rto * times - 1).expect()
    script.pass(1).expect('P. 1:1001(1000) ack 1')
  }
  script.arrive('. 1:1(0) ack 1001 win 65535')
  assert.equal(script.tcb.loss.rtt.backoff, 5, 'the ACK may belong to any of them')
  script.send(1000).pass(100).arrive('. 1:1(0) ack 2001 win 65535')
  assert.equal(script.tcb.loss.rtt.backoff, 0)
})

test('a second time-out for the same data does not halve again (RFC 5681 §3.1)', () => {
  const script = tenOut()
  script.pass(200)
  assert.equal(script.tcb.loss.congestion.ssthresh, 5000)
  script.arrive('. 1:1(0) ack 1001 win 65535').pass(1000) // its successor, sent again already, times out
  assert.ok(script.tcb.loss.timeouts >= 1)
  assert.equal(script.tcb.loss.congestion.ssthresh, 5000)
})

test('data that nobody acknowledges ends the connection', () => {
  const script = Script.established({ retries: 2 })
  script
    .send(10)
    .pass(60_000)
    .expect(...Array(3).fill('P. 1:11(10) ack 1'))
  script.tells('CLOSED', 'closed ETIMEDOUT')
})

test('TCP_USER_TIMEOUT cuts that short (RFC 5482)', () => {
  const script = Script.established({ userTimeout: ms(700) })
  script.send(10).pass(699).tells()
  script.pass(1).tells('CLOSED', 'closed ETIMEDOUT')
  script.expect(...Array(3).fill('P. 1:11(10) ack 1'), 'R. 11:11(0) ack 1')
})

test('congestion avoidance: a segment a round trip (RFC 5681 §3.1)', () => {
  const script = tenOut()
  script.pass(200).arrive('. 1:1(0) ack 10001 win 65535') // cwnd 2000, ssthresh 5000
  let next = 10_001
  const windows: number[] = []
  for (let round = 0; round < 12; round++) {
    script.do((tcb) => tcb.send(new Uint8Array(20_000)))
    const flight = script.tcb.loss.board.outstanding
    for (let i = 0; i < flight; i += 1000) script.arrive(`. 1:1(0) ack ${(next += 1000)} win 65535`)
    windows.push(script.tcb.loss.congestion.cwnd / 1000)
  }
  const steps = windows.slice(4).map((cwnd, i) => cwnd - windows[i + 3]!)
  assert.ok(
    steps.every((step) => step <= 2),
    windows.join(),
  )
  assert.ok(windows.at(-1)! > 8, windows.join())
})

test('after idleness the window is begun anew (RFC 5681 §4.1)', () => {
  const script = tenOut()
  for (let ack = 1001; ack <= 20_001; ack += 1000) script.arrive(`. 1:1(0) ack ${ack} win 65535`)
  assert.ok(script.tcb.loss.congestion.cwnd > 10_000)
  script.pass(10_000).send(100)
  assert.equal(script.tcb.loss.congestion.cwnd, 10_000)
})

test('events tell why a segment was sent again', () => {
  const script = tenOut()
  for (let i = 0; i < 3; i++) script.arrive('. 1:1(0) ack 1 win 65535')
  script.arrive('. 1:1(0) ack 4001 win 65535').pass(2000)
  const why = script.log.events
    .filter((event): event is TcpSegmentEvent => event.type === 'tcp.segment')
    .map((event) => event.retransmission)
    .filter((word) => word !== '')
  assert.deepEqual(why.slice(0, 3), ['fast', 'recovery', 'rto'])
  assert.deepEqual(JSON.parse(JSON.stringify(script.log.events)), script.log.events, 'events are plain JSON')
})

test('the hole that begins a recovery has a whole time-out for its answer (RFC 6675 §6)', () => {
  // A round trip of 600 ms: the time-out of what was sent at 0 would come before the answer to the retransmission can.
  const script = new Script('connect').pass(600).arrive('S. 0:0(0) ack 1 win 65535 <mss 1000,sackOK>')
  for (let i = 0; i < 12; i++) {
    // Steady round trips let the variance go, so that the time-out is little more than one of them.
    const una = i * 1000 + 1
    script
      .send(1000)
      .pass(600)
      .arrive(`. 1:1(0) ack ${una + 1000} win 65535`)
  }
  script.expect(
    'S 0:0(0)',
    '. 1:1(0) ack 1',
    ...Array.from({ length: 12 }, (_, i) => `P. ${i * 1000 + 1}:${i * 1000 + 1001}(1000) ack 1`),
  )
  script.send(10_000).pass(601)
  for (const end of [14_001, 15_001, 16_001]) script.arrive(`. 1:1(0) ack 12001 win 65535 <sack 13001:${end}>`)
  assert.equal(script.tcb.loss.phase, 'recovery')
  const cwnd = script.tcb.loss.congestion.cwnd
  script.pass(599).arrive('. 1:1(0) ack 22001 win 65535')
  assert.deepEqual([script.tcb.loss.totalTimeouts, script.tcb.loss.resentSegments], [0, 1])
  assert.ok(cwnd > 4000)
})

test('in slow start half of the window used is enough for it to grow (RFC 7661 §4.1)', () => {
  const script = Script.established({ noDelay: true })
  // Answers of eight segments: the window of ten is never what holds them back. It grows to twice what is used.
  let una = 1
  for (const expected of [12_000, 14_000, 16_000, 16_000, 16_000, 16_000]) {
    if ((una - 1) % 8000 === 0) script.send(8000)
    script.arrive(`. 1:1(0) ack ${(una += 2000)} win 65535`)
    assert.equal(script.tcb.loss.congestion.cwnd, expected)
  }
})

test('one ACK for 45 merged segments lets the window grow by as much', () => {
  const script = Script.established({ initialWindow: 45 }, 'S. 0:0(0) ack 1 win 65535 <mss 1000>')
  script.send(100_000).arrive('. 1:1(0) ack 14601 win 65535')
  assert.equal(script.tcb.loss.congestion.cwnd, 45_000 + 14_600)
})

test('beyond the threshold the window grows by one segment a round trip, whatever an ACK is for', () => {
  const script = tenOut()
  script.pass(200).arrive('. 1:1(0) ack 10001 win 65535') // cwnd 2000, ssthresh 5000
  let una = 10_001
  for (const expected of [3000, 4000, 5000]) {
    script.do((tcb) => tcb.send(new Uint8Array(10_000))).arrive(`. 1:1(0) ack ${(una += 2000)} win 65535`)
    assert.equal(script.tcb.loss.congestion.cwnd, expected)
  }
})

test('another algorithm goes on from where the first one stood (TCP_CONGESTION)', () => {
  const fixed = ({ cwnd, ssthresh }: CongestionStart): CongestionControl => ({
    name: 'fixed',
    cwnd,
    ssthresh,
    pacingRate: Number.POSITIVE_INFINITY,
    acknowledged() {},
    recover() {},
    recovered() {},
    timeout() {},
    idle() {},
    narrow() {},
  })
  const script = Script.established({ algorithms: { ...ALGORITHMS, fixed } })
  script.send(20_000).arrive('. 1:1(0) ack 2001 win 65535')
  script.do((tcb, now) => tcb.set(tcpSettings({ congestion: 'fixed' }, tcb.settings), now))
  const { congestion } = script.tcb.loss
  assert.deepEqual([congestion.name, congestion.cwnd], ['fixed', 12_000])
  script.arrive('. 1:1(0) ack 6001 win 65535')
  assert.equal(script.tcb.loss.congestion.cwnd, 12_000)
})

/** Reno, spread out to a rate, and every report that it was given. */
function watched(pacingRate = Number.POSITIVE_INFINITY) {
  const reports: AckReport[] = []
  const spy = (start: CongestionStart): CongestionControl => {
    const inner = reno(start)
    return {
      name: 'spy',
      get cwnd() {
        return inner.cwnd
      },
      get ssthresh() {
        return inner.ssthresh
      },
      pacingRate,
      acknowledged: (report) => {
        reports.push({ ...report })
        inner.acknowledged(report)
      },
      recover: (flight, now) => inner.recover(flight, now),
      recovered: (flight, now) => inner.recovered(flight, now),
      timeout: (flight, again, now) => inner.timeout(flight, again, now),
      idle: (now) => inner.idle(now),
      narrow: (mss) => inner.narrow(mss),
    }
  }
  return { reports, settings: { algorithms: { spy }, congestion: 'spy' } }
}

test('segments are spread out to the rate that the congestion control asks for; ACKs do not wait', () => {
  const { settings } = watched(100_000) // a segment every 10 ms
  const script = Script.established(settings)
  script.send(3000).expect('. 1:1001(1000) ack 1')
  script.pass(9).expect().pass(1).expect('. 1001:2001(1000) ack 1')
  script
    .arrive('. 1:101(100) ack 1 win 65535')
    .arrive('. 101:201(100) ack 1 win 65535')
    .expect('. 2001:2001(0) ack 201')
  script.pass(10).expect('P. 2001:3001(1000) ack 201')
})

test('one report tells all that an ACK says', () => {
  const { reports, settings } = watched()
  const script = Script.established(settings, 'S. 0:0(0) ack 1 win 65535 <mss 1000,sackOK>')
  script.send(4000).pass(100)
  script.send(2000).pass(50).arrive('. 1:1(0) ack 2001 win 65535 <sack 3001:4001>')
  const [first] = reports
  assert.deepEqual(
    { ...first, una: first!.una - script.tcb.snd.iss },
    {
      at: 150e6,
      una: 2001 - 2 ** 32,
      mss: 1000,
      acked: 2000,
      sacked: 1000,
      duplicate: false,
      dsack: false,
      ece: false,
      newestSentAt: 0,
      rtt: 150e6,
      priorFlight: 6000,
      phase: 'open',
      delivered: 3001, // the SYN counts
      deliveredInInterval: 3000,
      interval: 150e6,
      appLimited: true, // four segments were all that there was
      cwndLimited: true,
    },
  )
  script.arrive('. 1:1(0) ack 2001 win 65535 <sack 1001:2001 3001:6001>')
  const second = reports[1]!
  assert.deepEqual([second.acked, second.sacked, second.dsack, second.phase], [0, 2000, true, 'disorder'])
  assert.equal(second.newestSentAt, 100e6)
  assert.equal(script.tcb.info(script.now).dsack_dups, 1)
})

test('what is not news is not a report', () => {
  const { reports, settings } = watched()
  const script = Script.established(settings, 'S. 0:0(0) ack 1 win 65535 <mss 1000,sackOK>')
  script.send(1000).arrive('. 1:1(0) ack 1 win 60000').arrive('. 1:11(10) ack 1 win 60000')
  assert.equal(reports.length, 0)
})

test('the delivery rate: what the path carries, not what the program happens to write', () => {
  const script = Script.established()
  script.send(10_000).pass(100)
  for (let ack = 1001; ack <= 10_001; ack += 1000) script.arrive(`. 1:1(0) ack ${ack} win 65535`)
  assert.equal(script.tcb.info(script.now).delivery_rate, 100_000)
  script.send(100).pass(100).arrive('. 1:1(0) ack 10101 win 65535')
  const info = script.tcb.info(script.now)
  assert.deepEqual([info.delivery_rate, info.delivery_rate_app_limited], [100_000, 1])
})
