/**
 * A link: two directions, each with a latency, a rate, a queue in front of it and its own misfortunes. One event per
 * frame and hop: when a frame leaves the queue is known when it enters, because the line before it is.
 */
import type { Nanos } from '../../base/clock.ts'
import { type Duration, ms, ns, requireDuration } from '../../base/duration.ts'
import type { EventLog } from '../../base/events.ts'
import { fnv1aText } from '../../base/hash.ts'
import type { Random } from '../../base/random.ts'
import type { Task } from '../../base/schedule.ts'
import { type Device, type DeviceOwner, PLAIN, type ReceiveMeta } from '../../stack/device.ts'
import type { Mac } from '../../wire/ethernet.ts'
import { SimError } from '../errors.ts'
import type { LinkDroppedEvent, LinkSentEvent } from '../events.ts'
import type { Rules, Verdict } from '../faults/rule.ts'
import { MIN_MTU, MTU, type SimLimits } from '../limits.ts'
import type { World } from '../time/world.ts'
import { Backlog } from './backlog.ts'
import { Chances, MISFORTUNE } from './chance.ts'
import { type Rate, requireRate } from './rate.ts'

/** The weather of one direction. Everything absent is perfect: no delay, no loss, no limit. */
export interface Weather {
  /** From the last bit sent to the last bit received. */
  readonly latency?: Duration
  /** Up to so much more latency, uniform; frames stay in order. */
  readonly jitter?: Duration
  /** The share of frames that never arrive, 0 to 1. */
  readonly loss?: number
  /** The share of frames that fall behind those sent after them, by up to `latency + jitter`, at least 1 ms. */
  readonly reorder?: number
  /** The share of frames that arrive twice. */
  readonly duplicate?: number
  /** The share of frames that arrive with one bit turned. */
  readonly corrupt?: number
  /** `mbit(10)`: bits a second, counted over the frame's bytes. */
  readonly rate?: Rate
  /** What may wait for a link with a rate; what comes on top is dropped (drop-tail). Default 1,000 packets. */
  readonly queue?: { readonly packets?: number; readonly bytes?: number }
}

/** A link's name and MTU, its weather, and other weather for the way back. */
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
  readonly limits: SimLimits
  /** The number of the next frame. */
  nextId: number
}

/** A machine at the end of a link, as far as the link is concerned. */
export interface LinkNode {
  readonly name: string
  /** False while it is crashed. */
  readonly up: boolean
  /** Why it takes no frame: 'host down', 'host paused'; null when it does. */
  readonly refusal: string | null
}

/** A way through a link: 'forth' from the end that was named first to the second, 'back' from the second to the first. */
export type Way = 'forth' | 'back'

/** One end of a link: the device that a stack stands on. */
export class LinkEnd implements Device {
  readonly medium = 'ethernet'
  readonly name: string
  readonly mac: Mac
  readonly node: LinkNode
  readonly link: Link
  /** `laptop:eth0`. */
  readonly label: string
  readonly capabilities = PLAIN
  #owner: DeviceOwner | null = null
  #out!: Direction
  readonly #meta: { -readonly [name in keyof ReceiveMeta]: ReceiveMeta[name] } = {
    at: 0,
    checksum: 'unknown',
    gsoSize: 0,
    id: null,
  }

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

  attach(owner: DeviceOwner): void {
    this.#owner = owner
  }

  /** A frame has come to this end. @param id its number; null when nobody watches */
  deliver(frame: Uint8Array, id: number | null, now: Nanos): void {
    this.#meta.at = now
    this.#meta.id = id
    this.#owner?.received(frame, this.#meta)
  }
}

/** Where an end plugs in. */
export interface Plug {
  readonly node: LinkNode
  readonly name: string
  readonly mac: Mac
}

/**
 * A cable between two machines, or a machine and a LAN. Made by `Internet.link`; its weather can change while it runs,
 * and it can be cut.
 */
export class Link {
  readonly name: string
  readonly mtu: number
  readonly a: LinkEnd
  readonly b: LinkEnd

