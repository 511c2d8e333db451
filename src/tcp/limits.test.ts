/** Each limit of TCP is crossed: with a value of the program's, and what happens beyond it is what its comment says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seconds } from '../base/duration.ts'
import { TCP_LIMITS, type TcpLimits } from './limits.ts'
import { ListenQueue } from './open/listener.ts'
import { TCP_SETTINGS } from './settings.ts'
import { accepted, parseLine, Script } from './trial/script.ts'

const SYN = parseLine('S 0:0(0) win 4000')

/** The compiler sees to it that none is left out. */
const CROSSED: Readonly<Record<keyof TcpLimits, () => void>> = {
  receiveBuffer() {
    const script = accepted({ receiveBuffer: 1000 })
    script.reading = false
    script.arrive('. 1:2001(2000) ack 1 win 65535').expect('. 1:1(0) ack 1001 win 0')
    assert.equal(script.tcb.rcv.inbox.bytes, 1000)
  },
  sendBuffer() {
    const script = Script.established({ sendBuffer: 2000 })
    script.send(5000).expect('. 1:1001(1000) ack 1', '. 1001:2001(1000) ack 1')
  },
  outOfOrderRuns() {
    const script = accepted({ outOfOrderRuns: 3 })
    for (let i = 0; i < 9; i++) script.arrive(`. ${10 + i * 2}:${11 + i * 2}(1) ack 1 win 65535`)
    assert.equal(script.tcb.rcv.reassembly.runs, 3)
  },
  leastMss() {
    const announced = 'S. 0:0(0) ack 1 win 65535 <mss 20>'
    Script.established({ leastMss: 100 }, announced).send(100).expect('P. 1:101(100) ack 1')
    assert.equal(Script.established({ leastMss: 10 }, announced).tcb.snd.mss, 20)
  },
  synQueue() {
    const queue = new ListenQueue(10, 2)
    for (let i = 0; i < 2; i++) {
      assert.equal(queue.judge(SYN), 'open')
      queue.opened()
    }
    assert.equal(queue.judge(SYN), 'drop')
    assert.equal(queue.overflows, 1)
    queue.failed()
    assert.equal(queue.judge(SYN), 'open')
  },
  backlog() {
    const queue = new ListenQueue(1, 10)
    queue.opened()
    queue.completed()
    assert.deepEqual([queue.judge(SYN), queue.roomToAccept], ['drop', false])
    queue.taken()
    assert.deepEqual([queue.judge(SYN), queue.roomToAccept], ['open', true])
  },
  challengeAcksPerSecond() {
    const script = accepted({ challengeAcksPerSecond: 2 })
    for (let i = 0; i < 5; i++) script.arrive('S 50:50(0) win 4000')
    script.expect('. 1:1(0) ack 1', '. 1:1(0) ack 1')
    script.pass(1000).arrive('S 50:50(0) win 4000').expect('. 1:1(0) ack 1')
  },
  synRetries() {
    const script = new Script('connect', { synRetries: 1 }).pass(2999).expect('S 0:0(0)', 'S 0:0(0)')
    script.pass(1).expect().tells('SYN-SENT', 'CLOSED', 'closed ETIMEDOUT')
  },
  synAckRetries() {
    const script = new Script('S 0:0(0) win 4000', { synAckRetries: 0 }).pass(999).expect('S. 0:0(0) ack 1')
    script.pass(1).expect().tells('SYN-RECEIVED', 'CLOSED', 'closed ETIMEDOUT')
  },
  retries() {
    const script = accepted({ retries: 2, minRto: seconds(1) })
    const data = 'P. 1:11(10) ack 1'
    script.send(10).pass(6999).expect(data, data, data)
    script.pass(1).expect().tells('CLOSED', 'closed ETIMEDOUT')
  },
  keepAliveProbes() {
    const keepAlive = { keepAlive: true, keepAliveIdle: seconds(10), keepAliveInterval: seconds(1) }
    const script = accepted({ ...keepAlive, keepAliveProbes: 2 }).pass(11_999)
    script.expect('. 0:0(0) ack 1', '. 0:0(0) ack 1').pass(1)
    script.expect('R. 1:1(0) ack 1').tells('CLOSED', 'closed ETIMEDOUT')
  },
  closeTime() {
    const script = Script.established({ closeTime: seconds(3) }, 'S. 0:0(0) ack 1 win 0').send(10)
    script.do((tcb, now) => tcb.close(now)).pass(2999)
    script.tells('FIN-WAIT-1').pass(1).tells('CLOSED', 'closed ETIMEDOUT')
  },
  finWait2() {
    const script = accepted({ finWait2: seconds(3) }).do((tcb, now) => tcb.close(now))
    script.arrive('. 1:1(0) ack 2 win 65535').pass(2999).tells('FIN-WAIT-1', 'FIN-WAIT-2')
    script.pass(1).tells('CLOSED', 'closed null')
  },
  timeWait() {
    const script = accepted({ timeWait: seconds(3) }).do((tcb, now) => tcb.close(now))
    script.arrive('F. 1:1(0) ack 2 win 65535').pass(2999)
    assert.equal(script.tcb.state, 'TIME-WAIT')
    script.pass(1)
    assert.ok(script.tcb.dead)
  },
}

for (const [name, cross] of Object.entries(CROSSED)) test(`TCP_LIMITS.${name} can be set, and is crossed`, cross)

test('the limits are frozen, and what settings begin with', () => {
  assert.ok(Object.isFrozen(TCP_LIMITS))
  for (const [name, value] of Object.entries(TCP_LIMITS)) assert.equal(TCP_SETTINGS[name as keyof TcpLimits], value)
})
