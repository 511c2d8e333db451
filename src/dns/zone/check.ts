/** What makes a set of records a zone, and what is likely a mistake in one. */
import { Name } from '../message/name.ts'
import { canonicalRdata, readRdata } from '../message/rdata/text.ts'
import { coveredType, textOfOctets } from '../message/record.ts'
import { className, TYPE, typeName } from '../message/types.ts'
import { ZoneFault } from './fault.ts'
import type { MasterOptions, PlacedRecord } from './master.ts'
import { RECORDS_PER_STEP, runThrough, type Work } from './work.ts'

/** Types that may stand beside a CNAME (RFC 2181 §10.1, RFC 4035 §2.5). */
const BESIDE_CNAME = new Set<number>([TYPE.CNAME, TYPE.RRSIG, TYPE.NSEC, TYPE.NXT, TYPE.SIG, TYPE.KEY])

/** Types of which a name has one record (RFC 1034 §3.6.2, RFC 6672 §2.4). */
const SINGLE = [TYPE.CNAME, TYPE.DNAME] as const

/** Types whose rdata name a host that may well be in the same zone. */
const TARGETS = new Set<number>([TYPE.NS, TYPE.CNAME, TYPE.DNAME, TYPE.PTR, TYPE.MX, TYPE.SRV, TYPE.SOA])

/** The records of one owner and type, as far as the checks need them. */
interface SetOfRecords {
  readonly first: PlacedRecord
  count: number
}

/** What the check is told of the file. */
export type CheckOptions = Pick<MasterOptions, 'file' | 'limits'>

/** What is wrong with those records as a zone: errors and warnings, each with its place. */
export function checkZone(origin: Name, records: readonly PlacedRecord[], options: CheckOptions = {}): ZoneFault[] {
  return runThrough(checkWork(origin, records, options))
}

/** As `checkZone`, in steps. */
export function checkWork(
  origin: Name,
  records: readonly PlacedRecord[],
  options: CheckOptions = {},
): Work<ZoneFault[]> {
  return new ZoneCheck(origin, options).run(records)
}

class ZoneCheck {
  readonly #origin: Name
  readonly #file: string
  readonly #faultText: number | undefined
  readonly #faults: ZoneFault[] = []
  /** By the key of the owner's name, then by type. */
  readonly #sets = new Map<string, Map<number, SetOfRecords>>()
  /** The keys of names that hide what is below them: delegations and DNAMEs. Most zones have few. */
  readonly #delegated = new Set<string>()
  readonly #renamed = new Set<string>()
  readonly #signatures: PlacedRecord[] = []
  /** The end of the key of a name in which the origin stands twice; '' where that means nothing. */
  readonly #doubled: string

  constructor(origin: Name, { file = 'zone', limits }: CheckOptions) {
    this.#origin = origin
    this.#file = file
    this.#faultText = limits?.faultText
    this.#doubled = origin.isRoot ? '' : origin.key.slice(0, -1) + origin.key
  }

  *run(all: readonly PlacedRecord[]): Work<ZoneFault[]> {
    const records: PlacedRecord[] = []
    for (const [i, record] of all.entries()) {
      if (this.#belongs(record, all[0]!.class)) {
        records.push(record)
        this.#enter(record)
      }
      if (i % RECORDS_PER_STEP === RECORDS_PER_STEP - 1) yield
    }
    this.#apex()
    let names = 0
    for (const types of this.#sets.values()) {
      this.#aliases(types)
      if (++names % RECORDS_PER_STEP === 0) yield
    }
    for (const [i, record] of records.entries()) {
      this.#occlusion(record)
      this.#nameServer(record)
      this.#missingDot(record)
      if (i % RECORDS_PER_STEP === RECORDS_PER_STEP - 1) yield
    }
    this.#coverage()
    return this.#faults
  }

  #fault(severity: 'error' | 'warning', why: string, at?: PlacedRecord): void {
    const place = at ?? { at: 0, line: 1, column: 1, file: this.#file }
    this.#faults.push(new ZoneFault(severity, why, place, this.#faultText))
  }

  #belongs(record: PlacedRecord, rrclass: number): boolean {
    const inZone = record.name.isUnder(this.#origin)
    if (!inZone) this.#fault('error', `${record.name} is not in the zone ${this.#origin}`, record)
    const sameClass = record.class === rrclass
    if (!sameClass)
      this.#fault('error', `class ${className(record.class)} in a zone of class ${className(rrclass)}`, record)
    return inZone && sameClass
  }

  #enter(record: PlacedRecord): void {
    const { key } = record.name
    let types = this.#sets.get(key)
    if (types === undefined) this.#sets.set(key, (types = new Map()))
    if (record.type === TYPE.NS && key !== this.#origin.key) this.#delegated.add(key)
    if (record.type === TYPE.DNAME) this.#renamed.add(key)
    if (record.type === TYPE.RRSIG) this.#signatures.push(record)
    const set = types.get(record.type)
    if (set === undefined) {
      types.set(record.type, { first: record, count: 1 })
      return
    }
    // The same record twice is one.
    if (!(SINGLE as readonly number[]).includes(record.type) || !sameData(record, set.first)) set.count++
    // RFC 2181 §5.2.
    if (record.ttl !== set.first.ttl && record.type !== TYPE.RRSIG) {
      const what = `${record.name} ${typeName(record.type)}`
      this.#fault('warning', `the records of ${what} have different times to live: the smallest is used`, record)
    }
  }

