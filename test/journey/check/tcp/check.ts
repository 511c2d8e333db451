/** Every connection, from both of its ends. */
import type { Nanos } from '../../../../src/base/clock.ts'
import type { Log, Report } from '../../log.ts'
import { ACK, FIN, RST, type Segment, SYN } from '../../wire.ts'
import { Receiver } from './receiver.ts'
import { Sender } from './sender.ts'
import { States } from './states.ts'
import { type Moment, type Trace, traces } from './trace.ts'

/** RFC 9293 §3.7.1: 20 octets of IP and 20 of TCP off the 1500 of every link here. */
const OWN_MSS = 1460
/** RFC 7323, Appendix A: time stamps with their padding. */
const STAMPS = 12

export function checkConnections(log: Log, report: Report): End[] {
  return traces(log, report).map((trace) => {
    const end = new End(trace, report)
    end.play()
    return end
  })
}

export class End {
  readonly sender: Sender
  readonly receiver: Receiver
  readonly states: States
  readonly host: string
  readonly connection: string
  readonly #trace: Trace
  #mine: Segment | null = null
  #theirs: Segment | null = null
  #agreed = false
  #dead = false

  constructor(trace: Trace, report: Report) {
    const say = (rule: string, at: Nanos, what: string): void =>
      report(rule, at, `${trace.host} ${trace.connection}: ${what}`)
    this.host = trace.host
    this.connection = trace.connection
    this.#trace = trace
    this.sender = new Sender(say)
    this.receiver = new Receiver(say)
    this.states = new States(say)
    this.#say = say
  }

  readonly #say: (rule: string, at: Nanos, what: string) => void

  play(): void {
    const moments = [...this.#trace.moments]
    for (let i = 0; i < moments.length; i++) {
      if (this.#crossed(moments[i]!, moments[i + 1])) [moments[i], moments[i + 1]] = [moments[i + 1]!, moments[i]!]
      const moment = moments[i]!
      const { at } = moment
      if (moment.kind === 'state') {
        this.states.moved(moment.from, moment.to, at, this.sender, this.receiver)
        if (moment.to === 'CLOSED') this.#dead = true
      } else if (moment.kind === 'got') this.#got(moment.segment, at)
      else {
        const { segment } = moment
        if (segment.flags & FIN) this.states.sentFin(at)
        if (segment.flags & SYN) this.#mine = segment
        else if (this.#mine === null && !(segment.flags & RST)) this.#say('RFC 9293 §3.5', at, 'speaks before its SYN')
        this.sender.sent(segment, moment.said, at)
        this.receiver.sent(segment, at)
        this.#agree(at)
      }
    }
  }

  /** Whether it sent the first SYN. */
  get active(): boolean {
    return this.#mine !== null && !(this.#mine.flags & ACK)
  }

  /** The initial numbers, which both ends agree on. */
  get numbers(): string {
    const mine = [this.#mine?.seq, this.#theirs?.seq]
    return (this.active ? mine : mine.reverse()).join(' ')
  }

  /** A delayed ACK left in the very nanosecond in which something came: it knows nothing of that. */
  #crossed(first: Moment, second: Moment | undefined): boolean {
    if (first.kind !== 'got' || second?.kind !== 'sent' || first.at !== second.at) return false
    return second.segment.payload.length === 0 && this.receiver.owes(second.segment, first.segment)
  }

  #got(segment: Segment, at: Nanos): void {
    // What comes for a connection that is no more is answered with a reset, which is nobody's ACK.
    if (this.#dead) return
    if (segment.flags & SYN) this.#theirs = segment
    this.receiver.got(segment, at)
    this.#agree(at)
    this.sender.got(segment, at)
  }

  /** RFC 9293 §3.5: once both SYNs are known, options hold. For the passive side that is when its SYN is acknowledged. */
  #agree(at: Nanos): void {
    if (this.#agreed || this.#mine === null || this.#theirs === null) return
    const [mine, theirs] = [this.#mine, this.#theirs]
    const active = !(mine.flags & ACK)
    this.#agreed = true
    const scaling = mine.scale !== null && theirs.scale !== null
    this.receiver.scale = scaling ? mine.scale! : 0
    this.sender.scale = scaling ? theirs.scale! : 0
    this.receiver.sacking = mine.sackPermitted && theirs.sackPermitted
    if (!active)
      for (const [name, given, taken] of [
        ['window scale', theirs.scale, mine.scale],
        ['time stamps', theirs.stamps, mine.stamps],
        ['SACK', theirs.sackPermitted || null, mine.sackPermitted || null],
      ])
        if (taken !== null && given === null) this.#say('RFC 7323 §2.2', at, `takes up ${name}, which was not offered`)
    const stamps = mine.stamps !== null && theirs.stamps !== null ? STAMPS : 0
    const mss = Math.min(theirs.mss ?? 536, OWN_MSS) - stamps
    this.sender.agree(mss, active, theirs, at)
  }
}
