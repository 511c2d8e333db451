/**
 * A capture of a run as tcpdump would have made it on some of the hosts: what left their interfaces and what came
 * in, with names, and with comments that no real capture could have: why a segment was sent again, where a packet
 * was lost.
 */
import type { Nanos } from '../base/clock.ts'
import type { Event } from '../base/events.ts'
import { parseIp4 } from '../base/ip.ts'
import { Conversations } from './conversation.ts'
import { isEvent } from './event.ts'
import { fate, lastHop, packets } from './packet.ts'
import type { Capture, CapturedPacket, CaptureInterface } from './pcapng.ts'

/** Where a capture is made and what the file says of itself. */
export interface CaptureOptions {
  /** Where the capture is made; null for every interface of every host. */
  readonly hosts: ReadonlySet<string> | null
  readonly epochMillis: number
  readonly comment: string
  readonly application: string
  /** Addresses and the names of their hosts. */
  readonly names: readonly (readonly [address: string, name: string])[]
}

/**
 * The packets of the event log as they were seen at the interfaces of some hosts, with comments that say why a segment was
 * sent again and where a packet was lost.
 *
 * @example
 * writeFileSync('laptop.pcapng', pcapng(capture(log.events, { hosts: new Set(['laptop']), epochMillis, comment: '', application: '', names: [] })))
 */
export function capture(events: readonly Event[], options: CaptureOptions): Capture {
  const interfaces: CaptureInterface[] = []
  const indices = new Map<string, number>()
  const index = (name: string): number => {
    let known = indices.get(name)
    if (known === undefined) {
      known = interfaces.push({ name }) - 1
      indices.set(name, known)
    }
    return known
  }
  const comments = commentsById(events)
  const dropped = new Set(events.flatMap((event) => (isEvent(event, 'link.dropped') ? event.id : [])))
  const seen: { at: Nanos; packet: CapturedPacket }[] = []
  const watch = (host: string): boolean => options.hosts === null || options.hosts.has(host)
  for (const event of events) {
    if (!isEvent(event, 'link.sent')) continue
    const { id, host, from, to, toHost, departs, arrives, frame } = event
    const common = { frame, id, comments: comments.get(id) ?? [] }
    if (watch(host))
      seen.push({ at: departs, packet: { ...common, interface: index(from), at: departs, outbound: true } })
    if (watch(toHost) && !dropped.has(id))
      seen.push({ at: arrives, packet: { ...common, interface: index(to), at: arrives, outbound: false } })
  }
  seen.sort((a, b) => a.at - b.at)
  return {
    epochMillis: options.epochMillis,
    comment: options.comment,
    application: options.application,
    interfaces,
    names: options.names.map(([address, name]) => [octets(address), name]),
    packets: seen.map(({ packet }) => packet),
  }
}

/** What there is to say of frames, by their ids. */
function commentsById(events: readonly Event[]): Map<number, string[]> {
  const comments = new Map<number, string[]>()
  const conversations = new Conversations(events)
  for (const packet of packets(events)) {
    const again = packet.tcp === null ? '' : conversations.describe(packet).retransmission
    for (const hop of packet.hops) {
      const said: string[] = []
      if (again !== '') said.push(`retransmission: ${again}`)
      if (hop.dropped !== null) said.push(`never arrived: ${hop.dropped} on ${hop.link}`)
      if (packet.stranded && hop === lastHop(packet)) said.push(`never arrived: ${fate(packet)}`)
      if (said.length > 0) comments.set(hop.id, said)
    }
  }
  return comments
}

function octets(address: string): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, parseIp4(address))
  return bytes
}
