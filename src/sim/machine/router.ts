/** Machines that pass packets on: routers, and home routers, which translate addresses. */
import { formatIp4 } from '../../base/ip.ts'
import type { Interface } from '../../stack/link/interface.ts'
import { Nat, type NatRouter } from '../../stack/net/ip4/nat/nat.ts'
import { SimError } from '../errors.ts'
import { type NodeParts, type Port, SimHost } from './node.ts'

/** A machine that passes packets on. Made by `Internet.router`; its routes follow the topology. */
export class SimRouter extends SimHost {
  constructor(parts: NodeParts) {
    super(parts, true)
  }
}

/** One side of a home router, to be given to `link`. */
export interface Side {
  readonly router: HomeRouter
  readonly inside: boolean
}

/** A router between a home and its provider: many machines inside share its one address outside. */
export class HomeRouter extends SimHost {
  /** Where the home's machines are plugged in. */
  readonly lan: Side = { router: this, inside: true }
  /** Where the provider is. */
  readonly wan: Side = { router: this, inside: false }

  constructor(parts: NodeParts) {
    super(parts, true)
  }

  /** The translations in force; null until the outside is linked. */
  get nat(): Nat | null {
    const { nat } = this.stack.ip4
    return nat instanceof Nat ? nat : null
  }

  /** The address by which the outside knows the home. */
  override get address(): string {
    return this.nat === null ? super.address : formatIp4(this.nat.outside.primary)
  }

  /** The address by which the home knows its router. */
  get insideAddress(): string {
    const port = this.ports.find((each) => each.inside)
    if (port === undefined)
      throw new SimError('SIM_ADDRESS', `${this.name} has no link inside yet: link a host to ${this.name}.lan`)
    return formatIp4(port.interface.primary)
  }

  /** With the outside's cable comes the translation behind its address. */
  protected override attachPort(port: Omit<Port, 'interface'>): Interface {
    const made = super.attachPort(port)
    if (!port.inside) this.#translateBehind(made)
    return made
  }

  #translateBehind(outside: Interface): void {
    const { limits, timers, random, journal, frames, ip4, udp, tcp } = this.stack
    const isTaken = (protocol: number, port: number) =>
      !(protocol === udp.protocol ? udp : tcp).mayBind(ip4.any, port, false)
    const forward: NatRouter['forward'] = (through, frame, id) => ip4.forward(through, frame, id)
    ip4.translate(new Nat({ limits, timers, random, journal, frames, isTaken, forward }, outside))
  }
}
