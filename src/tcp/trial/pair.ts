/** Two Tcbs on a virtual link that loses, reorders and doubles, for tests and measurements. Deterministic by its seed. */
import { MILLISECOND, type Nanos } from '../../base/clock.ts'
import type { ErrorCode } from '../../base/errors.ts'
import { type EventLog, silent } from '../../base/events.ts'
import { SeededRandom, unit } from '../../base/random.ts'
import type { TcpSegment } from '../../wire/tcp.ts'
import type { TcbConfig } from '../block.ts'
import type { TcbOwner } from '../life/owner.ts'
import { resetFor } from '../open/reset.ts'
import { type TcpSettings, tcpSettings } from '../settings.ts'
import { Tcb } from '../tcb.ts'

/** A program stops writing while so much waits. */
const ENOUGH = 64 * 1024
const CHUNK = 20_000

export interface Weather {
  readonly seed: string | number
  /** Probability that a segment is lost, by direction alike. */
  readonly loss?: number
  readonly duplicate?: number
  /** Probability that a segment is held back by up to ten times the latency. */
  readonly reorder?: number
  readonly latency?: Nanos
  readonly log?: EventLog
}

/** One side: writes `toSend` as fast as it is taken, then closes; reads at its own pace. */
export class Endpoint implements TcbOwner {
  tcb!: Tcb
  readonly toSend: Uint8Array
  readonly received: Uint8Array
  receivedLength = 0
  #written = 0
  ended = false
  closed: ErrorCode | null | undefined
  /** Most that was ever unread. */
  peakUnread = 0
  /** false: bytes stay unread until `read`. */
  eager = true

  constructor(toSend: Uint8Array, expected: number) {
    this.toSend = toSend
    this.received = new Uint8Array(expected)
  }

  /** Writes as long as little waits, and closes after the last byte. */
  write(now: Nanos): void {
    if (!this.tcb.life.synchronized || this.tcb.snd.finished) return
    while (this.#written < this.toSend.length && this.tcb.unsent < ENOUGH) {
      const part = this.toSend.subarray(this.#written, this.#written + CHUNK)
      if (!this.tcb.send(part)) return
      this.#written += part.length
    }
    if (this.#written === this.toSend.length) this.tcb.shutdown(now)
  }

  read(count = Number.POSITIVE_INFINITY): void {
    this.peakUnread = Math.max(this.peakUnread, this.tcb.rcv.inbox.bytes + this.tcb.rcv.reassembly.size)
    for (let left = count; left > 0; ) {
      const bytes = this.tcb.read()
      if (bytes === null) break
      if (this.receivedLength + bytes.length > this.received.length) throw new Error('more arrived than was sent')
      this.received.set(bytes, this.receivedLength)
      this.receivedLength += bytes.length
      left -= bytes.length
    }
    if (this.tcb.ended) this.ended = true
  }

  arrived(): void {
    this.read(this.eager ? Number.POSITIVE_INFINITY : 0)
  }

  onState(): void {}

  onClosed(error: ErrorCode | null): void {
    this.closed = error
  }
}

interface Flight {
  readonly at: Nanos
  readonly order: number
  readonly to: Endpoint
  readonly segment: TcpSegment
}

export class Pair {
  now: Nanos = 0
  readonly client: Endpoint
  readonly server: Endpoint
  segments = 0
  readonly #random: SeededRandom
  readonly #weather: Weather
  readonly #settings: Partial<TcpSettings>[]
  readonly #flights: Flight[] = []
  #order = 0
  #opened = false

  constructor(weather: Weather, client: Endpoint, server: Endpoint, settings: Partial<TcpSettings>[] = []) {
    this.#random = new SeededRandom(weather.seed)
    this.#weather = weather
    this.#settings = settings
    this.client = client
    this.server = server
    client.tcb = Tcb.connect(this.#config(client, 0), 0)
  }

  #config(owner: Endpoint, side: 0 | 1): TcbConfig {
    return {
      localPort: side === 0 ? 1 : 2,
      remotePort: side === 0 ? 2 : 1,
      mss: 1460,
      iss: this.#random.u32(),
      owner,
      label: {
        log: this.#weather.log ?? silent,
        host: side === 0 ? 'client' : 'server',
        connection: side === 0 ? 'client:1>server:2' : 'server:2>client:1',
      },
      settings: tcpSettings(this.#settings[side]),
    }
  }

  /** Changes what is sent, or says null to lose it. */
  mangle: (segment: TcpSegment, to: Endpoint) => TcpSegment | null = (segment) => segment

  #transmit(to: Endpoint, segment: TcpSegment): void {
    this.segments++
    const { loss = 0, duplicate = 0, reorder = 0, latency = 10 * MILLISECOND } = this.#weather
    const mangled = this.mangle(segment, to)
    if (mangled === null || unit(this.#random) < loss) return
    const copies = unit(this.#random) < duplicate ? 2 : 1
    for (let i = 0; i < copies; i++) {
      const late = unit(this.#random) < reorder ? Math.floor(unit(this.#random) * 10 * latency) : 0
      this.#enqueue({ at: this.now + latency + late, order: this.#order++, to, segment: mangled })
    }
  }

  /** By time, then by order: from the end, since most go last. */
  #enqueue(flight: Flight): void {
    let at = this.#flights.length
    while (at > 0 && this.#flights[at - 1]!.at > flight.at) at--
    this.#flights.splice(at, 0, flight)
  }

  poll(side: Endpoint): void {
    if (side.tcb === undefined) return
    side.write(this.now)
    const to = side === this.client ? this.server : this.client
    side.tcb.poll(this.now, (segment) => {
      this.#transmit(to, segment)
    })
  }

  #deliver(flight: Flight): void {
    if (flight.to === this.server && !this.#opened) {
      if (flight.segment.flags !== 2) return
      this.#opened = true
      this.server.tcb = Tcb.accept(this.#config(this.server, 1), flight.segment, this.now)
    } else if (flight.to.tcb.dead) {
      // As a host does for a connection that it has forgotten.
      const reset = resetFor(flight.segment)
      if (reset !== null) this.#transmit(flight.to === this.client ? this.server : this.client, reset)
    } else {
      flight.to.tcb.segmentArrived(flight.segment, { at: this.now, ecn: 0, segments: 1 }, this.now)
      flight.to.arrived()
    }
    this.poll(flight.to)
  }

  /** When the next thing happens. */
  next(): Nanos {
    const flight = this.#flights[0]?.at ?? Number.POSITIVE_INFINITY
    return Math.min(flight, this.client.tcb.deadline(), this.server.tcb?.deadline() ?? Number.POSITIVE_INFINITY)
  }

  /** One event. False when nothing will ever happen again. */
  step(): boolean {
    const at = this.next()
    if (at === Number.POSITIVE_INFINITY) return false
    this.now = Math.max(this.now, at)
    const flight = this.#flights[0]
    if (flight !== undefined && flight.at <= this.now) {
      this.#flights.shift()
      this.#deliver(flight)
    } else {
      this.poll(this.client)
      this.poll(this.server)
    }
    return true
  }

  /** Runs until both have closed, or nothing moves any more, or `limit` has passed. */
  run(limit: Nanos, every: () => void = () => {}): void {
    while (this.now < limit && (this.client.closed === undefined || this.server.closed === undefined)) {
      if (!this.step()) return
      every()
    }
  }
}
