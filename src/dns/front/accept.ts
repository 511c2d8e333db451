/** What becomes of the octets that reach a server, decided on the header before anything else is looked at. */
import { u16 } from '../../base/octets.ts'
import { DNS_LIMITS } from '../limits.ts'
import { decode, decodeHeader, MessageFault } from '../message/decode.ts'
import { edns } from '../message/edns.ts'
import { encode } from '../message/encode.ts'
import { type Header, MAX_MESSAGE, type Message, response } from '../message/message.ts'
import { OPCODE, RCODE } from '../message/types.ts'
import type { Transport } from './responder.ts'

/** A query to answer, a reply that is ready, or null for silence. */
export type Accepted = { readonly query: Message } | { readonly reply: Uint8Array } | null

/** UDP without EDNS (RFC 1035 §4.2.1). */
const PLAIN_UDP_SIZE = 512

/** Opcodes that a responder may know; it answers NOTIMP to those that it does not. */
const OPCODES = new Set<number>([OPCODE.QUERY, OPCODE.NOTIFY, OPCODE.UPDATE])

/** What the octets of a datagram or a stream are to a server. */
export function accept(bytes: Uint8Array): Accepted {
  const header = decodeHeader(bytes)
  // A response is never answered: two servers would talk for ever (CVE-2004-0789). Nor is what has no ID.
  if (header === null || header.qr) return null
  if (!OPCODES.has(header.opcode)) return { reply: bare(header, RCODE.NOTIMP) }
  if (!plausible(bytes, header.opcode)) return { reply: bare(header, RCODE.FORMERR) }
  const query = decode(bytes)
  return query instanceof MessageFault ? { reply: bare(header, RCODE.FORMERR) } : { query }
}

/** Counts that a query or a notification can have: one question, hardly anything else. An update has one zone too. */
function plausible(bytes: Uint8Array, opcode: number): boolean {
  if (u16(bytes, 4) !== 1) return false // RFC 9619; RFC 2136 §3.1.1 for updates
  return opcode === OPCODE.UPDATE || (u16(bytes, 6) <= 1 && u16(bytes, 8) <= 1 && u16(bytes, 10) <= 2)
}

/** The header alone: of a message that cannot be read, no part can be repeated. */
function bare(header: Header, rcode: number): Uint8Array {
  return encode(response({ ...header, question: [] } as Header, { rcode }))
}

/** The reply on the wire: with an OPT record exactly when the query had one, and no longer than the client takes. */
export function finish(
  query: Message,
  reply: Message,
  transport: Transport,
  udpSize: number = DNS_LIMITS.front.udpSize,
): Uint8Array {
  const withOpt = query.edns === null ? null : (reply.edns ?? edns())
  // RFC 6891 §6.1.3: without an OPT record there is no room for the upper bits.
  const rcode = withOpt === null && reply.rcode > 15 ? RCODE.SERVFAIL : reply.rcode
  const limit = transport === 'tcp' ? MAX_MESSAGE : sizeFor(query, udpSize)
  return encode({ ...reply, edns: withOpt, rcode }, { limit })
}

/** RFC 6891 §6.2.5: what the client takes, but not more than what crosses every path. */
function sizeFor(query: Message, udpSize: number): number {
  if (query.edns === null) return PLAIN_UDP_SIZE
  return Math.max(PLAIN_UDP_SIZE, Math.min(query.edns.udpSize, udpSize))
}

/** The answer to a query that something of ours went wrong with. */
export function servfail(query: Message): Message {
  return response(query, { rcode: RCODE.SERVFAIL })
}
