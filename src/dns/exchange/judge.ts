/** Whether bytes that have come are the reply to a question that was sent (RFC 5452 §9.1). Pure. */
import { decode, decodeHeader, MessageFault } from '../message/decode.ts'
import { equalQuestions, type Message } from '../message/message.ts'
import type { Name } from '../message/name.ts'
import { RCODE } from '../message/types.ts'

/** What bytes are to a question. */
export type Judgement =
  | { readonly kind: 'reply'; readonly message: Message }
  /** The reply, but for the case of the name: a forger's, or a server's that folds names. */
  | { readonly kind: 'caseless'; readonly message: Message }
  /**
   * It has the ID and the question, and the rest is no DNS message. The wait goes on, or a forger could end it with
   * rubbish; if nothing better comes, the server is not silent, it is broken.
   */
  | { readonly kind: 'malformed'; readonly why: string }
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
  const decoded = decode(inOwnCase(bytes, sent, name), { tolerant: true })
  const message = decoded instanceof MessageFault ? decoded.readable : decoded
  if (message === null) return FOREIGN
  const [question, ...more] = message.question
  // Servers that refuse or do not understand may leave the question out.
  if (question === undefined) return refuses(decoded) ? { kind: 'reply', message } : FOREIGN
  const [asked] = sent.question
  if (asked === undefined || more.length > 0 || !equalQuestions(asked, question)) return FOREIGN
  // What is asked for stands whole before the additional section: a broken record there is left out with its like.
  if (decoded instanceof MessageFault && decoded.section !== 'additional')
    return { kind: 'malformed', why: decoded.toString() }
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
  const restored = new Uint8Array(bytes) // a copy: a driver may hand over memory whose slice() is none
  restored.set(name.wire, 12)
  return restored
}

function refuses(decoded: Message | MessageFault): boolean {
  if (decoded instanceof MessageFault) return false
  const { rcode, answer, authority } = decoded
  return rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN && answer.length === 0 && authority.length === 0
}
