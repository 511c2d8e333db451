/** A local network of many machines: a learning switch (IEEE 802.1D §7.8), and the subnet that all on it share. */
import { contains4, formatIp4, formatPrefix4, type Ip4, type Prefix4, parseIp4 } from '../../base/ip.ts'
import * as ethernet from '../../wire/ethernet.ts'
import { SimError } from '../errors.ts'
import { SIM_LIMITS } from '../limits.ts'
import type { Segment } from '../machine/node.ts'
import type { LinkEnd, LinkNode } from './link.ts'

/** What can be said of a LAN when it is made. */
export interface LanOptions {
  /** Like `192.168.7.0/24`; default: the next free one. */
  readonly subnet?: string
  /** MAC addresses that its switch remembers; default 1,024. */
  readonly remembers?: number
}

/** A local network: a switch with a subnet, to which any number of machines are linked. Made by `Internet.lan`. */
export class Lan implements LinkNode {
  readonly name: string
  readonly prefix: Prefix4
  readonly up = true
  readonly refusal = null
  readonly segment: Segment = { ports: [] }
  readonly #ends: LinkEnd[] = []
  /** Where a MAC address was last seen, oldest first. */
  readonly #learnt = new Map<ethernet.Mac, LinkEnd>()
  readonly #taken = new Set<Ip4>()
  readonly #remembers: number

  constructor(name: string, prefix: Prefix4, remembers = SIM_LIMITS.switchAddresses) {
    this.name = name
    this.#remembers = remembers
    this.prefix = prefix
  }

  get portCount(): number {
    return this.#ends.length
  }

  /** The address, with its prefix, for a machine that is about to be plugged in: the one asked for, or the next free. */
  addressFor(wanted: string | undefined): string {
    const address = wanted === undefined ? this.#free() : parseIp4(wanted)
    if (address < 0 || !contains4(this.prefix, address))
      throw new SimError(
        'SIM_ADDRESS',
        `lan ${this.name}: '${wanted}' is not an address of ${formatPrefix4(this.prefix)}`,
      )
    if (this.#taken.has(address))
      throw new SimError('SIM_ADDRESS', `lan ${this.name}: another machine has ${formatIp4(address)} already`)
    this.#taken.add(address)
    return `${formatIp4(address)}/${this.prefix.length}`
  }

  #free(): Ip4 {
    const last = this.prefix.network + 2 ** (32 - this.prefix.length) - 1
    for (let address = this.prefix.network + 1; address < last; address++) if (!this.#taken.has(address)) return address
    throw new SimError('SIM_ADDRESS', `lan ${this.name}: every address of ${formatPrefix4(this.prefix)} is taken`)
  }

  /** Plugs in the near end of a machine's cable. */
  plug(end: LinkEnd): void {
    this.#ends.push(end)
    end.attach({ received: (frame) => this.#arrived(end, frame), batchEnd() {} })
  }

  #arrived(from: LinkEnd, frame: Uint8Array): void {
    if (ethernet.check(frame, 0, frame.length) !== null) return
    this.#learn(ethernet.source(frame, 0), from)
    const to = ethernet.destination(frame, 0)
    const known = ethernet.isGroup(to) ? undefined : this.#learnt.get(to)
    if (known !== undefined) {
      if (known !== from) known.transmit(frame)
      return
    }
    for (const end of this.#ends) if (end !== from) end.transmit(frame)
  }

  #learn(mac: ethernet.Mac, end: LinkEnd): void {
    if (ethernet.isGroup(mac) || this.#learnt.get(mac) === end) return
    if (this.#learnt.size >= this.#remembers) this.#learnt.delete(this.#learnt.keys().next().value!)
    this.#learnt.set(mac, end)
  }
}
