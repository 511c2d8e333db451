/**
 * TCP packets put in words: sequence numbers from the start of the connection, windows in bytes, and, for the
 * sender's side, the congestion window and why a segment was sent again.
 */
import { formatDuration } from '../base/clock.ts'
import type { Event } from '../base/events.ts'
import type { TcpSegmentEvent } from '../tcp/events.ts'
import { tcp } from '../wire/index.ts'
import { isEvent } from './event.ts'
import type { Style } from './ladder.ts'
import { dissect, lastHop, origin, type Packet, sent } from './packet.ts'

/** One direction of one connection. */
interface Direction {
  readonly isn: number
  /** Shift of the window field once both SYNs have carried the option (RFC 7323 §2.2). */
  scale: number | null
}

export interface Described {
  readonly label: string
  readonly style: Style
  /** Why it was sent again; '' for what goes for the first time. */
  readonly retransmission: string
  /** Which connection: the client's host and port, as the client sees it. */
  readonly connection: string
}

/** Describes the TCP packets of a log one after another, in the order in which they were sent. */
export class Conversations {
  readonly #directions = new Map<string, Direction>()
  /** Who sent the first SYN, by the two ends. */
  readonly #clients = new Map<string, string>()
  /** Ports as a translating router showed them, by destination host: the port at the host itself. */
  readonly #translated = new Map<string, number>()
  readonly #sender: ReadonlyMap<string, TcpSegmentEvent[]>

  constructor(events: readonly Event[]) {
    const sender = new Map<string, TcpSegmentEvent[]>()
    for (const event of events) {
      if (!isEvent(event, 'tcp.segment')) continue
      const key = senderKey(event.host, event)
      const others = sender.get(key)
      if (others === undefined) sender.set(key, [event])
      else others.push(event)
    }
    this.#sender = sender
  }

  /** @throws nothing: a packet without a TCP segment is described as such. */
  describe(packet: Packet): Described {
    const segment = packet.tcp
    if (segment === null) return { label: 'not TCP', style: 'plain', retransmission: '', connection: '' }
    const [from, to] = this.#ends(packet, segment)
    const forward = `${from}>${to}`
    const backward = `${to}>${from}`
    if (segment.flags & tcp.SYN) this.#directions.set(forward, { isn: segment.seq, scale: segment.options.windowScale })
    const mine = this.#directions.get(forward)
    const theirs = this.#directions.get(backward)
    const pair = from < to ? forward : backward
    if ((segment.flags & (tcp.SYN | tcp.ACK)) === tcp.SYN) this.#clients.set(pair, from)
    const words = [flagWords(segment.flags), ...this.#numbers(segment, mine, theirs)]
    const event = this.#senderEvent(packet, segment)
    if (event !== undefined && segment.payload.length > 0) words.push(`cwnd ${event.cwnd}`)
    const again = event?.retransmission ?? ''
    if (again !== '') words.unshift(`retransmission (${REASONS[again]})`)
    const waited = event === undefined ? 0 : sent(packet) - event.at
    if (waited > 0) words.push(`waited ${formatDuration(waited)} for ARP`)
    return {
      label: words.filter((word) => word !== '').join('  '),
      style: styleOf(segment.flags, again),
      retransmission: again === '' ? '' : REASONS[again],
      connection: this.#clients.get(pair) ?? from,
    }
  }

  /** The two ends by host and port, with translated ports put back. */
  #ends(packet: Packet, segment: tcp.TcpSegment): [string, string] {
    const source = `${origin(packet)}:${segment.sourcePort}`
    // What arrives shows the far end's port as the far end knows it; a router may have changed it on the way.
    const last = packet.hops.length > 1 ? (dissect(lastHop(packet).frame).tcp ?? segment) : segment
    const toHost = packet.to
    if (last.sourcePort !== segment.sourcePort) this.#translated.set(`${toHost} ${last.sourcePort}`, segment.sourcePort)
    const port = this.#translated.get(`${origin(packet)} ${segment.destinationPort}`) ?? last.destinationPort
    return [source, `${toHost}:${port}`]
  }

  #numbers(segment: tcp.TcpSegment, mine: Direction | undefined, theirs: Direction | undefined): string[] {
    const { flags, payload, options } = segment
    const seq = mine === undefined ? segment.seq : (segment.seq - mine.isn) >>> 0
    const words: string[] = []
    if (payload.length > 0) words.push(`seq ${seq}:${(seq + payload.length) >>> 0} (${payload.length} B)`)
    else if (flags & (tcp.SYN | tcp.FIN | tcp.RST)) words.push(`seq ${seq}`)
    if (flags & tcp.ACK) words.push(`ack ${theirs === undefined ? segment.ack : (segment.ack - theirs.isn) >>> 0}`)
    const scaled = !(flags & tcp.SYN) && mine?.scale != null && theirs?.scale != null
    if (!(flags & tcp.RST)) words.push(`win ${scaled ? segment.window * 2 ** mine.scale! : segment.window}`)
    if (options.mss !== null) words.push(`mss ${options.mss}`)
    if (options.windowScale !== null) words.push(`wscale ${options.windowScale}`)
    return words
  }

  /**
   * The sender's own report of this segment: the first one that no packet has taken yet. A packet may leave later than
   * it was reported, when its neighbour's address was not known.
   */
  #senderEvent(packet: Packet, segment: tcp.TcpSegment): TcpSegmentEvent | undefined {
    const { seq, ack, flags, payload } = segment
    const reports = this.#sender.get(senderKey(origin(packet), { seq, ack, flags, length: payload.length }))
    return reports?.[0] !== undefined && reports[0].at <= sent(packet) ? reports.shift() : undefined
  }
}

const REASONS = {
  rto: 'timeout',
  fast: 'fast retransmit',
  recovery: 'loss recovery',
  probe: 'window probe',
} as const

interface Numbers {
  readonly seq: number
  readonly ack: number
  readonly flags: number
  readonly length: number
}

function senderKey(host: string, { seq, ack, flags, length }: Numbers): string {
  return `${host} ${seq} ${flags & tcp.ACK ? ack : 0} ${flags} ${length}`
}

const FLAG_WORDS = [
  [tcp.SYN, 'SYN'],
  [tcp.FIN, 'FIN'],
  [tcp.RST, 'RST'],
  [tcp.PSH, 'PSH'],
  [tcp.URG, 'URG'],
  [tcp.ACK, 'ACK'],
] as const

function flagWords(flags: number): string {
  return FLAG_WORDS.filter(([bit]) => flags & bit)
    .map(([, word]) => word)
    .join(' ')
}

function styleOf(flags: number, again: string): Style {
  if (again !== '') return 'yellow'
  if (flags & tcp.RST) return 'red'
  return flags & (tcp.SYN | tcp.FIN) ? 'green' : 'plain'
}
