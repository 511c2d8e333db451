/** An answer as the message that a client gets. Pure. */
import type { Answer } from '../cache/cache.ts'
import { edns } from '../message/edns.ts'
import { type Message, response } from '../message/message.ts'
import { type Rrset, recordsOf } from '../message/record.ts'
import { RCODE, TYPE } from '../message/types.ts'

export interface ResponseOptions {
  /** Leave out of a positive answer what nobody asked for: shorter, and nothing to amplify with. */
  readonly minimal: boolean
}

export function respond(query: Message, answer: Answer, options: ResponseOptions = { minimal: true }): Message {
  const negative = answer.rcode !== RCODE.NOERROR || answer.answer.length === 0 || hasSoa(answer.authority)
  const bare = options.minimal && !negative
  return response(query, {
    ra: true,
    rcode: answer.rcode,
    answer: answer.answer.flatMap((set) => recordsOf(set)),
    authority: bare ? [] : answer.authority.flatMap((set) => recordsOf(set)),
    additional: options.minimal ? [] : answer.additional.flatMap((set) => recordsOf(set)),
    // RFC 6891 §7: an OPT record only for those who sent one. RFC 3225 §3: its DO bit comes back as it was.
    edns: query.edns === null ? null : edns({ dnssecOk: query.edns.dnssecOk }),
  })
}

/** A refusal or a failure, with nothing in it. */
export function respondEmpty(query: Message, rcode: number): Message {
  return respond(query, { rcode, answer: [], authority: [], additional: [] })
}

/** The smallest time to live of the answer (of a negative one: its SOA's), in seconds; -1 when there is none. */
export function ttlOf(answer: Answer): number {
  const sets = answer.answer.length > 0 ? answer.answer : answer.authority
  return sets.length === 0 ? -1 : Math.min(...sets.map((set) => set.ttl))
}

function hasSoa(sets: readonly Rrset[]): boolean {
  return sets.some((set) => set.type === TYPE.SOA)
}
