/** Changes to the tree of a zone: nodes on the way to what changes are copied, all others are shared with the old tree. */
import type { Name } from '../message/name.ts'
import { canonicalRdata } from '../message/rdata/text.ts'
import { type ResourceRecord, type Rrset, recordsOf, rrsetsOf, textOfOctets } from '../message/record.ts'
import { TYPE } from '../message/types.ts'
import { ZoneNode } from './node.ts'

/** What becomes different in a zone (RFC 1995, RFC 2136): first records go, then records come. */
export interface ZoneChanges {
  /** Records that go, whatever their time to live; those that are not there are passed over. */
  readonly remove?: readonly ResourceRecord[]
  readonly add?: readonly ResourceRecord[]
}

/** One round of changes to the tree: nodes on the way to what changes are copied once, all others are shared. */
export class ZoneEdit {
  #apex: ZoneNode
  /** The nodes that are this round's own. */
  readonly #own = new Set<ZoneNode>()

  constructor(apex: ZoneNode) {
    this.#apex = apex
  }

  run({ remove = [], add = [] }: ZoneChanges): ZoneNode {
    const depth = this.#apex.name.labelCount
    const changes = new Map<string, { name: Name; remove: ResourceRecord[]; add: ResourceRecord[] }>()
    const at = (name: Name) => {
      let entry = changes.get(name.key)
      if (entry === undefined) changes.set(name.key, (entry = { name, remove: [], add: [] }))
      return entry
    }
    const inside = (record: ResourceRecord) => record.name.isUnder(this.#apex.name)
    for (const record of remove) if (inside(record)) at(record.name).remove.push(record)
    for (const record of add) if (inside(record)) at(record.name).add.push(record)
    for (const change of changes.values()) {
      const labels = change.name.labelKeys
      const path = labels.slice(0, labels.length - depth).reverse()
      this.#change(change.name, path, change.remove, change.add)
    }
    return this.#apex
  }

  #change(
    name: Name,
    path: readonly string[],
    remove: readonly ResourceRecord[],
    add: readonly ResourceRecord[],
  ): void {
    this.#apex = this.#owned(this.#apex)
    const way = [this.#apex]
    for (const [i, label] of path.entries()) {
      const parent = way.at(-1)!
      const child = parent.child(label)
      if (child === undefined && add.length === 0) return
      const own =
        child === undefined
          ? this.#owned(new ZoneNode(name.suffix(name.labelCount - path.length + i + 1)))
          : this.#owned(child)
      if (own !== child) parent.setChild(label, own)
      way.push(own)
    }
    const node = way.at(-1)!
    const sets = changedSets(node, remove, add)
    node.clear()
    for (const set of sets) node.put(set)
    // Names that are left without records, and without names below them, are no names any more.
    for (let i = way.length - 1; i > 0 && way[i]!.isEmpty; i--) way[i - 1]!.setChild(path[i - 1]!, null)
  }

  #owned(node: ZoneNode): ZoneNode {
    if (this.#own.has(node)) return node
    const own = node.rrsets.size === 0 && node.isEmpty ? node : node.copy()
    this.#own.add(own)
    return own
  }
}

function changedSets(
  node: ZoneNode,
  remove: readonly ResourceRecord[],
  add: readonly ResourceRecord[],
): readonly Rrset[] {
  // What comes replaces its equal (RFC 2136 §3.4.2.2), the letters of names in it folded.
  const gone = new Set(
    [...remove, ...add].map(({ type, rdata }) => `${type} ${textOfOctets(canonicalRdata(type, rdata))}`),
  )
  const kept = Array.from(node.rrsets.values(), (set) => recordsOf(set, true))
    .flat()
    .filter(({ type, rdata }) => !gone.has(`${type} ${textOfOctets(canonicalRdata(type, rdata))}`))
  // A time to live that comes anew is that of the whole set.
  const fresh = new Map(add.map(({ type, ttl }) => [type, ttl]))
  const records = kept.map((record) => ({ ...record, ttl: fresh.get(record.type) ?? record.ttl }))
  return rrsetsOf([...records, ...add]).filter((set) => set.type !== TYPE.RRSIG)
}
