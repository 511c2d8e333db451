/** For the tests of this floor: a stack on a bench, with a clock moved by hand and a device whose far end is the test. */
import type { Clock, Nanos, Timer } from '../../base/clock.ts'
import { parseIp4 } from '../../base/ip.ts'
import { SeededRandom } from '../../base/random.ts'
import { Schedule } from '../../base/schedule.ts'
import { pseudoSum4 } from '../../wire/checksum.ts'
import { arp, ethernet, icmp, ipv4, printFrame, sequence, tcp, udp } from '../../wire/index.ts'
import {
  type Capabilities,
  type Device,
  type DeviceOwner,
  PLAIN,
  type ReceiveMeta,
  type TransmitMeta,
} from '../device.ts'
import { StackHost } from '../socket/host.ts'
import { Stack, type StackOptions } from '../stack.ts'

export class BenchClock implements Clock {
  #now: Nanos = 0
  readonly #schedule = new Schedule()

  now(): Nanos {
    return this.#now
  }

  wallMillis(): number {
    return this.#now / 1e6
  }

  at(when: Nanos, run: () => void): Timer {
    let slot = this.#schedule.add(Math.max(when, this.#now), {
      run() {
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

  /** Lets time pass, and everything happen that is due. */
  pass(duration: Nanos): void {
    const until = this.#now + duration
    while (this.#schedule.next() <= until) {
      this.#schedule.take()
      this.#now = Math.max(this.#now, this.#schedule.when)
      this.#schedule.task!.run(undefined)
    }
    this.#now = until
  }
}

/** A device on Ethernet whose far end is the test. */
export class Probe implements Device {
  readonly name: string
  readonly medium = 'ethernet'
  readonly mac: number
  readonly mtu: number
  readonly capabilities: Capabilities
  readonly sent: Uint8Array[] = []
  /** What was to be done to each of them. */
  readonly metas: (TransmitMeta | null)[] = []
  readonly #now: () => Nanos
  #owner: DeviceOwner | null = null

  constructor(name: string, mac: number, mtu = 1500, now: () => Nanos = () => 0, capabilities = PLAIN) {
    this.name = name
    this.mac = mac
    this.mtu = mtu
    this.#now = now
    this.capabilities = capabilities
  }

  transmit(frame: Uint8Array, meta: TransmitMeta | null): void {
    this.sent.push(frame)
    this.metas.push(meta)
  }

  attach(owner: DeviceOwner): void {
    this.#owner = owner
  }

  /** Gives the stack a frame. */
  receive(frame: Uint8Array, meta: Partial<ReceiveMeta> = {}): void {
    this.#owner?.received(frame, { at: this.#now(), checksum: 'unknown', gsoSize: 0, id: null, ...meta })
  }

  batchEnd(): void {
    this.#owner?.batchEnd()
  }

  /** What was sent since the last call, one line each. */
  lines(): string[] {
    return this.sent.splice(0).map(printFrame)
  }
}

export const OWN_MAC = 0x0200_0000_0001
export const PEER_MAC = 0x0200_0000_0002
export const OWN = '192.0.2.1'
export const PEER = '192.0.2.2'

/** A stack at 192.0.2.1/24, with 192.0.2.2 known to it as its neighbour and default router unless that is not wanted. */
export function bench(
  options: Partial<StackOptions> & { readonly strangers?: boolean; readonly capabilities?: Capabilities } = {},
) {
  const clock = new BenchClock()
  const { strangers = false, capabilities = PLAIN, ...rest } = options
  const stack = new Stack({ name: 'bench', clock, random: new SeededRandom('bench'), ...rest })
  const probe = new Probe('eth0', OWN_MAC, 1500, () => clock.now(), capabilities)
  const eth0 = stack.attach(probe, [`${OWN}/24`])
  stack.ip4.routes.add({ prefix: { network: 0, length: 0 }, gateway: parseIp4(PEER), interface: eth0, metric: 0 })
  if (!strangers) probe.receive(arpFrame(arp.REQUEST, PEER_MAC, PEER, OWN))
  probe.sent.length = 0
  return { stack, clock, probe, eth0, host: new StackHost(stack) }
}

export function arpFrame(operation: number, senderMac: number, senderIp: string, targetIp: string): Uint8Array {
  const packet = {
    operation,
    senderMac,
    senderIp: parseIp4(senderIp),
    targetMac: OWN_MAC,
    targetIp: parseIp4(targetIp),
  }
  const frame = new Uint8Array(ethernet.HEADER_LENGTH + arp.length(packet))
  ethernet.emitHeader(frame, 0, ethernet.MAC_BROADCAST, senderMac, ethernet.ETHERTYPE_ARP)
  arp.emit(packet, frame, ethernet.HEADER_LENGTH)
  return frame
}

export interface PacketFields {
  readonly from?: string
  readonly to?: string
  readonly ttl?: number
  readonly protocol?: number
  readonly toMac?: number
  readonly options?: Uint8Array
  readonly fragmentOffset?: number
  readonly moreFragments?: boolean
  readonly dontFragment?: boolean
}

/** A frame from the peer around an IP payload. */
export function ipFrame(payload: Uint8Array, fields: PacketFields): Uint8Array {
  const packet: ipv4.Ipv4Packet = {
    source: parseIp4(fields.from ?? PEER),
    destination: parseIp4(fields.to ?? OWN),
    protocol: fields.protocol ?? ipv4.PROTOCOL_UDP,
    ttl: fields.ttl ?? 64,
    trafficClass: 0,
    identification: 1,
    dontFragment: fields.dontFragment ?? false,
    moreFragments: fields.moreFragments ?? false,
    fragmentOffset: fields.fragmentOffset ?? 0,
    options: fields.options ?? new Uint8Array(0),
    payload,
  }
  const frame = new Uint8Array(ethernet.HEADER_LENGTH + ipv4.length(packet))
  ethernet.emitHeader(frame, 0, fields.toMac ?? OWN_MAC, PEER_MAC, ethernet.ETHERTYPE_IPV4)
  ipv4.emit(packet, frame, ethernet.HEADER_LENGTH)
  return frame
}

export function udpFrame(
  sourcePort: number,
  destinationPort: number,
  text: string,
  fields: PacketFields = {},
): Uint8Array {
  const datagram = { sourcePort, destinationPort, payload: new TextEncoder().encode(text) }
  const bytes = new Uint8Array(udp.length(datagram))
  udp.emit(datagram, bytes, 0, pseudo(ipv4.PROTOCOL_UDP, bytes.length, fields))
  return ipFrame(bytes, { ...fields, protocol: ipv4.PROTOCOL_UDP })
}

export function icmpFrame(message: icmp.IcmpMessage, fields: PacketFields = {}): Uint8Array {
  const bytes = new Uint8Array(icmp.length(message))
  icmp.emit(message, bytes)
  return ipFrame(bytes, { ...fields, protocol: ipv4.PROTOCOL_ICMP })
}

/** A segment as tests write it: plain numbers. */
export type SegmentFields = Omit<Partial<tcp.TcpSegment>, 'seq' | 'ack'> & {
  readonly seq?: number
  readonly ack?: number
}

export function tcpFrame({ seq = 1000, ack = 0, ...segment }: SegmentFields, fields: PacketFields = {}): Uint8Array {
  const whole: tcp.TcpSegment = {
    sourcePort: 4000,
    destinationPort: 80,
    seq: sequence.seq(seq),
    ack: sequence.seq(ack),
    flags: tcp.SYN,
    window: 65_535,
    urgent: 0,
    options: tcp.NO_OPTIONS,
    payload: new Uint8Array(0),
    ...segment,
  }
  const bytes = new Uint8Array(tcp.length(whole))
  tcp.emit(whole, bytes, 0, pseudo(ipv4.PROTOCOL_TCP, bytes.length, fields))
  return ipFrame(bytes, { ...fields, protocol: ipv4.PROTOCOL_TCP })
}

function pseudo(protocol: number, length: number, fields: PacketFields): number {
  return pseudoSum4(parseIp4(fields.from ?? PEER), parseIp4(fields.to ?? OWN), protocol, length)
}
