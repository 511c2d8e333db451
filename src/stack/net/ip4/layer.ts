/** IPv4 as a network layer: its parts, put together. */
import { IP4_ANY, IP4_LOOPBACK, type Ip4 } from '../../../base/ip.ts'
import type { Ip } from '../../../base/ip6.ts'
import type { Task } from '../../../base/schedule.ts'
import { pseudoSum4 } from '../../../wire/checksum.ts'
import * as icmp from '../../../wire/icmp.ts'
import * as ipv4 from '../../../wire/ipv4.ts'
import type { ReceiveMeta } from '../../device.ts'
import type { Frame } from '../../frames.ts'
import type { Interface } from '../../link/interface.ts'
import type { Arrived, Complaint, NetworkLayer, Outgoing, ProtocolHandler } from '../layer.ts'
import type { Path } from '../path.ts'
import type { Routes } from '../routes.ts'
import { Forwarder } from './forward.ts'
import type { Ip4Host } from './host.ts'
import { Icmp } from './icmp.ts'
import { type InputParts, Ip4Input } from './input.ts'
import type { Translator } from './nat/translator.ts'
import { Ip4Output, type Outgoing4 } from './output.ts'
import { OwnAddresses } from './own.ts'
import { Paths } from './paths.ts'
import { Reassembler } from './reassembly.ts'

const REASSEMBLY_TIME = { type: icmp.TIME_EXCEEDED, code: 1 }
const HOST_UNREACHABLE = { type: icmp.DESTINATION_UNREACHABLE, code: icmp.HOST_UNREACHABLE }
const COMPLAINTS: { readonly [what in Complaint]: number } = {
  'port unreachable': icmp.PORT_UNREACHABLE,
  'protocol unreachable': icmp.PROTOCOL_UNREACHABLE,
}

/** RFC 791: what every host takes, whole or in pieces. */
const LEAST_MTU = 576

export class Ip4Layer implements NetworkLayer {
  readonly family = 4
  readonly any = IP4_ANY
  readonly loopback = IP4_LOOPBACK
  readonly headerLength = ipv4.HEADER_LENGTH
  readonly leastMtu = LEAST_MTU
  readonly icmp: Icmp
  readonly reassembler: Reassembler
  readonly own: OwnAddresses
  readonly #host: Ip4Host
  readonly #paths: Paths
  readonly #output: Ip4Output
  /** Where packets come in from below. */
  readonly input: Ip4Input
  readonly #forwarder: Forwarder
  /** By protocol number. */
  readonly #handlers: (ProtocolHandler | undefined)[] = Array(256)

  constructor(host: Ip4Host) {
    this.#host = host
    this.own = new OwnAddresses(host.interfaces)
    this.#paths = new Paths(host, this.own)
    this.#output = new Ip4Output(host, (packet, path) => this.#loop(packet, path))
    const handlerOf = (protocol: number) => this.#handlers[protocol]
    this.icmp = new Icmp(host, { own: this.own, paths: this.#paths, output: this.#output, handlerOf })
    this.#forwarder = new Forwarder(host, this.#paths, this.#output, this.icmp)
    this.reassembler = new Reassembler(host, ({ head, group }) => {
      // RFC 1122 §3.3.2: the sender is told, if the piece is there that says who that is.
      if (head !== null) this.icmp.complain(REASSEMBLY_TIME, head, 0, group)
    })
    this.input = new Ip4Input(host, this.#inputParts(handlerOf))
    this.handle(ipv4.PROTOCOL_ICMP, this.icmp)
  }

  #inputParts(handlerOf: InputParts['handlerOf']): InputParts {
    return {
      layer: this,
      own: this.own,
      icmp: this.icmp,
      forwarder: this.#forwarder,
      reassembler: this.reassembler,
      handlerOf,
    }
  }

  get routes(): Routes {
    return this.#paths.routes
  }

  /** Address translation of a home router; null on every other host. */
  get nat(): Translator | null {
    return this.input.nat
  }

  translate(nat: Translator): void {
    this.input.translate(nat)
  }

  /** Addresses of interfaces have changed. */
  addressesChanged(): void {
    this.own.changed()
    this.#paths.forget()
  }

  // ——— from below ———

  /** Nobody has answered for the next hop of a packet: its sender is told, also when that is this host. */
  undeliverable(frame: Frame): void {
    this.icmp.complain(HOST_UNREACHABLE, frame.bytes, frame.start, false)
  }

  /** Passes on a packet that a translator has let in. */
  forward(through: Interface, frame: Frame, id: number | null): void {
    this.#forwarder.forward(through, frame.bytes, frame.start, id, this.nat)
  }

  // ——— NetworkLayer ———

  isLocal(address: Ip): boolean {
    return this.own.isLocal(address as Ip4)
  }

  isBindable(address: Ip): boolean {
    return this.own.isLocal(address as Ip4) || this.own.isBroadcast(address as Ip4)
  }

  interfaceWith(address: Ip): Interface | undefined {
    return this.own.interfaceWith(address as Ip4)
  }

  path(destination: Ip, source: Ip): Path | null {
    return this.#paths.to(destination as Ip4, source as Ip4)
  }

  mayLeave(source: Ip, path: Path): boolean {
    return this.#output.mayLeave(source as Ip4, path)
  }

  pseudoSum(source: Ip, destination: Ip, protocol: number, length: number): number {
    return pseudoSum4(source as Ip4, destination as Ip4, protocol, length)
  }

  frame(length: number): Frame {
    return this.#host.frames.take(length)
  }

  send(frame: Frame, path: Path, packet: Outgoing): boolean {
    return this.#output.send(frame, path, packet as Outgoing4)
  }

  learnMtu(destination: Ip, mtu: number, by: 'streams' | 'datagrams'): boolean {
    const path = this.path(destination, IP4_ANY)
    if (path === null || path.group) return false
    const news = path.datagrams.learn(mtu)
    return by === 'streams' ? path.streams.learn(mtu) : news
  }

  confirm(destination: Ip): void {
    const path = this.#paths.known(destination as Ip4)
    if (path !== undefined && path.nextHop !== null) path.interface.neighbours?.known(path.nextHop)?.confirm()
  }

  complain(what: Complaint, packet: Arrived): void {
    const complaint = { type: icmp.DESTINATION_UNREACHABLE, code: COMPLAINTS[what] }
    this.icmp.complain(complaint, packet.bytes, packet.offset, packet.group)
  }

  handle(protocol: number, handler: ProtocolHandler): void {
    this.#handlers[protocol] = handler
  }

  /** A multicast or broadcast that was sent is heard by this host's own sockets too. */
  #loop(packet: Uint8Array, path: Path): void {
    const { timers } = this.#host
    const task: Task = {
      run: () => {
        const meta: ReceiveMeta = { at: timers.now(), checksum: 'unknown', gsoSize: 0, id: null }
        this.input.deliver(path.interface, packet, 0, true, meta)
      },
    }
    timers.soon(task)
  }
}
