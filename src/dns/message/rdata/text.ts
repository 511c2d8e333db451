/** Rdata as text and as values: what programs and people use of the schema. */
import { DnsError } from '../../errors.ts'
import { LOWER, Name } from '../name.ts'
import { Octets } from '../octets.ts'
import type { ResourceRecord } from '../record.ts'
import { className, TYPE, typeName } from '../types.ts'
import { hexText, octetsOfHex } from './binary.ts'
import { Lexer, TextError, Words } from './lexer.ts'
import { integer } from './numbers.ts'
import { type Rdata, SCHEMAS, type Schema, type SchemaType, schemaOf } from './schema.ts'

/** What is wrong with rdata of that type; null when nothing is. Types without a schema take anything. */
export function rdataFault(type: number, rdata: Uint8Array): string | null {
  const schema = schemaOf(type)
  if (schema === undefined) return null
  let at = 0
  for (const [i, field] of schema.fields.entries()) {
    const next = field.end(rdata, at, rdata.length)
    if (next < 0) return `${typeName(type)} has a malformed ${schema.names[i]} at octet ${at} of its rdata`
    at = next
  }
  return at === rdata.length ? null : `${typeName(type)} has ${rdata.length - at} octets too many in its rdata`
}

/**
 * The fields of well-formed rdata (those of a decoded message are) as values.
 * @throws DnsError `DNS_VALUE` when they are not.
 */
export function readRdata<T extends SchemaType>(type: T, rdata: Uint8Array): Rdata<T> {
  const values: { [field: string]: unknown } = {}
  let at = 0
  for (const [name, field] of Object.entries(SCHEMAS[type] as Schema)) {
    const next = field.end(rdata, at, rdata.length)
    if (next < 0) throw new DnsError('DNS_VALUE', rdataFault(TYPE[type], rdata)!)
    values[name] = field.get(rdata, at, next)
    at = next
  }
  return values as Rdata<T>
}

/** Rdata with those values. @throws DnsError `DNS_VALUE` for a value that its field cannot hold. */
export function writeRdata<T extends SchemaType>(type: T, values: Rdata<T>): Uint8Array {
  const out = new Octets()
  for (const [name, field] of Object.entries(SCHEMAS[type] as Schema))
    field.put((values as { readonly [field: string]: unknown })[name], out)
  return out.finish()
}

/** Rdata in presentation format; those without a schema, and malformed ones, as `\# length hex` (RFC 3597 §5). */
export function printRdata(type: number, rdata: Uint8Array): string {
  const schema = schemaOf(type)
  if (schema === undefined || rdataFault(type, rdata) !== null)
    return rdata.length === 0 ? '\\# 0' : `\\# ${rdata.length} ${hexText(rdata)}`
  const parts: string[] = []
  let at = 0
  for (const field of schema.fields) {
    const next = field.end(rdata, at, rdata.length)
    const part = field.print(field.get(rdata, at, next))
    if (part !== '') parts.push(part)
    at = next
  }
  return parts.join(' ')
}

/** The rdata that the words of an entry say. @throws TextError with the place of what is wrong. */
export function rdataOfWords(type: number, words: Words, origin: Name): Uint8Array {
  const first = words.peek()
  if (first?.text === '\\#' && !first.quoted) return genericRdata(type, words)
  const schema = schemaOf(type)
  if (schema === undefined) {
    const what = `the rdata of ${typeName(type)}, in the form \\# LENGTH HEX,`
    throw first === undefined ? words.fault(`${what} are missing`) : new TextError(`${what} are expected`, first)
  }
  const out = new Octets()
  for (const field of schema.fields) field.put(field.parse(words, origin), out)
  words.finish(typeName(type))
  if (out.length > 0xffff) throw words.fault(`the rdata of ${typeName(type)} are longer than 65535 octets`)
  return out.finish()
}

/** RFC 3597 §5. */
function genericRdata(type: number, words: Words): Uint8Array {
  const mark = words.next('\\#')
  const length = integer(words.next('a length'), 0xffff, 'a length')
  const digits = words.more
    ? words
        .rest('hexadecimal digits')
        .map((word) => word.text)
        .join('')
    : ''
  const rdata = octetsOfHex(digits)
  if (rdata === null || rdata.length !== length)
    throw new TextError(`${length} octets in hexadecimal are expected`, mark)
  const fault = rdataFault(type, rdata)
  if (fault !== null) throw new TextError(fault, mark)
  return rdata
}

/** The rdata that a text in presentation format says. @throws TextError */
export function parseRdata(type: number, text: string, origin: Name = Name.root): Uint8Array {
  const lexer = new Lexer(text)
  const entry = lexer.next() ?? { words: [], end: { at: 0, line: 1, column: 1 } }
  const rdata = rdataOfWords(type, new Words(entry.words, entry.end), origin)
  const more = lexer.next()
  if (more !== null) throw new TextError('the rdata go on after their line', more.words[0]!)
  return rdata
}

/** The record as a line of a master file: name, time to live, class, type, rdata, with tabs between. */
export function printRecord(record: ResourceRecord): string {
  const { name, ttl, class: rrclass, type, rdata } = record
  return `${name}\t${ttl}\t${className(rrclass)}\t${typeName(type)}\t${printRdata(type, rdata)}`
}

/** RFC 4034 §6.2: the rdata with the letters of their names in lower case, where the type is one of those listed. */
export function canonicalRdata(type: number, rdata: Uint8Array): Uint8Array {
  const schema = schemaOf(type)
  if (schema === undefined || !schema.fields.some((field) => field.name?.fold)) return rdata
  const canonical = rdata.slice()
  let at = 0
  for (const field of schema.fields) {
    const next = field.end(rdata, at, rdata.length)
    if (next < 0) return rdata
    if (field.name?.fold) for (let i = at; i < next; i++) canonical[i] = LOWER[canonical[i]!]!
    at = next
  }
  return canonical
}
