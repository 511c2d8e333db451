/** Whether a message is the one that an entry wants, by the entry's MATCH words. */
import { EDNS_OPTION } from '../../../src/dns/message/edns.ts'
import type { Message } from '../../../src/dns/message/message.ts'
import { LOWER } from '../../../src/dns/message/name.ts'
import { hexText } from '../../../src/dns/message/rdata/binary.ts'
import { schemaOf } from '../../../src/dns/message/rdata/schema.ts'
import { printRdata } from '../../../src/dns/message/rdata/text.ts'
import type { ResourceRecord } from '../../../src/dns/message/record.ts'
import { className, opcodeName, rcodeName, typeName } from '../../../src/dns/message/types.ts'
import type { Entry } from './entry.ts'

/** 'strict': sections in order, as Unbound's testbound; 'set': sections as sets, for triage. */
export type Mode = 'strict' | 'set'

/** '' when it matches, else the first thing that does not. */
export function mismatch(entry: Entry, received: Message, mode: Mode, transport: 'udp' | 'tcp' = 'udp'): string {
  const wanted = entry.message
  const ede = [...entry.match].find((word) => word.startsWith('ede='))
  if (ede !== undefined && !hasEde(received, ede.slice(4))) return `${ede} is not there`
  // testbound looks at that option by itself and then takes it out.
  const actual = ede === undefined ? received : withoutEde(received)
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
    else if (word === 'ednsdata') fine = optionsText(actual) === optionsText(wanted)
    else if (word === 'question' || word === 'answer')
      fine = sectionText(actual, word, false, mode) === sectionText(wanted, word, false, mode)
    else if (word === 'all') {
      const ttl = entry.match.has('ttl')
      const [have, want] = [printed(actual, ttl, mode), printed(wanted, ttl, mode)]
      if (have !== want) return difference(want, have)
    } else if (word !== 'ttl' && word !== ede) return `MATCH ${word} is not implemented`
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
  const flags = (['qr', 'aa', 'tc', 'rd', 'ra', 'ad', 'cd', 'z'] as const).filter((flag) => message[flag]).join(' ')
  const counts = [message.question, message.answer, message.authority, message.additional].map(({ length }) => length)
  return [
    `${opcodeName(message.opcode)} ${rcodeName(message.rcode)} ${flags}`,
    ...(['question', 'answer', 'authority', 'additional'] as const).map((name) =>
      sectionText(message, name, ttl, mode),
    ),
    `counts ${counts.join(' ')}`,
    ednsText(message),
  ].join('\n')
}

function ednsText(message: Message): string {
  const { edns } = message
  if (edns === null) return 'no edns'
  const { version, dnssecOk, flags, udpSize } = edns
  return `edns ${version} ${dnssecOk ? 'do' : ''} ${flags} udp ${udpSize}${optionsText(message)}`
}

function optionsText({ edns }: Message): string {
  return (edns?.options ?? []).map(({ code, data }) => ` ${code}:${hexText(data)}`).join('')
}

function hasEde({ edns }: Message, code: string): boolean {
  const found = edns?.options.find((option) => option.code === EDNS_OPTION.EXTENDED_ERROR)
  if (found === undefined) return false
  return code === 'any' || ((found.data[0]! << 8) | found.data[1]!) === Number(code)
}

function withoutEde(message: Message): Message {
  const { edns } = message
  if (edns === null) return message
  const options = edns.options.filter(({ code }) => code !== EDNS_OPTION.EXTENDED_ERROR)
  return { ...message, edns: { ...edns, options } }
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
  const rdata = printRdata(record.type, namesFolded(record))
  return `${record.name.lower()} ${ttl ? record.ttl : 0} ${className(record.class)} ${typeName(record.type)} ${rdata}`
}

/** The rdata with the letters of their names in lower case, whatever the type: only names compare so. */
function namesFolded({ type, rdata }: ResourceRecord): Uint8Array {
  const folded = rdata.slice()
  let at = 0
  for (const field of schemaOf(type)?.fields ?? []) {
    const next = field.end(rdata, at, rdata.length)
    if (next < 0) return rdata
    if (field.name !== undefined) for (let i = at; i < next; i++) folded[i] = LOWER[folded[i]!]!
    at = next
  }
  return folded
}
