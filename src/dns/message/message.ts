/** A DNS message (RFC 1035 §4.1) as a value. `decode.ts` and `encode.ts` take it off the wire and put it there. */
import type { Edns } from './edns.ts'
import type { Name } from './name.ts'
import type { ResourceRecord } from './record.ts'
import { CLASS, OPCODE, RCODE } from './types.ts'

/** Octets of a message: the 16-bit length before it on TCP (RFC 1035 §4.2.2). */
export const MAX_MESSAGE = 65535

/** What is asked for (RFC 1035 §4.1.2). */
export interface Question {
  readonly name: Name
  readonly type: number
  readonly class: number
}

/** The header but its counts. Flags by the names the RFCs give them. */
export interface Header {
  readonly id: number
  /** Whether this is a response. */
  readonly qr: boolean
  readonly opcode: number
  /** Authoritative answer. */
  readonly aa: boolean
  /** Truncated. */
  readonly tc: boolean
  /** Recursion desired. */
  readonly rd: boolean
  /** Recursion available. */
  readonly ra: boolean
  /** The bit that is reserved. */
  readonly z: boolean
  /** Authentic data (RFC 4035 §3.2.3). */
  readonly ad: boolean
  /** Checking disabled (RFC 4035 §3.2.2). */
  readonly cd: boolean
  /** Twelve bits, the upper eight from the OPT record when there is one (RFC 6891 §6.1.3). */
  readonly rcode: number
}

/** A message with its sections. */
export interface Message extends Header {
  readonly question: readonly Question[]
  readonly answer: readonly ResourceRecord[]
  readonly authority: readonly ResourceRecord[]
  /** Without the OPT record: that is `edns`. */
  readonly additional: readonly ResourceRecord[]
  readonly edns: Edns | null
}

const EMPTY: Message = {
  id: 0,
  qr: false,
  opcode: OPCODE.QUERY,
  aa: false,
  tc: false,
  rd: false,
  ra: false,
  z: false,
  ad: false,
  cd: false,
  rcode: RCODE.NOERROR,
  question: [],
  answer: [],
  authority: [],
  additional: [],
  edns: null,
}

/** A message with those parts; what is not given is off, zero or empty. */
export function message(parts: Partial<Message> = {}): Message {
  return { ...EMPTY, ...parts }
}

/** A question of class IN, in a query. */
export function query(name: Name, type: number, parts: Partial<Message> = {}): Message {
  return message({ question: [{ name, type, class: CLASS.IN }], ...parts })
}

/**
 * The response to that query with those parts: its ID, opcode, question, RD and CD copied (RFC 1035 §4.1.1,
 * RFC 4035 §3.2.2), the rest as given.
 */
export function response(
  to: Header & { readonly question?: readonly Question[] },
  parts: Partial<Message> = {},
): Message {
  const { id, opcode, rd, cd, question = [] } = to
  return message({ id, opcode, rd, cd, question, qr: true, ...parts })
}

/** Whether the two ask for the same, the case of letters apart. */
export function equalQuestions(a: Question, b: Question): boolean {
  return a.type === b.type && a.class === b.class && a.name.equals(b.name)
}
