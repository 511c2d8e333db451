/** The sending half of one end: numbers, the peer's window, the congestion window, the timer, what is sent again. */
import { MILLISECOND, type Nanos } from '../../../../src/base/clock.ts'
import type { TcpSegmentEvent } from '../../../../src/tcp/events.ts'
import { ACK, FIN, RST, type Segment, SYN } from '../../wire.ts'
import { Flight } from './flight.ts'
import { Timeout } from './timeout.ts'
import { CongestionWindow } from './window.ts'

type Say = (rule: string, at: Nanos, what: string) => void

export class Sender {
  readonly #say: Say
  readonly #flight = new Flight()
  readonly #timeout = new Timeout()
  readonly #window: CongestionWindow
  /** Its own initial number; numbers below count from it. */
  iss: number | null = null
  sndUna = 0
  sndNxt = 0
  /** The number of its FIN. */
  finAt: number | null = null
  finSent: Nanos = Number.POSITIVE_INFINITY
  scale = 0
  /** Everything that was sent, in order. */
  readonly stream: number[] = []
  /** When how much of it had been sent for the first time. */
  readonly progress: { readonly length: number; readonly at: Nanos }[] = []
  #edge = 0
  #sndWnd = 0
  #mss = 0
  #agreed = false
  #established = false
  #synLost = false
  #timer: Nanos | null = null
  #phase: 'open' | 'recovery' | 'loss' = 'open'
  #recover = 0
  #duplicates = 0
  #fastDue: Nanos | null = null
  #lastData: Nanos | null = null
  #lastGot: Nanos = -1
  #clockOffset = 0
  /** Of its last SYN. */
  #synStamp = 0

  constructor(say: Say) {
    this.#say = say
    this.#window = new CongestionWindow(say)
  }

  get finAcknowledged(): boolean {
    return this.finAt !== null && this.sndUna > this.finAt
  }

  /** Both SYNs are known: what they have agreed on holds from here on. */
  agree(mss: number, active: boolean, answer: Segment, at: Nanos): void {
    this.#mss = mss
    this.#agreed = true
    if (active) this.#opened(answer, at)
  }

