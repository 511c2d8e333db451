/** IPv4 on the way in: what is no packet or cannot be meant ends here; the rest is delivered, or goes on its way. */
import { type Ip4, isMulticast4 } from '../../../base/ip.ts'
import * as icmp from '../../../wire/icmp.ts'
import * as ipv4 from '../../../wire/ipv4.ts'
import type { ReceiveMeta } from '../../device.ts'
import type { DropReason } from '../../events.ts'
import type { Interface } from '../../link/interface.ts'
import type { Arrived, NetworkLayer, ProtocolHandler } from '../layer.ts'
import type { Forwarder } from './forward.ts'
import type { Ip4Host } from './host.ts'
import type { Icmp } from './icmp.ts'
import { martian } from './martian.ts'
import type { Translator } from './nat/translator.ts'
import type { OwnAddresses } from './own.ts'
import type { Reassembler } from './reassembly.ts'

/** What the input hands packets to. */
export interface InputParts {
  readonly layer: NetworkLayer
  readonly own: OwnAddresses
  readonly icmp: Icmp
  readonly forwarder: Forwarder
  readonly reassembler: Reassembler
  handlerOf(protocol: number): ProtocolHandler | undefined
}

const PROTOCOL_UNREACHABLE = { type: icmp.DESTINATION_UNREACHABLE, code: icmp.PROTOCOL_UNREACHABLE }

export class Ip4Input {
  readonly #host: Ip4Host
  readonly #parts: InputParts
  #nat: Translator | null = null

  constructor(host: Ip4Host, parts: InputParts) {
    this.#host = host
    this.#parts = parts
  }

  /** Address translation of a home router; null on every other host. */
  get nat(): Translator | null {
    return this.#nat
  }

  /** From now on packets are translated. */
  translate(nat: Translator): void {
    this.#nat = nat
  }

  /**
   * A packet has come in.
   * @param group whether its frame was for a group or for everybody
   */
  arrived(through: Interface, bytes: Uint8Array, offset: number, group: boolean, meta: ReceiveMeta): void {
    const { journal } = this.#host
    journal.counters.ipReceived++
    if (ipv4.check(bytes, offset, bytes.length - offset) !== null) {
      journal.dropped('packet malformed', through, meta.id, bytes, offset)
      return
    }
    // On the loopback every own address may speak to every other.
    if (through !== this.#host.loopback) {
      const impossible = martian(bytes, offset, this.#parts.own, through)
      if (impossible !== null) {
        this.#drop(impossible, through, bytes, offset, meta)
        return
      }
    }
    this.#route(through, bytes, offset, group, meta)
  }

  #drop(reason: DropReason, through: Interface, bytes: Uint8Array, offset: number, meta: ReceiveMeta): void {
    const end = offset + ipv4.totalLength(bytes, offset)
    this.#host.journal.dropped(reason, through, meta.id, bytes, offset, end)
  }

  /** To whom a packet goes whose header is right. */
  #route(through: Interface, bytes: Uint8Array, offset: number, group: boolean, meta: ReceiveMeta): void {
    const { own, forwarder } = this.#parts
    const nat = this.#nat
    const destination = ipv4.destination(bytes, offset)
    if (nat !== null) {
      // Only a whole packet shows its ports: a translator puts it together first, as Linux does.
      if (ipv4.isFragment(bytes, offset)) {
        this.#reassemble(through, bytes, offset, group, meta)
        return
      }
      if (nat.inbound(through, bytes, offset, meta.id)) return
    }
    if (own.isLocal(destination)) this.deliver(through, bytes, offset, group, meta)
    else if (this.#isForAll(through, destination)) {
      if (isMulticast4(destination) && !through.isMember(destination))
        this.#drop('packet for another machine', through, bytes, offset, meta)
      else this.deliver(through, bytes, offset, true, meta)
    } else if (this.#host.forwarding && !group) forwarder.forward(through, bytes, offset, meta.id, nat)
    else this.#drop('packet for another machine', through, bytes, offset, meta)
  }

  #isForAll(through: Interface, destination: Ip4): boolean {
    return isMulticast4(destination) || through.isBroadcast(destination)
  }

  /** A piece of a packet; when it was the last one missing, the packet comes in again, whole. */
  #reassemble(through: Interface, bytes: Uint8Array, offset: number, group: boolean, meta: ReceiveMeta): void {
    const { counters } = this.#host.journal
    counters.ipFragmentsReceived++
    const whole = this.#parts.reassembler.arrived(through, bytes, offset, group)
    if (whole === null) return
    if (typeof whole === 'string') {
      this.#drop(whole, through, bytes, offset, meta)
      return
    }
    counters.ipReassembled++
    // A card that has verified the pieces' checksums has seen none: only the first piece had it.
    this.#route(through, whole.bytes, whole.offset, whole.group, { ...meta, checksum: 'unknown' })
  }

  /** A packet for this host. */
  deliver(through: Interface, bytes: Uint8Array, offset: number, group: boolean, meta: ReceiveMeta): void {
    if (ipv4.isFragment(bytes, offset)) {
      this.#reassemble(through, bytes, offset, group, meta)
      return
    }
    // RFC 1122 §3.2.1.8: options that are not understood are skipped; source routes are never followed.
    const header = ipv4.headerLength(bytes, offset)
    const arrived: Arrived = {
      layer: this.#parts.layer,
      bytes,
      offset,
      payload: offset + header,
      length: ipv4.totalLength(bytes, offset) - header,
      source: ipv4.source(bytes, offset),
      destination: ipv4.destination(bytes, offset),
      interface: through,
      group,
      ecn: ipv4.ecn(bytes, offset),
      at: meta.at,
      verified: meta.checksum !== 'unknown',
      gsoSize: meta.gsoSize,
      frame: meta.id,
    }
    this.#host.journal.counters.ipDelivered++
    const handler = this.#parts.handlerOf(ipv4.protocol(bytes, offset))
    if (handler !== undefined) handler.arrived(arrived)
    else {
      this.#drop('protocol unknown', through, bytes, offset, meta)
      this.#parts.icmp.complain(PROTOCOL_UNREACHABLE, bytes, offset, group)
    }
  }
}
