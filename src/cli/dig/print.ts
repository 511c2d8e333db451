/** An answer as `dig` prints it, or as JSON. */
import { u16 } from '../../base/octets.ts'
import { EDNS_OPTION } from '../../dns/message/edns.ts'
import type { Message, Question } from '../../dns/message/message.ts'
import { hexText } from '../../dns/message/rdata/binary.ts'
import { escapeText } from '../../dns/message/rdata/strings.ts'
import { printRdata } from '../../dns/message/rdata/text.ts'
import type { ResourceRecord } from '../../dns/message/record.ts'
import { className, opcodeName, rcodeName, typeName } from '../../dns/message/types.ts'
import type { Switches } from './request.ts'

export interface Answer {
  readonly message: Message
  /** Octets. */
  readonly size: number
  readonly transport: 'udp' | 'tcp'
  /** `192.0.2.1`, and the name or address that was given for it. */
  readonly server: string
  readonly given: string
  readonly port: number
  readonly millis: number
  readonly when: Date
}

/** Only the rdata of the answer, a line each. */
export function shortText({ message }: Answer): string {
  return message.answer.map((record) => `${printRdata(record.type, record.rdata)}\n`).join('')
}

export function fullText(answer: Answer, show: Switches): string {
  const { message } = answer
  const parts: string[] = []
  if (show.comments) parts.push(headerText(message))
  if (show.comments && message.edns !== null) parts.push(ednsText(message))
  if (show.question) parts.push(section('QUESTION', message.question.map(questionLine), show))
  if (show.answer) parts.push(section('ANSWER', message.answer.map(recordLine), show))
  if (show.authority) parts.push(section('AUTHORITY', message.authority.map(recordLine), show))
  if (show.additional) parts.push(section('ADDITIONAL', message.additional.map(recordLine), show))
  if (show.stats) parts.push(statsText(answer))
  return parts.filter((part) => part !== '').join('')
}

function flagNames(message: Message): string[] {
  return (['qr', 'aa', 'tc', 'rd', 'ra', 'ad', 'cd'] as const).filter((flag) => message[flag])
}

function headerText(message: Message): string {
  const { question, answer, authority, additional, edns } = message
  const counts = [
    `QUERY: ${question.length}`,
    `ANSWER: ${answer.length}`,
    `AUTHORITY: ${authority.length}`,
    `ADDITIONAL: ${additional.length + (edns === null ? 0 : 1)}`,
  ]
  const status = `opcode: ${opcodeName(message.opcode)}, status: ${rcodeName(message.rcode)}, id: ${message.id}`
  const flags = flagNames(message).map((flag) => ` ${flag}`)
  const z = message.z ? '; MBZ: 0x4' : ''
  const warning = message.rd && !message.ra ? ';; WARNING: recursion requested but not available\n' : ''
  return `;; Got answer:\n;; ->>HEADER<<- ${status}\n;; flags:${flags.join('')}${z}; ${counts.join(', ')}\n${warning}\n`
}

function ednsText({ edns }: Message): string {
  if (edns === null) return ''
  const head = `; EDNS: version: ${edns.version}, flags:${edns.dnssecOk ? ' do' : ''}; udp: ${edns.udpSize}\n`
  const names = new Map<number, string>(Object.entries(EDNS_OPTION).map(([name, code]) => [code, name]))
  const options = edns.options.map(({ code, data }) => {
    const hex = hexText(data).toLowerCase()
    if (code === EDNS_OPTION.EXTENDED_ERROR && data.length >= 2) return `; EDE: ${errorText(data)}\n`
    return `; ${names.get(code) ?? `OPT=${code}`}: ${hex}\n`
  })
  return `;; OPT PSEUDOSECTION:\n${head}${options.join('')}`
}

