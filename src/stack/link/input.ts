/** Frames on the way in: whether a frame is for this machine, and what is in it. */
import { Fault } from '../../base/fault.ts'
import * as arp from '../../wire/arp.ts'
import * as ethernet from '../../wire/ethernet.ts'
import type { ReceiveMeta } from '../device.ts'
import type { Journal } from '../journal.ts'
import type { Interface } from './interface.ts'

/** Who takes the packets of a network layer. */
export interface PacketInput {
  /** @param group the frame was for a group or for everybody */
  arrived(through: Interface, bytes: Uint8Array, offset: number, group: boolean, meta: ReceiveMeta): void
}

/** What frames are handed to. */
export interface LinkParts {
  readonly journal: Journal
  readonly ip4: PacketInput
  arp(through: Interface, packet: arp.ArpPacket): void
}

export function frameArrived(parts: LinkParts, through: Interface, frame: Uint8Array, meta: ReceiveMeta): void {
  const { journal } = parts
  journal.counters.framesReceived++
  if (through.device.medium === 'ip') {
    parts.ip4.arrived(through, frame, 0, false, meta)
    return
  }
  if (ethernet.check(frame, 0, frame.length) !== null) {
    journal.dropped('frame malformed', through, meta.id, frame)
    return
  }
  const to = ethernet.destination(frame, 0)
  if (to !== through.device.mac && !ethernet.isGroup(to)) {
    journal.dropped('frame for another machine', through, meta.id, frame)
    return
  }
  const type = ethernet.etherType(frame, 0)
  if (type === ethernet.ETHERTYPE_IPV4)
    parts.ip4.arrived(through, frame, ethernet.HEADER_LENGTH, ethernet.isGroup(to), meta)
  else if (type === ethernet.ETHERTYPE_ARP) arpArrived(parts, through, frame, meta)
  else journal.dropped('ethertype unknown', through, meta.id, frame)
}

function arpArrived(parts: LinkParts, through: Interface, frame: Uint8Array, meta: ReceiveMeta): void {
  const packet = arp.parse(frame, ethernet.HEADER_LENGTH, frame.length - ethernet.HEADER_LENGTH)
  if (packet instanceof Fault) parts.journal.dropped('ARP malformed', through, meta.id, frame)
  else parts.arp(through, packet)
}
