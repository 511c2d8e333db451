/** DNS messages and the stages of a lookup, in words. */
import type { DnsStageEvent } from '../dns/events.ts'
import { decode, MessageFault, printRdata, rcodeName, TYPE, typeName } from '../dns/index.ts'

/**
 * `A? board.example.` or `NOERROR  AA  board.example. 300 A 198.51.100.80`; for bytes that are no message, why.
 * @param exact with the letter case of the packet. A resolver mixes it at random in each question, and believes only a
 * reply that has the same (draft-vixie-dnsext-dns0x20): a secret for forgers, and a puzzle for readers.
 */
export function dnsWords(payload: Uint8Array, exact = false): string {
  return messageWords(payload, (name) => (exact ? String(name) : String(name).toLowerCase()))
}

function messageWords(payload: Uint8Array, nameWords: (name: unknown) => string): string {
  const message = decode(payload)
  if (message instanceof MessageFault) return String(message)
  const [question] = message.question
  const asked = question === undefined ? 'no question' : `${typeName(question.type)}? ${nameWords(question.name)}`
  if (!message.qr) return asked
  const records = message.answer.length > 0 ? message.answer : message.authority
  const referral = message.answer.length === 0 && !message.aa && records.some(({ type }) => type === TYPE.NS)
  const where = message.answer.length > 0 || records.length === 0 ? '' : referral ? 'referral: ' : 'no data: '
  const said = records
    .slice(0, 2)
    .map(
      ({ name, ttl, type, rdata }) =>
        `${nameWords(name)} ${ttl} ${typeName(type)} ${nameType(type) ? nameWords(printRdata(type, rdata)) : printRdata(type, rdata)}`,
    )
    .join('; ')
  const more = records.length > 2 ? `; and ${records.length - 2} more` : ''
  const flags = [message.aa ? 'AA' : '', message.tc ? 'TC' : ''].filter((flag) => flag !== '').join(' ')
  return [rcodeName(message.rcode), flags, said === '' ? asked : `${where}${said}${more}`]
    .filter((part) => part !== '')
    .join('  ')
}

/** Types whose data is a name and nothing else: a compressed name has the letters of the question. */
function nameType(type: number): boolean {
  return type === TYPE.NS || type === TYPE.CNAME || type === TYPE.PTR
}

/** The stages that answer out of what they were configured with. */
const KNOWS: ReadonlySet<string> = new Set(['root', 'top-level domain', 'authoritative'])

/** One stage of the walk: `host cache: miss for board.example. A, asks 192.168.1.1:53`. */
export function stageWords(event: DnsStageEvent): string {
  const question = `${event.name} ${event.rrtype}`
  switch (event.outcome) {
    case 'passed': {
      const miss = event.stage === 'hosts file' ? 'no entry' : event.stage.endsWith('cache') ? 'miss' : 'cache miss'
      return `${event.stage}: ${miss} for ${question}${event.next === '' ? '' : `, asks ${event.next}`}`
    }
    case 'referred':
      return `${event.stage}: referral for ${question}, ${event.answer.join(', ') || 'to a child zone'}`
    case 'failed':
      return `${event.stage}: ${question} failed with ${event.rcode}`
    case 'answered': {
      const source = event.cached
        ? 'cache hit'
        : KNOWS.has(event.stage)
          ? 'authoritative'
          : event.stage === 'hosts file'
            ? 'from the file'
            : 'now cached'
      const ttl = event.ttl < 0 ? '' : `, TTL ${event.ttl} s`
      return `${event.stage}: ${question} = ${event.answer.join(', ') || event.rcode} (${source}${ttl})`
    }
  }
}
