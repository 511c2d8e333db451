/**
 * A kind of field that rdata are made of: how it lies on the wire (names uncompressed), what value it is to a
 * program, and how it is written in a master file. All else about a record type follows from its list of fields.
 */
import type { Name } from '../name.ts'
import type { Octets } from '../octets.ts'
import type { Words } from './lexer.ts'

/** One kind of field. */
export interface Field<T = unknown> {
  /** Where the field that starts at `at` ends, in rdata that end at `end`; -1: malformed or cut short. */
  end(wire: Uint8Array, at: number, end: number): number
  /** Its value; `next` is what `end` answered. */
  get(wire: Uint8Array, at: number, next: number): T
  /** Writes the value. @throws DnsError `DNS_VALUE` when it is outside what the field holds. */
  put(value: T, out: Octets): void
  print(value: T): string
  /** Takes its words. @throws TextError */
  parse(words: Words, origin: Name): T
  /** What there is to know when the field is a name. */
  readonly name?: NameRole
}

/** How a name inside rdata is treated. */
export interface NameRole {
  /** May be sent compressed: the types of RFC 1035 only (RFC 3597 §4). */
  readonly compress: boolean
  /** Letters fold in the canonical form (RFC 4034 §6.2, RFC 6840 §5.1). */
  readonly fold: boolean
}

/** The offset after that many octets, or -1 when there are not so many. */
export function fixedEnd(octets: number): (wire: Uint8Array, at: number, end: number) => number {
  return (_wire, at, end) => (at + octets <= end ? at + octets : -1)
}
