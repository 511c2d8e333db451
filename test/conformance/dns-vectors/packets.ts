/** `test_packets.*`: hexadecimal messages. Those that are messages must survive encoding; the rest needs a verdict. */
import { decode, MessageFault } from '../../../src/dns/message/decode.ts'
import { encode } from '../../../src/dns/message/encode.ts'
import type { Message } from '../../../src/dns/message/message.ts'
import { canonicalRdata } from '../../../src/dns/message/rdata/text.ts'
import type { ResourceRecord } from '../../../src/dns/message/record.ts'
import type { Verdict } from './run.ts'

interface Packet {
  readonly bytes: Uint8Array
  /** Whether the comment before it says that it is malformed on purpose. */
  readonly malformed: boolean
}

export function packetVerdicts(text: string): Verdict[] {
  return packets(text).map(verdict)
}

/** A line each, or (as `drill -w` writes) several lines up to one that starts with `;--`. */
function packets(text: string): Packet[] {
  const found: Packet[] = []
  const many = /^;-- /m.test(text)
  let digits = ''
  let comment = ''
  const finish = () => {
    if (digits.length >= 24)
      found.push({
        bytes: new Uint8Array(Buffer.from(digits, 'hex')),
        malformed: /to self|1 to answer 2|bad|double/i.test(comment),
      })
    digits = ''
    comment = ''
  }
  for (const line of text.split('\n')) {
    if (!many || line.startsWith(';--')) finish()
    if (line.startsWith(';')) comment += line
    digits += line.replace(/;.*/, '').replace(/[^0-9a-f]/gi, '')
  }
  finish()
  return found
}

function verdict({ bytes, malformed }: Packet): Verdict {
  const message = decode(bytes)
  if (message instanceof MessageFault) {
    if (malformed) return { passed: true }
    return { skipped: `no DNS message, and what a parser says of it is not prescribed: ${message}` }
  }
  if (malformed) return { failed: 'it is malformed on purpose and was taken' }
  for (const compress of [true, false]) {
    const again = decode(encode(message, { compress }))
    if (again instanceof MessageFault) return { failed: `what was encoded does not decode: ${again}` }
    if (plain(again) !== plain(message)) return { failed: 'what was encoded decodes to something else' }
  }
  return { passed: true }
}

/** The message as text, with the case of letters folded: compression may take another's. */
function plain(message: Message): string {
  const records = (section: readonly ResourceRecord[]) =>
    section.map(({ name, type, class: rrclass, ttl, rdata }) => [
      name.key,
      type,
      rrclass,
      ttl,
      Buffer.from(canonicalRdata(type, rdata)).toString('hex'),
    ])
  return JSON.stringify({
    ...message,
    question: message.question.map((question) => [question.name.key, question.type, question.class]),
    answer: records(message.answer),
    authority: records(message.authority),
    additional: records(message.additional),
  })
}
