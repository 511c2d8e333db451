/**
 * A link: two directions, each with a latency, a rate, a queue in front of it and its own misfortunes. One event per
 * frame and hop: when a frame leaves the queue is known when it enters, because the line before it is.
 */
import type { Nanos } from '../../base/clock.ts'
import type { EventLog } from '../../base/events.ts'
import { below, type Random, unit } from '../../base/random.ts'
import type { Task } from '../../base/schedule.ts'
import type { Device } from '../../stack/device.ts'
import type { Mac } from '../../wire/ethernet.ts'
import type { LinkDroppedEvent, LinkSentEvent } from '../events.ts'
import type { Rules, Verdict } from '../faults/rule.ts'
import { MIN_MTU, MTU, QUEUE_PACKETS } from '../limits.ts'
import type { World } from '../time/world.ts'
import { Backlog } from './backlog.ts'

/** The weather of one direction. Everything absent is perfect: no delay, no loss, no limit. */
export interface Weather {
  /** From the last bit sent to the last bit received. */
  readonly latency?: Nanos
  /** Up to so much more latency, uniform; frames stay in order. */
  readonly jitter?: Nanos
  /** The share of frames that never arrive, 0 to 1. */
  readonly loss?: number
  /** The share of frames that fall behind those sent after them, by up to `latency + jitter`, at least 1 ms. */
  readonly reorder?: number
  /** The share of frames that arrive twice. */
  readonly duplicate?: number
  /** The share of frames that arrive with one bit turned. */
  readonly corrupt?: number
  /** Bits a second, counted over the frame's bytes. */
  readonly rate?: number
  /** What may wait for a link with a rate; what comes on top is dropped (drop-tail). Default 1,000 packets. */
  readonly queue?: { readonly packets?: number; readonly bytes?: number }
}

export interface LinkOptions extends Weather {
  /** Default `a--b`. */
  readonly name?: string
  /** The longest IP packet; default 1500. */
  readonly mtu?: number
  /** What is different on the way from the second end to the first. */
  readonly back?: Weather
}

/** What the links of one simulation share. */
export interface Fabric {
  readonly world: World
  readonly log: EventLog
  readonly rules: Rules
  /** The number of the next frame. */
  nextId: number
}

/** A machine at the end of a link, as far as the link is concerned. */
export interface LinkNode {
  readonly name: string
  /** False while it is crashed. */
  readonly up: boolean
}

/** One end of a link: the device that a stack stands on. */
export class LinkEnd implements Device {
  readonly medium = 'ethernet'
  readonly name: string
  readonly mac: Mac
  readonly node: LinkNode
  readonly link: Link
  /** `laptop:eth0`. */
  readonly label: string
  receive: (frame: Uint8Array) => void = () => {}
  #out!: Direction

  constructor(link: Link, node: LinkNode, name: string, mac: Mac) {
    this.link = link
    this.node = node
    this.name = name
    this.mac = mac
    this.label = `${node.name}:${name}`
  }

  get mtu(): number {
    return this.link.mtu
  }

  get peer(): LinkEnd {
    return this === this.link.a ? this.link.b : this.link.a
  }

  /** The direction that leaves here. */
  get out(): Direction {
    return this.#out
  }

  sendsThrough(direction: Direction): void {
    this.#out = direction
  }

  transmit(frame: Uint8Array): void {
    this.#out.transmit(frame)
  }

  attach(receive: (frame: Uint8Array) => void): void {
    this.receive = receive
  }
}

/** Where an end plugs in. */
export interface Plug {
  readonly node: LinkNode
  readonly name: string
  readonly mac: Mac
}

export class Link {
  readonly name: string
  readonly mtu: number
  readonly a: LinkEnd
  readonly b: LinkEnd
  /** False: the cable is pulled. */
  up = true

  constructor(fabric: Fabric, random: Random, a: Plug, b: Plug, options: LinkOptions) {
    this.name = options.name ?? `${a.node.name}--${b.node.name}`
    this.mtu = options.mtu ?? MTU
    if (!(this.mtu >= MIN_MTU && this.mtu <= 65_535))
      throw new RangeError(`link ${this.name}: mtu ${options.mtu} is outside ${MIN_MTU}..65535`)
    const { back, name: _name, mtu: _mtu, ...forth } = options
    this.a = new LinkEnd(this, a.node, a.name, a.mac)
    this.b = new LinkEnd(this, b.node, b.name, b.mac)
    this.a.sendsThrough(new Direction(fabric, this.a, this.b, random.fork('forth'), forth))
    this.b.sendsThrough(new Direction(fabric, this.b, this.a, random.fork('back'), { ...forth, ...back }))
  }

