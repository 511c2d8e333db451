/** ARP of one interface (RFC 826): it asks for neighbours, answers for this host, and learns from what it hears. */
import { IP4_ANY, type Ip4 } from '../../../base/ip.ts'
import * as arp from '../../../wire/arp.ts'
import * as ethernet from '../../../wire/ethernet.ts'
import type { Frames } from '../../frames.ts'
import type { Interface } from '../../link/interface.ts'

/** What ARP needs of its stack. */
export interface ArpHost {
  readonly frames: Frames
  isOwn(address: Ip4): boolean
  /** Counts a frame that is handed to a device. */
  frameSent(): void
}

/** Asks everybody, or the one who was known to have the address, for a neighbour's MAC address. */
export function askArp(host: ArpHost, through: Interface, neighbour: Ip4, at: ethernet.Mac | null): void {
  const request: arp.ArpPacket = {
    operation: arp.REQUEST,
    senderMac: through.device.mac,
    senderIp: through.sourceFor(neighbour),
    targetMac: 0,
    targetIp: neighbour,
  }
  send(host, through, request, at ?? ethernet.MAC_BROADCAST)
}

/** RFC 826, "packet reception". */
export function arpArrived(host: ArpHost, through: Interface, packet: arp.ArpPacket): void {
  const { neighbours } = through
  const forUs = host.isOwn(packet.targetIp)
  // A group address cannot be a host's own, an own address cannot be another's.
  if (neighbours === null || ethernet.isGroup(packet.senderMac) || host.isOwn(packet.senderIp)) return
  if (packet.senderIp !== IP4_ANY) {
    const known = neighbours.known(packet.senderIp)
    const answer = forUs && packet.operation === arp.REPLY
    if (known !== undefined) known.heard(packet.senderMac, answer)
    else if (forUs && packet.operation === arp.REQUEST) neighbours.of(packet.senderIp).heard(packet.senderMac, false)
  }
  if (!forUs || packet.operation !== arp.REQUEST) return
  const reply: arp.ArpPacket = {
    operation: arp.REPLY,
    senderMac: through.device.mac,
    senderIp: packet.targetIp,
    targetMac: packet.senderMac,
    targetIp: packet.senderIp,
  }
  send(host, through, reply, packet.senderMac)
}

function send(host: ArpHost, through: Interface, packet: arp.ArpPacket, to: ethernet.Mac): void {
  const { device } = through
  const frame = host.frames.take(arp.length(packet))
  arp.emit(packet, frame.bytes, frame.start)
  const at = frame.prepend(ethernet.HEADER_LENGTH)
  ethernet.emitHeader(frame.bytes, at, to, device.mac, ethernet.ETHERTYPE_ARP)
  host.frameSent()
  device.transmit(frame.view(), null)
}
