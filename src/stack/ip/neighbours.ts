/**
 * The neighbours of one interface: which MAC address an IP address on the link has, asked for by ARP (RFC 826) and
 * kept as the state machine of RFC 4861 §7.3, which Linux applies to ARP too.
 */
import type { Nanos } from '../../base/clock.ts'
import { IP4_ANY, type Ip4 } from '../../base/ip.ts'
import type { Task } from '../../base/schedule.ts'
import * as arp from '../../wire/arp.ts'
import { isGroup, MAC_BROADCAST, type Mac } from '../../wire/ethernet.ts'
import type { StackLimits } from '../limits.ts'

export type NeighbourState = 'incomplete' | 'reachable' | 'stale' | 'delay' | 'probe' | 'failed'

/** What the neighbours of an interface need of their stack. */
export interface NeighbourHost {
  readonly limits: StackLimits
  now(): Nanos
  at(when: Nanos, task: Task): number
  cancel(slot: number): void
  /** Sends an ARP packet to that MAC address. */
  sendArp(packet: arp.ArpPacket, to: Mac): void
  /** Sends a frame whose link header is still to be written. */
  sendFrame(frame: Uint8Array, to: Mac): void
  /** Nobody answered for the next hop of these frames. */
  unreachable(frames: readonly Uint8Array[]): void
  queueOverflow(): void
  readonly mac: Mac
  sourceFor(neighbour: Ip4): Ip4
  isOwn(address: Ip4): boolean
}

export class Neighbour implements Task {
  readonly address: Ip4
  state: NeighbourState = 'incomplete'
  mac: Mac = 0
  /** Until when `reachable` holds; then it is stale, which is noticed at the next use: no timer runs for idle ones. */
  reachableUntil: Nanos = 0
  readonly #owner: Neighbours
  #waiting: Uint8Array[] = []
  #tries = 0
  #slot = -1

  constructor(owner: Neighbours, address: Ip4) {
    this.#owner = owner
    this.address = address
  }

  /** Sends the frame, or keeps it until the address is known. */
  send(frame: Uint8Array): void {
    const host = this.#owner.host
    if (this.state === 'reachable' && host.now() >= this.reachableUntil) this.state = 'stale'
    if (this.state === 'failed' && host.now() >= this.reachableUntil) this.state = 'incomplete'
    switch (this.state) {
      case 'incomplete':
        this.#keep(frame)
        if (this.#slot < 0) this.#ask(MAC_BROADCAST)
        return
      case 'failed':
        host.unreachable([frame])
        return
      case 'stale':
        // RFC 4861 §7.3.3: use it, and find out a little later whether it still holds.
        this.state = 'delay'
        this.#arm(this.#owner.host.limits.neighbourDelay)
    }
    host.sendFrame(frame, this.mac)
  }

  /** It was heard from: an ARP packet said so, or (`confirmed`) it answered a question of ours. */
  heard(mac: Mac, confirmed: boolean): void {
    const host = this.#owner.host
    const known = this.state !== 'incomplete' && this.state !== 'failed'
    if (confirmed || !known || mac !== this.mac) {
      // RFC 4861 §7.2.3: an address learnt unasked is good for use, and has still to be confirmed.
      this.state = confirmed ? 'reachable' : 'stale'
      this.reachableUntil = host.now() + this.#owner.host.limits.neighbourReachable
      this.#tries = 0
      this.#disarm()
    }
    this.mac = mac
    const waiting = this.#waiting
    this.#waiting = []
    for (const frame of waiting) this.send(frame)
  }

  /** RFC 4861 §7.3.1: progress of a connection shows that packets arrive, so nobody need be asked. */
  confirm(): void {
    if (this.state !== 'stale' && this.state !== 'delay' && this.state !== 'probe' && this.state !== 'reachable') return
    this.state = 'reachable'
    this.reachableUntil = this.#owner.host.now() + this.#owner.host.limits.neighbourReachable
    this.#tries = 0
    this.#disarm()
  }

  /** Its timer. */
  run(): void {
    this.#slot = -1
    if (this.state === 'delay') this.state = 'probe'
    if (this.#tries < this.#owner.host.limits.neighbourTries) {
      this.#ask(this.state === 'probe' ? this.mac : MAC_BROADCAST)
      return
    }
    this.state = 'failed'
    this.#tries = 0
    this.reachableUntil = this.#owner.host.now() + this.#owner.host.limits.neighbourFailed
    const waiting = this.#waiting
    this.#waiting = []
    if (waiting.length > 0) this.#owner.host.unreachable(waiting)
  }

  forget(): void {
    this.#disarm()
    this.#waiting = []
  }

  /** RFC 1122 §2.3.2.2: keep the latest packets. */
  #keep(frame: Uint8Array): void {
    if (this.#waiting.length >= this.#owner.host.limits.neighbourQueue) {
      this.#waiting.shift()
      this.#owner.host.queueOverflow()
    }
    this.#waiting.push(frame)
  }

  #ask(to: Mac): void {
    const host = this.#owner.host
    this.#tries++
    host.sendArp(
      {
        operation: arp.REQUEST,
        senderMac: host.mac,
        senderIp: host.sourceFor(this.address),
        targetMac: 0,
        targetIp: this.address,
      },
      to,
    )
    this.#arm(this.#owner.host.limits.neighbourRetry)
  }

  #arm(delay: Nanos): void {
    this.#disarm()
    this.#slot = this.#owner.host.at(this.#owner.host.now() + delay, this)
  }

  #disarm(): void {
    if (this.#slot >= 0) this.#owner.host.cancel(this.#slot)
    this.#slot = -1
  }
}

export class Neighbours {
  readonly host: NeighbourHost
  /** Least recently made first. */
  readonly #table = new Map<Ip4, Neighbour>()

  constructor(host: NeighbourHost) {
    this.host = host
  }

  get size(): number {
    return this.#table.size
  }

  [Symbol.iterator](): IterableIterator<Neighbour> {
    return this.#table.values()
  }

  /** The entry for an address on the link, made when there is none. */
  of(address: Ip4): Neighbour {
    const known = this.#table.get(address)
    if (known !== undefined) return known
    if (this.#table.size >= this.host.limits.neighbours) {
      const oldest = this.#table.values().next().value!
      oldest.forget()
      this.#table.delete(oldest.address)
    }
    const made = new Neighbour(this, address)
    this.#table.set(address, made)
    return made
  }

  /** Progress was made through this neighbour. */
  confirm(address: Ip4): void {
    this.#table.get(address)?.confirm()
  }

  /** RFC 826, "packet reception". */
  arrived(packet: arp.ArpPacket): void {
    const { host } = this
    const forUs = host.isOwn(packet.targetIp)
    // A group address cannot be a host's own, an own address cannot be another's.
    if (isGroup(packet.senderMac) || host.isOwn(packet.senderIp)) return
    if (packet.senderIp !== IP4_ANY) {
      const known = this.#table.get(packet.senderIp)
      const answer = forUs && packet.operation === arp.REPLY
      if (known !== undefined) known.heard(packet.senderMac, answer)
      else if (forUs && packet.operation === arp.REQUEST) this.of(packet.senderIp).heard(packet.senderMac, false)
    }
    if (!forUs || packet.operation !== arp.REQUEST) return
    host.sendArp(
      {
        operation: arp.REPLY,
        senderMac: host.mac,
        senderIp: packet.targetIp,
        targetMac: packet.senderMac,
        targetIp: packet.senderIp,
      },
      packet.senderMac,
    )
  }
}
