/**
 * The journey of a request as a picture in text: the lookup through its stages, the handshake, the segments, the
 * exchange, the page, the close. A pure function of the event log.
 */
import { formatDuration, type Nanos } from '../base/clock.ts'
import type { Event } from '../base/events.ts'
import { arp, icmp, tcp } from '../wire/index.ts'
import { Conversations } from './conversation.ts'
import { dnsWords, stageWords } from './dns.ts'
import { dropWords, isRoutine } from './drop.ts'
import { traceEvent } from './event.ts'
import { type LadderOptions, type Lane, ladderHeads, ladderRows, type Row, type Style } from './ladder.ts'
import { arrived, fate, origin, type Packet, packets, sent } from './packet.ts'
import { summary } from './summary.ts'

/** How the page of a journey is laid out, and what is left out of it. */
export interface JourneyOptions {
  /** The hosts as lanes, in the order in which they stand side by side, with what is written under their names. */
  readonly hosts: readonly Lane[]
  /** Width of the page in characters. */
  readonly columns: number
  readonly paint: (style: Style, text: string) => string
  /** ARP that arrived is left out, and counted, unless this is set. */
  readonly everything: boolean
  /** DNS names with the letter case that the packets have, which a resolver mixes at random. */
  readonly exactCase?: boolean
}

/** 'around' is whatever goes on at the time. */
type Act = 'lookup' | 'connect' | 'exchange' | 'close' | 'other' | 'around'

const TITLES: { readonly [act in Act]: string } = {
  lookup: 'The name is looked up',
  connect: 'The connection is opened: three-way handshake',
  exchange: 'The request and its reply',
  close: 'The connection is closed: four-way close',
  other: 'Other packets',
  around: 'Other packets',
}

/** A row with its place in the log. */
interface Placed {
  readonly index: number
  readonly at: Nanos
  readonly act: Act
  /** The phase of a conversation that this row opens. */
  readonly begins: Act | null
  readonly row: Row
}

const DNS_PORT = 53
/** RFC 9113 §6.1, §6.5. */
const END_STREAM = 1
const ACK = 1

/** The page, as lines. */
export function journey(events: readonly Event[], options: JourneyOptions): string[] {
  const all = packets(events, new Map(options.hosts.map(({ host, detail = '' }) => [detail, host])))
  const shown = all.filter((packet) => options.everything || packet.arp === null || fate(packet) !== null)
  const rows = [...packetRows(shown, events, options.exactCase === true), ...noteRows(events, options.everything)].sort(
    (a, b) => a.at - b.at || a.index - b.index,
  )
  settleActs(rows)
  const zero = rows[0]?.at ?? 0
  const lines: string[] = []
  let heads = ''
  for (const chapter of chapters(rows)) {
    const drawing = drawingOf(chapter, zero, options)
    // The heads of the lanes are said once, as long as the lanes stay the same.
    const names = drawing.lanes.map(({ host }) => host).join(' ')
    lines.push(options.paint('bold', TITLES[chapter.act]))
    if (heads !== names) lines.push(...ladderHeads(drawing))
    lines.push(...ladderRows(chapter.rows, drawing), '')
    heads = names
  }
  lines.push(...summary(events, { all, hidden: all.length - shown.length }, zero, options))
  return lines
}

function packetRows(all: readonly Packet[], events: readonly Event[], exact: boolean): Placed[] {
  const conversations = new Conversations(events)
  return all.map((packet) => {
    const why = fate(packet)
    const common = {
      kind: 'arrow',
      from: origin(packet),
      to: packet.to,
      departs: sent(packet),
      arrives: arrived(packet),
      lost: why === null ? null : `✗ ${why}`,
    } as const
    const { label, style, act } = wordsOf(packet, conversations, exact)
    const lost: Style = why === null ? style : 'red'
    const begins = packet.tcp === null ? null : phaseOf(packet.tcp)
    return { index: packet.index, at: sent(packet), act, begins, row: { ...common, label, style: lost } }
  })
}

function phaseOf({ flags, payload }: tcp.TcpSegment): Act | null {
  if ((flags & (tcp.SYN | tcp.ACK)) === tcp.SYN) return 'connect'
  if (flags & (tcp.FIN | tcp.RST)) return 'close'
  return payload.length > 0 ? 'exchange' : null
}

