/** A zone as a server holds it: what lies where, and what a name in it leads to (RFC 1034 §4.3.2, RFC 4592). */
import type { Name } from '../message/name.ts'
import { readRdata } from '../message/rdata/text.ts'
import type { ResourceRecord, Rrset } from '../message/record.ts'
import { rrsetsOf } from '../message/record.ts'
import { TYPE } from '../message/types.ts'
import { ZoneNode } from './node.ts'

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

export class Zone {
  readonly origin: Name
  readonly class: number
  /** One record. */
  readonly soa: Rrset
  readonly apex: ZoneNode
  /** What its negative answers may be kept for, seconds (RFC 2308 §5). */
  readonly negativeTtl: number

  /**
   * @param records those of a zone that `checkZone` finds no error in.
   * @throws RangeError when there is no SOA record at the origin.
   */
  constructor(origin: Name, records: readonly ResourceRecord[]) {
    this.origin = origin
    this.apex = new ZoneNode(origin)
    for (const rrset of rrsetsOf(records))
      if (rrset.name.isUnder(origin)) this.#nodeFor(rrset.name).rrsets.set(rrset.type, rrset)
    const soa = this.apex.rrset(TYPE.SOA)
    if (soa === undefined)
      throw new RangeError(`zone ${origin} has no SOA record: read it with loadZone and look at its faults`)
    this.soa = soa
    this.class = soa.class
    this.negativeTtl = Math.min(soa.ttl, readRdata('SOA', soa.rdatas[0]!).minimum)
  }

  #nodeFor(name: Name): ZoneNode {
    let node = this.apex
    const labels = name.labelKeys
    for (let left = labels.length - this.origin.labelCount - 1; left >= 0; left--)
      node = node.child(labels[left]!) ?? node.addChild(name.suffix(labels.length - left))
    return node
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
