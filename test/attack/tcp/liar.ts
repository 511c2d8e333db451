/**
 * A peer that lies, face to face with a live endpoint: it acknowledges what was never sent, shrinks its window, sends
 * the same numbers with other bytes, says it holds what it does not, turns its clock back, resets and opens in the
 * window, ends twice and goes on after the end. It checks what the endpoint does against what it may do.
 */
import assert from 'node:assert/strict'
import { MILLISECOND, type Nanos, SECOND } from '../../../src/base/clock.ts'
import { type Event, RecordingLog } from '../../../src/base/events.ts'
import { parseIp4 } from '../../../src/base/ip.ts'
import { below, SeededRandom, unit } from '../../../src/base/random.ts'
import type { Connection } from '../../../src/socket/host.ts'
import type { TcpStateEvent } from '../../../src/tcp/index.ts'
import { sequence, tcp } from '../../../src/wire/index.ts'
import { bench, icmpPacket, PEER, type SegmentFields, segmentOf, tcpPacket } from './bench.ts'

const ACTIONS = 80
/** Small, so that a run reaches its edges. */
const RECEIVE_BUFFER = 16_384
const SEGMENTS_PER_ACTION = 1500

/** RFC 9293 §3.3.2, Figure 5; to CLOSED (reset, time-out, abort) it is open from everywhere. */
const LEGAL: Readonly<Record<string, readonly string[]>> = {
  CLOSED: ['SYN-SENT'],
  LISTEN: ['SYN-RECEIVED'],
  'SYN-SENT': ['ESTABLISHED', 'SYN-RECEIVED'],
  'SYN-RECEIVED': ['ESTABLISHED', 'FIN-WAIT-1'],
  ESTABLISHED: ['FIN-WAIT-1', 'CLOSE-WAIT'],
  'FIN-WAIT-1': ['FIN-WAIT-2', 'CLOSING'],
  'FIN-WAIT-2': ['TIME-WAIT'],
  'CLOSE-WAIT': ['LAST-ACK'],
  CLOSING: ['TIME-WAIT'],
  'LAST-ACK': [],
  'TIME-WAIT': [],
}

/** One meeting. Throws what went wrong. */
export async function meet(seed: number): Promise<void> {
  const liar = new Liar(seed)
  await liar.open()
  for (let i = 0; i < ACTIONS; i++) {
    liar.act()
    await liar.promises()
  }
  liar.leave()
}

class Liar {
  readonly #random: SeededRandom
  readonly #log = new RecordingLog()
  readonly #victim
  #connection: Connection | null = null
  #port = 80
  #own = 4000
  readonly #options: boolean
  #closes = 0

  // What the liar knows: the victim's numbers and its own, absolute.
  #iss = 0
  #irs = 0
  /** One past the highest that the victim has sent. */
  #theirs = 0
  /** Up to here the liar has said that it has everything. */
  #said = 0
  /** The furthest that the victim was ever allowed to send. */
  #edge = 0
  /** One past the highest that the liar has sent. */
  #mine = 0
  /** What the victim has acknowledged, and how far it has let the liar send. */
  #acked = 0
  #allowed = 0
  #theirScale = 0
  #ownScale = 0
  #clock = 1000
  #echo = 0
  #known = false
  /** A SYN of ours has opened another connection, since the first was over: nothing of it is known. */
  #again = false
  /** By place in the stream: every byte that was sent there. */
  readonly #bytes = new Map<number, Set<number>>()
  #delivered = 0

  constructor(seed: number) {
    this.#random = new SeededRandom(`liar ${seed}`)
    this.#victim = bench({ seed, log: this.#log })
    this.#options = below(this.#random, 3) > 0
  }

  #below(limit: number): number {
    return below(this.#random, limit)
  }

