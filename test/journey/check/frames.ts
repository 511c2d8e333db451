/** Every frame by itself, and whether its sender knew the address it was sent to. */
import type { Frame, Log, Report } from '../log.ts'
import { dotted } from '../wire.ts'

const BROADCAST = 'ff:ff:ff:ff:ff:ff'

export function checkFrames({ frames }: Log, report: Report): void {
  const known = neighbours(frames)
  const owners = ownAddresses(frames)
  for (const frame of frames) {
    for (const fault of frame.faults) report('RFC 1071', frame.at, `${frame.host}: ${fault}`)
    if (frame.departs < frame.at) report('causality', frame.at, `frame ${frame.id} departs before it is handed over`)
    if (frame.arrives !== null && frame.arrives < frame.departs)
      report('causality', frame.at, `frame ${frame.id} arrives before it departs`)
    if (frame.ip !== null) {
      if (frame.ip.ttl === 0) report('RFC 1812 §5.3.1', frame.at, `${frame.host} sends a packet with TTL 0`)
      if (frame.ip.fragment) report('RFC 1191', frame.at, `${frame.host} sends a fragment on a path of one MTU`)
      const heard = known.get(frame.from)?.get(frame.toMac)
      if (frame.toMac === BROADCAST || heard === undefined || heard > frame.at)
        report('RFC 826', frame.at, `${frame.from} sends to ${frame.toMac} without having heard of it`)
    }
    if (frame.arp !== null) checkArp(frame, owners, report)
  }
  checkAnswers(frames, owners, report)
}

/** When an interface first heard an ARP packet of a neighbour. */
function neighbours(frames: readonly Frame[]): Map<string, Map<string, number>> {
  const known = new Map<string, Map<string, number>>()
  for (const { arp, to, arrives } of frames) {
    if (arp === null || arrives === null) continue
    const table = known.get(to) ?? new Map<string, number>()
    known.set(to, table)
    if (!table.has(arp.senderMac) || table.get(arp.senderMac)! > arrives) table.set(arp.senderMac, arrives)
  }
  return known
}

/** Whose the addresses are, by interface, as ARP tells. */
function ownAddresses(frames: readonly Frame[]): Map<number, string> {
  const owners = new Map<number, string>()
  for (const { arp, from } of frames) if (arp !== null) owners.set(arp.senderIp, from)
  return owners
}

function checkArp(frame: Frame, owners: ReadonlyMap<number, string>, report: Report): void {
  const { arp, host, from, at } = frame
  if (arp!.senderMac !== frame.fromMac) report('RFC 826', at, `${host}: ARP sender is not the frame's sender`)
  if (owners.get(arp!.senderIp) !== from) report('RFC 826', at, `${dotted(arp!.senderIp)} has two owners`)
  if (!arp!.request && frame.toMac === BROADCAST) report('RFC 826', at, `${host} broadcasts an ARP reply`)
}

/** RFC 826: who is asked for answers at once. */
function checkAnswers(frames: readonly Frame[], owners: ReadonlyMap<number, string>, report: Report): void {
  const replies = new Set(frames.filter(({ arp }) => arp?.request === false).map(({ from, at }) => `${from} ${at}`))
  for (const { arp, arrives, to } of frames) {
    if (arp === null || !arp.request || arrives === null || owners.get(arp.targetIp) !== to) continue
    if (!replies.has(`${to} ${arrives}`)) report('RFC 826', arrives, `${to} does not answer an ARP request`)
  }
}