/** The INFO-CODEs of RFC 8914 §4 and of those who have added to it (IANA, "Extended DNS Error Codes"). */
// biome-ignore format: a table
const EXTENDED_ERRORS = [
  'Other', 'Unsupported DNSKEY Algorithm', 'Unsupported DS Digest Type', 'Stale Answer', 'Forged Answer',
  'DNSSEC Indeterminate', 'DNSSEC Bogus', 'Signature Expired', 'Signature Not Yet Valid', 'DNSKEY Missing',
  'RRSIGs Missing', 'No Zone Key Bit Set', 'NSEC Missing', 'Cached Error', 'Not Ready', 'Blocked', 'Censored', 'Filtered',
  'Prohibited', 'Stale NXDOMAIN Answer', 'Not Authoritative', 'Not Supported', 'No Reachable Authority', 'Network Error',
  'Invalid Data', 'Signature Expired before Valid', 'Too Early', 'Unsupported NSEC3 Iterations Value',
  'Unable to conform to policy', 'Synthesized',
]

/** `22 (No Reachable Authority): (no server of example. answers)`, as dig has it. */
function errorText(data: Uint8Array): string {
  const code = u16(data, 0)
  const name = EXTENDED_ERRORS[code]
  const text = data.length > 2 ? `: (${escapeText(data.subarray(2))})` : ''
  return `${code}${name === undefined ? '' : ` (${name})`}${text}`
}

function section(title: string, lines: readonly string[], show: Switches): string {
  if (lines.length === 0) return ''
  return `${show.comments ? `;; ${title} SECTION:\n` : ''}${lines.join('')}${show.comments ? '\n' : ''}`
}

/** Columns of dig: tabs of eight up to the column; a blank where the text before has already passed it. */
function columns(...fields: readonly [number, string][]): string {
  let line = ''
  let column = 0
  for (const [start, field] of fields) {
    if (line !== '' && column >= start) {
      line += ' '
      column++
    }
    while (column < start) {
      line += '\t'
      column = (column & ~7) + 8
    }
    line += field
    column += field.length
  }
  return `${line}\n`
}

function questionLine({ name, type, class: rrclass }: Question): string {
  // The semicolon does not count, or names of 23 letters would stand otherwise than those of 22.
  return `;${columns([0, String(name)], [32, className(rrclass)], [40, typeName(type)])}`
}

function recordLine({ name, ttl, class: rrclass, type, rdata }: ResourceRecord): string {
  const fields: [number, string][] = [
    [0, String(name)],
    [24, String(ttl)],
    [32, className(rrclass)],
    [40, typeName(type)],
    [48, printRdata(type, rdata)],
  ]
  return columns(...fields)
}

function statsText({ millis, server, given, port, transport, when, size }: Answer): string {
  const [day, month, date, year] = when.toDateString().split(' ')
  const named = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(when)
  const zone = named.find((part) => part.type === 'timeZoneName')?.value ?? ''
  const stamp = `${day} ${month} ${date} ${when.toTimeString().slice(0, 8)} ${zone} ${year}`
  return `;; Query time: ${Math.round(millis)} msec
;; SERVER: ${server}#${port}(${given}) (${transport.toUpperCase()})
;; WHEN: ${stamp}
;; MSG SIZE  rcvd: ${size}

`
}

/** One JSON object, all that the message says. */
export function jsonText(answer: Answer): string {
  const { message } = answer
  const records = (section: readonly ResourceRecord[]) =>
    section.map(({ name, ttl, class: rrclass, type, rdata }) => ({
      name: String(name),
      ttl,
      class: className(rrclass),
      type: typeName(type),
      rdata: printRdata(type, rdata),
    }))
  const edns = message.edns && {
    version: message.edns.version,
    udpSize: message.edns.udpSize,
    dnssecOk: message.edns.dnssecOk,
    options: message.edns.options.map(({ code, data }) => ({ code, data: hexText(data).toLowerCase() })),
  }
  const value = {
    id: message.id,
    opcode: opcodeName(message.opcode),
    status: rcodeName(message.rcode),
    flags: flagNames(message),
    question: message.question.map(({ name, type, class: rrclass }) => ({
      name: String(name),
      class: className(rrclass),
      type: typeName(type),
    })),
    answer: records(message.answer),
    authority: records(message.authority),
    additional: records(message.additional),
    edns,
    server: { address: answer.server, port: answer.port, transport: answer.transport },
    millis: Number(answer.millis.toFixed(3)),
    size: answer.size,
    when: answer.when.toISOString(),
  }
  return `${JSON.stringify(value, null, 2)}\n`
}
