/** A program's own cache of names, above its host's: a browser has one, so that a page asks the host once. */

import type { Machine } from '../../base/machine.ts'
import type { Family } from '../../socket/address.ts'
import { BoundedMap } from '../cache/bounded.ts'
import { type Seconds, secondsAt } from '../cache/time.ts'
import { Name, parseName } from '../message/name.ts'
import { CLASS, TYPE } from '../message/types.ts'
import { reportAnswer, reportPassed } from '../resolver/report.ts'
import { addressAnswer } from './address-answer.ts'
import { addressesOrError, type Found, type NameFinder } from './host-resolver.ts'

/** What a program's cache keeps. */
export interface ProgramResolverOptions {
  /** Names kept; default 1000, as Chromium. */
  readonly names?: number
  /** The longest that a name is kept, seconds: a program that runs for months should notice; default 3600. */
  readonly maxTtl?: Seconds
  /** What a lookup without a family is reported as; default both. */
  readonly families?: readonly Family[]
}

interface Kept {
  readonly found: Found
  readonly until: Seconds
}

/** A cache above `upstream`. Equal lookups that are under way at once share one. */
export function programResolver(
  machine: Machine,
  upstream: NameFinder,
  options: ProgramResolverOptions = {},
): NameFinder {
  return new ProgramCache(machine, upstream, options)
}

class ProgramCache implements NameFinder {
  readonly #machine: Machine
  readonly #upstream: NameFinder
  readonly #families: readonly Family[]
  readonly #maxTtl: Seconds
  readonly #kept: BoundedMap<Kept>
  readonly #underWay = new Map<string, Promise<Found>>()

  constructor(machine: Machine, upstream: NameFinder, options: ProgramResolverOptions) {
    this.#machine = machine
    this.#upstream = upstream
    this.#families = options.families ?? [4, 6]
    this.#maxTtl = options.maxTtl ?? 3600
    this.#kept = new BoundedMap(options.names ?? 1000)
  }

  find(name: string, family?: Family): Promise<Found> {
    const key = `${family ?? 'any'}/${name.toLowerCase()}`
    const now = secondsAt(this.#machine.clock.now())
    const kept = this.#kept.get(key)
    if (kept !== undefined && kept.until > now) {
      const left = { ...kept.found, ttl: kept.until - now }
      this.#report(name, family, left)
      return Promise.resolve(left)
    }
    this.#report(name, family, null)
    const running = this.#underWay.get(key)
    if (running !== undefined) return running
    const search = this.#ask(key, name, family).finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, search)
    return search
  }

  async lookup(name: string, family?: Family): Promise<readonly string[]> {
    return addressesOrError(name, await this.find(name, family))
  }

  async #ask(key: string, name: string, family: Family | undefined): Promise<Found> {
    const found = await this.#upstream.find(name, family)
    // Without a time to live (a hosts file, a literal, a failure) the host is asked anew: it knows at once.
    if (found.ttl > 0) {
      const until = secondsAt(this.#machine.clock.now()) + Math.min(found.ttl, this.#maxTtl)
      this.#kept.set(key, { found, until })
    }
    return found
  }

  #report(name: string, family: Family | undefined, found: Found | null): void {
    const asked = this.#machine.events.on ? parseName(name) : null
    if (!(asked instanceof Name)) return
    for (const each of family === undefined ? this.#families : [family]) {
      const query = { name: asked, type: each === 4 ? TYPE.A : TYPE.AAAA, class: CLASS.IN }
      if (found === null) reportPassed(this.#machine, 'program cache', query, null)
      else reportAnswer(this.#machine, 'program cache', query, addressAnswer(query, found.addresses, found.ttl), true)
    }
  }
}
