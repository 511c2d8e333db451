/** Whether a message is the one that an entry wants, by the entry's MATCH words. */
import type { Message } from '../../../src/dns/message/message.ts'
import { printRdata } from '../../../src/dns/message/rdata/text.ts'
import type { ResourceRecord } from '../../../src/dns/message/record.ts'
import { className, opcodeName, rcodeName, typeName } from '../../../src/dns/message/types.ts'
import type { Entry } from './entry.ts'

/** 'strict': sections in order, as Unbound's testbound; 'set': sections as sets, for triage. */
export type Mode = 'strict' | 'set'

/** '' when it matches, else the first thing that does not. */
export function mismatch(entry: Entry, actual: Message, mode: Mode, transport: 'udp' | 'tcp' = 'udp'): string {
  const wanted = entry.message
  const [asked, expected] = [actual.question[0], wanted.question[0]]
  for (const word of entry.match) {
    let fine = true
    if (word === 'opcode') fine = actual.opcode === wanted.opcode
    else if (word === 'qtype') fine = asked?.type === expected?.type
    else if (word === 'qname') fine = asked !== undefined && expected !== undefined && asked.name.equals(expected.name)
    else if (word === 'subdomain')
      fine = asked !== undefined && expected !== undefined && asked.name.isUnder(expected.name)
    else if (word === 'rcode') fine = actual.rcode === wanted.rcode
    else if (word === 'UDP') fine = transport === 'udp'
    else if (word === 'TCP') fine = transport === 'tcp'
    else if (word === 'DO') fine = actual.edns?.dnssecOk === true
    else if (word === 'noedns') fine = actual.edns === null
    else if (word === 'question')
      fine = sectionText(actual, 'question', false, mode) === sectionText(wanted, 'question', false, mode)
    else if (word === 'answer')
      fine = sectionText(actual, 'answer', false, mode) === sectionText(wanted, 'answer', false, mode)
    else if (word === 'all') {
      const ttl = entry.match.has('ttl')
      const [have, want] = [printed(actual, ttl, mode), printed(wanted, ttl, mode)]
      if (have !== want) return difference(want, have)
    } else if (word !== 'ttl') return `MATCH ${word} is not implemented`
    if (!fine) return `${word} differs`
  }
  return ''
}

function difference(want: string, have: string): string {
  const [wanted, got] = [want.split('\n'), have.split('\n')]
  const at = wanted.findIndex((line, i) => line !== got[i])
  const i = at < 0 ? wanted.length : at
  return `wanted '${wanted[i] ?? 'nothing more'}', got '${got[i] ?? 'nothing more'}'`
}

/** The whole message as lines, names in lower case. */
export function printed(message: Message, ttl: boolean, mode: Mode): string {
  const flags = (['qr', 'aa', 'tc', 'rd', 'ra', 'ad', 'cd'] as const).filter((flag) => message[flag]).join(' ')
  const counts = [message.question, message.answer, message.authority, message.additional].map(({ length }) => length)
  const edns = message.edns === null ? 'no edns' : `edns ${message.edns.version} ${message.edns.dnssecOk ? 'do' : ''}`
  return [
    `${opcodeName(message.opcode)} ${rcodeName(message.rcode)} ${flags}`,
    ...(['question', 'answer', 'authority', 'additional'] as const).map((name) =>
      sectionText(message, name, ttl, mode),
    ),
    `counts ${counts.join(' ')}`,
    edns,
  ].join('\n')
}

function sectionText(
  message: Message,
  name: 'question' | 'answer' | 'authority' | 'additional',
  ttl: boolean,
  mode: Mode,
): string {
  const lines =
    name === 'question'
      ? message.question.map((q) => `${q.name.lower()} ${className(q.class)} ${typeName(q.type)}`)
      : message[name].map((record) => recordText(record, ttl))
  if (mode === 'set') lines.sort()
  return [`${name}:`, ...lines].join('\n')
}

function recordText(record: ResourceRecord, ttl: boolean): string {
  const rdata = printRdata(record.type, record.rdata).toLowerCase()
  return `${record.name.lower()} ${ttl ? record.ttl : 0} ${className(record.class)} ${typeName(record.type)} ${rdata}`
}
