/** Whether bytes that have come are the reply to a question that was sent (RFC 5452 §9.1). Pure. */
import { DecodeFailure, decode, decodeHeader } from '../message/decode.ts'
import { equalQuestions, type Message } from '../message/message.ts'
import type { Name } from '../message/name.ts'
import { RCODE } from '../message/types.ts'

export type Judgement =
  | { readonly kind: 'reply'; readonly message: Message }
  /** The reply, but for the case of the name: a forger's, or a server's that folds names. */
  | { readonly kind: 'caseless'; readonly message: Message }
  /** Not for this question: another's, a forger's, nonsense. The wait goes on. */
  | { readonly kind: 'foreign' }

const FOREIGN: Judgement = { kind: 'foreign' }

/**
 * @param name the name asked for in its own case; `sent` has it in mixed case. What the reply says of it (names are
 *   compressed to the question's) comes up in the name's own case.
 */
export function judge(bytes: Uint8Array, sent: Message, name: Name): Judgement {
  const header = decodeHeader(bytes)
  if (header === null || header.id !== sent.id || !header.qr || header.opcode !== sent.opcode) return FOREIGN
  // What does not decode does not end the wait: a forger must not be able to end it with less than a whole reply.
  const message = decode(inOwnCase(bytes, sent, name))
  if (message instanceof DecodeFailure) return FOREIGN
  const [question, ...more] = message.question
  // Servers that refuse or do not understand may leave the question out.
  if (question === undefined) return refuses(message) ? { kind: 'reply', message } : FOREIGN
  const [asked] = sent.question
  if (asked === undefined || more.length > 0 || !equalQuestions(asked, question)) return FOREIGN
  return echoes(bytes, asked.name) ? { kind: 'reply', message } : { kind: 'caseless', message }
}

/** Whether the question in the bytes has the name letter for letter. */
function echoes(bytes: Uint8Array, { wire }: Name): boolean {
  for (let i = 0; i < wire.length; i++) if (bytes[12 + i] !== wire[i]) return false
  return true
}

/** The first name in a message stands at octet 12 and is never compressed: there it can be put back. */
function inOwnCase(bytes: Uint8Array, sent: Message, name: Name): Uint8Array {
  const mixed = sent.question[0]?.name
  if (mixed === undefined || mixed === name || !echoes(bytes, mixed)) return bytes
  const restored = new Uint8Array(bytes) // a copy: slice() of a Buffer is none
  restored.set(name.wire, 12)
  return restored
}

function refuses({ rcode, answer, authority }: Message): boolean {
  return rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN && answer.length === 0 && authority.length === 0
}