  #apex(): void {
    const types = this.#sets.get(this.#origin.key)
    const soa = types?.get(TYPE.SOA)
    if (soa === undefined) this.#fault('error', `no SOA record at ${this.#origin}`)
    if (types?.has(TYPE.NS) !== true) this.#fault('error', `no NS record at ${this.#origin}`)
    if (soa !== undefined && soa.count > 1) this.#fault('error', `${soa.count} SOA records: a zone has one`, soa.first)
    for (const [key, others] of this.#sets) {
      const inside = key === this.#origin.key ? undefined : others.get(TYPE.SOA)
      if (inside !== undefined)
        this.#fault('error', `a SOA record at ${inside.first.name}, inside the zone ${this.#origin}`, inside.first)
    }
  }

  #aliases(types: ReadonlyMap<number, SetOfRecords>): void {
    for (const type of SINGLE) {
      const set = types.get(type)
      if (set !== undefined && set.count > 1)
        this.#fault('error', `${set.first.name} has more than one ${typeName(type)} record`, set.first)
    }
    const cname = types.get(TYPE.CNAME)
    if (cname !== undefined) {
      for (const [type, other] of types)
        if (!BESIDE_CNAME.has(type))
          this.#fault(
            'error',
            `${cname.first.name} has a CNAME record and ${typeName(type)}: a CNAME stands alone`,
            other.first,
          )
    }
    const wildNs = types.get(TYPE.NS)
    if (wildNs?.first.name.isWildcard)
      this.#fault('warning', 'what NS records at a wildcard mean is not defined (RFC 4592 §4.2)', wildNs.first)
  }

  /** Records that a delegation or a DNAME above them hides. */
  #occlusion(record: PlacedRecord): void {
    if (this.#delegated.size === 0 && this.#renamed.size === 0) return
    const isGlue = record.type === TYPE.A || record.type === TYPE.AAAA
    // The key of an ancestor is the end of the name's own.
    for (let { key } = record.name; key !== this.#origin.key; ) {
      key = key.slice(key.charCodeAt(0) + 1)
      if (this.#delegated.has(key) && !isGlue)
        this.#fault(
          'warning',
          `${record.name} ${typeName(record.type)} is not served: ${this.#nameAt(key)} is delegated`,
          record,
        )
      // RFC 6672 §2.4: nothing may stand below a DNAME.
      if (this.#renamed.has(key))
        this.#fault('error', `${record.name} stands below the DNAME record of ${this.#nameAt(key)}`, record)
    }
  }

  #nameAt(key: string): Name {
    return [...this.#sets.get(key)!.values()][0]!.first.name
  }

  /** RFC 1912 §2.4, RFC 2181 §10.3: name servers have addresses and are no aliases. */
  #nameServer(record: PlacedRecord): void {
    if (record.type !== TYPE.NS) return
    const { host } = readRdata('NS', record.rdata)
    if (!host.isUnder(this.#origin)) return
    const types = this.#sets.get(host.key)
    if (types?.has(TYPE.CNAME)) this.#fault('warning', `the name server ${host} is an alias`, record)
    else if (
      types?.has(TYPE.A) !== true &&
      types?.has(TYPE.AAAA) !== true &&
      !this.#delegatedElsewhere(host, record.name)
    )
      this.#fault('warning', `the name server ${host} has no address here`, record)
  }

  /** The commonest mistake in zone files: `www.example.org` without the dot at the end gets the origin once more. */
  #missingDot(record: PlacedRecord): void {
    if (this.#doubled === '') return
    if (this.#isDoubled(record.name)) this.#fault('warning', doubled(record.name), record)
    if (!TARGETS.has(record.type)) return
    for (const target of Object.values(readRdata(typeName(record.type) as 'NS', record.rdata)))
      if ((target as unknown) instanceof Name && this.#isDoubled(target))
        this.#fault('warning', doubled(target), record)
  }

  /** Whether the name, less the origin at its end, ends in the origin again. */
  #isDoubled(name: Name): boolean {
    if (!name.key.endsWith(this.#doubled) || !name.isUnder(this.#origin)) return false
    // The octets may be the same by chance: the first origin must begin where a label does.
    const start = name.key.length - this.#doubled.length
    let at = 0
    while (at < start) at += name.wire[at]! + 1
    return at === start
  }

  /** Whether the host lies in a delegated zone other than that which it serves: its address is found there. */
  #delegatedElsewhere(host: Name, served: Name): boolean {
    for (let { key } = host; key !== this.#origin.key; key = key.slice(key.charCodeAt(0) + 1))
      if (this.#delegated.has(key)) return key !== served.key
    return this.#sets.has(host.parent().child('*').key)
  }

  /** Signatures whose set is not there. */
  #coverage(): void {
    for (const record of this.#signatures) {
      const covered = coveredType(record.rdata)
      if (this.#sets.get(record.name.key)?.has(covered) !== true)
        this.#fault('warning', `an RRSIG for ${typeName(covered)} at ${record.name}, which has no such record`, record)
    }
  }
}

function doubled(name: Name): string {
  return `${name} has the zone's name in it twice: is the dot at its end missing in the file?`
}

function sameData(a: PlacedRecord, b: PlacedRecord): boolean {
  return textOfOctets(canonicalRdata(a.type, a.rdata)) === textOfOctets(canonicalRdata(b.type, b.rdata))
}
