/** Resource records and the sets they come in. */
import { u16 } from '../../base/octets.ts'
import type { Name } from './name.ts'
import { TYPE } from './types.ts'

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
  /** Seconds. One for the whole set (RFC 2181 §5.2), its signatures among it (RFC 4034 §3). */
  readonly ttl: number
  readonly rdatas: readonly Uint8Array[]
  /** The rdata of the RRSIG records that cover the set: they go wherever the set goes (RFC 4035 §2.2). */
  readonly signatures: readonly Uint8Array[]
}

const UNSIGNED: readonly Uint8Array[] = []

/** A set without signatures. */
export function rrset(name: Name, type: number, rrclass: number, ttl: number, rdatas: readonly Uint8Array[]): Rrset {
  return { name, type, class: rrclass, ttl, rdatas, signatures: UNSIGNED }
}

/** The set's records, in its order. @param signed whether its signatures follow. */
export function recordsOf(set: Rrset, signed = false): ResourceRecord[] {
  const records: ResourceRecord[] = []
  addRecords(records, set, signed)
  return records
}

/** As `recordsOf`, behind what is in the array already. */
export function addRecords(to: ResourceRecord[], set: Rrset, signed: boolean): void {
  const { name, type, class: rrclass, ttl } = set
  for (const rdata of set.rdatas) to.push({ name, type, class: rrclass, ttl, rdata })
  if (signed) for (const rdata of set.signatures) to.push({ name, type: TYPE.RRSIG, class: rrclass, ttl, rdata })
}

/** The type of the set that an RRSIG covers (RFC 4034 §3.1.1). */
export function coveredType(rrsig: Uint8Array): number {
  return u16(rrsig, 0)
}

/**
 * The sets that those records make, in the order in which each appears first; a record that comes twice counts once.
 * Where times to live differ the smallest is the set's (RFC 2181 §5.2). RRSIG records belong to the set they cover;
 * those whose set is not there are a set of their own.
 */
export function rrsetsOf(records: readonly ResourceRecord[]): Rrset[] {
  const sets = new Map<string, SetGatherer>()
  let signatures: ResourceRecord[] | null = null
  for (const record of records) {
    if (record.type === TYPE.RRSIG) {
      signatures ??= []
      signatures.push(record)
    } else gather(sets, record, record.type)
  }
  if (signatures !== null) {
    for (const signature of signatures) {
      const covered = sets.get(setKey(signature, coveredType(signature.rdata)))
      if (covered === undefined) gather(sets, signature, TYPE.RRSIG)
      else covered.sign(signature.rdata)
    }
  }
  return Array.from(sets.values(), (set) => set.rrset)
}

function setKey(record: ResourceRecord, type: number): string {
  return `${type}/${record.class}/${record.name.key}`
}

function gather(sets: Map<string, SetGatherer>, record: ResourceRecord, type: number): void {
  const key = setKey(record, type)
  const set = sets.get(key)
  if (set === undefined) sets.set(key, new SetGatherer(record))
  else set.add(record.ttl, record.rdata)
}

/** A set that is being put together from its records. */
export class SetGatherer {
  readonly #first: ResourceRecord
  #ttl: number
  readonly #rdatas: Distinct
  #signatures: Distinct | null = null

  constructor(first: ResourceRecord) {
    this.#first = first
    this.#ttl = first.ttl
    this.#rdatas = new Distinct(first.rdata)
  }

  add(ttl: number, rdata: Uint8Array): void {
    if (ttl < this.#ttl) this.#ttl = ttl
    this.#rdatas.add(rdata)
  }

  /** Adds a signature that covers the set. */
  sign(rrsig: Uint8Array): void {
    if (this.#signatures === null) this.#signatures = new Distinct(rrsig)
    else this.#signatures.add(rrsig)
  }

  get rrset(): Rrset {
    const { name, type, class: rrclass } = this.#first
    const signatures = this.#signatures?.octets ?? UNSIGNED
    return { name, type, class: rrclass, ttl: this.#ttl, rdatas: this.#rdatas.octets, signatures }
  }
}

/** Octet strings, each once, in the order in which they come. */
class Distinct {
  readonly octets: Uint8Array[]
  /** The strings as text; made when there is a second one, which most sets do not have. */
  #seen: Set<string> | null = null

  constructor(first: Uint8Array) {
    this.octets = [first]
  }

  add(octets: Uint8Array): void {
    this.#seen ??= new Set([textOfOctets(this.octets[0]!)])
    const text = textOfOctets(octets)
    if (this.#seen.has(text)) return
    this.#seen.add(text)
    this.octets.push(octets)
  }
}

/** Whether two rdata are the same octets. Names in them are compared with their case: see `canonicalRdata`. */
export function equalRdata(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Octets as code units: the same text for the same rdata and only for it. */
export function textOfOctets(octets: Uint8Array): string {
  let text = ''
  for (let i = 0; i < octets.length; i++) text += String.fromCharCode(octets[i]!)
  return text
}
