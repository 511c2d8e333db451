/** What stands under a journey: where the time went, request by request, and what became of the packets. */
import { formatDuration, type Nanos } from '../base/clock.ts'
import type { Event } from '../base/events.ts'
import { dnsWords } from './dns.ts'
import { isEvent, type TraceEventOf } from './event.ts'
import type { LadderOptions } from './ladder.ts'
import { fate, origin, type Packet } from './packet.ts'

const DNS_PORT = 53

/** Moments of one request, at the client; undefined for what it did not come to. */
interface Request {
  /** Its connection was begun; undefined when it was there. */
  readonly connects: Nanos | undefined
  readonly connected: Nanos | undefined
  readonly asked: Nanos
  readonly answered: Nanos | undefined
  readonly done: Nanos | undefined
}

/**
 * @param zero when the journey began
 * @param packets all of them, and how many were not drawn
 */
export function summary(
  events: readonly Event[],
  { all, hidden }: { readonly all: readonly Packet[]; readonly hidden: number },
  zero: Nanos,
  { paint, columns }: Pick<LadderOptions, 'paint' | 'columns'>,
): string[] {
  const parts = timeParts(requestsOf(events), zero)
  const lost = all.filter((packet) => fate(packet) !== null).length
  const segments = events.filter((e) => isEvent(e, 'tcp.segment') && e.retransmission !== '').length
  const again = [
    ...(segments > 0 ? [counted(segments, 'TCP segment')] : []),
    ...(repeatedQuestions(all) > 0 ? [counted(repeatedQuestions(all), 'DNS question')] : []),
  ].join(' and ')
  const bytes = all.reduce((sum, packet) => sum + packet.hops[0]!.frame.length, 0)
  return [
    paint('bold', parts.length > 0 ? 'Where the time went' : 'What became of the packets'),
    ...parts.map(([what, took]) => `  ${what.padEnd(20)}${formatDuration(took).padStart(10)}`),
    ...inOneLine(
      `${all.length} packets, ${bytes} bytes; ${lost} lost,`,
      `${again === '' ? 'none' : again} sent again`,
      columns,
    ),
    ...(hidden > 0 ? [`  ${hidden} of them are ARP and not shown (--all)`] : []),
  ]
}

/** Two halves of a sentence, in one line where the page is wide enough. */
function inOneLine(first: string, second: string, columns: number): string[] {
  const whole = `  ${first} ${second}`
  return whole.length <= columns ? [whole] : [`  ${first}`, `  ${second}`]
}

/** Questions that a machine sent to a server more than once, since no reply came. */
function repeatedQuestions(all: readonly Packet[]): number {
  const asked = new Map<string, number>()
  for (const packet of all) {
    if (packet.udp?.destinationPort !== DNS_PORT) continue
    const question = `${origin(packet)} ${packet.to} ${dnsWords(packet.udp.payload)}`
    asked.set(question, (asked.get(question) ?? 0) + 1)
  }
  return [...asked.values()].reduce((sum, times) => sum + times - 1, 0)
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`
}

/** The first request in its parts, each further one as a whole. */
function timeParts([first, ...further]: readonly Request[], zero: Nanos): [string, Nanos][] {
  if (first === undefined) return []
  const { connects, connected, asked, answered, done } = first
  const spans: [string, Nanos | undefined, Nanos | undefined][] = [
    ['name lookup', zero, connects],
    ['connect', connects, connected],
    ['first byte', asked, answered],
    ['rest of the reply', answered, done],
    [further.length > 0 ? 'request 1 in all' : 'in all', zero, done],
  ]
  further.forEach(({ connects, asked, done }, i) => {
    spans.push([`request ${i + 2} in all`, connects ?? asked, done])
  })
  return spans.flatMap(([what, from, to]) =>
    from !== undefined && to !== undefined && to > from ? [[what, to - from]] : [],
  )
}

/** The requests of all clients, in the order in which they were sent. */
function requestsOf(events: readonly Event[]): Request[] {
  const requests: Request[] = []
  const known = new Set<string>()
  events.forEach((event, index) => {
    if (!isClients(event) || event.type !== 'http.request') return
    const { host, connection, exchange } = event
    // Clients of one host count alike, but a connection has one client only.
    const own = (e: Event): boolean =>
      isClients(e) && e.host === host && e.connection === connection && e.exchange === exchange
    const after = events.slice(index)
    const state = (to: string): Nanos | undefined =>
      known.has(`${host} ${connection}`) ? undefined : stateAt(events, host, connection, to)
    requests.push({
      connects: state('SYN-SENT'),
      connected: state('ESTABLISHED'),
      asked: event.at,
      answered: after.find((e) => e.type === 'http.response' && own(e))?.at,
      done: after.find((e) => e.type === 'http.done' && own(e))?.at,
    })
    known.add(`${host} ${connection}`)
  })
  return requests
}

type ClientEvent = TraceEventOf<'http.request' | 'http.response' | 'http.done'>

function isClients(event: Event): event is ClientEvent {
  const about = isEvent(event, 'http.request') || isEvent(event, 'http.response') || isEvent(event, 'http.done')
  return about && event.side === 'client'
}

function stateAt(events: readonly Event[], host: string, connection: string, to: string): Nanos | undefined {
  return events.find((e) => isEvent(e, 'tcp.state') && e.host === host && e.connection === connection && e.to === to)
    ?.at
}
