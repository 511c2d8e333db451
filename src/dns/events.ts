/** What name resolution reports: each stage of a lookup as it answers or passes on, and each message exchange. */
import type { Nanos } from '../base/clock.ts'
import type { Event } from '../base/events.ts'
import type { Cause } from './servers/book.ts'

/** Where on the way from program to authoritative server a question was looked at. */
export type DnsStage =
  | 'program cache'
  | 'hosts file'
  | 'host cache'
  | 'forwarder'
  | 'resolver'
  | 'root'
  | 'top-level domain'
  | 'authoritative'

/** A stage has answered a question, or passed it on to the next. */
export interface DnsStageEvent extends Event {
  readonly type: 'dns.stage'
  readonly stage: DnsStage
  /** The question: name in presentation format with its final dot, type mnemonic. */
  readonly name: string
  readonly rrtype: string
  /** 'answered' from own knowledge or cache; 'referred' to a child zone; 'passed' on to `next`; 'failed'. */
  readonly outcome: 'answered' | 'referred' | 'passed' | 'failed'
  /** Whether the answer came out of a cache. */
  readonly cached: boolean
  /** Rdata in presentation format, `TYPE rdata` each; empty when passed on. */
  readonly answer: readonly string[]
  /** RCODE mnemonic when answered, referred or failed; '' when passed on. */
  readonly rcode: string
  /** The smallest time to live left among the answer, seconds; -1 when there is none. */
  readonly ttl: number
  /** Whom it asks next: `192.0.2.1:53`; '' when it does not, or when that is the next stage on the same machine. */
  readonly next: string
}

/** One question asked of one server, complete: after retries and a change to TCP. */
export interface DnsExchangeEvent extends Event {
  readonly type: 'dns.exchange'
  /** `192.0.2.1:53`, `tcp://192.0.2.1:53`. */
  readonly server: string
  readonly transport: 'udp' | 'tcp'
  readonly name: string
  readonly rrtype: string
  /** RCODE mnemonic of the reply; '' when there was none. */
  readonly rcode: string
  /** Why there was no reply; '' when there was one. */
  readonly failure: Cause | ''
  readonly started: Nanos
  /** Attempts made, 1 when the first was answered. */
  readonly attempts: number
}

/** What the DNS floor reports. */
export type DnsEvent = DnsStageEvent | DnsExchangeEvent