  /** Its SYN has been acknowledged. */
  #opened({ stamps }: Segment, at: Nanos): void {
    const [syn] = this.#flight.acknowledged(1)
    this.sndUna = 1
    this.#timer = null
    this.#established = true
    if (this.#synLost) this.#timeout.synWasLost()
    // RFC 3522 §3: what answers an earlier SYN than the last one proves that it had not been lost.
    const late = stamps !== null && ((stamps[1] - this.#synStamp) | 0) < 0
    this.#window.open(this.#mss, this.#synLost && !late)
    if (syn !== undefined && syn.times === 1) this.#timeout.sample(at - syn.at)
  }

  got(segment: Segment, at: Nanos): void {
    this.#onTime(at)
    this.#lastGot = at
    if (!(segment.flags & ACK) || segment.flags & RST || this.iss === null) return
    const ack = (segment.ack - this.iss) | 0
    if (ack > this.sndNxt) return
    const scaled = segment.window * (segment.flags & SYN ? 1 : 2 ** this.scale)
    this.#edge = Math.max(this.#edge, ack + scaled)
    if (ack >= this.sndUna) this.#sndWnd = scaled
    if (!this.#agreed || segment.flags & SYN) return
    if (!this.#established) {
      if (ack < 1) return
      this.#opened(segment, at)
      if (this.#timeout.srtt === 0) this.#measureByStamp(segment, at)
    }
    // (What comes with a request may be answered in the same instant: that was not held back.)
    const limited = segment.payload.length === 0 && this.#flight.pipe + this.#mss > this.#window.high
    let news = 0
    for (const [start, end] of segment.sack) news += this.#flight.held((start - this.iss) | 0, (end - this.iss) | 0)
    if (ack > this.sndUna) this.#advance(ack, segment, limited, at)
    else if (news > 0 && this.#phase === 'recovery') this.#flight.markLost(this.#mss)
    if (news > 0 && this.#phase === 'open') this.#duplicate(at)
  }

  #advance(ack: number, segment: Segment, limited: boolean, at: Nanos): void {
    const acked = ack - this.sndUna
    this.sndUna = ack
    const gone = this.#flight.acknowledged(ack)
    // RFC 6298 §3, Karn's algorithm; where it forbids to measure, the time stamp tells (RFC 7323 §4).
    if (gone.every(({ times }) => times === 1) && gone.length > 0) this.#timeout.sample(at - gone[0]!.at)
    else this.#measureByStamp(segment, at)
    // RFC 6298 §5.2, §5.3
    this.#timer = this.#flight.pieces.length === 0 ? null : at + this.#timeout.rto
    this.#duplicates = 0
    this.#fastDue = null
    if (this.#phase === 'recovery') {
      if (ack >= this.#recover) {
        this.#phase = 'open'
        this.#window.recovered(this.sndNxt - this.sndUna)
      } else {
        this.#flight.markLost(this.#mss)
        const head = this.#flight.pieces[0]
        if (head !== undefined && this.#flight.heldBytes > 0 && !head.held) head.lost = true
      }
      return
    }
    const loss = this.#phase === 'loss' && ack < this.#recover
    if (!loss) this.#phase = 'open'
    this.#window.acknowledged(acked, limited, loss, at)
  }

  /** RFC 7323 §4.1: as exact as the clock of the stamps, a millisecond. */
  #measureByStamp({ stamps }: Segment, at: Nanos): void {
    if (stamps === null) return
    const ticks = (Math.floor(at / MILLISECOND) + this.#clockOffset - stamps[1]) | 0
    if (ticks >= 0) this.#timeout.sample(Math.max(ticks, 1) * MILLISECOND)
  }

  /** RFC 6675 §5: an ACK that tells of something new beyond the hole. */
  #duplicate(at: Nanos): void {
    this.#duplicates++
    this.#flight.markLost(this.#mss)
    const head = this.#flight.pieces[0]
    if (head === undefined || this.sndUna < this.#recover) return
    if (!head.lost && this.#duplicates < 3) return
    // Lost again behind the last recovery, whose last act was to send it again: the window is cut, that is on its way.
    if (head.again) this.#recovers()
    else this.#fastDue = at
  }

  #recovers(): void {
    this.#phase = 'recovery'
    this.#recover = this.sndNxt
    this.#window.recover(this.sndNxt - this.sndUna)
  }

  sent(segment: Segment, said: TcpSegmentEvent, at: Nanos): void {
    this.#onTime(at, segment)
    if (segment.flags & RST) return
    if (segment.stamps !== null) this.#clockOffset = (segment.stamps[0] - Math.floor(at / MILLISECOND)) | 0
    if (segment.flags & SYN) {
      this.#sentSyn(segment, said, at)
      return
    }
    const start = (segment.seq - this.iss!) | 0
    const end = start + segment.payload.length
    const fin = (segment.flags & FIN) !== 0
    const isNew = start >= this.sndNxt
    if (end === start && !fin) {
      if (start !== this.sndNxt && said.retransmission !== 'probe')
        this.#say('RFC 9293 §3.4', at, `an ACK numbered ${start}, not SND.NXT = ${this.sndNxt}`)
    } else if (isNew) this.#sentNew(segment, start, end, fin, said, at)
    else this.#sentAgain(segment, start, end, fin, said, at)
    this.#compare(said, at)
    this.#window.check(said, isNew && segment.payload.length === this.#mss)
  }

  #sentSyn(segment: Segment, said: TcpSegmentEvent, at: Nanos): void {
    this.#synStamp = segment.stamps?.[0] ?? 0
    if (this.iss === null) {
      this.iss = segment.seq
      this.sndNxt = 1
      this.#flight.sent(0, 1, at)
      this.#timer = at + this.#timeout.rto
      return
    }
    if (segment.seq !== this.iss) this.#say('RFC 9293 §3.5', at, 'another SYN has another number')
    if (at === this.#timer) {
      this.#synLost = true
      this.#timeout.expired()
      this.#timer = at + this.#timeout.rto
    } else if (at !== this.#lastGot) this.#say('RFC 6298 §5', at, 'sends its SYN again without reason')
    this.#flight.resent(0, 1, at)
    if (said.rto !== this.#timeout.rto)
      this.#say('RFC 6298 §5.5', at, `the time-out is ${said.rto}, should be ${this.#timeout.rto}`)
  }

  #sentNew(segment: Segment, start: number, end: number, fin: boolean, said: TcpSegmentEvent, at: Nanos): void {
    const { payload } = segment
    if (start > this.sndNxt) this.#say('RFC 9293 §3.4', at, `leaves ${this.sndNxt}:${start} out`)
    if (this.finAt !== null) this.#say('RFC 9293 §3.6', at, 'sends data after its FIN')
    if (said.retransmission !== '') this.#say('the log', at, `new data is reported as ${said.retransmission}`)
    if (payload.length > this.#mss)
      this.#say('RFC 9293 §3.7.1', at, `${payload.length} bytes, the peer takes ${this.#mss}`)
    if (end > this.#edge) this.#say('RFC 9293 §3.8.6', at, `sends up to ${end}, was offered ${this.#edge}`)
    const pipe = this.#flight.pipe
    if (pipe > 0 && pipe + payload.length > said.cwnd)
      this.#say('RFC 5681 §3.1', at, `${pipe + payload.length} bytes in flight, cwnd is ${said.cwnd}`)
    if (pipe === 0 && this.#lastData !== null && at - this.#lastData > this.#timeout.rto) this.#window.idle()
    for (const octet of payload) this.stream.push(octet)
    this.progress.push({ length: this.stream.length, at })
    if (fin) {
      this.finAt = end
      this.finSent = at
    }
    this.sndNxt = end + (fin ? 1 : 0)
    this.#flight.sent(start, this.sndNxt, at)
    this.#timer ??= at + this.#timeout.rto
    this.#lastData = at
  }

  #sentAgain(segment: Segment, start: number, end: number, fin: boolean, said: TcpSegmentEvent, at: Nanos): void {
    const stop = end + (fin ? 1 : 0)
    if (stop > this.sndNxt) this.#say('RFC 9293 §3.4', at, `sends ${start}:${stop}, half of it new`)
    if (fin !== (this.finAt !== null && start <= this.finAt && this.finAt < stop) || (fin && this.finAt !== end))
      this.#say('RFC 9293 §3.6', at, 'its FIN has moved')
    if (segment.payload.some((octet, i) => this.stream[start - 1 + i] !== octet))
      this.#say('RFC 9293 §3.8.1', at, `sends ${start}:${end} again with other bytes`)
    if (said.retransmission === '') this.#say('the log', at, `${start}:${end} is not reported as sent again`)
    const head = start <= this.sndUna
    const expired = at === this.#timer && at !== this.#lastGot
    if (expired) {
      const again = this.#phase === 'loss' && (this.#flight.pieces[0]?.times ?? 1) > 1
      this.#window.expired(this.sndNxt - this.sndUna, again)
      this.#flight.loseAll()
      this.#timeout.expired()
      this.#timer = at + this.#timeout.rto // RFC 6298 §5.6
      this.#phase = 'loss'
      this.#recover = this.sndNxt
      this.#duplicates = 0
      this.#fastDue = null
      // RFC 6298 §5.4
      if (!head) this.#say('RFC 6298 §5.4', at, `sends ${start} again, the earliest is ${this.sndUna}`)
      if (said.retransmission !== 'rto') this.#say('the log', at, `a time-out is reported as ${said.retransmission}`)
    } else if (said.retransmission === 'fast') {
      if (this.#fastDue !== at) this.#say('RFC 5681 §3.2', at, 'a fast retransmit without three duplicate ACKs')
      this.#fastDue = null
      // RFC 6675 §6 lets the timer be started again, as Linux does: its answer has a whole time-out to come.
      this.#timer = at + this.#timeout.rto
      this.#recovers()
      this.#flight.pieces[0]!.lost = true
    }
    const pipe = this.#flight.pipe
    if (pipe > 0 && pipe + segment.payload.length > said.cwnd && said.retransmission !== 'fast')
      this.#say('RFC 6675 §5 (C)', at, `${pipe} + ${segment.payload.length} bytes in flight, cwnd is ${said.cwnd}`)
    if (!this.#flight.resent(start, stop, at)) this.#say('RFC 6675 §4', at, `sends ${start}:${end} again, not lost`)
    this.#timer ??= at + this.#timeout.rto
    this.#lastData = at
  }

  /** What it says of itself. */
  #compare(said: TcpSegmentEvent, at: Nanos): void {
    const flight = this.sndNxt - this.sndUna
    if (said.flight !== flight) this.#say('the log', at, `reports ${said.flight} bytes in flight, there are ${flight}`)
    if (said.sndWnd !== this.#sndWnd)
      this.#say('the log', at, `reports the window ${said.sndWnd}, it is ${this.#sndWnd}`)
    if (said.srtt !== this.#timeout.srtt)
      this.#say('RFC 6298 §2', at, `SRTT is ${said.srtt}, should be ${this.#timeout.srtt}`)
    if (said.rto !== this.#timeout.rto)
      this.#say('RFC 6298 §2', at, `the time-out is ${said.rto}, should be ${this.#timeout.rto}`)
  }

  /** The timer goes off when it has to, and what duplicate ACKs ask for is sent at once. */
  #onTime(at: Nanos, sending?: Segment): void {
    if (this.#fastDue !== null && at > this.#fastDue) {
      this.#say('RFC 5681 §3.2', this.#fastDue, 'no fast retransmit')
      this.#fastDue = null
    }
    if (this.#timer === null || at <= this.#timer) return
    this.#say('RFC 6298 §5', this.#timer, `the retransmission timer should have gone off${sending ? '' : ' before'}`)
    this.#timer = null
  }

  end(at: Nanos): void {
    this.#onTime(at)
  }
}
