/** What every timer asks for when it is due. */
import type { Nanos } from '../base/clock.ts'
import type { ControlBlock } from './block.ts'
import { abort } from './life/close.ts'
import { TIMER } from './timers.ts'

/** Does what every timer that is due asks for. */
export function fire(tcb: ControlBlock, now: Nanos): void {
  const { rcv, timers } = tcb
  if (now < timers.first || isOver(tcb, now)) return
  if (timers.due(TIMER.delayedAck, now)) {
    timers.stop(TIMER.delayedAck)
    rcv.oweAck()
  }
  if (timers.due(TIMER.pacing, now)) timers.stop(TIMER.pacing)
  if (timers.due(TIMER.retransmit, now)) retransmitTimeout(tcb, now)
  if (timers.due(TIMER.persist, now)) persistTimeout(tcb, now)
  if (timers.due(TIMER.keepAlive, now)) keepAliveTimeout(tcb, now)
  timers.look()
}

/** Whether a timer has ended the connection. */
function isOver(tcb: ControlBlock, now: Nanos): boolean {
  const { life, timers } = tcb
  if (timers.due(TIMER.timeWait, now)) life.end(null, 'timeout', now)
  else if (timers.due(TIMER.linger, now)) abort(tcb, null, 'linger', now)
  else if (timers.due(TIMER.user, now))
    abort(tcb, life.complaint ?? 'ETIMEDOUT', life.released ? 'orphan' : 'user timeout', now)
  return life.dead
}

function retransmitTimeout(tcb: ControlBlock, now: Nanos): void {
  const { life, loss, settings, snd, traffic } = tcb
  const limit =
    life.state === 'SYN-SENT'
      ? settings.synRetries
      : life.state === 'SYN-RECEIVED'
        ? settings.synAckRetries
        : settings.retries
  // A peer that has shrunk its window to nothing and still answers is not dead: RFC 9293 §3.8.6.1, MUST-37.
  const stalled = snd.wnd === 0 && life.synchronized && now - traffic.heardAt < settings.maxRto
  if (!stalled && loss.timeouts >= limit) life.end(life.complaint ?? 'ETIMEDOUT', 'timeout', now)
  else loss.timedOut(!life.synchronized, now)
}

function persistTimeout(tcb: ControlBlock, now: Nanos): void {
  const { life, loss, settings, snd, timers } = tcb
  if (snd.probes >= settings.retries) {
    life.end(life.complaint ?? 'ETIMEDOUT', 'timeout', now)
    return
  }
  snd.insist()
  // RFC 9293 §3.8.6.1, SHLD-29 and 30: the first probe after one RTO, the interval growing exponentially, answered or not.
  timers.start(TIMER.persist, now + Math.min(loss.rtt.rto * 2 ** snd.backoff, settings.maxRto))
}

function keepAliveTimeout(tcb: ControlBlock, now: Nanos): void {
  const { life, loss, settings, snd, timers, traffic } = tcb
  const { keepAliveIdle, keepAliveInterval, keepAliveProbes } = settings
  const idle = now - traffic.heardAt
  if (!loss.board.empty || idle < keepAliveIdle) {
    // Not idle: look again when it may have been idle long enough. What is in flight is the other timer's business.
    life.heard()
    timers.start(TIMER.keepAlive, idle < keepAliveIdle ? traffic.heardAt + keepAliveIdle : now + keepAliveInterval)
  } else if (life.keepAlives >= keepAliveProbes) abort(tcb, life.complaint ?? 'ETIMEDOUT', 'keepalive', now)
  else {
    life.askAlive()
    snd.probe()
    timers.start(TIMER.keepAlive, now + keepAliveInterval)
  }
}
