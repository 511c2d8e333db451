/** IPv4 on the way out: the header, the pieces of what is too long, and the device or neighbour that is next. */
import { type Ip4, isLoopback4, isMulticast4 } from '../../../base/ip.ts'
import * as ethernet from '../../../wire/ethernet.ts'
import * as ipv4 from '../../../wire/ipv4.ts'
import type { Frame } from '../../frames.ts'
import type { Outgoing } from '../layer.ts'
import type { Path } from '../path.ts'
import { fragments } from './fragments.ts'
import type { Ip4Host } from './host.ts'

/** The same with addresses of this family. */
export type Outgoing4 = Outgoing & { readonly source: Ip4; readonly destination: Ip4 }

export class Ip4Output {
  readonly #host: Ip4Host
  /** Gives a packet to this host's own members of a group. */
  readonly #loop: (packet: Uint8Array, path: Path) => void

  constructor(host: Ip4Host, loop: (packet: Uint8Array, path: Path) => void) {
    this.#host = host
    this.#loop = loop
  }

  /** RFC 1122 §3.2.1.3 (g): addresses of 127/8 must not appear outside a host. */
  mayLeave(source: Ip4, path: Path): boolean {
    return !isLoopback4(source) || path.interface === this.#host.loopback
  }

  /** Sends what a transport has written into a frame. False: it must not leave this host. */
  send(frame: Frame, path: Path, packet: Outgoing4): boolean {
    const { journal } = this.#host
    const fragment = packet.dontFragment && !packet.fits.narrow ? ipv4.DONT_FRAGMENT : 0
    const at = frame.prepend(ipv4.HEADER_LENGTH)
    ipv4.emitHeader(frame.bytes, at, packet, frame.length, path.nextIdentification(), fragment)
    if (!this.mayLeave(packet.source, path)) {
      journal.dropped('loopback address would leave the host', path.interface, null, frame.bytes, at, frame.end)
      return false
    }
    journal.counters.ipSent++
    // RFC 1112 §6.1: with a time to live of zero it does not leave the host.
    const looped = path.group && packet.loop ? frame.view() : null
    if (packet.ttl > 0) this.transmit(frame, path, packet.destination, packet.fits.mtu)
    if (looped !== null) this.#loop(looped, path)
    return true
  }

  /** Sends a frame whose IP packet is complete, in pieces when it is longer than `mtu`. */
  transmit(frame: Frame, path: Path, destination: Ip4, mtu: number): void {
    if (frame.length <= mtu) {
      this.#put(frame, path, destination)
      return
    }
    this.#host.journal.counters.ipFragmented++
    frame.completeChecksum()
    for (const piece of fragments(this.#host.frames, frame, mtu)) this.#put(piece, path, destination)
  }

  #put(frame: Frame, path: Path, destination: Ip4): void {
    const { device, neighbours } = path.interface
    if (device.medium === 'ip' || neighbours === null) {
      this.#host.journal.counters.framesSent++
      device.transmit(frame.view(), frame.meta)
    } else if (path.nextHop === null) {
      neighbours.sendTo(frame, isMulticast4(destination) ? ethernet.multicastMac(destination) : ethernet.MAC_BROADCAST)
    } else neighbours.of(path.nextHop).send(frame)
  }
}
