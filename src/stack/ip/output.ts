/** IPv4 on the way out: where a packet goes, its header, and the frame around it. */
import { IP4_BROADCAST, IP4_LOOPBACK, type Ip4, isLoopback4, isMulticast4 } from '../../base/ip.ts'
import * as ethernet from '../../wire/ethernet.ts'
import * as ipv4 from '../../wire/ipv4.ts'
import { LINK_HEADROOM } from '../frames.ts'
import { MIN_PATH_MTU } from '../limits.ts'
import type { Stack } from '../stack.ts'
import { fragments } from './fragments.ts'
import type { Interface } from './interface.ts'

/** Where the payload of IP begins in a frame that `IpOutput.frame` has made. */
export const PAYLOAD = LINK_HEADROOM + ipv4.HEADER_LENGTH

/** The way to a destination. */
export interface Path {
  readonly interface: Interface
  /** Whose MAC address the frame bears; null: a group's or everybody's. */
  readonly nextHop: Ip4 | null
  /** The own address that a packet bears unless its socket is bound. */
  readonly source: Ip4
  /** The longest packet that goes this way, header included. */
  mtu: number
  /** Some router takes less than `MIN_PATH_MTU`: packets leave without "don't fragment", and it may cut them. */
  narrow: boolean
  readonly group: boolean
}

export class IpOutput {
  readonly #stack: Stack
  readonly #paths = new Map<Ip4, Path>()
  #identification: number

  constructor(stack: Stack) {
    this.#stack = stack
    this.#identification = stack.random.fork('ip identification').u32() & 0xffff
  }

  /** Routes or addresses have changed. */
  forgetPaths(): void {
    this.#paths.clear()
  }

  /**
   * The way to a destination, or null when no route leads there.
   * @param from the socket's own address, which names the interface for broadcasts and multicasts; 0: any
   */
  path(destination: Ip4, from: Ip4 = 0): Path | null {
    const known = this.#paths.get(destination)
    if (known !== undefined) return known
    if (this.#isGroup(destination)) return this.#groupPath(destination, from)
    const found = this.#find(destination)
    if (found === null) return null
    if (this.#paths.size >= this.#stack.limits.paths) this.#paths.clear()
    this.#paths.set(destination, found)
    return found
  }

  #isGroup(destination: Ip4): boolean {
    if (isMulticast4(destination) || destination === IP4_BROADCAST) return true
    return this.#stack.interfaces.some((each) => each.isBroadcast(destination))
  }

  #find(destination: Ip4): Path | null {
    const { stack, lo } = { stack: this.#stack, lo: this.#stack.loopback }
    if (stack.isOwn(destination) || isLoopback4(destination))
      return {
        interface: lo,
        nextHop: destination,
        source: stack.isOwn(destination) ? destination : IP4_LOOPBACK,
        mtu: lo.device.mtu,
        narrow: false,
        group: false,
      }
    const route = stack.routes.lookup(destination)
    if (route === null) return null
    const nextHop = route.gateway ?? destination
    const source = route.interface.sourceFor(nextHop)
    return { interface: route.interface, nextHop, source, mtu: route.interface.device.mtu, narrow: false, group: false }
  }

  #groupPath(destination: Ip4, from: Ip4): Path | null {
    const { interfaces, routes } = this.#stack
    const through =
      (from !== 0 ? interfaces.find((each) => each.has(from)) : undefined) ??
      interfaces.find((each) => destination !== IP4_BROADCAST && each.isBroadcast(destination)) ??
      routes.lookup(destination)?.interface ??
      interfaces.find((each) => each.device.medium === 'ethernet')
    if (through === undefined) return null
    return {
      interface: through,
      nextHop: null,
      source: through.primary,
      mtu: through.device.mtu,
      narrow: false,
      group: true,
    }
  }

  /** RFC 1191 §6.3: a router has said what fits. The path is remembered until the routes change. */
  learnMtu(destination: Ip4, mtu: number): void {
    const path = this.path(destination)
    if (path === null || path.group || mtu >= path.mtu) return
    path.mtu = Math.min(path.mtu, Math.max(mtu, MIN_PATH_MTU))
    path.narrow = mtu < path.mtu
    this.#stack.tcp.pathNarrowed(destination)
  }

  /** What was sent to there has arrived: the next hop is alive. */
  confirm(destination: Ip4): void {
    const path = this.#paths.get(destination)
    if (path !== undefined && path.nextHop !== null) path.interface.neighbours?.confirm(path.nextHop)
  }

  /** A frame with room for link and IP header and that many octets of payload, which stand at `PAYLOAD`. */
  frame(payloadLength: number): Uint8Array {
    return this.#stack.frames.take(PAYLOAD + payloadLength)
  }

  /** Sends a frame made by `frame`. What is longer than the path takes is fragmented. */
  send(frame: Uint8Array, path: Path, fields: ipv4.HeaderFields, dontFragment = true): void {
    this.seal(frame, fields, dontFragment && !path.narrow)
    this.transmit(frame, path, fields.destination)
  }

  /** Writes the IP header of a frame made by `frame`. */
  seal(frame: Uint8Array, fields: ipv4.HeaderFields, dontFragment = true): void {
    // RFC 6864 §4.1: where a packet may not be fragmented the identification means nothing. It is counted all the
    // same, so that a person can follow one packet over several hops.
    this.#identification = (this.#identification + 1) & 0xffff
    const total = frame.length - LINK_HEADROOM
    ipv4.emitHeader(frame, LINK_HEADROOM, fields, total, this.#identification, dontFragment ? ipv4.DONT_FRAGMENT : 0)
    this.#stack.counters.ipSent++
  }

  /** Sends a frame whose IP packet is complete, in pieces when it is longer than `mtu`. */
  transmit(frame: Uint8Array, path: Path, destination: Ip4, mtu = path.mtu): void {
    if (frame.length - LINK_HEADROOM <= mtu) {
      this.#put(frame, path, destination)
      return
    }
    this.#stack.counters.ipFragmented++
    for (const piece of fragments(this.#stack, frame, mtu)) this.#put(piece, path, destination)
  }

  #put(frame: Uint8Array, path: Path, destination: Ip4): void {
    const { device, neighbours } = path.interface
    if (device.medium === 'ip' || neighbours === null) {
      this.#stack.counters.framesSent++
      device.transmit(frame.subarray(LINK_HEADROOM))
    } else if (path.nextHop === null) {
      const to = isMulticast4(destination) ? ethernet.multicastMac(destination) : ethernet.MAC_BROADCAST
      neighbours.host.sendFrame(frame, to)
    } else neighbours.of(path.nextHop).send(frame)
  }
}
