/** Addresses of interfaces: they are given, grow old, and are taken away, and the routes to their networks with them. */
import { MILLISECOND } from '../../base/clock.ts'
import { type Duration, requireDuration } from '../../base/duration.ts'
import { formatIp4, type Ip4, type Prefix4 } from '../../base/ip.ts'
import type { Task } from '../../base/schedule.ts'
import type { Journal } from '../journal.ts'
import type { Routes } from '../net/routes.ts'
import type { Timers } from '../timers.ts'
import type { AddressState, Interface, InterfaceAddress } from './interface.ts'

/** In what state an address is given, and for how long. */
export interface AddressOptions {
  /** 'tentative': it is not used yet; adding the address again with another state changes that. Default 'preferred'. */
  readonly state?: 'tentative' | 'preferred'
  /** How long new connections may use it; then it is deprecated. Default: for good. */
  readonly preferred?: Duration
  /** How long it may be used at all; then it is removed. Default: for good. */
  readonly valid?: Duration
}

/** The layer whose addresses they are. */
export interface AddressedLayer {
  readonly routes: Routes
  addressesChanged(): void
}

/** What is to happen to an address when it is older. */
class Lifetime implements Task {
  readonly #timers: Timers
  readonly #run: () => void
  #slot: number

  constructor(timers: Timers, after: Duration, run: () => void) {
    this.#timers = timers
    this.#run = run
    this.#slot = timers.at(timers.now() + after, this)
  }

  run(): void {
    this.#slot = -1
    this.#run()
  }

  cancel(): void {
    if (this.#slot >= 0) this.#timers.cancel(this.#slot)
    this.#slot = -1
  }
}

export class Addressing {
  readonly #timers: Timers
  readonly #journal: Journal
  readonly #layer: AddressedLayer
  readonly #lifetimes = new Map<Interface, Map<Ip4, readonly Lifetime[]>>()

  constructor(timers: Timers, journal: Journal, layer: AddressedLayer) {
    this.#timers = timers
    this.#journal = journal
    this.#layer = layer
  }

  /** Gives an interface an address, or one that it has another state and lifetime. */
  add(to: Interface, address: Ip4, prefix: Prefix4, options: AddressOptions): void {
    const { state = 'preferred', preferred, valid } = options
    const [old, dead] = [positive('preferred', preferred), positive('valid', valid)]
    const before = to.addresses.find((each) => each.address === address)
    if (before !== undefined && before.prefix.length !== prefix.length) this.remove(to, address)
    this.#forget(to, address)
    const validUntil = dead === undefined ? Number.POSITIVE_INFINITY : this.#timers.now() + dead
    this.#put(to, { address, prefix, state, validUntil })
    if (!this.#routed(to, prefix)) this.#layer.routes.add({ prefix, gateway: null, interface: to, metric: 0 })
    const lifetimes: Lifetime[] = []
    if (old !== undefined) lifetimes.push(new Lifetime(this.#timers, old, () => this.#deprecate(to, address)))
    if (dead !== undefined) lifetimes.push(new Lifetime(this.#timers, dead, () => this.remove(to, address)))
    if (lifetimes.length > 0) this.#of(to).set(address, lifetimes)
  }

  /** False: the interface does not have it. */
  remove(from: Interface, address: Ip4): boolean {
    const entry = from.addresses.find((each) => each.address === address)
    if (entry === undefined) return false
    this.#forget(from, address)
    from.remove(address)
    const { network, length } = entry.prefix
    const same = ({ prefix }: { readonly prefix: Prefix4 }) => prefix.network === network && prefix.length === length
    if (!from.addresses.some(same))
      this.#layer.routes.remove((route) => route.gateway === null && route.interface === from && same(route))
    this.#layer.addressesChanged()
    this.#report(from, entry, 'removed')
    return true
  }

  #deprecate(of: Interface, address: Ip4): void {
    const entry = of.addresses.find((each) => each.address === address)
    if (entry !== undefined && entry.state === 'preferred') this.#put(of, { ...entry, state: 'deprecated' })
  }

  #put(to: Interface, entry: InterfaceAddress): void {
    to.put(entry)
    this.#layer.addressesChanged()
    this.#report(to, entry, entry.state)
  }

  #routed(to: Interface, { network, length }: Prefix4): boolean {
    return this.#layer.routes.own.some(
      ({ prefix, gateway, interface: of }) =>
        gateway === null && of === to && prefix.network === network && prefix.length === length,
    )
  }

  #of(one: Interface): Map<Ip4, readonly Lifetime[]> {
    let known = this.#lifetimes.get(one)
    if (known === undefined) this.#lifetimes.set(one, (known = new Map()))
    return known
  }

  #forget(of: Interface, address: Ip4): void {
    const lifetimes = this.#lifetimes.get(of)
    for (const each of lifetimes?.get(address) ?? []) each.cancel()
    lifetimes?.delete(address)
  }

  #report(of: Interface, { address, prefix }: InterfaceAddress, state: AddressState | 'removed'): void {
    this.#journal.address(of, `${formatIp4(address)}/${prefix.length}`, state)
  }
}

function positive(name: string, value: Duration | undefined): Duration | undefined {
  return value === undefined ? undefined : requireDuration(`addAddress(…, { ${name} })`, value, MILLISECOND)
}
