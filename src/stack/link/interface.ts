/** An interface: a device with addresses, multicast groups and, on Ethernet, neighbours. */
import type { Nanos } from '../../base/clock.ts'
import { IP4_ANY, IP4_BROADCAST, type Ip4, mask4, type Prefix4 } from '../../base/ip.ts'
import { type Ip, ipKey } from '../../base/ip6.ts'
import type { Device } from '../device.ts'
import type { Neighbours } from './neighbours.ts'

/**
 * RFC 4862 §2: 'tentative' addresses are not used until it is known that nobody else has them; 'deprecated' ones are kept
 * for what uses them already.
 */
export type AddressState = 'tentative' | 'preferred' | 'deprecated'

/** An IPv4 address of an interface. */
export interface InterfaceAddress {
  readonly address: Ip4
  readonly prefix: Prefix4
  readonly state: AddressState
  /** Until when it may be used; Infinity: for good. */
  readonly validUntil: Nanos
}

/** An interface of a stack, as `ip addr` shows one: made by `Stack.attach`, given addresses by `Stack.addAddress`. */
export class Interface {
  readonly name: string
  readonly device: Device
  /** Null where frames are bare IP packets. */
  readonly neighbours: Neighbours | null
  #addresses: readonly InterfaceAddress[] = []
  /** Those whose broadcasts are heard. */
  #broadcasts: readonly Ip4[] = [IP4_BROADCAST]
  /** Joined groups, and by how many sockets. */
  readonly #groups = new Map<number | string, number>()

  constructor(device: Device, neighbours: (of: Interface) => Neighbours | null) {
    this.name = device.name
    this.device = device
    this.neighbours = neighbours(this)
  }

  /** In the order in which they were given. */
  get addresses(): readonly InterfaceAddress[] {
    return this.#addresses
  }

  /** The address that stands for it where none is named; 0 when it has none. */
  get primary(): Ip4 {
    return this.#usable()?.address ?? IP4_ANY
  }

  /** Enters an address, or what has changed about one. */
  put(entry: InterfaceAddress): void {
    const at = this.#addresses.findIndex(({ address }) => address === entry.address)
    this.#change(at < 0 ? [...this.#addresses, entry] : this.#addresses.with(at, entry))
  }

  remove(address: Ip4): void {
    this.#change(this.#addresses.filter((each) => each.address !== address))
  }

  #change(addresses: readonly InterfaceAddress[]): void {
    this.#addresses = addresses
    // RFC 1122 §3.2.1.3. A /31 or /32 has none (RFC 3021).
    const directed = addresses
      .filter(({ prefix }) => prefix.length < 31)
      .map(({ prefix }) => (prefix.network | ~mask4(prefix.length)) >>> 0)
    this.#broadcasts = [IP4_BROADCAST, ...directed]
  }

  /** Whether it has that address, and may use it. */
  has(address: Ip4): boolean {
    for (const own of this.#addresses) if (own.address === address) return own.state !== 'tentative'
    return false
  }

  /** Limited or directed broadcast (RFC 1122 §3.2.1.3). */
  isBroadcast(address: Ip4): boolean {
    for (const broadcast of this.#broadcasts) if (broadcast === address) return true
    return false
  }

  /** The own address to use towards a neighbour: the one whose prefix holds it, else the primary one. */
  sourceFor(neighbour: Ip4): Ip4 {
    return this.#usable((entry) => contains(entry, neighbour))?.address ?? this.primary
  }

  /** RFC 4862 §5.5.4: a deprecated address is taken only where there is no other. */
  #usable(suits: (entry: InterfaceAddress) => boolean = () => true): InterfaceAddress | undefined {
    const named = (state: AddressState) => this.#addresses.find((entry) => entry.state === state && suits(entry))
    return named('preferred') ?? named('deprecated')
  }

  isMember(group: Ip): boolean {
    return this.#groups.has(ipKey(group))
  }

  join(group: Ip): void {
    const key = ipKey(group)
    this.#groups.set(key, (this.#groups.get(key) ?? 0) + 1)
  }

  leave(group: Ip): void {
    const key = ipKey(group)
    const left = (this.#groups.get(key) ?? 0) - 1
    if (left > 0) this.#groups.set(key, left)
    else this.#groups.delete(key)
  }
}

function contains({ prefix }: InterfaceAddress, address: Ip4): boolean {
  return (address & mask4(prefix.length)) >>> 0 === prefix.network
}
