/** What makes a set of records a zone, and what is likely a mistake in one. */
import { Name } from '../message/name.ts'
import { canonicalRdata, readRdata } from '../message/rdata/text.ts'
import { className, TYPE, typeName } from '../message/types.ts'
import type { PlacedRecord, ZoneFault } from './master.ts'

/** Types that may stand beside a CNAME (RFC 2181 §10.1, RFC 4035 §2.5). */
const BESIDE_CNAME = new Set<number>([TYPE.CNAME, TYPE.RRSIG, TYPE.NSEC, TYPE.NXT, TYPE.SIG, TYPE.KEY])

/** Types whose rdata names a host that may well be in the same zone. */
const TARGETS = new Set<number>([TYPE.NS, TYPE.CNAME, TYPE.DNAME, TYPE.PTR, TYPE.MX, TYPE.SRV, TYPE.SOA])

function doubled(name: Name): string {
  return `${name} has the zone's name in it twice: is the dot at its end missing in the file?`
}

export function checkZone(origin: Name, records: readonly PlacedRecord[], file: string): ZoneFault[] {
  return new ZoneCheck(origin, records, file).run()
}

class ZoneCheck {
  readonly #origin: Name
  readonly #records: readonly PlacedRecord[]
  readonly #file: string
  readonly #faults: ZoneFault[] = []
  /** By owner and type: the first record of each set, and the set's distinct rdata. */
  readonly #sets = new Map<string, Map<number, { readonly first: PlacedRecord; count: number }>>()

  constructor(origin: Name, records: readonly PlacedRecord[], file: string) {
    this.#origin = origin
    this.#file = file
    this.#records = records.filter((record) => this.#belongs(record, records[0]!.class))
  }

  run(): ZoneFault[] {
    for (const record of this.#records) this.#enter(record)
    this.#apex()
    for (const types of this.#sets.values()) this.#aliases(types)
    for (const record of this.#records) {
      this.#occlusion(record)
      this.#nameServer(record)
      this.#missingDot(record)
    }
    return this.#faults
  }

  #fault(severity: 'error' | 'warning', why: string, at?: PlacedRecord): void {
    const { line, column, file } = at ?? { line: 1, column: 1, file: this.#file }
    this.#faults.push({ severity, file, line, column, why })
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
    let types = this.#sets.get(record.name.key)
    if (types === undefined) this.#sets.set(record.name.key, (types = new Map()))
    const set = types.get(record.type)
    if (set === undefined) {
      types.set(record.type, { first: record, count: 1 })
      return
    }
    set.count++
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
    for (const record of this.#records)
      if (record.type === TYPE.SOA && !record.name.equals(this.#origin))
        this.#fault('error', `a SOA record at ${record.name}, inside the zone ${this.#origin}`, record)
  }

  #aliases(types: ReadonlyMap<number, { readonly first: PlacedRecord; readonly count: number }>): void {
    const cname = types.get(TYPE.CNAME)
    if (cname !== undefined) {
      const { first, count } = cname
      if (count > 1 && this.#distinct(first) > 1)
        this.#fault('error', `${first.name} has more than one CNAME record`, first)
      for (const [type, other] of types)
        if (!BESIDE_CNAME.has(type))
          this.#fault(
            'error',
            `${first.name} has a CNAME record and ${typeName(type)}: a CNAME stands alone`,
            other.first,
          )
    }
    const dname = types.get(TYPE.DNAME)
    if (dname !== undefined && dname.count > 1 && this.#distinct(dname.first) > 1)
      this.#fault('error', `${dname.first.name} has more than one DNAME record`, dname.first)
    const wildNs = types.get(TYPE.NS)
    if (wildNs?.first.name.isWildcard)
      this.#fault('warning', 'what NS records at a wildcard mean is not defined (RFC 4592 §4.2)', wildNs.first)
  }

  #distinct(like: PlacedRecord): number {
    const same = this.#records.filter((record) => record.type === like.type && record.name.equals(like.name))
    return new Set(same.map((record) => String(canonicalRdata(record.type, record.rdata)))).size
  }

  /** Records that a delegation or a DNAME above them hides. */
  #occlusion(record: PlacedRecord): void {
    for (let name = record.name; !name.equals(this.#origin); name = name.parent()) {
      const above = name === record.name ? undefined : this.#sets.get(name.key)
      if (above?.has(TYPE.NS) && record.type !== TYPE.A && record.type !== TYPE.AAAA)
        this.#fault('warning', `${record.name} ${typeName(record.type)} is not served: ${name} is delegated`, record)
      // RFC 6672 §2.4: nothing may stand below a DNAME.
      if (this.#sets.get(name.parent().key)?.has(TYPE.DNAME))
        this.#fault('error', `${record.name} stands below the DNAME record of ${name.parent()}`, record)
    }
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
    if (this.#isDoubled(record.name)) this.#fault('warning', doubled(record.name), record)
    if (!TARGETS.has(record.type)) return
    for (const target of Object.values(readRdata(typeName(record.type) as 'NS', record.rdata)))
      if ((target as unknown) instanceof Name && this.#isDoubled(target))
        this.#fault('warning', doubled(target), record)
  }

  /** Whether the name, less the origin at its end, ends in the origin again */
  #isDoubled(name: Name): boolean {
    const { wire } = this.#origin
    const own = wire.length - 1
    if (own === 0 || name.wire.length < 2 * own + 1 || !name.isUnder(this.#origin)) return false
    let above = name
    while (above.wire.length > 2 * own + 1) above = above.parent()
    if (above.wire.length !== 2 * own + 1) return false
    return new Name(Uint8Array.of(...above.wire.subarray(0, own), 0)).equals(this.#origin)
  }

  /** Whether the host lies in a delegated zone other than that which it serves: its address is found there. */
  #delegatedElsewhere(host: Name, served: Name): boolean {
    for (let name = host; !name.equals(this.#origin); name = name.parent())
      if (this.#sets.get(name.key)?.has(TYPE.NS)) return !name.equals(served)
    return this.#sets.has(host.parent().child('*').key)
  }
}
