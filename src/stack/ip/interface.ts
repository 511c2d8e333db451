/** An interface: a device with addresses, multicast groups and, on Ethernet, neighbours. */
import { IP4_BROADCAST, type Ip4, mask4, type Prefix4 } from '../../base/ip.ts'
import type { Device } from '../device.ts'
import type { Neighbours } from './neighbours.ts'

export interface InterfaceAddress {
  readonly address: Ip4
  readonly prefix: Prefix4
}

export class Interface {
  readonly name: string
  readonly device: Device
  readonly addresses: InterfaceAddress[] = []
  /** Null where frames are bare IP packets. */
  readonly neighbours: Neighbours | null
  /** Joined groups, and by how many sockets. */
  readonly groups = new Map<Ip4, number>()

  constructor(device: Device, neighbours: (of: Interface) => Neighbours | null) {
    this.name = device.name
    this.device = device
    this.neighbours = neighbours(this)
  }

  /** The address that stands for it where none is named. */
  get primary(): Ip4 {
    return this.addresses[0]?.address ?? 0
  }

  has(address: Ip4): boolean {
    for (const own of this.addresses) if (own.address === address) return true
    return false
  }

  /** Limited or directed broadcast (RFC 1122 §3.2.1.3). A /31 or /32 has none (RFC 3021). */
  isBroadcast(address: Ip4): boolean {
    if (address === IP4_BROADCAST) return true
    for (const { prefix } of this.addresses)
      if (prefix.length < 31 && (prefix.network | ~mask4(prefix.length)) >>> 0 === address) return true
    return false
  }

  /** The own address to use towards a neighbour: the one whose prefix holds it, else the primary one. */
  sourceFor(neighbour: Ip4): Ip4 {
    for (const { address, prefix } of this.addresses)
      if ((neighbour & mask4(prefix.length)) >>> 0 === prefix.network) return address
    return this.primary
  }

  join(group: Ip4): void {
    this.groups.set(group, (this.groups.get(group) ?? 0) + 1)
  }

  leave(group: Ip4): void {
    const left = (this.groups.get(group) ?? 0) - 1
    if (left > 0) this.groups.set(group, left)
    else this.groups.delete(group)
  }
}
