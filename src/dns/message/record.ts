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
  const sets = new Map<string, GatheredSet>()
  for (const record of records) {
    const key = `${record.type}/${record.class}/${record.name.key}`
    const set = sets.get(key)
    if (set === undefined) sets.set(key, new GatheredSet(record))
    else set.add(record)
  }
  return [...sets.values()].map((set) => set.rrset)
}

class GatheredSet {
  readonly #first: ResourceRecord
  #ttl: number
  readonly #rdatas: Uint8Array[]
  /** The rdata as text; made when there is a second record, which most sets do not have. */
  #seen: Set<string> | null = null

  constructor(first: ResourceRecord) {
    this.#first = first
    this.#ttl = first.ttl
    this.#rdatas = [first.rdata]
  }

  add({ ttl, rdata }: ResourceRecord): void {
    this.#seen ??= new Set([textOfOctets(this.#first.rdata)])
    if (ttl < this.#ttl) this.#ttl = ttl
    const octets = textOfOctets(rdata)
    if (this.#seen.has(octets)) return
    this.#seen.add(octets)
    this.#rdatas.push(rdata)
  }

  get rrset(): Rrset {
    const { name, type, class: rrclass } = this.#first
    return { name, type, class: rrclass, ttl: this.#ttl, rdatas: this.#rdatas }
  }
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
