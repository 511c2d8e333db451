/** Puts the tree of a zone together, record by record. */
import type { Name } from '../message/name.ts'
import { coveredType, type ResourceRecord, type Rrset, recordsOf, SetGatherer } from '../message/record.ts'
import { TYPE } from '../message/types.ts'
import { ZoneNode } from './node.ts'

/** The tree of a zone, growing. */
export class ZoneBuilder {
  readonly #apex: ZoneNode
  readonly #depth: number
  /** Sets of more than one record, by their node and type. */
  readonly #gathering = new Map<ZoneNode, Map<number, SetGatherer>>()
  readonly #signatures: ResourceRecord[] = []
  /** Files keep the records of a name together. */
  #lastName: Name | null = null
  #lastNode: ZoneNode

  constructor(origin: Name) {
    this.#apex = new ZoneNode(origin)
    this.#depth = origin.labelCount
    this.#lastNode = this.#apex
  }

  add(record: ResourceRecord): void {
    const { name, type, class: rrclass, ttl, rdata } = record
    if (!name.isUnder(this.#apex.name)) return
    if (type === TYPE.RRSIG) {
      this.#signatures.push(record)
      return
    }
    const node = this.#nodeFor(name)
    const held = node.rrset(type)
    if (held === undefined) node.put({ name, type, class: rrclass, ttl, rdatas: [rdata], signatures: [] })
    else this.#gatherer(node, held).add(ttl, rdata)
  }

  finish(): ZoneNode {
    for (const rrsig of this.#signatures) {
      const node = this.#nodeFor(rrsig.name)
      const covered = node.rrset(coveredType(rrsig.rdata))
      if (covered !== undefined) this.#gatherer(node, covered).sign(rrsig.rdata)
    }
    for (const [node, sets] of this.#gathering) for (const set of sets.values()) node.put(set.rrset)
    return this.#apex
  }

  #gatherer(node: ZoneNode, held: Rrset): SetGatherer {
    let sets = this.#gathering.get(node)
    if (sets === undefined) this.#gathering.set(node, (sets = new Map()))
    let gatherer = sets.get(held.type)
    if (gatherer === undefined) {
      gatherer = new SetGatherer(recordsOf(held)[0]!)
      sets.set(held.type, gatherer)
    }
    return gatherer
  }

  #nodeFor(name: Name): ZoneNode {
    if (name === this.#lastName) return this.#lastNode
    let node = this.#apex
    const labels = name.labelKeys
    for (let left = labels.length - this.#depth - 1; left >= 0; left--) {
      let child = node.child(labels[left]!)
      if (child === undefined) {
        child = new ZoneNode(left === 0 ? name : name.suffix(labels.length - left))
        node.setChild(labels[left]!, child)
      }
      node = child
    }
    this.#lastName = name
    this.#lastNode = node
    return node
  }
}
