/** The tree of a zone's names. Names without records that lie between others are nodes too (RFC 4592 §2.2.2). */
import { LOWER, type Name } from '../message/name.ts'
import type { Rrset } from '../message/record.ts'
import { TYPE } from '../message/types.ts'

export class ZoneNode {
  readonly name: Name
  /** By type, in the order of the file. */
  readonly rrsets = new Map<number, Rrset>()
  readonly #children = new Map<string, ZoneNode>()

  constructor(name: Name) {
    this.name = name
  }

  rrset(type: number): Rrset | undefined {
    return this.rrsets.get(type)
  }

  child(label: Uint8Array): ZoneNode | undefined {
    return this.#children.get(labelKey(label))
  }

  /** The child of that name, made when there is none. `name` is that of a node directly below this. */
  ensureChild(name: Name): ZoneNode {
    const key = labelKey(name.wire.subarray(1, 1 + name.wire[0]!))
    let child = this.#children.get(key)
    if (child === undefined) {
      child = new ZoneNode(name)
      this.#children.set(key, child)
    }
    return child
  }

  /** The node of `*` below this (RFC 4592 §3.3.1). */
  get wildcard(): ZoneNode | undefined {
    return this.#children.get('*')
  }

  get isDelegation(): boolean {
    return this.rrsets.has(TYPE.NS)
  }

  children(): IterableIterator<ZoneNode> {
    return this.#children.values()
  }
}

function labelKey(label: Uint8Array): string {
  let key = ''
  for (const octet of label) key += String.fromCharCode(LOWER[octet]!)
  return key
}
