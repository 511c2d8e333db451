/** A live stack on a bare IP device, on a clock moved by hand: what every attacker of this folder sits in front of. */
import type { Clock, Nanos, Timer } from '../../../src/base/clock.ts'
import { type EventLog, silent } from '../../../src/base/events.ts'
import { Fault } from '../../../src/base/fault.ts'
import { type Ip4, parseIp4 } from '../../../src/base/ip.ts'
import { SeededRandom } from '../../../src/base/random.ts'
import { Schedule } from '../../../src/base/schedule.ts'
import { type Device, type DeviceOwner, PLAIN, type ReceiveMeta } from '../../../src/stack/device.ts'
import { Stack, StackHost, type StackLimits } from '../../../src/stack/index.ts'
import { pseudoSum4 } from '../../../src/wire/checksum.ts'
import { icmp, ipv4, sequence, tcp } from '../../../src/wire/index.ts'

export const VICTIM = '192.0.2.1'
export const PEER = '198.51.100.7'
/** More than this at one instant, and the endpoint would never come to rest. */
const CALLS_PER_INSTANT = 10_000

class HandClock implements Clock {
  #now: Nanos = 0
  readonly #schedule = new Schedule()

  now(): Nanos {
    return this.#now
  }

  wallMillis(): number {
    return Math.floor(this.#now / 1e6)
  }

  at(when: Nanos, run: () => void): Timer {
    let slot = this.#schedule.add(Math.max(when, this.#now), {
      run: () => {
        slot = -1
        run()
      },
    })
    return {
      cancel: () => {
        if (slot >= 0) this.#schedule.remove(slot)
        slot = -1
      },
    }
  }

  hold<T>(work: Promise<T>): Promise<T> {
    return work
  }

  /** Whether nothing is left to happen. */
  get idle(): boolean {
    return this.#schedule.size === 0
  }

  /** Lets time pass. @throws when an instant does not end */
  pass(duration: Nanos): void {
    const until = this.#now + duration
    let here = 0
    while (this.#schedule.next() <= until) {
      this.#schedule.take()
      here = this.#schedule.when > this.#now ? 0 : here + 1
      if (here > CALLS_PER_INSTANT) throw new Error(`the instant ${this.#now} does not end`)
      this.#now = Math.max(this.#now, this.#schedule.when)
      this.#schedule.task!.run(undefined)
    }
    this.#now = until
  }
}

export interface BenchOptions {
  readonly seed?: string | number
  readonly log?: EventLog
  readonly limits?: Partial<StackLimits>
}

/** The victim at 192.0.2.1; everybody else is behind its only interface. */
export function bench({ seed = 1, log = silent, limits = {} }: BenchOptions = {}) {
  const clock = new HandClock()
  const stack = new Stack({ name: 'victim', clock, random: new SeededRandom(seed), events: log, limits })
  let owner: DeviceOwner | null = null
  const meta: ReceiveMeta = { at: 0, checksum: 'unknown', gsoSize: 0, id: null }
  /** What the victim has sent, IP packets. */
  const sent: Uint8Array[] = []
  const device: Device = {
    name: 'tun0',
    medium: 'ip',
    mac: 0,
    mtu: 1500,
    capabilities: PLAIN,
    transmit: (frame) => {
      sent.push(frame)
    },
    attach: (taker) => {
      owner = taker
    },
  }
  const tun = stack.attach(device, [`${VICTIM}/24`])
  stack.ip4.routes.add({ prefix: { network: 0, length: 0 }, gateway: null, interface: tun, metric: 0 })
  return {
    clock,
    stack,
    host: new StackHost(stack),
    sent,
    receive: (packet: Uint8Array) => owner?.received(packet, { ...meta, at: clock.now() }),
  }
}

let identification = 0

export function ipPacket(protocol: number, payload: Uint8Array, from: Ip4): Uint8Array {
  const packet = new Uint8Array(20 + payload.length)
  packet.set(payload, 20)
  identification = (identification + 1) & 0xffff
  const fields = { source: from, destination: parseIp4(VICTIM), protocol, ttl: 64 }
  ipv4.emitHeader(packet, 0, fields, packet.length, identification, 0)
  return packet
}

/** A segment as tests write it: plain numbers. */
export type SegmentFields = Omit<Partial<tcp.TcpSegment>, 'seq' | 'ack'> & {
  readonly seq?: number
  readonly ack?: number
}

export function tcpPacket({ seq = 0, ack = 0, ...segment }: SegmentFields, from: Ip4 = parseIp4(PEER)): Uint8Array {
  const whole: tcp.TcpSegment = {
    sourcePort: 4000,
    destinationPort: 80,
    seq: sequence.seq(seq),
    ack: sequence.seq(ack),
    flags: tcp.ACK,
    window: 65_535,
    urgent: 0,
    options: tcp.NO_OPTIONS,
    payload: new Uint8Array(0),
    ...segment,
  }
  const bytes = new Uint8Array(tcp.length(whole))
  tcp.emit(whole, bytes, 0, pseudoSum4(from, parseIp4(VICTIM), ipv4.PROTOCOL_TCP, bytes.length))
  return ipPacket(ipv4.PROTOCOL_TCP, bytes, from)
}

export function icmpPacket(message: icmp.IcmpMessage, from: Ip4): Uint8Array {
  const bytes = new Uint8Array(icmp.length(message))
  icmp.emit(message, bytes, 0)
  return ipPacket(ipv4.PROTOCOL_ICMP, bytes, from)
}

/** The TCP segment of a packet that the victim has sent; null: it carries none. */
export function segmentOf(packet: Uint8Array): tcp.TcpSegment | null {
  if (ipv4.protocol(packet, 0) !== ipv4.PROTOCOL_TCP || ipv4.isFragment(packet, 0)) return null
  const segment = tcp.parse(packet, 20, ipv4.totalLength(packet, 0) - 20)
  if (segment instanceof Fault) throw new Error(`the victim sent no segment: ${segment.why}`)
  return segment
}
