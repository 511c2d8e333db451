/** The kinds of fields that rdata are made of, as far as the wire needs them: where a field ends, whether it is a name. */

/** How a name inside rdata is treated. */
export interface NameRole {
  /** May be sent compressed: the types of RFC 1035 only (RFC 3597 §4). */
  readonly compress: boolean
  /** Letters fold in the canonical form (RFC 4034 §6.2, RFC 6840 §5.1). */
  readonly fold: boolean
}

export interface Field {
  /** Where the field that starts at `at` ends, in rdata without compression that ends at `end`; -1: malformed. */
  end(wire: Uint8Array, at: number, end: number): number
  readonly name: NameRole | null
}

export function fixed(octets: number): Field {
  return { end: (_wire, at, end) => (at + octets <= end ? at + octets : -1), name: null }
}

/** An uncompressed name; -1 when it does not end in time or is too long. */
export function nameEnd(wire: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end) {
    const octet = wire[at]!
    if (octet >= 64 || at + octet >= end) return -1
    at += octet + 1
    if (at - start > 255) return -1
    if (octet === 0) return at
  }
  return -1
}
