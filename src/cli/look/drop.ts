/** `--drop`: packets that a person names, lost on the line to the provider. */
import { decode, MessageFault } from '../../dns/index.ts'
import { drop, type Packet, pass, type Rule } from '../../sim/index.ts'
import { dissect } from '../../trace/packet.ts'
import { tcp } from '../../wire/index.ts'

const DNS_PORT = 53

/** What a frame carries, as far as somebody would name it. */
interface Carried {
  readonly segment: tcp.TcpSegment | null
  readonly dns: 'query' | 'answer' | null
}

/** The words for a packet. The first that fits is not the only one: a SYN is a packet too. */
const KINDS: { readonly [word: string]: (of: Carried) => boolean } = {
  packet: () => true,
  query: ({ dns }) => dns === 'query',
  answer: ({ dns }) => dns === 'answer',
  syn: ({ segment }) => has(segment, tcp.SYN) && !has(segment, tcp.ACK),
  'syn-ack': ({ segment }) => has(segment, tcp.SYN) && has(segment, tcp.ACK),
  data: ({ segment }) => segment !== null && segment.payload.length > 0,
  ack: ({ segment }) => segment !== null && segment.payload.length === 0 && (segment.flags & ~tcp.ACK) === 0,
  fin: ({ segment }) => has(segment, tcp.FIN),
  rst: ({ segment }) => has(segment, tcp.RST),
}

function has(segment: tcp.TcpSegment | null, flag: number): boolean {
  return segment !== null && (segment.flags & flag) !== 0
}

const ORDINALS: readonly string[] = [
  'first',
  'second',
  'third',
  'fourth',
  'fifth',
  'sixth',
  'seventh',
  'eighth',
  'ninth',
]

/** `first SYN`, `2nd data`, `every ack`, `5`: which packet of which kind. */
interface Named {
  readonly text: string
  readonly fits: (of: Carried) => boolean
  /** From 1; 0: every one. */
  readonly which: number
}

export const DROP_HELP = `one of ${Object.keys(KINDS).join(', ')}, after first, 2nd or every`

/** @throws RangeError for words that name no packet; the message says which words there are */
export function parseDrop(text: string): Named {
  const words = text.trim().toLowerCase().split(/\s+/)
  const [last = ''] = words.slice(-1)
  const kind = Object.hasOwn(KINDS, last)
    ? last
    : Object.hasOwn(KINDS, last.replace(/s$/, ''))
      ? last.replace(/s$/, '')
      : null
  const number = (word: string): number => {
    const ordinal = ORDINALS.indexOf(word) + 1
    if (ordinal > 0) return ordinal
    const digits = /^(\d{1,6})(?:st|nd|rd|th)?$/.exec(word)?.[1]
    return digits === undefined ? -1 : Number(digits)
  }
  const which = words.length === 2 ? (words[0] === 'every' ? 0 : number(words[0]!)) : kind === null ? number(last) : 1
  const known = (kind !== null || words.length === 1) && words.length <= 2
  if (!known || which < 0 || (which === 0 && words[0] !== 'every'))
    throw new RangeError(
      `'${text}' names no packet: write ${DROP_HELP} ('first SYN', '2nd data', 'every ack'), or a number, which counts all packets`,
    )
  return { text, fits: KINDS[kind ?? 'packet']!, which }
}

/** A rule that loses those packets, counted as they enter the line, in both directions together. */
export function dropRule(named: readonly Named[], link: string): Rule {
  const seen = named.map(() => 0)
  return (packet) => {
    if (packet.link !== link) return pass
    const of = carried(packet)
    if (of === null) return pass
    let lost: Named | null = null
    named.forEach((one, i) => {
      if (!one.fits(of)) return
      seen[i]!++
      if (one.which === 0 || one.which === seen[i]) lost ??= one
    })
    return lost === null ? pass : drop(`--drop ${(lost as Named).text}`)
  }
}

/** Null for a frame that is not IP: ARP is not counted. */
function carried({ frame }: Packet): Carried | null {
  const { ip, tcp: segment, udp } = dissect(frame)
  if (ip === null) return null
  const message =
    udp === null || (udp.sourcePort !== DNS_PORT && udp.destinationPort !== DNS_PORT) ? null : decode(udp.payload)
  const dns = message === null || message instanceof MessageFault ? null : message.qr ? 'answer' : 'query'
  return { segment, dns }
}
