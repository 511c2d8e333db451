/** Whose content goes next (RFC 9218 §10): the most urgent first, one after the other, or in turns where parts are of use. */
import { LEVELS, type Priority } from './priority.ts'

export interface Scheduled {
  readonly id: number
  readonly priority: Priority
}

export class Scheduler<Entry extends Scheduled> {
  readonly #levels: Entry[][] = Array.from({ length: LEVELS }, () => [])
  /** Where each one waits, which need not be what its priority is now. */
  readonly #places = new Map<Entry, number>()

  get empty(): boolean {
    return this.#places.size === 0
  }

  has(entry: Entry): boolean {
    return this.#places.has(entry)
  }

  add(entry: Entry): void {
    if (this.#places.has(entry)) return
    const { urgency, incremental } = entry.priority
    const level = this.#levels[urgency]!
    this.#places.set(entry, urgency)
    // One after the other is in the order of the requests.
    let place = level.length
    while (!incremental && place > 0 && !level[place - 1]!.priority.incremental && level[place - 1]!.id > entry.id)
      place--
    if (place === level.length) level.push(entry)
    else level.splice(place, 0, entry)
  }

  delete(entry: Entry): void {
    const urgency = this.#places.get(entry)
    if (urgency === undefined) return
    this.#places.delete(entry)
    const level = this.#levels[urgency]!
    level.splice(level.indexOf(entry), 1)
  }

  /** The priority has changed. */
  move(entry: Entry): void {
    if (!this.#places.has(entry)) return
    this.delete(entry)
    this.add(entry)
  }

  next(): Entry | undefined {
    if (this.#places.size === 0) return undefined
    for (const level of this.#levels) if (level.length > 0) return level[0]
    return undefined
  }

  /** The entry has had its turn: others of its urgency come before it, if parts of what it has are of use. */
  turned(entry: Entry): void {
    if (!entry.priority.incremental) return
    const level = this.#levels[this.#places.get(entry)!]!
    if (level.length < 2) return
    level.splice(level.indexOf(entry), 1)
    level.push(entry)
  }
}
