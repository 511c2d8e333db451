/** An echo request and what became of it: `ping`, and with small times to live the steps of `traceroute`. */
import type { Nanos, Timer } from '../../base/clock.ts'
import { SocketError } from '../../base/errors.ts'
import { formatIp4, type Ip4, parseIp4 } from '../../base/ip.ts'
import { below } from '../../base/random.ts'
import { PING_TIMEOUT, TTL } from '../limits.ts'
import type { Stack } from '../stack.ts'
import type { NetworkError } from './errors.ts'
import type { EchoListener } from './icmp.ts'

export interface PingOptions {
  /** Default 64. With n, the n-th router on the way answers 'time exceeded'. */
  readonly ttl?: number
  /** Default one second. */
  readonly timeout?: Nanos
  /** Octets after the ICMP header; default 56, as ping has it. */
  readonly size?: number
}

export interface PingReply {
  readonly outcome: 'reply' | 'timeout' | NetworkError
  /** Who answered; '' when nobody did. */
  readonly from: string
  /** From request to answer. */
  readonly time: Nanos
}

/** @throws SocketError ENETUNREACH without a route, EMSGSIZE when it does not fit, EINVAL for what is no IPv4 literal. */
export function ping(stack: Stack, to: string, options: PingOptions = {}): Promise<PingReply> {
  const destination = parseIp4(to)
  if (destination < 0) throw new SocketError('EINVAL', 'ping', { address: to, hint: 'an IPv4 literal is wanted' })
  const { ttl = TTL, timeout = PING_TIMEOUT, size = 56 } = options
  const { clock, icmp } = stack
  const identifier = freeIdentifier(stack)
  const started = clock.now()
  return new Promise((resolve, reject) => {
    const finish = (outcome: PingReply['outcome'], from: Ip4 | null) => {
      icmp.echoListeners.delete(identifier)
      timer.cancel()
      stack.enterApplication()
      resolve({ outcome, from: from === null ? '' : formatIp4(from), time: clock.now() - started })
    }
    const timer: Timer = clock.at(started + timeout, () => finish('timeout', null))
    const listener: EchoListener = {
      replied: (from) => finish('reply', from),
      failed: (from, _sequence, error) => finish(error, from),
    }
    icmp.echoListeners.set(identifier, listener)
    const message = { kind: 'echo request', identifier, sequence: 1, payload: new Uint8Array(size) } as const
    if (icmp.echo(destination, message, ttl)) return
    icmp.echoListeners.delete(identifier)
    timer.cancel()
    reject(new SocketError('ENETUNREACH', 'ping', { address: to }))
  })
}

function freeIdentifier(stack: Stack): number {
  const start = below(stack.random, 0x10000)
  for (let i = 0; i < 0x10000; i++) {
    const identifier = (start + i) & 0xffff
    if (!stack.icmp.echoListeners.has(identifier)) return identifier
  }
  throw new SocketError('EADDRINUSE', 'ping', { hint: '65,536 echo requests are under way' })
}
