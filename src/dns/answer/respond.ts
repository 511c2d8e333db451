/** An answer as the message that a client gets. Pure. */
import { putU16 } from '../../base/octets.ts'
import { EDNS_OPTION, type EdnsOption, edns } from '../message/edns.ts'
import { type Message, response } from '../message/message.ts'
import { addRecords, type ResourceRecord, type Rrset } from '../message/record.ts'
import { TYPE } from '../message/types.ts'
import { type Answer, answerOf, type ExtendedError, isNegative, isProof } from './answer.ts'

/** How an answer becomes a message. */
export interface ResponseOptions {
  /** Leave out of a positive answer what nobody asked for: shorter, and nothing to amplify with. */
  readonly minimal: boolean
  /** Whether signatures and proofs are at hand and so are given to clients that ask for them (DO). */
  readonly signed: boolean
  /** Whether the reasons of failures are given, RFC 8914. */
  readonly explained: boolean
  /** The AA bit. */
  readonly authoritative: boolean
  /** The RA bit. */
  readonly recursionAvailable: boolean
}

const DEFAULTS: ResponseOptions = {
  minimal: true,
  signed: false,
  explained: true,
  authoritative: false,
  recursionAvailable: false,
}

/** The options with those set, made once for many answers. */
export function responseOptions(options: Partial<ResponseOptions> = {}): ResponseOptions {
  return { ...DEFAULTS, ...options }
}

/**
 * The reply to `query` that says `answer`: its ID, question, RD and CD copied.
 * @example
 * const reply = respond(query, answerOf({ rcode: RCODE.NXDOMAIN }), responseOptions({ recursionAvailable: true }))
 */
export function respond(query: Message, answer: Answer, options: ResponseOptions = DEFAULTS): Message {
  const { minimal, signed, explained } = options
  const dnssecOk = signed && query.edns?.dnssecOk === true
  // Who asks for name servers wants to ask them next: their addresses are no surplus.
  const asksServers = query.question[0]?.type === TYPE.NS
  return response(query, {
    aa: options.authoritative,
    ra: options.recursionAvailable,
    rcode: answer.rcode,
    answer: records(answer.answer, dnssecOk),
    authority: authority(answer, minimal, dnssecOk),
    additional: minimal && !asksServers ? NOTHING : records(answer.additional, dnssecOk),
    // RFC 6891 §7: an OPT record only for those who sent one. RFC 3225 §3: DO comes back where it was understood.
    edns: query.edns === null ? null : edns({ dnssecOk, options: explained ? explanation(answer.error) : [] }),
  })
}

const NOTHING: readonly ResourceRecord[] = []

/** RFC 4035 §3.2.1: proofs are for those alone who asked for them, who get them also where nothing else is said. */
function authority(answer: Answer, minimal: boolean, dnssecOk: boolean): readonly ResourceRecord[] {
  if (answer.authority.length === 0) return NOTHING
  const bare = minimal && !isNegative(answer)
  return records(
    answer.authority.filter((set) => (isProof(set) ? dnssecOk : !bare)),
    dnssecOk,
  )
}

function records(sets: readonly Rrset[], signed: boolean): readonly ResourceRecord[] {
  if (sets.length === 0) return NOTHING
  const gathered: ResourceRecord[] = []
  for (const set of sets) addRecords(gathered, set, signed)
  return gathered
}

/** A refusal or a failure, with nothing in it but its reason. */
export function respondEmpty(
  query: Message,
  rcode: number,
  options: ResponseOptions = DEFAULTS,
  error: ExtendedError | null = null,
): Message {
  return respond(query, answerOf({ rcode, error }), options)
}

/** Characters: a reason must not push records out of a datagram. */
const MAX_EXPLANATION = 160

const ENCODER = new TextEncoder()

/** RFC 8914 §2: two octets of INFO-CODE, then text. */
function explanation(error: ExtendedError | null): EdnsOption[] {
  if (error === null) return []
  const text = ENCODER.encode(error.text.slice(0, MAX_EXPLANATION))
  const data = new Uint8Array(2 + text.length)
  putU16(data, 0, error.code)
  data.set(text, 2)
  return [{ code: EDNS_OPTION.EXTENDED_ERROR, data }]
}
