/**
 * What can be set on a connection, from `StackOptions.tcp`, `NodeOptions.tcp` or a socket option. The names on the wire
 * (`TcpOptions`) are `wire/tcp.ts`'s; these are the local ones.
 */
import { formatDuration, MILLISECOND } from '../base/clock.ts'
import { type Duration, hours, ms, requireDuration, seconds } from '../base/duration.ts'
import { ALGORITHMS } from './congestion/algorithms.ts'
import type { CongestionFactory } from './congestion/congestion.ts'
import { TcpSettingError } from './errors.ts'
import { TCP_LIMITS, type TcpLimits } from './limits.ts'

/** What a connection begins with, its limits included. `tcpSettings` checks and completes them. */
export interface TcpSettings extends TcpLimits {
  /** TCP_NODELAY: switches Nagle's algorithm (RFC 9293 §3.7.4) off. */
  readonly noDelay: boolean
  /** Offer the window scale option (RFC 7323). */
  readonly windowScaling: boolean
  /** Offer selective acknowledgement (RFC 2018). */
  readonly sack: boolean
  /** Offer time stamps (RFC 7323). */
  readonly timestamps: boolean
  /** TCP_MAXSEG: the longest segment text that is announced, and sent; 0: what the interface takes. */
  readonly maxSegment: number
  /** How long an acknowledgement may wait for company; 0 acknowledges every segment at once. RFC 9293 §3.8.6.3: under 500 ms. */
  readonly delayedAck: Duration
  /** RFC 6298 §2.1: the time-out before the first measurement. */
  readonly initialRto: Duration
  /** RFC 6298 §2.4 asks for 1 s; delayed ACKs come within 40 ms today, so Linux waits 200 ms, and so do we. */
  readonly minRto: Duration
  /** RFC 6298 §2.5: at least 60 s. Linux: TCP_RTO_MAX. */
  readonly maxRto: Duration
  /** SO_KEEPALIVE. */
  readonly keepAlive: boolean
  /** TCP_KEEPIDLE. RFC 9293 §3.8.4, MUST-28: no less than two hours by default. */
  readonly keepAliveIdle: Duration
  /** TCP_KEEPINTVL. */
  readonly keepAliveInterval: Duration
  /** TCP_USER_TIMEOUT (RFC 5482): give up when sent data stays unacknowledged this long; 0 leaves it to `retries`. */
  readonly userTimeout: Duration
  /** Initial congestion window in segments (RFC 6928 §2). */
  readonly initialWindow: number
  /** TCP_CONGESTION: the name of one of `algorithms`. */
  readonly congestion: string
  /** The congestion control algorithms that there are, by name; each call makes one for one connection. */
  readonly algorithms: Readonly<Record<string, CongestionFactory>>
}

/** The settings unless a stack, a machine or a socket is given others. */
export const TCP_SETTINGS: TcpSettings = Object.freeze({
  ...TCP_LIMITS,
  noDelay: false,
  windowScaling: true,
  sack: true,
  timestamps: true,
  maxSegment: 0,
  delayedAck: ms(40),
  initialRto: seconds(1),
  minRto: ms(200),
  maxRto: seconds(120),
  keepAlive: false,
  keepAliveIdle: hours(2),
  keepAliveInterval: seconds(75),
  userTimeout: seconds(0),
  initialWindow: 10,
  congestion: 'reno',
  algorithms: ALGORITHMS,
})

/** RFC 9293 §3.8.6.3, MUST-40. */
const MAX_DELAYED_ACK: Duration = ms(500)

/** The kind of each setting's value: a flag, a duration (that may be 0), or a whole number of at least so much. */
const KINDS: Readonly<
  Record<keyof TcpSettings, 'flag' | 'duration' | 'positive duration' | 'name' | 'table' | number>
> = {
  receiveBuffer: 1,
  sendBuffer: 1,
  outOfOrderRuns: 0,
  leastMss: 1,
  synQueue: 1,
  backlog: 1,
  challengeAcksPerSecond: 0,
  synRetries: 0,
  synAckRetries: 0,
  retries: 0,
  keepAliveProbes: 1,
  closeTime: 'positive duration',
  finWait2: 'duration',
  timeWait: 'duration',
  noDelay: 'flag',
  windowScaling: 'flag',
  sack: 'flag',
  timestamps: 'flag',
  maxSegment: 0,
  delayedAck: 'duration',
  initialRto: 'positive duration',
  minRto: 'positive duration',
  maxRto: 'positive duration',
  keepAlive: 'flag',
  keepAliveIdle: 'positive duration',
  keepAliveInterval: 'positive duration',
  userTimeout: 'duration',
  initialWindow: 1,
  congestion: 'name',
  algorithms: 'table',
}

/**
 * The settings with some of them changed; what is `undefined` stays as it is.
 * @throws TcpSettingError for a name that is no setting, or a value out of its range; RangeError for what is no duration
 * @example
 * tcpSettings({ timeWait: seconds(1), congestion: 'reno' })
 */
export function tcpSettings(changes: Partial<TcpSettings> = {}, from: TcpSettings = TCP_SETTINGS): TcpSettings {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined)
  if (given.length === 0) return from
  for (const [name, value] of given) checkSetting(name, value)
  const made: TcpSettings = Object.freeze({ ...from, ...Object.fromEntries(given) })
  checkTogether(made)
  return made
}

/** What no setting says alone. */
function checkTogether({ algorithms, congestion, minRto, maxRto }: TcpSettings): void {
  if (!Object.hasOwn(algorithms, congestion)) {
    const known = Object.keys(algorithms).join(', ')
    throw new TcpSettingError(`tcp: the congestion control '${congestion}' is not known, only ${known}`)
  }
  if (minRto > maxRto) {
    const [least, most] = [formatDuration(minRto), formatDuration(maxRto)]
    throw new TcpSettingError(`tcp: minRto is ${least}, longer than maxRto, which is ${most}: set both`)
  }
}

function checkSetting(name: string, value: unknown): void {
  if (!Object.hasOwn(KINDS, name))
    throw new TcpSettingError(`tcp: '${name}' is not a setting of TCP, which are ${Object.keys(KINDS).join(', ')}`)
  const kind = KINDS[name as keyof TcpSettings]
  const refuse = (wanted: string): never => {
    throw new TcpSettingError(`tcp: ${name} must be ${wanted}, and is ${String(value)}`)
  }
  if (kind === 'flag') {
    if (typeof value !== 'boolean') refuse('true or false')
  } else if (kind === 'name') {
    if (typeof value !== 'string') refuse('the name of a congestion control')
  } else if (kind === 'table') {
    if (typeof value !== 'object' || value === null) refuse('an object of functions by their names')
  } else if (typeof kind === 'number') {
    if (!Number.isSafeInteger(value) || (value as number) < kind) refuse(`a whole number of at least ${kind}`)
  } else {
    // No time of TCP is shorter than a millisecond: 5000 is taken for what it must have been meant as.
    requireDuration(`tcp: ${name}`, value as number, MILLISECOND)
    if (kind === 'positive duration' && value === 0) refuse('longer than 0')
    if (name === 'delayedAck' && (value as number) >= MAX_DELAYED_ACK) refuse('shorter than 500 ms')
  }
}
