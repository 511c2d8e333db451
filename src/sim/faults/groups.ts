/** Which machines a packet goes between: what partitions and holds ask of every frame. */
import { contains4, type Ip4 } from '../../base/ip.ts'
import * as ethernet from '../../wire/ethernet.ts'
import * as ipv4 from '../../wire/ipv4.ts'
import type { SimHost } from '../machine/node.ts'
import type { Packet } from './rule.ts'

/** A machine, or several that stay together. */
export type Group = SimHost | readonly SimHost[]

/**
 * From which of the groups to which other one the frame carries an IPv4 packet; null when it goes between no two of them.
 * ARP does not count: whoever is cut off runs into time-outs, and is not told that nobody lives there.
 */
export function crossing({ frame, toHost }: Packet, groups: readonly Group[]): readonly [number, number] | null {
  if (ethernet.check(frame, 0, frame.length) !== null) return null
  if (ethernet.etherType(frame, 0) !== ethernet.ETHERTYPE_IPV4) return null
  const at = ethernet.HEADER_LENGTH
  if (frame.length < at + ipv4.HEADER_LENGTH) return null
  const source = ipv4.source(frame, at)
  const from = find(groups, (host) => host.has(source))
  if (from < 0) return null
  const destination = ipv4.destination(frame, at)
  // A broadcast is for many: each of them is cut off at its own link.
  const many = ethernet.isGroup(ethernet.destination(frame, 0))
  const to = find(groups, (host) => (many ? host.name === toHost : host.has(destination) || hears(host, destination)))
  return to < 0 || to === from ? null : [from, to]
}

function find(groups: readonly Group[], wanted: (host: SimHost) => boolean): number {
  return groups.findIndex((group) => ('length' in group ? group.some(wanted) : wanted(group)))
}

/** A directed broadcast, on its way to the network that it is for. */
function hears(host: SimHost, destination: Ip4): boolean {
  return host.ports.some(
    ({ interface: each }) =>
      each.isBroadcast(destination) && each.addresses.some(({ prefix }) => contains4(prefix, destination)),
  )
}
