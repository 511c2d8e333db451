/** Which IPv4 addresses are this host's own, and which mean everybody on one of its networks. */
import { type Ip4, isLoopback4 } from '../../../base/ip.ts'
import type { Interface } from '../../link/interface.ts'

/** So many addresses are looked through sooner than hashed. */
const FEW = 8

export class OwnAddresses {
  readonly #interfaces: readonly Interface[]
  #few: readonly Ip4[] = []
  /** Null where they are few. */
  #many: ReadonlySet<Ip4> | null = null

  constructor(interfaces: readonly Interface[]) {
    this.#interfaces = interfaces
  }

  /** Addresses of interfaces have come or gone, or may be used from now on. */
  changed(): void {
    const all = this.#interfaces.flatMap(({ addresses }) =>
      addresses.filter(({ state }) => state !== 'tentative').map(({ address }) => address),
    )
    this.#few = all.length <= FEW ? all : []
    this.#many = all.length <= FEW ? null : new Set(all)
  }

  /** On which interface it is does not matter (RFC 1122 §3.3.4.2, weak model). */
  has(address: Ip4): boolean {
    if (this.#many !== null) return this.#many.has(address)
    for (const own of this.#few) if (own === address) return true
    return false
  }

  /** Whether packets to it come back to this host: an own address, or one of 127/8. */
  isLocal(address: Ip4): boolean {
    return isLoopback4(address) || this.has(address)
  }

  /** Whether it is the broadcast address of any interface. */
  isBroadcast(address: Ip4): boolean {
    for (const each of this.#interfaces) if (each.isBroadcast(address)) return true
    return false
  }

  /** The interface with that address. */
  interfaceWith(address: Ip4): Interface | undefined {
    return this.#interfaces.find((each) => each.has(address))
  }
}
