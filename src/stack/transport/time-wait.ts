/** A connection in TIME-WAIT: what is left of it among those that segments may be for. */
import type { Clock, Nanos } from '../../base/clock.ts'
import type { EventLog } from '../../base/events.ts'
import { formatIp, type Ip } from '../../base/ip6.ts'
import type { Task } from '../../base/schedule.ts'
import { formatAddress } from '../../socket/address.ts'
import { type Label, reportState, type SegmentMeta, type sequence, type TimeWait } from '../../tcp/index.ts'
import type { TcpSegment } from '../../wire/tcp.ts'
import type { Tcp, TcpEndpoint } from './tcp.ts'

/** What it needs of its stack. */
export interface TimeWaitHost {
  readonly name: string
  readonly clock: Clock
  readonly events: EventLog
  readonly tcp: Tcp
  at(when: Nanos, task: Task): number
  cancel(slot: number): void
}

/** Nothing of it is under way that ICMP could complain of. */
const NOTHING_OUT = [0, 0] as unknown as readonly [sequence.Seq, sequence.Seq]

export class TimeWaitEndpoint implements TcpEndpoint, Task {
  readonly localAddress: Ip
  readonly remoteAddress: Ip
  nextInBucket: TcpEndpoint | null = null
  readonly #stack: TimeWaitHost
  readonly #record: TimeWait
  readonly #ttl: number
  #slot: number

  constructor(stack: TimeWaitHost, localAddress: Ip, remoteAddress: Ip, ttl: number, record: TimeWait) {
    this.localAddress = localAddress
    this.remoteAddress = remoteAddress
    this.#stack = stack
    this.#ttl = ttl
    this.#record = record
    stack.tcp.enter(this)
    this.#slot = stack.at(record.until, this)
  }

  get localPort(): number {
    return this.#record.localPort
  }

  get remotePort(): number {
    return this.#record.remotePort
  }

  get outstanding(): readonly [sequence.Seq, sequence.Seq] {
    return NOTHING_OUT
  }

  segmentArrived(segment: TcpSegment, meta: SegmentMeta): void {
    const answer = this.#record.segmentArrived(segment, meta.at)
    if (answer !== null) {
      this.#record.report(this.#label, answer, meta.at)
      this.#stack.tcp.emit(this.localAddress, this.remoteAddress, answer, this.#ttl)
    }
    if (this.#record.until <= meta.at) this.#end('rst')
  }

  yieldsTo(segment: TcpSegment, meta: SegmentMeta): sequence.Seq | null {
    return this.#record.yieldsTo(segment, meta.at) ? this.#record.nextIss : null
  }

  replaced(): void {
    this.#end('syn')
  }

  complained(): void {}

  narrowed(): void {}

  /** What a segment brings about is done when it arrives. */
  settle(): void {}

  /** 2 MSL are over, unless the peer has been heard since. */
  run(): void {
    if (this.#record.until > this.#stack.clock.now()) this.#slot = this.#stack.at(this.#record.until, this)
    else {
      this.#slot = -1
      this.#end('timeout')
    }
  }

  #end(why: string): void {
    const { clock, events, tcp } = this.#stack
    if (this.#slot >= 0) this.#stack.cancel(this.#slot)
    tcp.leave(this)
    if (events.on) reportState(this.#label, 'TIME-WAIT', 'CLOSED', why, clock.now())
  }

  get #label(): Label {
    const { events, name } = this.#stack
    const local = formatAddress({ address: formatIp(this.localAddress), port: this.localPort })
    const remote = formatAddress({ address: formatIp(this.remoteAddress), port: this.remotePort })
    return { log: events, host: name, connection: `${local}>${remote}` }
  }
}