function wordsOf(
  packet: Packet,
  conversations: Conversations,
  exact: boolean,
): { label: string; style: Style; act: Act } {
  if (packet.udp !== null) {
    const dns = packet.udp.sourcePort === DNS_PORT || packet.udp.destinationPort === DNS_PORT
    if (dns) return { label: dnsWords(packet.udp.payload, exact), style: 'cyan', act: 'lookup' }
    const { sourcePort, destinationPort, payload } = packet.udp
    return { label: `UDP ${sourcePort} > ${destinationPort} (${payload.length} B)`, style: 'plain', act: 'other' }
  }
  if (packet.tcp !== null) {
    const { sourcePort, destinationPort } = packet.tcp
    const { label, style } = conversations.describe(packet)
    if (sourcePort === DNS_PORT || destinationPort === DNS_PORT)
      return { label: `TCP ${label}`, style: 'cyan', act: 'lookup' }
    return { label, style, act: 'exchange' }
  }
  if (packet.icmp !== null) return { label: icmp.print(packet.icmp), style: 'magenta', act: 'other' }
  if (packet.arp !== null) return { label: arp.print(packet.arp), style: 'dim', act: 'around' }
  return { label: packet.fault ?? 'a packet of another protocol', style: 'red', act: 'other' }
}

/** What the hosts say of themselves. */
function noteRows(events: readonly Event[], everything: boolean): Placed[] {
  const rows: Placed[] = []
  events.forEach((event, index) => {
    const said = noteOf(event, everything)
    if (said === null) return
    const { act, text, style } = said
    const row = { kind: 'note', at: event.at, host: event.host, text, style } as const
    rows.push({ index, at: event.at, act, begins: said.begins ?? null, row })
  })
  return rows
}

interface Note {
  readonly act: Act
  readonly begins?: Act
  readonly text: string
  readonly style: Style
}

function noteOf(logged: Event, everything: boolean): Note | null {
  const event = traceEvent(logged)
  switch (event.type) {
    case 'dns.stage':
      return { act: 'lookup', text: stageWords(event), style: 'dim' }
    case 'tcp.state': {
      const { from, to, connection } = event
      if (/:53(>|$)/.test(connection)) return null
      const begins = to === 'SYN-SENT' ? 'connect' : to === 'FIN-WAIT-1' || to === 'CLOSE-WAIT' ? 'close' : undefined
      return {
        act: 'exchange',
        ...(begins && { begins }),
        text: `${from} → ${to}${to === 'TIME-WAIT' ? ' (for 2 MSL)' : ''}`,
        style: 'dim',
      }
    }
    case 'stack.dropped':
      if (isRoutine(event) && !everything) return null
      return { act: 'around', text: dropWords(event), style: 'red' }
    case 'stack.address':
      return { act: 'around', text: `address ${event.address} on ${event.interface}: ${event.state}`, style: 'dim' }
    case 'http.request': {
      const { side, method, target, version } = event
      return {
        act: 'exchange',
        begins: 'exchange',
        text: `${side === 'client' ? 'sends' : 'receives'} the request ${method} ${target} ${version}`,
        style: 'bold',
      }
    }
    case 'http.response': {
      const { side, status, fields } = event
      return {
        act: 'exchange',
        text: `${side === 'server' ? 'sends' : 'receives'} the reply ${status} ${fieldWords(fields)}`.trimEnd(),
        style: 'bold',
      }
    }
    case 'http.frame': {
      // Each frame once, by who sends it.
      if (event.direction !== 'sent') return null
      const { frame, stream, length, flags } = event
      const about = stream === 0 ? '' : ` on stream ${stream}`
      const ends = (frame === 'HEADERS' || frame === 'DATA') && (flags & END_STREAM) !== 0 ? ', which ends' : ''
      const answer = (frame === 'SETTINGS' || frame === 'PING') && (flags & ACK) !== 0 ? ' acknowledged' : ''
      return {
        act: 'exchange',
        begins: 'exchange',
        text: `${frame}${answer}${about}, ${length} B${ends}`,
        style: 'dim',
      }
    }
    case 'http.refused': {
      const { status, why } = event
      return { act: 'exchange', text: `refuses the request with ${status}: ${why}`, style: 'red' }
    }
    case 'web.route': {
      const { route, pattern, method, path } = event
      return {
        act: 'exchange',
        text: route === '' ? `no route for ${method} ${path}` : `route ${route} (${pattern})`,
        style: 'magenta',
      }
    }
    case 'models.sql': {
      const { sql, rows, duration } = event
      return {
        act: 'exchange',
        text: `SQL${took(duration)}, ${counted(rows, 'row')}: ${shortSql(sql)}`,
        style: 'magenta',
      }
    }
    case 'templates.rendered': {
      const { template, duration, bytes } = event
      return {
        act: 'exchange',
        text: `template ${template}${took(duration)}, ${bytes} B`,
        style: 'magenta',
      }
    }
    case 'templates.replaced': {
      const { template, line, column, instead, why } = event
      const what = instead === '' ? 'leaves out a value' : `prints ${instead} in place of a value`
      return { act: 'exchange', text: `template ${template}:${line}:${column} ${what}: ${why}`, style: 'red' }
    }
    default:
      return null
  }
}

