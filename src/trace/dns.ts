/** DNS messages and the stages of a lookup, in words. */
import type { DnsStageEvent } from '../dns/events.ts'
import { DecodeFailure, decode, printRdata, rcodeName, typeName } from '../dns/index.ts'

/** `A? board.example.` or `NOERROR  AA  board.example. 300 A 198.51.100.80`; for bytes that are no message, why. */
export function dnsWords(payload: Uint8Array): string {
  const message = decode(payload)
  if (message instanceof DecodeFailure) return String(message)
  const [question] = message.question
  const asked = question === undefined ? 'no question' : `${typeName(question.type)}? ${question.name}`
  if (!message.qr) return asked
  const records = message.answer.length > 0 ? message.answer : message.authority
  const where = message.answer.length > 0 || records.length === 0 ? '' : 'see '
  const said = records
    .slice(0, 2)
    .map((record) => `${record.name} ${record.ttl} ${typeName(record.type)} ${printRdata(record.type, record.rdata)}`)
    .join('; ')
  const more = records.length > 2 ? `; and ${records.length - 2} more` : ''
  const flags = [message.aa ? 'AA' : '', message.tc ? 'TC' : ''].filter((flag) => flag !== '').join(' ')
  return [rcodeName(message.rcode), flags, said === '' ? asked : `${where}${said}${more}`]
    .filter((part) => part !== '')
    .join('  ')
}

/** The stages that answer out of what they were configured with. */
const KNOWS: ReadonlySet<string> = new Set(['hosts file', 'root', 'top-level domain', 'authoritative'])

/** One stage of the walk: `host cache: passed on to 192.168.1.1:53`. */
export function stageWords(event: DnsStageEvent): string {
  const question = `${event.name} ${event.rrtype}`
  switch (event.outcome) {
    case 'passed':
      return `${event.stage}: ${question} not here${event.next === '' ? '' : `, asks ${event.next}`}`
    case 'referred':
      return `${event.stage}: ${question} refers to ${event.answer.join(', ') || 'a child zone'}`
    case 'failed':
      return `${event.stage}: ${question} failed, ${event.rcode}`
    case 'answered': {
      const source = event.cached ? 'from its cache' : KNOWS.has(event.stage) ? 'its own data' : 'just learnt'
      const ttl = event.ttl < 0 ? '' : `, ${event.ttl} s to live`
      return `${event.stage}: ${question} = ${event.answer.join(', ') || event.rcode} (${source}${ttl})`
    }
  }
}