  #oneIn(count: number): boolean {
    return this.#below(count) === 0
  }

  /** The victim listens, or connects; a handshake that is as it should be, mostly. */
  async open(): Promise<void> {
    const { host, sent } = this.#victim
    this.#irs = this.#random.u32()
    this.#mine = this.#irs + 1
    const settings = { SO_RCVBUF: RECEIVE_BUFFER, SO_SNDBUF: 20_000 + this.#below(100_000) }
    this.#ownScale = this.#options ? this.#below(16) : 0
    const flags = tcp.SYN
    const options = this.#options
      ? {
          ...tcp.NO_OPTIONS,
          mss: this.#below(3000),
          windowScale: this.#ownScale,
          sackPermitted: !this.#oneIn(3),
          timestamps: { value: this.#clock, echo: 0 },
        }
      : tcp.NO_OPTIONS
    this.#ownScale = Math.min(this.#ownScale, 14)
    if (this.#oneIn(2)) {
      await host.listen({ address: '0.0.0.0', port: 80 }, (connection) => this.#attach(connection), {
        options: settings,
      })
      this.#say({ seq: this.#irs, flags, options }, false)
    } else {
      this.#port = 0
      const opening = host.connect({ address: PEER, port: this.#own }, { options: settings })
      opening.then(
        (connection) => this.#attach(connection),
        () => {},
      )
      await Promise.resolve()
      const syn = segmentOf(sent[0]!)!
      this.#port = syn.sourcePort
      this.#watch()
      const simultaneous = this.#oneIn(4)
      this.#say({ seq: this.#irs, flags: simultaneous ? flags : flags | tcp.ACK, ack: this.#theirs, options }, false)
    }
    this.#watch()
    if (!this.#oneIn(10)) this.#say({ seq: this.#mine, ack: this.#theirs, window: this.#window() })
    await this.promises()
  }

  /** `connect` answers by a promise. */
  async promises(): Promise<void> {
    for (let i = 0; this.#connection === null && i < 4; i++) await Promise.resolve()
  }

  #attach(connection: Connection): void {
    if (this.#connection !== null) this.#connection.close()
    this.#closes = 0
    this.#connection = connection
    connection.attach({
      onData: (bytes) => {
        for (const byte of bytes) {
          if (this.#again) return
          const sent = this.#bytes.get(this.#delivered++)
          assert.ok(sent?.has(byte), `byte ${this.#delivered - 1} of the stream was never sent so`)
        }
      },
      onEnd() {},
      onDrain() {},
      onClose: () => {
        assert.equal(++this.#closes, 1, 'onClose comes once')
      },
    })
  }

  #window(): number {
    const kind = this.#below(6)
    if (kind === 0) return 0
    if (kind === 1) return this.#below(3)
    if (kind === 2) return this.#below(1500)
    return this.#below(65_536)
  }

  /** Sends a segment, with options that lie as far as options go. */
  #say(segment: SegmentFields, lying = true): void {
    const made = { sourcePort: this.#own, destinationPort: this.#port, ...segment }
    const options = lying && this.#options ? this.#liesInOptions() : (segment.options ?? tcp.NO_OPTIONS)
    const whole = { flags: tcp.ACK, window: 65_535, ...made, options, seq: made.seq! >>> 0, ack: (made.ack ?? 0) >>> 0 }
    if (whole.flags & tcp.ACK) this.#note(whole)
    this.#victim.receive(tcpPacket(whole))
    this.#victim.clock.pass(0)
    this.#watch()
  }

  /** Remembers what this segment lets the victim send, if it believes it. */
  #note(segment: { ack: number; window: number; flags: number }): void {
    const scale = segment.flags & tcp.SYN ? 0 : this.#ownScale
    const ahead = (segment.ack - this.#theirs) | 0
    if (ahead > 0) return
    this.#edge = Math.max(this.#edge, this.#theirs + ahead + segment.window * 2 ** scale)
  }

  #liesInOptions(): tcp.TcpOptions {
    const near = () => sequence.seq(this.#said + this.#below(30_000) - 2000)
    if (!this.#oneIn(8)) this.#clock += this.#below(3)
    const back = this.#oneIn(12) ? -this.#below(5000) : this.#oneIn(40) ? this.#random.u32() : 0
    const sack = this.#oneIn(2)
      ? []
      : Array.from({ length: 1 + this.#below(3) }, () => ({ start: near(), end: near() }))
    const echo = this.#oneIn(5) ? this.#random.u32() : this.#echo
    const timestamps = this.#oneIn(20) ? null : { value: (this.#clock + back) >>> 0, echo }
    return { ...tcp.NO_OPTIONS, sack, timestamps }
  }

  act(): void {
    const lies = [
      () => this.#acknowledge(),
      () => this.#acknowledge(),
      () => this.#divide(),
      () => this.#data(),
      () => this.#data(),
      () => this.#intrude(),
      () => this.#complain(),
      () => this.#wait(),
      () => this.#wait(),
      () => this.#use(),
      () => this.#use(),
    ]
    lies[this.#below(lies.length)]!()
    this.#victim.clock.pass(0)
    this.#watch()
  }

  /** Acknowledges the truth, less, more, or something else altogether; a tenth of the time optimistically, ahead of the data. */
  #acknowledge(): void {
    const kind = this.#below(10)
    let ack = this.#theirs
    if (kind < 3) ack = this.#said
    else if (kind < 6) ack = this.#said + this.#below(Math.max(1, this.#theirs - this.#said))
    else if (kind === 6) ack = this.#theirs + 1 + this.#below(100_000)
    else if (kind === 7) ack = this.#said - this.#below(70_000)
    else if (kind === 8) ack = this.#random.u32()
    if (ack > this.#said && ack <= this.#theirs) this.#said = ack
    const times = this.#oneIn(4) ? 1 + this.#below(6) : 1
    const window = this.#window()
    for (let i = 0; i < times; i++) this.#say({ seq: this.#mine, ack, window })
  }

  /** ACK division: one acknowledgement for every few bytes. */
  #divide(): void {
    const step = 1 + this.#below(50)
    const window = this.#window()
    for (let i = 0; i < 20 && this.#said + step <= this.#theirs; i++) {
      this.#said += step
      this.#say({ seq: this.#mine, ack: this.#said, window })
    }
  }

  /** Text in order, again with other bytes, ahead of a gap, beyond the window, of the past; FINs anywhere. */
  #data(): void {
    const length = this.#oneIn(3) ? 1 + this.#below(3) : this.#below(1400)
    const kind = this.#below(8)
    let from = this.#acked
    if (kind === 0) from = this.#mine
    else if (kind === 1) from = this.#acked + this.#below(RECEIVE_BUFFER)
    else if (kind === 2) from = this.#acked - this.#below(2000)
    else if (kind === 3) from = this.#allowed - this.#below(1000)
    else if (kind === 4) from = this.#allowed + this.#below(5000)
    from = Math.max(from, this.#irs + 1)
    const payload = new Uint8Array(length)
    for (let i = 0; i < length; i++) {
      payload[i] = this.#below(256)
      const place = from + i - this.#irs - 1
      const there = this.#bytes.get(place)
      if (there === undefined) this.#bytes.set(place, new Set([payload[i]!]))
      else there.add(payload[i]!)
    }
    const fin = this.#oneIn(25) ? tcp.FIN : 0
    const urgent = this.#oneIn(20) ? tcp.URG : 0
    this.#mine = Math.max(this.#mine, from + length + (fin ? 1 : 0))
    const ack = this.#oneIn(6) ? this.#theirs + 5 : this.#said
    this.#say({ seq: from, ack, flags: tcp.ACK | fin | urgent, window: this.#window(), payload })
  }

  /** SYN, RST and nonsense in the window; the number that is right only seldom. */
  #intrude(): void {
    const exact = this.#oneIn(30)
    const at = exact ? this.#acked : this.#acked + 1 + this.#below(RECEIVE_BUFFER * 2)
    const flags = [tcp.RST, tcp.RST | tcp.ACK, tcp.SYN, tcp.SYN | tcp.ACK, tcp.SYN | tcp.FIN, 0, 0xff][this.#below(7)]!
    this.#say({ seq: at, ack: this.#said, flags, window: this.#window() })
  }

  /** ICMP about the connection, in the name of some router, with a number that may be under way. */
  #complain(): void {
    const quoted = tcpPacket({
      sourcePort: this.#port,
      destinationPort: this.#own,
      seq: (this.#said + this.#below(3000)) >>> 0,
    })
    // As the victim's own packet: its address first.
    const payload = quoted.slice(0, 28)
    payload.set(quoted.subarray(16, 20), 12)
    payload.set(quoted.subarray(12, 16), 16)
    const code = this.#below(16)
    const mtu = this.#oneIn(2) ? this.#below(1500) : 0
    this.#victim.receive(icmpPacket({ kind: 'unreachable', code, mtu, payload }, parseIp4('203.0.113.5')))
  }

  #wait(): void {
    const time: Nanos[] = [MILLISECOND, 50 * MILLISECOND, 300 * MILLISECOND, 5 * SECOND, 200 * SECOND]
    this.#victim.clock.pass(1 + Math.floor(unit(this.#random) * time[this.#below(time.length)]!))
  }

  /** What a program does. */
  #use(): void {
    const connection = this.#connection
    if (connection === null) return
    const kind = this.#below(40)
    if (kind < 20) connection.write(new Uint8Array(1 + this.#below(this.#oneIn(4) ? 60_000 : 3000)))
    else if (kind < 26) connection.pause()
    else if (kind < 34) connection.resume()
    else if (kind === 34) connection.end()
    else if (kind === 35) connection.close()
    else if (kind === 36) connection.setOption('SO_SNDBUF', 1 + this.#below(50_000))
    else if (kind === 37) connection.setOption('TCP_NODELAY', this.#below(2))
    else if (kind === 38) connection.setOption('SO_KEEPALIVE', this.#below(2))
    else if (this.#oneIn(10)) connection.reset()
  }

  /** Goes away and never answers again: the victim lets everything go. */
  leave(): void {
    const { clock, stack } = this.#victim
    this.#connection?.resume()
    this.#connection?.close()
    clock.pass(24 * 3600 * SECOND)
    this.#watch()
    assert.equal(stack.tcp.connectionCount, 0, 'a connection is left')
    if (this.#connection !== null) assert.equal(this.#closes, 1, 'onClose has not come')
    this.#checkStates()
  }

  /** Looks at what the victim has sent. */
  #watch(): void {
    const packets = this.#victim.sent.splice(0)
    assert.ok(packets.length <= SEGMENTS_PER_ACTION, `${packets.length} segments for one thing`)
    for (const packet of packets) {
      const segment = segmentOf(packet)
      if (segment !== null && segment.sourcePort === this.#port) this.#check(segment)
    }
  }

  #check(segment: tcp.TcpSegment): void {
    if (segment.flags & tcp.RST || this.#again) return
    const other = segment.seq !== this.#iss || (segment.flags & tcp.ACK && segment.ack !== (this.#irs + 1) >>> 0)
    if (this.#known && segment.flags & tcp.SYN && other) {
      this.#again = true
      return
    }
    if (!this.#known && segment.flags & tcp.SYN) {
      this.#known = true
      this.#iss = segment.seq
      this.#theirs = this.#said = this.#iss + 1
      this.#edge = this.#theirs
    }
    if (segment.flags & tcp.SYN) this.#theirScale = this.#options ? (segment.options.windowScale ?? 0) : 0
    this.#echo = segment.options.timestamps?.value ?? this.#echo
    const at = this.#theirs + ((segment.seq - this.#theirs) | 0)
    const end = at + segment.payload.length
    if (segment.payload.length > 0)
      assert.ok(end <= this.#edge, `${end - this.#edge} bytes beyond any window that was offered`)
    this.#theirs = Math.max(this.#theirs, end + (segment.flags & tcp.FIN ? 1 : 0))
    if (segment.flags & tcp.ACK) this.#checkAck(segment)
  }

  #checkAck(segment: tcp.TcpSegment): void {
    if (this.#acked === 0) this.#acked = this.#allowed = this.#irs + 1
    const ack = this.#acked + ((segment.ack - this.#acked) | 0)
    assert.ok(ack >= this.#acked, `it takes back ${this.#acked - ack} acknowledged bytes`)
    assert.ok(ack <= this.#mine, `it acknowledges ${ack - this.#mine} bytes that were never sent`)
    const right = ack + (segment.flags & tcp.SYN ? segment.window : segment.window * 2 ** this.#theirScale)
    assert.ok(right >= this.#allowed, `it takes back ${this.#allowed - right} bytes of its window`)
    const unread = ack - this.#irs - 1 - this.#delivered
    assert.ok(unread <= RECEIVE_BUFFER + 2, `${unread} bytes wait unread`)
    this.#acked = ack
    this.#allowed = right
  }

  #checkStates(): void {
    for (const event of this.#log.events) {
      if (!isState(event)) continue
      const legal = event.to === 'CLOSED' || LEGAL[event.from]?.includes(event.to)
      assert.ok(legal, `${event.from} → ${event.to} (${event.why})`)
    }
  }
}

function isState(event: Event): event is TcpStateEvent {
  return event.type === 'tcp.state'
}