  /** Changes the weather from now on, both ways; `back` as in `LinkOptions`. */
  weather(weather: Weather & { readonly back?: Weather }): void {
    const { back, ...forth } = weather
    this.a.out.change(forth)
    this.b.out.change({ ...forth, ...back })
  }

  /** Pulls the cable: what is under way still arrives, what is sent is dropped as 'link down'. */
  cut(): void {
    this.up = false
  }

  repair(): void {
    this.up = true
  }
}

/** One way through a link. */
export class Direction implements Task {
  readonly #fabric: Fabric
  readonly #from: LinkEnd
  readonly #to: LinkEnd
  readonly #random: Random
  readonly #backlog = new Backlog()
  #weather!: Required<Omit<Weather, 'queue'>>
  #packets = QUEUE_PACKETS
  #bytes = Number.POSITIVE_INFINITY
  /** Whether anything but latency and rate has to be decided. */
  #capricious = false
  /** The sender is busy until then. */
  #busyUntil: Nanos = 0
  #lastArrival: Nanos = 0

  constructor(fabric: Fabric, from: LinkEnd, to: LinkEnd, random: Random, weather: Weather) {
    this.#fabric = fabric
    this.#from = from
    this.#to = to
    this.#random = random
    this.change(weather)
  }

  get latency(): Nanos {
    return this.#weather.latency
  }

  change(weather: Weather): void {
    this.#weather = { ...CALM, ...this.#weather, ...weather }
    const { loss, reorder, duplicate, corrupt, jitter, latency, rate } = this.#weather
    for (const [name, share] of Object.entries({ loss, reorder, duplicate, corrupt }))
      if (!(share >= 0 && share <= 1))
        throw new RangeError(`link ${this.#from.link.name}: ${name} ${share} is outside 0..1`)
    for (const [name, time] of Object.entries({ jitter, latency }))
      if (!(time >= 0 && Number.isInteger(time)))
        throw new RangeError(
          `link ${this.#from.link.name}: ${name} ${time} is not a whole number of nanoseconds, as ms(5) gives`,
        )
    if (!(rate > 0)) throw new RangeError(`link ${this.#from.link.name}: rate ${rate} is not above 0 bit/s`)
    if (weather.queue !== undefined) {
      this.#packets = weather.queue.packets ?? Number.POSITIVE_INFINITY
      this.#bytes = weather.queue.bytes ?? Number.POSITIVE_INFINITY
    }
    this.#capricious = loss > 0 || reorder > 0 || duplicate > 0 || corrupt > 0 || jitter > 0
  }

