/** What a simulation may cost. Each can be set where it is used; these are what holds otherwise. */
import { type Duration, hours, seconds } from '../base/duration.ts'

/** `internet({ limits })` sets them for one simulation. */
export interface SimLimits {
  /** How far one `run(promise)` goes before it gives up: a keepalive in a loop must not keep a test alive for ever. */
  readonly runTime: Duration
  /** Events of one instant: two programs that answer each other without any latency would never let time go on. */
  readonly instantEvents: number
  /** Packets that may wait for a link with a rate: Linux's default transmit queue is 1,000. */
  readonly queuePackets: number
  /** MAC addresses that a switch remembers (small switches have 1,024 to 8,192): made-up ones must not fill memory. */
  readonly switchAddresses: number
  /** Frames that a paused machine's network card keeps for it (the receive ring of a common card). */
  readonly pausedFrames: number
  /**
   * Real time that virtual time waits for work outside of the simulation (a job of the thread pool): one that never ends
   * must not hang a test for ever. `virtualGlobals(net, { outsideWork })` sets it.
   */
  readonly outsideWork: Duration
  /** Bytes of one message to a PGlite: a length in a message must not fill memory. `servePglite` sets it. */
  readonly pgliteMessage: number
}

/** What holds where `internet({ limits })` says nothing else. */
export const SIM_LIMITS: SimLimits = Object.freeze({
  runTime: hours(1),
  instantEvents: 10_000_000,
  queuePackets: 1000,
  switchAddresses: 1024,
  pausedFrames: 1024,
  outsideWork: seconds(20),
  pgliteMessage: 64 << 20,
})

/** What an Ethernet carries (RFC 894). */
export const MTU = 1500

/** RFC 791: every internet module must be able to forward a datagram of 68 octets without further fragmentation. */
export const MIN_MTU = 68
