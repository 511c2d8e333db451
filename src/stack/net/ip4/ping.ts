/** An echo request and what became of it: `ping`, and with small times to live the steps of `traceroute`. */
import { type Clock, MILLISECOND, type Nanos, type Timer } from '../../../base/clock.ts'
import { type Duration, requireDuration, seconds } from '../../../base/duration.ts'
import { SocketError } from '../../../base/errors.ts'
import { formatIp4, type Ip4, parseIp4 } from '../../../base/ip.ts'
import { below, type Random } from '../../../base/random.ts'
import type { IcmpEcho } from '../../../wire/icmp.ts'
import type { NetworkError } from '../errors.ts'
import { TTL } from '../ttl.ts'
import type { EchoListener } from './icmp.ts'
import type { Ip4Layer } from './layer.ts'

/** How an echo request is sent. */
export interface PingOptions {
  /** Default 64. With n, the n-th router on the way answers 'time exceeded'. */
  readonly ttl?: number
  /** Default one second. */
  readonly timeout?: Duration
  /** Octets after the ICMP header; default 56, as ping has it. */
  readonly size?: number
}

/** What became of an echo request. */
export interface PingReply {
  readonly outcome: 'reply' | 'timeout' | NetworkError
  /** Who answered; '' when nobody did. */
  readonly from: string
  /** From request to answer. */
  readonly time: Nanos
}

/** What a ping needs of its stack. */
export interface PingHost {
  readonly clock: Clock
  readonly random: Random
  readonly ip4: Ip4Layer
  enterApplication(): void
}

const TIMEOUT = seconds(1)
const SIZE = 56
const SEQUENCE = 1

/** @throws SocketError ENETUNREACH without a route, EMSGSIZE when it does not fit, EINVAL for what is not an IPv4 literal. */
export function ping(host: PingHost, to: string, options: PingOptions = {}): Promise<PingReply> {
  const destination = parseIp4(to)
  if (destination < 0)
    throw new SocketError('EINVAL', 'ping', { address: to, hint: `write an IPv4 address, not '${to}'` })
  const { ttl = TTL, size = SIZE } = options
  const timeout = requireDuration('ping(to, { timeout })', options.timeout ?? TIMEOUT, MILLISECOND)
  const { clock, ip4 } = host
  const { echoListeners } = ip4.icmp
  const identifier = freeIdentifier(host)
  const started = clock.now()
  const payload = new Uint8Array(size)
  // So that nobody who has not seen the request can answer it.
  host.random.fill(payload.subarray(0, Math.min(size, 16)))
  const many = ip4.path(destination, ip4.any)?.group === true
  return new Promise((resolve, reject) => {
    const finish = (outcome: PingReply['outcome'], from: Ip4 | null) => {
      echoListeners.delete(identifier)
      timer.cancel()
      host.enterApplication()
      resolve({ outcome, from: from === null ? '' : formatIp4(from), time: clock.now() - started })
    }
    const timer: Timer = clock.at(started + timeout, () => finish('timeout', null))
    const listener: EchoListener = {
      replied(from, message) {
        const meant = (many || from === destination) && isReply(message, payload)
        if (meant) finish('reply', from)
        return meant
      },
      failed(from, asked, sequence, error, mtu) {
        if (asked !== destination || sequence !== SEQUENCE) return
        if (error === 'fragmentation needed') ip4.learnMtu(destination, mtu, 'datagrams')
        finish(error, from)
      },
    }
    echoListeners.set(identifier, listener)
    if (ip4.icmp.echo(destination, { kind: 'echo request', identifier, sequence: SEQUENCE, payload }, ttl)) return
    echoListeners.delete(identifier)
    timer.cancel()
    reject(new SocketError('ENETUNREACH', 'ping', { address: to }))
  })
}

/** RFC 1122 §3.2.2.6: the reply has the request's sequence number and all of its data. */
function isReply({ sequence, payload }: IcmpEcho, asked: Uint8Array): boolean {
  return sequence === SEQUENCE && payload.length === asked.length && payload.every((octet, i) => octet === asked[i])
}

function freeIdentifier({ random, ip4 }: PingHost): number {
  const start = below(random, 0x10000)
  for (let i = 0; i < 0x10000; i++) {
    const identifier = (start + i) & 0xffff
    if (!ip4.icmp.echoListeners.has(identifier)) return identifier
  }
  throw new SocketError('EADDRINUSE', 'ping', { hint: '65,536 echo requests are under way: wait for some of them' })
}
