/** The tree of a zone's names. Names without records that lie between others are nodes too (RFC 4592 §2.2.2). */
import type { Name } from '../message/name.ts'
import type { Rrset } from '../message/record.ts'
import { TYPE } from '../message/types.ts'

export class ZoneNode {
  readonly name: Name
  /** By type, in the order of the file. */
  readonly rrsets = new Map<number, Rrset>()
  /** Null as long as there is none: most nodes are leaves. */
  #children: Map<string, ZoneNode> | null = null

  constructor(name: Name) {
    this.name = name
  }

  rrset(type: number): Rrset | undefined {
    return this.rrsets.get(type)
  }

  /** @param label as `Name.labelKeys` gives it. */
  child(label: string): ZoneNode | undefined {
    return this.#children?.get(label)
  }

  /** Makes a child, which there must not be yet; `name` has one label more than this node's. */
  addChild(name: Name): ZoneNode {
    const child = new ZoneNode(name)
    this.#children ??= new Map()
    this.#children.set(name.labelKeys[0]!, child)
    return child
  }

  /** The node of `*` below this (RFC 4592 §3.3.1). */
  get wildcard(): ZoneNode | undefined {
    return this.#children?.get('*')
  }

  get isDelegation(): boolean {
    return this.rrsets.has(TYPE.NS)
  }

  children(): IterableIterator<ZoneNode> {
    return this.#children?.values() ?? [].values()
  }
}
