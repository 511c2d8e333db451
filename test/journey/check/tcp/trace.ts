/**
 * What one end of one connection saw, in order: the segments that came, the segments that it sent, with what it
 * reported of itself at each of them, and its changes of state. As a capture on that host would show it.
 */
import type { Nanos } from '../../../../src/base/clock.ts'
import type { TcpSegmentEvent, TcpStateEvent } from '../../../../src/tcp/events.ts'
import type { Log, Report } from '../../log.ts'
import { dotted, type Segment } from '../../wire.ts'

export type Moment =
  | { readonly kind: 'got'; readonly at: Nanos; readonly segment: Segment }
  | { readonly kind: 'sent'; readonly at: Nanos; readonly segment: Segment; readonly said: TcpSegmentEvent }
  | { readonly kind: 'state'; readonly at: Nanos; readonly from: string; readonly to: string }

export interface Trace {
  readonly host: string
  /** `192.168.1.10:49152>198.51.100.80:80`, this end first. */
  readonly connection: string
  readonly moments: readonly Moment[]
}

interface Placed {
  readonly at: Nanos
  readonly order: number
  readonly moment: Moment
}

/** One trace for each end of each connection between hosts (routers' own connections are left out). */
export function traces({ events, frames, routers }: Log, report: Report): Trace[] {
  const found = new Map<string, { host: string; connection: string; placed: Placed[] }>()
  const of = (host: string, connection: string): Placed[] => {
    const key = `${host} ${connection}`
    let trace = found.get(key)
    if (trace === undefined) found.set(key, (trace = { host, connection, placed: [] }))
    return trace.placed
  }
  const saidOf = reports(events as readonly TcpSegmentEvent[])
  for (const { host, toHost, at, arrives, index, ip, tcp } of frames) {
    if (tcp === null || ip === null) continue
    const source = `${dotted(ip.source)}:${tcp.sourcePort}`
    const target = `${dotted(ip.destination)}:${tcp.destinationPort}`
    if (!routers.has(host)) {
      const said = saidOf.get(`${host} ${source}>${target}`)?.shift()
      if (said === undefined) report('the log', at, `${host} sent a segment that no tcp.segment tells of`)
      else {
        compare(host, tcp, said, report)
        of(host, `${source}>${target}`).push({
          at: said.at,
          order: index,
          moment: { kind: 'sent', at: said.at, segment: tcp, said },
        })
      }
    }
    if (!routers.has(toHost) && arrives !== null)
      of(toHost, `${target}>${source}`).push({
        at: arrives,
        order: -1, // before whatever it causes at the same instant
        moment: { kind: 'got', at: arrives, segment: tcp },
      })
  }
  events.forEach((event, order) => {
    if (event.type !== 'tcp.state' || routers.has(event.host)) return
    const { at, host, connection, from, to } = event as TcpStateEvent
    of(host, connection).push({ at, order, moment: { kind: 'state', at, from, to } })
  })
  for (const [key, left] of saidOf)
    for (const { at, host } of left)
      if (!routers.has(host)) report('the log', at, `${key}: a tcp.segment tells of a segment that was never sent`)
  return [...found.values()].map(({ host, connection, placed }) => ({
    host,
    connection,
    moments: placed.sort((a, b) => a.at - b.at || a.order - b.order).map(({ moment }) => moment),
  }))
}

function reports(events: readonly TcpSegmentEvent[]): Map<string, TcpSegmentEvent[]> {
  const found = new Map<string, TcpSegmentEvent[]>()
  for (const event of events) {
    if (event.type !== 'tcp.segment') continue
    const key = `${event.host} ${event.connection}`
    found.set(key, [...(found.get(key) ?? []), event])
  }
  return found
}

/** A report must say what the frame says. */
function compare(host: string, segment: Segment, said: TcpSegmentEvent, report: Report): void {
  const pairs = [
    ['seq', segment.seq, said.seq],
    ['ack', segment.ack, said.ack],
    ['flags', segment.flags, said.flags],
    ['length', segment.payload.length, said.length],
  ] as const
  for (const [name, real, told] of pairs)
    if (real !== told) report('the log', said.at, `${host} reports ${name} ${told}, the frame has ${real}`)
}
