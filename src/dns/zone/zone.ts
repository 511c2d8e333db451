/** A zone as a server holds it: what lies where, and what a name in it leads to (RFC 1034 §4.3.2, RFC 4592). */
import { DnsError } from '../errors.ts'
import type { Name } from '../message/name.ts'
import { readRdata } from '../message/rdata/text.ts'
import type { ResourceRecord, Rrset } from '../message/record.ts'
import { TYPE } from '../message/types.ts'
import { ZoneBuilder } from './builder.ts'
import { type ZoneChanges, ZoneEdit } from './edit.ts'
import type { ZoneNode } from './node.ts'

export type { ZoneChanges } from './edit.ts'

import { RECORDS_PER_STEP, runThrough, type Work } from './work.ts'

/** What a name leads to. */
export type Found =
  /** The name exists, with records or without. */
  | { readonly kind: 'node'; readonly node: ZoneNode }
  /** It lies at or below a delegation: its zone is served elsewhere. */
  | { readonly kind: 'delegation'; readonly node: ZoneNode }
  /** It lies below a DNAME. */
  | { readonly kind: 'dname'; readonly node: ZoneNode }
  /** It does not exist and a wildcard stands for it. */
  | { readonly kind: 'wildcard'; readonly node: ZoneNode }
  /** It does not exist. `node` is its closest encloser. */
  | { readonly kind: 'nothing'; readonly node: ZoneNode }

/** Values, never changed once made: a server answers from one until it is given another. */
export class Zone {
  readonly origin: Name
  readonly class: number
  /** One record. */
  readonly soa: Rrset
  readonly apex: ZoneNode
  /** What its negative answers may be kept for, seconds (RFC 2308 §5). */
  readonly negativeTtl: number

  private constructor(apex: ZoneNode) {
    const soa = apex.rrset(TYPE.SOA)
    if (soa === undefined)
      throw new DnsError(
        'DNS_ZONE',
        `zone ${apex.name} has no SOA record: read it with loadZone and look at its faults`,
      )
    this.apex = apex
    this.origin = apex.name
    this.soa = soa
    this.class = soa.class
    this.negativeTtl = Math.min(soa.ttl, readRdata('SOA', soa.rdatas[0]!).minimum)
  }

  /**
   * The zone with those records; those outside of it are left out.
   * @param records those of a zone that `checkZone` finds no error in.
   * @throws DnsError `DNS_ZONE` when there is no SOA record at the origin.
   */
  static of(origin: Name, records: readonly ResourceRecord[]): Zone {
    return runThrough(Zone.work(origin, records))
  }

  /** As `of`, in steps. */
  static *work(origin: Name, records: readonly ResourceRecord[]): Work<Zone> {
    const builder = new ZoneBuilder(origin)
    for (const [i, record] of records.entries()) {
      builder.add(record)
      if (i % RECORDS_PER_STEP === RECORDS_PER_STEP - 1) yield
    }
    return new Zone(builder.finish())
  }

  /** The number of this version (RFC 1035 §3.3.13). */
  get serial(): number {
    return readRdata('SOA', this.soa.rdatas[0]!).serial
  }

  /**
   * The zone with those changes; this one stays as it is, and the two share what is the same in both. What the changes
   * make is not checked but for the SOA record, which must be there.
   * @throws DnsError `DNS_ZONE` when there is no SOA record afterwards.
   */
  apply(changes: ZoneChanges): Zone {
    return new Zone(new ZoneEdit(this.apex).run(changes))
  }

  /**
   * What `name`, which is under the origin, leads to.
   * @param atCut whether a delegation that is the name itself counts as a node: for DS, which the parent answers
   * (RFC 4035 §3.1.4.1).
   */
  find(name: Name, atCut = false): Found {
    let node = this.apex
    const labels = name.labelKeys
    for (let left = labels.length - this.origin.labelCount - 1; left >= 0; left--) {
      if (node.rrsets.has(TYPE.DNAME)) return { kind: 'dname', node }
      const next = node.child(labels[left]!)
      if (next === undefined)
        return node.wildcard === undefined ? { kind: 'nothing', node } : { kind: 'wildcard', node: node.wildcard }
      node = next
      if (node.isDelegation && !(atCut && left === 0)) return { kind: 'delegation', node }
    }
    return { kind: 'node', node }
  }

  /** The addresses that stand at a name in this zone, delegated or not: glue among them. */
  addresses(name: Name): Rrset[] {
    if (!name.isUnder(this.origin)) return []
    let node: ZoneNode | undefined = this.apex
    const labels = name.labelKeys
    for (let left = labels.length - this.origin.labelCount - 1; left >= 0 && node !== undefined; left--)
      node = node.child(labels[left]!)
    return [TYPE.A, TYPE.AAAA].flatMap((type) => node?.rrset(type) ?? [])
  }

  /** Every node, parents before their children. */
  *nodes(): Generator<ZoneNode> {
    const left = [this.apex]
    for (let node = left.pop(); node !== undefined; node = left.pop()) {
      yield node
      left.push(...node.children())
    }
  }
}