/** Virtual time stands still while the site computes: without a stopwatch there is nothing to tell. */
function took(duration: Nanos): string {
  return duration === 0 ? '' : ` ${formatDuration(duration)}`
}

/** A statement without its list of columns: the log has it whole. */
function shortSql(sql: string): string {
  const line = sql.replace(/\s+/g, ' ')
  return line.length <= 60 ? line : line.replace(/^select .+? from /, 'select … from ')
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`
}

const TOLD_FIELDS = new Set(['content-type', 'content-length', 'transfer-encoding', 'location', 'set-cookie'])

/** The fields of a reply that say most, in short. */
function fieldWords(fields: readonly string[]): string {
  const words: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase()
    if (TOLD_FIELDS.has(name)) words.push(name === 'set-cookie' ? 'sets a cookie' : fields[i + 1]!)
  }
  return words.join(', ')
}

/**
 * Gives every row of a conversation the phase in which it falls. A phase begins with what is typical of it and lasts
 * until the next one begins: acknowledgments and changes of state belong to what goes on around them.
 */
function settleActs(rows: Placed[]): void {
  let phase: Act = 'connect'
  let last: Act | null = null
  rows.forEach((placed, i) => {
    let { act } = placed
    if (act === 'around') act = last ?? phase
    else if (act === 'exchange') {
      // Data may still come while the connection is being closed: only another connection begins anew.
      if (placed.begins !== null && !(phase === 'close' && placed.begins === 'exchange')) phase = placed.begins
      act = phase
    }
    last = act
    rows[i] = { ...placed, act }
  })
}

interface Chapter {
  readonly act: Act
  readonly rows: Row[]
}

/** Neighbouring rows of one act. */
function chapters(rows: readonly Placed[]): Chapter[] {
  const result: Chapter[] = []
  for (const { act, row } of rows) {
    const current = result[result.length - 1]
    if (current?.act === act) current.rows.push(row)
    else result.push({ act, rows: [row] })
  }
  return result
}

const TIMES = 24 // two columns of times and the gaps

function lanesOf(rows: readonly Row[], { hosts }: JourneyOptions): Lane[] {
  const seen = new Set(rows.flatMap((row) => (row.kind === 'arrow' ? [row.from, row.to] : [row.host])))
  const known = hosts.filter(({ host }) => seen.has(host))
  return [...known, ...[...seen].filter((host) => !known.some((lane) => lane.host === host)).map((host) => ({ host }))]
}

/** How a chapter is drawn: lanes as far apart as the page is wide, but no further than is good to read. */
function drawingOf(chapter: Chapter, zero: Nanos, options: JourneyOptions): LadderOptions {
  const lanes = lanesOf(chapter.rows, options)
  const room = Math.max(options.columns - TIMES - 1, 24)
  const widest = chapter.act === 'lookup' ? 20 : 76
  const spacing = Math.min(widest, Math.floor(room / Math.max(1, lanes.length - 1)))
  return { lanes, spacing, zero, columns: options.columns, paint: options.paint }
}
