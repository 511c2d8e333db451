/** Fields that are domain names. */
import { MAX_NAME, Name, parseName } from '../name.ts'
import type { Field, NameRole } from './field.ts'
import { TextError, type Word } from './lexer.ts'

/** The name a word says; `@` is the origin. @throws TextError */
export function nameOf(word: Word, origin: Name): Name {
  if (word.text === '@' && !word.quoted) return origin
  const name = parseName(word.text, origin)
  if (name instanceof Name) return name
  throw new TextError(`'${word.text}' is not a domain name: ${name.why}`, {
    at: word.at + name.at,
    line: word.line,
    column: word.column + name.at,
  })
}

function nameEnd(wire: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end) {
    const octet = wire[at]!
    if (octet >= 64 || at + octet >= end) return -1
    at += octet + 1
    if (at - start > MAX_NAME) return -1
    if (octet === 0) return at
  }
  return -1
}

function nameField(role: NameRole): Field<Name> {
  return {
    end: nameEnd,
    get: (wire, at, next) => new Name(wire.slice(at, next)),
    put: (value, out) => out.octets(value.wire),
    print: (value) => value.toString(),
    parse: (words, origin) => nameOf(words.next('a domain name'), origin),
    name: role,
  }
}

/** In the types of RFC 1035: may be sent compressed. */
export const oldName = nameField({ compress: true, fold: true })
/** In later types that RFC 4034 §6.2 lists: never sent compressed, folded in the canonical form. */
export const foldedName = nameField({ compress: false, fold: true })
/** In types since: neither. */
export const plainName = nameField({ compress: false, fold: false })
