/** One question on its way: a client's, or one that must be answered before. */
import type { Nanos } from '../../../base/clock.ts'
import type { Query } from '../../answer/answer.ts'
import type { Learned } from '../../cache/cache.ts'
import type { Name } from '../../message/name.ts'
import type { Rrset } from '../../message/record.ts'
import type { Candidate, ConfiguredZone, Delegation } from './delegation.ts'
import { type Minimisation, minimisation } from './minimise.ts'

/** What a frame is for: a client, a name server's address, the root's own servers, the parent's side of a cut. */
export type Purpose = 'client' | 'address' | 'prime' | 'parent'

/** A question that is with a server. */
export interface Asking {
  readonly exchange: number
  readonly frame: Frame
  readonly delegation: Delegation
  readonly query: Query
  readonly candidate: Candidate
  readonly recursionDesired: boolean
  readonly sent: Nanos
  /** Time-outs in a row of the server that were known when it was sent. */
  readonly timeouts: number
}

/** One question, with the name and the servers it is at. */
export class Frame {
  readonly query: Query
  readonly purpose: Purpose
  /** The sets of the aliases on the way. */
  readonly chain: Rrset[] = []
  /** The configured zones whose servers have been tried in vain and are passed over. */
  readonly passed: Set<ConfiguredZone>
  readonly #seen: Set<string>
  #name: Name
  #delegation: Delegation | null = null
  #minimise: Minimisation
  #asking: Asking | null = null
  #sent = 0
  #referrals = 0
  #empties = 0
  #empty: Learned | null = null

  /** @param passed configured zones that the question this one is for has passed over */
  constructor(query: Query, purpose: Purpose, minimise: boolean, passed: ReadonlySet<ConfiguredZone> = new Set()) {
    this.query = query
    this.purpose = purpose
    this.#name = query.name
    this.passed = new Set(passed)
    this.#seen = new Set([query.name.key])
    this.#minimise = minimisation(minimise)
  }

  /** Where the aliases have led so far. */
  get name(): Name {
    return this.#name
  }

  /** The question that the frame is at now. */
  get current(): Query {
    return this.#name === this.query.name ? this.query : { ...this.query, name: this.#name }
  }

  /** The servers that are asked; null before they are looked for. */
  get delegation(): Delegation | null {
    return this.#delegation
  }

  get minimise(): Minimisation {
    return this.#minimise
  }

  /** The question that is waited for. Others may be out, whose replies are welcome and not waited for. */
  get asking(): Asking | null {
    return this.#asking
  }

  /** Questions asked for `name`. */
  get sent(): number {
    return this.#sent
  }

  /** Referrals followed for `name`. */
  get referrals(): number {
    return this.#referrals
  }

  /** Empty replies put aside for `name`. */
  get empties(): number {
    return this.#empties
  }

  /** A reply without data and without SOA: the answer if no server knows better. */
  get empty(): Learned | null {
    return this.#empty
  }

  /** How many names the aliases have led through. */
  get aliases(): number {
    return this.#seen.size - 1
  }

  /** Whether less was asked for than the frame wants to know. */
  isMinimised(asked: Query): boolean {
    return asked.name !== this.#name || asked.type !== this.query.type
  }

  hasSeen(name: Name): boolean {
    return this.#seen.has(name.key)
  }

  /** Goes on with the name that an alias leads to. */
  follow(rrsets: readonly Rrset[], target: Name, minimise: boolean): void {
    this.#seen.add(target.key)
    this.chain.push(...rrsets)
    this.#name = target
    this.#delegation = null
    this.#asking = null
    this.#sent = 0
    this.#referrals = 0
    this.#empties = 0
    this.#empty = null
    this.#minimise = { ...this.#minimise, off: !minimise, known: 0 }
  }

  /** These servers are asked from now on; null: they are to be looked for. */
  turnTo(delegation: Delegation | null): void {
    this.#delegation = delegation
  }

  narrow(minimise: Minimisation): void {
    this.#minimise = minimise
  }

  /** The servers of this configured zone are passed over from now on. */
  passOver(zone: ConfiguredZone): void {
    this.passed.add(zone)
    this.#delegation = null
  }

  wait(asking: Asking): void {
    this.#asking = asking
  }

  stopWaiting(): void {
    this.#asking = null
  }

  countQuestion(): void {
    this.#sent++
  }

  countReferral(): void {
    this.#referrals++
  }

  putAside(empty: Learned): void {
    this.#empties++
    this.#empty = empty
  }
}
