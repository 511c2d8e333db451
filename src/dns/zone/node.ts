/** The tree of a zone's names. Names without records that lie between others are nodes too (RFC 4592 §2.2.2). */
import type { Name } from '../message/name.ts'
import type { Rrset } from '../message/record.ts'
import { TYPE } from '../message/types.ts'

/** One name of a zone. */
export class ZoneNode {
  readonly name: Name
  readonly #rrsets: Map<number, Rrset>
  /** Null as long as there is none: most nodes are leaves. */
  #children: Children | null

  constructor(name: Name, rrsets = new Map<number, Rrset>(), children: Children | null = null) {
    this.name = name
    this.#rrsets = rrsets
    this.#children = children
  }

  /** By type, in the order of the file. */
  get rrsets(): ReadonlyMap<number, Rrset> {
    return this.#rrsets
  }

  rrset(type: number): Rrset | undefined {
    return this.#rrsets.get(type)
  }

  /** @param label as `Name.labelKeys` gives it. */
  child(label: string): ZoneNode | undefined {
    return this.#children?.get(label)
  }

  /** The node of `*` below this (RFC 4592 §3.3.1). */
  get wildcard(): ZoneNode | undefined {
    return this.#children?.get('*')
  }

  get isDelegation(): boolean {
    return this.#rrsets.has(TYPE.NS)
  }

  get isEmpty(): boolean {
    return this.#rrsets.size === 0 && (this.#children === null || this.#children.size === 0)
  }

  children(): Iterable<ZoneNode> {
    return this.#children?.values() ?? []
  }

  /** A node with the same sets and children, which it shares until they are replaced. */
  copy(): ZoneNode {
    return new ZoneNode(this.name, new Map(this.#rrsets), this.#children?.copy() ?? null)
  }

  /** For the makers of a zone only, before anybody else has it: nodes of a zone that is served never change. */
  put(rrset: Rrset): void {
    this.#rrsets.set(rrset.type, rrset)
  }

  /** As `put`: takes all sets away. */
  clear(): void {
    this.#rrsets.clear()
  }

  /** As `put`: sets the child of that label, or takes it away. */
  setChild(label: string, child: ZoneNode | null): void {
    this.#children ??= new Children(new Map(), new Map())
    this.#children.set(label, child)
  }
}

/** Changes that are kept beside a shared map before it is copied whole: half a millisecond of copying an update. */
const MOST_CHANGES = 512

/**
 * Children by label, in a map that many versions of a node may share, with the changes of this version beside it: a
 * flat zone of a million names has them all in one node, and an update must not copy them all.
 */
class Children {
  #base: Map<string, ZoneNode>
  /** Null: not there any more. */
  #changes: Map<string, ZoneNode | null>
  /** Whether other versions may be looking at `#base`. */
  #shared = false
  #size: number

  constructor(base: Map<string, ZoneNode>, changes: Map<string, ZoneNode | null>, size = base.size) {
    this.#base = base
    this.#changes = changes
    this.#size = size
  }

  get size(): number {
    return this.#size
  }

  get(label: string): ZoneNode | undefined {
    if (this.#changes.size === 0) return this.#base.get(label)
    const changed = this.#changes.get(label)
    return changed === undefined ? this.#base.get(label) : (changed ?? undefined)
  }

  set(label: string, child: ZoneNode | null): void {
    this.#size += (child === null ? 0 : 1) - (this.get(label) === undefined ? 0 : 1)
    if (this.#shared) this.#changes.set(label, child)
    else if (child === null) this.#base.delete(label)
    else this.#base.set(label, child)
  }

  copy(): Children {
    if (this.#changes.size >= MOST_CHANGES) {
      const whole = new Map(this.#entries())
      return new Children(whole, new Map())
    }
    this.#shared = true
    const copy = new Children(this.#base, new Map(this.#changes), this.#size)
    copy.#shared = true
    return copy
  }

  *values(): Generator<ZoneNode> {
    for (const [, child] of this.#entries()) yield child
  }

  *#entries(): Generator<[string, ZoneNode]> {
    for (const [label, child] of this.#base) {
      const changed = this.#changes.get(label)
      if (changed === undefined) yield [label, child]
      else if (changed !== null) yield [label, changed]
    }
    for (const [label, child] of this.#changes) if (child !== null && !this.#base.has(label)) yield [label, child]
  }
}