  transmit(frame: Uint8Array): void {
    const { world, rules, log } = this.#fabric
    const now = world.now
    const id = this.#fabric.nextId++
    if (!this.#from.node.up) return
    if (!this.#from.link.up) {
      this.#dropped(id, frame, 'link down')
      return
    }
    this.#backlog.forget(now)
    const departs = Math.max(now, this.#busyUntil)
    const queued = this.#backlog.bytes
    if (departs > now && (this.#backlog.packets >= this.#packets || queued + frame.length > this.#bytes)) {
      this.#dropped(id, frame, 'queue full')
      return
    }
    const { rate, latency } = this.#weather
    let arrives = departs + latency
    if (rate !== Number.POSITIVE_INFINITY) {
      this.#busyUntil = departs + Math.ceil((frame.length * 8e9) / rate)
      arrives = this.#busyUntil + latency
      if (departs > now) this.#backlog.add(departs, frame.length)
    }
    if (!this.#capricious && rules.size === 0) {
      arrives = this.#lastArrival = Math.max(this.#lastArrival, arrives)
      if (log.on) this.#deliver(id, frame, departs, arrives, queued)
      else world.schedule.add(arrives, this, frame)
    } else this.#capriciously(id, frame, departs, arrives, queued)
  }

  #capriciously(id: number, frame: Uint8Array, departs: Nanos, earliest: Nanos, queued: number): void {
    const { loss, reorder, duplicate, corrupt, jitter, latency } = this.#weather
    const random = this.#random
    let arrives = earliest
    if (jitter > 0) arrives += below(random, Math.min(jitter, 0xffff_ffff) + 1)
    if (reorder > 0 && unit(random) < reorder)
      arrives =
        Math.max(arrives, this.#lastArrival) + Math.floor(unit(random) * Math.max(latency + jitter, REORDER_AT_LEAST))
    else arrives = this.#lastArrival = Math.max(this.#lastArrival, arrives)
    const verdict = this.#judge(id, frame)
    if (verdict !== 'pass' && verdict.kind === 'deliver after') arrives += verdict.delay
    if (verdict !== 'pass' && verdict.kind === 'hold') {
      const under = arrives - this.#fabric.world.now
      verdict.by.keep(() => this.#deliver(id, frame, departs, this.#fabric.world.now + under, queued))
      return
    }
    if (verdict !== 'pass' && verdict.kind === 'drop') {
      this.#lost(id, frame, departs, arrives, queued, verdict.reason)
      return
    }
    if (loss > 0 && unit(random) < loss) {
      this.#lost(id, frame, departs, arrives, queued, 'loss')
      return
    }
    const spoiled = (corrupt > 0 && unit(random) < corrupt) || (verdict !== 'pass' && verdict.kind === 'corrupt')
    this.#deliver(id, spoiled ? oneBitTurned(frame, random) : frame, departs, arrives, queued)
    let copies = verdict !== 'pass' && verdict.kind === 'duplicate' ? verdict.copies : 0
    if (duplicate > 0 && unit(random) < duplicate) copies++
    for (; copies > 0; copies--) this.#deliver(this.#fabric.nextId++, frame, departs, arrives, queued)
  }

  #judge(id: number, frame: Uint8Array): Verdict {
    const { rules, world } = this.#fabric
    if (rules.size === 0) return 'pass'
    const fromHost = this.#from.node.name
    const toHost = this.#to.node.name
    return rules.judge({ id, at: world.now, link: this.#from.link.name, fromHost, toHost, frame })
  }

  #deliver(id: number, frame: Uint8Array, departs: Nanos, arrives: Nanos, queued: number): void {
    if (this.#fabric.log.on) this.#sent(id, frame, departs, arrives, queued)
    this.#fabric.world.schedule.add(arrives, this, new Flight(id, frame))
  }

  /** The cable took it, the other end never sees it. */
  #lost(id: number, frame: Uint8Array, departs: Nanos, arrives: Nanos, queued: number, reason: string): void {
    if (this.#fabric.log.on) this.#sent(id, frame, departs, arrives, queued)
    this.#dropped(id, frame, reason)
  }

  /** A frame arrives. */
  run(argument: unknown): void {
    const frame = argument instanceof Flight ? argument.frame : (argument as Uint8Array)
    if (this.#to.node.up) this.#to.receive(frame)
    else this.#dropped(argument instanceof Flight ? argument.id : -1, frame, 'host down')
  }

  #sent(id: number, frame: Uint8Array, departs: Nanos, arrives: Nanos, queued: number): void {
    const event: LinkSentEvent = {
      type: 'link.sent',
      at: this.#fabric.world.now,
      host: this.#from.node.name,
      id,
      link: this.#from.link.name,
      from: this.#from.label,
      to: this.#to.label,
      toHost: this.#to.node.name,
      departs,
      arrives,
      frame,
      queued,
    }
    this.#fabric.log.emit(event)
  }

  #dropped(id: number, frame: Uint8Array, reason: string): void {
    if (!this.#fabric.log.on) return
    const event: LinkDroppedEvent = {
      type: 'link.dropped',
      at: this.#fabric.world.now,
      host: this.#from.node.name,
      id,
      link: this.#from.link.name,
      from: this.#from.label,
      to: this.#to.label,
      toHost: this.#to.node.name,
      frame,
      reason,
    }
    this.#fabric.log.emit(event)
  }
}

/** A frame under way whose number matters: somebody watches. */
class Flight {
  readonly id: number
  readonly frame: Uint8Array

  constructor(id: number, frame: Uint8Array) {
    this.id = id
    this.frame = frame
  }
}

const CALM = {
  latency: 0,
  jitter: 0,
  loss: 0,
  reorder: 0,
  duplicate: 0,
  corrupt: 0,
  rate: Number.POSITIVE_INFINITY,
} as const

/** A link without latency can still reorder. */
const REORDER_AT_LEAST: Nanos = 1_000_000

function oneBitTurned(frame: Uint8Array, random: Random): Uint8Array {
  const copy = frame.slice()
  const bit = below(random, copy.length * 8)
  copy[bit >>> 3] = copy[bit >>> 3]! ^ (1 << (bit & 7))
  return copy
}
