/** Authoritative answers as messages: a pure function of zones and query. */
import { respond, respondEmpty, responseOptions } from '../answer/respond.ts'
import { type AnswerLimits, DNS_LIMITS } from '../limits.ts'
import type { Message } from '../message/message.ts'
import { isMetaType, OPCODE, RCODE, TYPE } from '../message/types.ts'
import type { Zones } from '../zone/zones.ts'
import { lookup } from './lookup.ts'

// What a zone adds of its own is meant: it is not left out to be shorter.
const AUTHORITATIVE = responseOptions({ minimal: false, signed: true, authoritative: true })
const REFERRAL = responseOptions({ minimal: false, signed: true })

/** The answer of a server that is authoritative for those zones and knows nothing else. */
export function answer(zones: Zones, query: Message, limits: AnswerLimits = DNS_LIMITS.answer): Message {
  const refusal = refused(query)
  const [question] = query.question
  if (refusal !== RCODE.NOERROR || question === undefined) return respondEmpty(query, refusal)
  const found = lookup(zones, question, limits)
  if (found === undefined) return respondEmpty(query, RCODE.REFUSED)
  return respond(query, found.answer, found.authoritative ? AUTHORITATIVE : REFERRAL)
}

/** What an authoritative server does not do, as the RCODE that says so; NOERROR for a question to answer. */
function refused({ opcode, question, edns }: Message): number {
  if (opcode !== OPCODE.QUERY) return RCODE.NOTIMP
  const [asked] = question
  if (asked === undefined || question.length > 1) return RCODE.FORMERR
  // RFC 6891 §6.1.3.
  if (edns !== null && edns.version !== 0) return RCODE.BADVERS
  if (asked.type === TYPE.AXFR || asked.type === TYPE.IXFR) return RCODE.REFUSED
  return asked.type !== TYPE.ANY && isMetaType(asked.type) ? RCODE.NOTIMP : RCODE.NOERROR
}
