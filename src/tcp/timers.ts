/** The timers of a connection. They coexist: each is a deadline of its own, Infinity when it does not run. */
import type { Nanos } from '../base/clock.ts'
import { abort, finish } from './state/transition.ts'
import type { Tcb } from './tcb.ts'

const OFF: Nanos = Number.POSITIVE_INFINITY

export class Timers {
  /** RFC 6298 §5. */
  retransmit: Nanos = OFF
  /** The window is closed or too small and nothing is in flight: RFC 9293 §3.8.6.1, and the override of §3.8.6.2.1. */
  persist: Nanos = OFF
  /** RFC 9293 §3.8.6.3. */
  delayedAck: Nanos = OFF
  /** RFC 9293 §3.8.4. */
  keepAlive: Nanos = OFF
  /** 2 MSL in TIME-WAIT; in FIN-WAIT-2 of a closed socket, how long to wait for the peer. */
  timeWait: Nanos = OFF
  /** SO_LINGER: the closing may take so long. */
  linger: Nanos = OFF
  /** RFC 5482. */
  user: Nanos = OFF

  earliest(): Nanos {
    let at = this.retransmit
    if (this.persist < at) at = this.persist
    if (this.delayedAck < at) at = this.delayedAck
    if (this.keepAlive < at) at = this.keepAlive
    if (this.timeWait < at) at = this.timeWait
    if (this.linger < at) at = this.linger
    if (this.user < at) at = this.user
    return at
  }

  clear(): void {
    this.retransmit = this.persist = this.delayedAck = this.keepAlive = this.timeWait = this.linger = this.user = OFF
  }
}

/** Does what every timer that is due asks for. */
export function fire(tcb: Tcb, now: Nanos): void {
  const timers = tcb.timers
  if (now < timers.earliest()) return
  if (now >= timers.timeWait) {
    finish(tcb, null, 'timeout', now)
    return
  }
  if (now >= timers.linger) {
    abort(tcb, null, 'linger', now)
    return
  }
  if (now >= timers.user) {
    abort(tcb, tcb.softError ?? 'ETIMEDOUT', 'user timeout', now)
    return
  }
  if (now >= timers.delayedAck) {
    timers.delayedAck = OFF
    tcb.ackNow = true
  }
  if (now >= timers.retransmit) retransmitTimeout(tcb, now)
  if (now >= timers.persist) persistTimeout(tcb, now)
  if (now >= timers.keepAlive) keepAliveTimeout(tcb, now)
}

function retransmitTimeout(tcb: Tcb, now: Nanos): void {
  const limit =
    tcb.state === 'SYN-SENT'
      ? tcb.settings.synRetries
      : tcb.state === 'SYN-RECEIVED'
        ? tcb.settings.synAckRetries
        : tcb.settings.retries
  // A peer that has shrunk its window to nothing and still answers is not dead: RFC 9293 §3.8.6.1, MUST-37.
  const stalled = tcb.sndWnd === 0 && tcb.synchronized && now - tcb.lastReceived < tcb.settings.maxRto
  if (!stalled && tcb.retransmits >= limit) {
    finish(tcb, tcb.softError ?? 'ETIMEDOUT', 'timeout', now)
    return
  }
  // A lost SYN says nothing yet of the window: RFC 5681 §3.1 has the initial one cut when the handshake is done.
  if (tcb.synchronized) tcb.recovery.timeout(tcb, now)
  else tcb.scoreboard.loseAll()
  tcb.retransmits++
  tcb.rtt.backOff()
  tcb.timers.retransmit = now + tcb.rtt.rto // RFC 6298 §5.6
}

function persistTimeout(tcb: Tcb, now: Nanos): void {
  if (tcb.probesOut >= tcb.settings.retries) {
    finish(tcb, tcb.softError ?? 'ETIMEDOUT', 'timeout', now)
    return
  }
  if (tcb.sndWnd > 0) tcb.override = true
  else tcb.probe = true
  tcb.probesOut++
  tcb.persistBackoff++
  // RFC 9293 §3.8.6.1, SHLD-29 and 30: the first probe after one RTO, the interval growing exponentially, answered or not.
  tcb.timers.persist = now + Math.min(tcb.rtt.rto * 2 ** tcb.persistBackoff, tcb.settings.maxRto)
}

function keepAliveTimeout(tcb: Tcb, now: Nanos): void {
  const { keepAliveIdle, keepAliveInterval, keepAliveProbes } = tcb.settings
  const idleSince = tcb.lastReceived
  if (!tcb.scoreboard.empty || now - idleSince < keepAliveIdle) {
    // Not idle: look again when it may have been idle long enough. What is in flight is the other timer's business.
    tcb.keepAliveProbesOut = 0
    tcb.timers.keepAlive = now - idleSince < keepAliveIdle ? idleSince + keepAliveIdle : now + keepAliveInterval
    return
  }
  if (tcb.keepAliveProbesOut >= keepAliveProbes) {
    abort(tcb, tcb.softError ?? 'ETIMEDOUT', 'keepalive', now)
    return
  }
  tcb.keepAliveProbesOut++
  tcb.probe = true
  tcb.timers.keepAlive = now + keepAliveInterval
}
