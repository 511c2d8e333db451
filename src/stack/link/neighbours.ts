/**
 * The neighbours of one interface: which MAC address an IP address on the link has, kept as the state machine of RFC 4861
 * §7.3, which Linux applies to ARP too. How a neighbour is asked is the family's own business: ARP, or neighbour
 * solicitations.
 */
import type { Nanos } from '../../base/clock.ts'
import { type Ip, ipKey } from '../../base/ip6.ts'
import type { Task } from '../../base/schedule.ts'
import type { Mac } from '../../wire/ethernet.ts'
import type { Frame } from '../frames.ts'
import type { StackLimits } from '../limits.ts'
import type { Timers } from '../timers.ts'

export type NeighbourState = 'incomplete' | 'reachable' | 'stale' | 'delay' | 'probe' | 'failed'

/** What the neighbours of an interface need of who is around them. */
export interface NeighbourHost {
  readonly limits: StackLimits
  readonly timers: Timers
  /** Asks for the MAC address of a neighbour: everybody, or (`at`) the one who was known to have it. */
  ask(neighbour: Ip, at: Mac | null): void
  /** Sends a packet in a frame to that MAC address. */
  send(frame: Frame, to: Mac): void
  /** Nobody answered for the next hop of these packets. */
  unreachable(frames: readonly Frame[]): void
  /** A packet was given up for a later one to the same neighbour. */
  overflowed(frame: Frame): void
}

export class Neighbour implements Task {
  readonly address: Ip
  state: NeighbourState = 'incomplete'
  mac: Mac = 0
  /** Until when `reachable` holds; then it is stale, which is noticed at the next use: no timer runs for idle ones. */
  reachableUntil: Nanos = 0
  readonly #host: NeighbourHost
  #waiting: Frame[] = []
  #tries = 0
  #slot = -1

  constructor(host: NeighbourHost, address: Ip) {
    this.#host = host
    this.address = address
  }

  /** Sends the packet, or keeps it until the address is known. */
  send(frame: Frame): void {
    const { timers, limits } = this.#host
    if (this.state === 'reachable' && timers.now() >= this.reachableUntil) this.state = 'stale'
    if (this.state === 'failed' && timers.now() >= this.reachableUntil) this.state = 'incomplete'
    switch (this.state) {
      case 'incomplete':
        this.#keep(frame)
        if (this.#slot < 0) this.#ask(null)
        return
      case 'failed':
        this.#host.unreachable([frame])
        return
      case 'stale':
        // RFC 4861 §7.3.3: use it, and find out a little later whether it still holds.
        this.state = 'delay'
        this.#arm(limits.neighbourDelay)
    }
    this.#host.send(frame, this.mac)
  }

  /** It was heard from: it said so itself, or (`confirmed`) it answered a question of ours. */
  heard(mac: Mac, confirmed: boolean): void {
    const known = this.state !== 'incomplete' && this.state !== 'failed'
    if (confirmed || !known || mac !== this.mac) {
      // RFC 4861 §7.2.3: an address learnt unasked is good for use, and has still to be confirmed.
      this.state = confirmed ? 'reachable' : 'stale'
      this.#hold()
    }
    this.mac = mac
    const waiting = this.#waiting
    this.#waiting = []
    for (const frame of waiting) this.send(frame)
  }

  /** RFC 4861 §7.3.1: progress of a connection shows that packets arrive, so nobody need be asked. */
  confirm(): void {
    if (this.state === 'incomplete' || this.state === 'failed') return
    this.state = 'reachable'
    this.#hold()
  }

  #hold(): void {
    this.reachableUntil = this.#host.timers.now() + this.#host.limits.neighbourReachable
    this.#tries = 0
    this.#disarm()
  }

  /** Its timer. */
  run(): void {
    this.#slot = -1
    const { limits, timers } = this.#host
    if (this.state === 'delay') this.state = 'probe'
    if (this.#tries < limits.neighbourTries) {
      this.#ask(this.state === 'probe' ? this.mac : null)
      return
    }
    this.state = 'failed'
    this.#tries = 0
    this.reachableUntil = timers.now() + limits.neighbourFailed
    const waiting = this.#waiting
    this.#waiting = []
    if (waiting.length > 0) this.#host.unreachable(waiting)
  }

  forget(): void {
    this.#disarm()
    for (const frame of this.#waiting) this.#host.overflowed(frame)
    this.#waiting = []
  }

  /** RFC 1122 §2.3.2.2: keep the latest packets. */
  #keep(frame: Frame): void {
    if (this.#waiting.length >= this.#host.limits.neighbourQueue) this.#host.overflowed(this.#waiting.shift()!)
    this.#waiting.push(frame)
  }

  #ask(at: Mac | null): void {
    this.#tries++
    this.#host.ask(this.address, at)
    this.#arm(this.#host.limits.neighbourRetry)
  }

  #arm(delay: Nanos): void {
    this.#disarm()
    this.#slot = this.#host.timers.at(this.#host.timers.now() + delay, this)
  }

  #disarm(): void {
    if (this.#slot >= 0) this.#host.timers.cancel(this.#slot)
    this.#slot = -1
  }
}

export class Neighbours {
  readonly #host: NeighbourHost
  /** Least recently made first. */
  readonly #table = new Map<number | string, Neighbour>()

  constructor(host: NeighbourHost) {
    this.#host = host
  }

  get size(): number {
    return this.#table.size
  }

  [Symbol.iterator](): IterableIterator<Neighbour> {
    return this.#table.values()
  }

  /** The entry for an address on the link, made when there is none. */
  of(address: Ip): Neighbour {
    const key = ipKey(address)
    const known = this.#table.get(key)
    if (known !== undefined) return known
    if (this.#table.size >= this.#host.limits.neighbours) {
      const [oldest, entry] = this.#table.entries().next().value!
      entry.forget()
      this.#table.delete(oldest)
    }
    const made = new Neighbour(this.#host, address)
    this.#table.set(key, made)
    return made
  }

  /** The entry for an address, if there is one. */
  known(address: Ip): Neighbour | undefined {
    return this.#table.get(ipKey(address))
  }

  /** Sends without asking anybody: to a group, or to everybody. */
  sendTo(frame: Frame, mac: Mac): void {
    this.#host.send(frame, mac)
  }
}
