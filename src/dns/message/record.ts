/** Resource records and the sets they come in. */
import type { Name } from './name.ts'

/** One record (RFC 1035 §3.2.1). Values, never changed once made. */
export interface ResourceRecord {
  readonly name: Name
  readonly type: number
  readonly class: number
  /** Seconds, 0 to 2^31 - 1 (RFC 2181 §8). */
  readonly ttl: number
  /** In wire format with its names uncompressed: the record stands alone, whatever message it came in. */
  readonly rdata: Uint8Array
}

/** The records of one name, class and type: what is asked for, cached and signed as a whole (RFC 2181 §5). */
export interface Rrset {
  readonly name: Name
  readonly type: number
  readonly class: number
  /** One for the whole set (RFC 2181 §5.2). */
  readonly ttl: number
  readonly rdatas: readonly Uint8Array[]
}

/** The set's records, in its order. */
export function recordsOf(rrset: Rrset, ttl: number = rrset.ttl): ResourceRecord[] {
  const { name, type, class: rrclass } = rrset
  return rrset.rdatas.map((rdata) => ({ name, type, class: rrclass, ttl, rdata }))
}

/**
 * The sets that those records make, in the order in which each appears first; a record that comes twice counts once.
 * Where times to live differ the smallest is the set's (RFC 2181 §5.2).
 */
export function rrsetsOf(records: readonly ResourceRecord[]): Rrset[] {
  const sets = new Map<
    string,
    { name: Name; type: number; class: number; ttl: number; rdatas: Map<string, Uint8Array> }
  >()
  for (const record of records) {
    const key = `${record.type}/${record.class}/${record.name.key}`
    let set = sets.get(key)
    if (set === undefined) {
      set = { name: record.name, type: record.type, class: record.class, ttl: record.ttl, rdatas: new Map() }
      sets.set(key, set)
    }
    if (record.ttl < set.ttl) set.ttl = record.ttl
    const octets = textOfOctets(record.rdata)
    if (!set.rdatas.has(octets)) set.rdatas.set(octets, record.rdata)
  }
  return [...sets.values()].map((set) => ({ ...set, rdatas: [...set.rdatas.values()] }))
}

/** Whether two rdata are the same octets. Names in them are compared with their case: see `canonicalRdata`. */
export function equalRdata(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Octets as code units: the same text for the same rdata and only for it. */
function textOfOctets(octets: Uint8Array): string {
  let text = ''
  for (const octet of octets) text += String.fromCharCode(octet)
  return text
}
