/** IPv6 addresses as values, and what addresses of both families have in common. */
import { fnv1a } from './hash.ts'
import { formatIp4, formatIp6, type Ip4, isLoopback4, isMulticast4, parseIp4, parseIp6 } from './ip.ts'

/** An IPv6 address: sixteen octets that never change. Equal addresses may be different objects: `sameIp` compares. */
export class Ip6 {
  readonly #bytes: Uint8Array
  /** Computed once: a table asks at every packet. */
  #key: string | null = null
  #hash = 0

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** The address in the sixteen octets at `offset`, which are copied. */
  static read(bytes: Uint8Array, offset = 0): Ip6 {
    return new Ip6(bytes.slice(offset, offset + 16))
  }

  /** The address of a literal; null when the text is none. */
  static parse(text: string): Ip6 | null {
    const bytes = parseIp6(text)
    return bytes === null ? null : new Ip6(bytes)
  }

  /** For tables: equal for equal addresses, and never the key of an IPv4 address. */
  get key(): string {
    this.#key ??= this.toString()
    return this.#key
  }

  /** A 32-bit hash that a stranger can foresee: tables mix a secret in. */
  get hash(): number {
    if (this.#hash === 0) this.#hash = fnv1a(this.#bytes) || 1
    return this.#hash
  }

  /** Writes the sixteen octets at `offset`. */
  write(into: Uint8Array, offset: number): void {
    into.set(this.#bytes, offset)
  }

  octet(index: number): number {
    return this.#bytes[index]!
  }

  /** As RFC 5952 writes it. */
  toString(): string {
    return formatIp6(this.#bytes)
  }
}

/** An address of either family. */
export type Ip = Ip4 | Ip6

/** Whether two addresses are of one family and equal. */
export function sameIp(a: Ip, b: Ip): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && a.key === b.key)
}

/** What stands for an address in a Map or a Set. */
export function ipKey(ip: Ip): number | string {
  return typeof ip === 'number' ? ip : ip.key
}

/** The address of a literal without scope; null when the text is none. */
export function parseIp(text: string): Ip | null {
  if (text.includes(':')) return Ip6.parse(text)
  const address = parseIp4(text)
  return address < 0 ? null : address
}

/** The text of an address of either family, as RFC 5952 wants it. */
export function formatIp(ip: Ip): string {
  return typeof ip === 'number' ? formatIp4(ip) : ip.toString()
}

/** 0.0.0.0 or :: (RFC 4291 §2.5.2). */
export function isUnspecified(ip: Ip): boolean {
  return typeof ip === 'number' ? ip === 0 : ip.key === '::'
}

/** 224.0.0.0/4 or ff00::/8 (RFC 4291 §2.7). */
export function isMulticast(ip: Ip): boolean {
  return typeof ip === 'number' ? isMulticast4(ip) : ip.octet(0) === 0xff
}

/** 127.0.0.0/8 or ::1. */
export function isLoopbackIp(ip: Ip): boolean {
  return typeof ip === 'number' ? isLoopback4(ip) : ip.key === '::1'
}
