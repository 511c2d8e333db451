/**
 * The transmission control block (RFC 9293 §3.3.1): all that there is to one connection. Each part is written by its own
 * file and read by all; what a segment, a timer or a call does to them together stands in `input/`, `snd/` and `close/`.
 */
import type { Nanos } from '../base/clock.ts'
import { type Seq, seq } from '../wire/sequence.ts'
import { Life } from './life/life.ts'
import type { TcbOwner } from './life/owner.ts'
import { Loss } from './loss/loss.ts'
import { Rcv } from './rcv/rcv.ts'
import type { Label } from './report.ts'
import { TCP_SETTINGS, type TcpSettings } from './settings.ts'
import { Chronograph } from './snd/chronograph.ts'
import { Snd } from './snd/snd.ts'
import { Timers } from './timers.ts'
import { Traffic } from './traffic.ts'

/** What a connection is made of: its ends, its first number, and what it may do. */
export interface TcbConfig {
  readonly localPort: number
  readonly remotePort: number
  /** The largest segment text the interface takes: its MTU less 40 (IPv4) or 60 (IPv6). Announced, and never exceeded. */
  readonly mss: number
  /** Initial sequence number, from `InitialSequence`. */
  readonly iss: number
  readonly owner: TcbOwner
  readonly label: Label
  /** Where the clock of the time stamps begins, 32 random bits: it need not tell how long the host has been up. */
  readonly timestampOffset?: number | undefined
  /** From `tcpSettings`. They are shared, not copied. */
  readonly settings?: TcpSettings | undefined
  /** Passive open: asked when the handshake completes, whether the accept queue has room. */
  readonly admit?: (() => boolean) | undefined
}

export class ControlBlock {
  readonly localPort: number
  readonly remotePort: number
  /** What this side announces: the longest segment text that it takes. */
  readonly ownMss: number
  readonly label: Label
  readonly admit: (() => boolean) | null
  readonly timers = new Timers()
  readonly chronograph = new Chronograph()
  readonly traffic: Traffic
  readonly life: Life
  readonly snd: Snd
  readonly rcv: Rcv
  readonly loss: Loss
  #settings: TcpSettings
  #pathMss: number
  #scaling = false
  #sack = false

  protected constructor(config: TcbConfig, now: Nanos) {
    const settings = config.settings ?? TCP_SETTINGS
    const { maxSegment, receiveBuffer, sendBuffer, outOfOrderRuns, noDelay, delayedAck } = settings
    const iss: Seq = seq(config.iss)
    const mss = maxSegment === 0 ? config.mss : Math.min(maxSegment, config.mss)
    this.localPort = config.localPort
    this.remotePort = config.remotePort
    this.ownMss = this.#pathMss = mss
    this.label = config.label
    this.admit = config.admit ?? null
    this.#settings = settings
    this.traffic = new Traffic(now)
    this.life = new Life(config.owner, config.label, this.timers)
    this.snd = new Snd(iss, mss, sendBuffer, noDelay)
    this.rcv = new Rcv(mss, receiveBuffer, outOfOrderRuns, config.timestampOffset ?? 0, delayedAck, this.timers)
    this.loss = new Loss(iss, mss, settings, this.timers)
  }

  get settings(): TcpSettings {
    return this.#settings
  }

  /** What the path takes, options counted, as far as is known: it may have narrowed since `ownMss` was announced. */
  get pathMss(): number {
    return this.#pathMss
  }

  /** Both SYNs have carried the window scale option. */
  get scaling(): boolean {
    return this.#scaling
  }

  /** Both SYNs have permitted SACK. */
  get sack(): boolean {
    return this.#sack
  }

  /** What both SYNs have said. */
  agree(scaling: boolean, sack: boolean): void {
    this.#scaling = scaling
    this.#sack = sack
  }

  narrowPath(mss: number): void {
    this.#pathMss = mss
  }

  change(settings: TcpSettings): void {
    this.#settings = settings
  }
}