  constructor(fabric: Fabric, random: Random, a: Plug, b: Plug, options: LinkOptions) {
    this.name = options.name ?? `${a.node.name}--${b.node.name}`
    this.mtu = options.mtu ?? MTU
    if (!(this.mtu >= MIN_MTU && this.mtu <= 65_535))
      throw new SimError('SIM_LINK', `link ${this.name}: mtu must be from ${MIN_MTU} to 65535, not ${options.mtu}`)
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

  /** Whether both ways are open. */
  get up(): boolean {
    return this.a.out.up && this.b.out.up
  }

  /**
   * Pulls the cable: what is under way still arrives, what is sent is dropped as 'link down'.
   * @param way only this way; the other stays open
   */
  cut(way?: Way): void {
    for (const direction of this.#ways(way)) direction.up = false
  }

  /** Puts the cable back, both ways or one. */
  repair(way?: Way): void {
    for (const direction of this.#ways(way)) direction.up = true
  }

  #ways(way: Way | undefined): readonly Direction[] {
    if (way === undefined) return [this.a.out, this.b.out]
    if (way !== 'forth' && way !== 'back')
      throw new SimError('SIM_LINK', `link ${this.name}: a way is 'forth' or 'back', not ${JSON.stringify(way)}`)
    return [way === 'forth' ? this.a.out : this.b.out]
  }
}

/** One way through a link. */
export class Direction implements Task {
  /** False: what is sent this way is dropped. */
  up = true
  readonly #fabric: Fabric
  readonly #from: LinkEnd
  readonly #to: LinkEnd
  readonly #chances: Chances
  readonly #backlog = new Backlog()
  #weather: Required<Omit<Weather, 'queue'>> = CALM
  #packets: number
  #bytes = Number.POSITIVE_INFINITY
  /** Whether anything but latency and rate has to be decided. */
  #capricious = false
  /** Frames handed over so far. */
  #count = 0
  /** The sender is busy until then. */
  #busyUntil: Nanos = 0
  #lastArrival: Nanos = 0

  constructor(fabric: Fabric, from: LinkEnd, to: LinkEnd, random: Random, weather: Weather) {
    this.#fabric = fabric
    this.#from = from
    this.#to = to
    this.#chances = new Chances(random)
    this.#packets = fabric.limits.queuePackets
    this.change(weather)
  }

  get latency(): Nanos {
    return this.#weather.latency
  }

  /** @throws RangeError, SimError for what no link can be; the weather then stays as it was */
  change(weather: Weather): void {
    const next = { ...this.#weather, ...weather }
    const { loss, reorder, duplicate, corrupt, jitter, latency, rate } = next
    const what = `link ${this.#from.link.name}`
    for (const [name, share] of Object.entries({ loss, reorder, duplicate, corrupt }))
      if (!(share >= 0 && share <= 1))
        throw new SimError('SIM_LINK', `${what}: ${name} must be a share from 0 to 1, not ${share}`)
    for (const [name, time] of Object.entries({ jitter, latency }))
      if (!Number.isInteger(requireDuration(`${what}: ${name}`, time)))
        throw new SimError('SIM_LINK', `${what}: ${name} ${time} must be a whole number of nanoseconds, as ms(5) gives`)
    requireRate(`${what}: rate`, rate)
    this.#weather = next
    if (weather.queue !== undefined) {
      this.#packets = weather.queue.packets ?? Number.POSITIVE_INFINITY
      this.#bytes = weather.queue.bytes ?? Number.POSITIVE_INFINITY
    }
    this.#capricious = loss > 0 || reorder > 0 || duplicate > 0 || corrupt > 0 || jitter > 0
  }

  transmit(frame: Uint8Array): void {
    const { world, rules, log } = this.#fabric
    const now = world.now
    if (!this.#from.node.up) return
    const id = this.#fabric.nextId++
    const number = ++this.#count
    if (!this.up) {
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
    } else this.#capriciously({ id, number, frame, departs, queued }, arrives)
  }

  #capriciously(sent: Sent, earliest: Nanos): void {
    const { id, number, frame, departs, queued } = sent
    const { loss, corrupt } = this.#weather
    const chances = this.#chances
    let arrives = this.#arrival(number, earliest)
    const verdict = this.#judge(sent)
    const kind = verdict === 'pass' ? 'pass' : verdict.kind
    if (verdict !== 'pass' && verdict.kind === 'deliver after') arrives += verdict.delay
    if (verdict !== 'pass' && verdict.kind === 'hold') {
      const under = arrives - this.#fabric.world.now
      verdict.by.keep(() => this.#deliver(id, frame, departs, this.#fabric.world.now + under, queued))
      return
    }
    if (verdict !== 'pass' && verdict.kind === 'drop') {
      this.#lost(sent, arrives, verdict.reason)
      return
    }
    if (loss > 0 && chances.share(number, MISFORTUNE.loss) < loss) {
      this.#lost(sent, arrives, 'loss')
      return
    }
    const spoiled = kind === 'corrupt' || (corrupt > 0 && chances.share(number, MISFORTUNE.corrupt) < corrupt)
    const bit = spoiled ? chances.below(frame.length * 8, number, MISFORTUNE.bit) : 0
    this.#deliver(id, spoiled ? oneBitTurned(frame, bit) : frame, departs, arrives, queued)
    for (let copies = this.#copies(number, verdict); copies > 0; copies--)
      this.#deliver(this.#fabric.nextId++, frame, departs, arrives, queued)
  }

  /** When the frame arrives: later by its jitter, and behind others when that is its chance. */
  #arrival(number: number, earliest: Nanos): Nanos {
    const { reorder, jitter, latency } = this.#weather
    const chances = this.#chances
    let arrives = earliest
    if (jitter > 0) arrives += chances.below(jitter + 1, number, MISFORTUNE.jitter)
    if (reorder > 0 && chances.share(number, MISFORTUNE.reorder) < reorder) {
      const furthest = Math.max(latency + jitter, REORDER_AT_LEAST)
      return Math.max(arrives, this.#lastArrival) + chances.below(furthest, number, MISFORTUNE.behind)
    }
    return (this.#lastArrival = Math.max(this.#lastArrival, arrives))
  }

  #copies(number: number, verdict: Verdict): number {
    const { duplicate } = this.#weather
    const asked = verdict !== 'pass' && verdict.kind === 'duplicate' ? verdict.copies : 0
    return duplicate > 0 && this.#chances.share(number, MISFORTUNE.duplicate) < duplicate ? asked + 1 : asked
  }

  #judge({ id, number, frame }: Sent): Verdict {
    const { rules, world } = this.#fabric
    if (rules.size === 0) return 'pass'
    const { link, node } = this.#from
    return rules.judge({
      id,
      number,
      at: world.now,
      link: link.name,
      way: this.#from === link.a ? 'forth' : 'back',
      fromHost: node.name,
      toHost: this.#to.node.name,
      frame,
      chance: (label) => this.#chances.share(number, fnv1aText(label)),
    })
  }

  #deliver(id: number, frame: Uint8Array, departs: Nanos, arrives: Nanos, queued: number): void {
    if (this.#fabric.log.on) this.#sent(id, frame, departs, arrives, queued)
    this.#fabric.world.schedule.add(arrives, this, new Flight(id, frame))
  }

  /** The cable took it, the other end never sees it. */
  #lost({ id, frame, departs, queued }: Sent, arrives: Nanos, reason: string): void {
    if (this.#fabric.log.on) this.#sent(id, frame, departs, arrives, queued)
    this.#dropped(id, frame, reason)
  }

  /** A frame arrives. */
  run(argument: unknown): void {
    const flight = argument instanceof Flight ? argument : null
    const frame = flight === null ? (argument as Uint8Array) : flight.frame
    const { refusal } = this.#to.node
    if (refusal === null) this.#to.deliver(frame, flight === null ? null : flight.id, this.#fabric.world.now)
    else this.#dropped(flight === null ? -1 : flight.id, frame, refusal)
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

/** A frame that has been handed over. */
interface Sent {
  readonly id: number
  /** Counts the frames that went this way. */
  readonly number: number
  readonly frame: Uint8Array
  readonly departs: Nanos
  readonly queued: number
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

const CALM: Required<Omit<Weather, 'queue'>> = {
  latency: ns(0),
  jitter: ns(0),
  loss: 0,
  reorder: 0,
  duplicate: 0,
  corrupt: 0,
  rate: Number.POSITIVE_INFINITY as Rate,
}

/** A link without latency can still reorder. */
const REORDER_AT_LEAST = ms(1)

function oneBitTurned(frame: Uint8Array, bit: number): Uint8Array {
  const copy = frame.slice()
  copy[bit >>> 3] = copy[bit >>> 3]! ^ (1 << (bit & 7))
  return copy
}
