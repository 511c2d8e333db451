/**
 * What is due when: a 4-ary heap over typed arrays, ordered by (time, sequence number), so that what is due at the same
 * instant happens in the order in which it was arranged. No object is made per entry; a task is any object with `run`,
 * and finds itself by the slot that it was given.
 */
import type { Nanos } from './clock.ts'

/** What a `Schedule` runs when it is due. */
export interface Task {
  /** Called when it is due, with the argument given to `add`. */
  run(argument: unknown): void
}

/** Four children a node: half the levels of a binary heap, and siblings share a cache line. */
const ARITY_SHIFT = 2

/**
 * What is due when. What is due at the same instant runs in the order in which it was added; adding, moving and removing cost
 * O(log n), and no object is made for an entry.
 */
export class Schedule {
  /** How many entries wait. */
  size = 0
  /** The entry that `take` removed last: its time, task and argument. */
  when: Nanos = 0
  task: Task | null = null
  argument: unknown = undefined

  // By place in the heap.
  #times = new Float64Array(64)
  #seqs = new Float64Array(64)
  #slots = new Int32Array(64)
  // By slot: the place in the heap, or the next free slot.
  #places = new Int32Array(64)
  readonly #tasks: (Task | null)[] = []
  readonly #arguments: unknown[] = []
  #free = -1
  #used = 0
  #seq = 0

  /** Arranges `task.run(argument)` for `when`. The answer is the entry's slot, its own until it is taken or removed. */
  add(when: Nanos, task: Task, argument: unknown = undefined): number {
    const place = this.size++
    if (place === this.#times.length) this.#grow()
    let slot = this.#free
    if (slot >= 0) this.#free = this.#places[slot]!
    else slot = this.#used++
    this.#tasks[slot] = task
    this.#arguments[slot] = argument
    this.#rise(place, when, this.#seq++, slot)
    return slot
  }

  /** The earliest time, or Infinity when nothing waits. */
  next(): Nanos {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!
  }

  /** The number that the next entry to be added or moved gets: everything arranged so far has a lower one. */
  get sequence(): number {
    return this.#seq
  }

  /** The number of the earliest entry. */
  get first(): number {
    return this.#seqs[0]!
  }

  /** Removes the earliest entry into `when`, `task` and `argument`. False when nothing waits. */
  take(): boolean {
    if (this.size === 0) return false
    const slot = this.#slots[0]!
    this.when = this.#times[0]!
    this.task = this.#tasks[slot]!
    this.argument = this.#arguments[slot]
    this.#removeAt(0)
    this.#release(slot)
    return true
  }

  /** Takes an entry back. The slot must be one that waits. */
  remove(slot: number): void {
    this.#removeAt(this.#places[slot]!)
    this.#release(slot)
  }

  /** Moves an entry to another time, behind what is already due then. */
  move(slot: number, when: Nanos): void {
    const place = this.#places[slot]!
    const later = when >= this.#times[place]!
    if (later) this.#sink(place, when, this.#seq++, slot)
    else this.#rise(place, when, this.#seq++, slot)
  }

  /** When an entry is due. */
  time(slot: number): Nanos {
    return this.#times[this.#places[slot]!]!
  }

  #release(slot: number): void {
    this.#tasks[slot] = null
    this.#arguments[slot] = undefined
    this.#places[slot] = this.#free
    this.#free = slot
  }

  #removeAt(place: number): void {
    const last = --this.size
    if (place === last) return
    const when = this.#times[last]!
    const seq = this.#seqs[last]!
    const slot = this.#slots[last]!
    const later = when > this.#times[place]! || (when === this.#times[place]! && seq > this.#seqs[place]!)
    if (later) this.#sink(place, when, seq, slot)
    else this.#rise(place, when, seq, slot)
  }

  #rise(start: number, when: Nanos, seq: number, slot: number): void {
    const times = this.#times
    const seqs = this.#seqs
    let place = start
    while (place > 0) {
      const parent = (place - 1) >> ARITY_SHIFT
      const time = times[parent]!
      if (time < when || (time === when && seqs[parent]! < seq)) break
      this.#put(place, time, seqs[parent]!, this.#slots[parent]!)
      place = parent
    }
    this.#put(place, when, seq, slot)
  }

  #sink(start: number, when: Nanos, seq: number, slot: number): void {
    const times = this.#times
    const seqs = this.#seqs
    const size = this.size
    let place = start
    for (;;) {
      const first = (place << ARITY_SHIFT) + 1
      if (first >= size) break
      const end = Math.min(first + 4, size)
      let best = first
      let bestTime = times[first]!
      for (let child = first + 1; child < end; child++) {
        const time = times[child]!
        if (time < bestTime || (time === bestTime && seqs[child]! < seqs[best]!)) {
          best = child
          bestTime = time
        }
      }
      if (when < bestTime || (when === bestTime && seq < seqs[best]!)) break
      this.#put(place, bestTime, seqs[best]!, this.#slots[best]!)
      place = best
    }
    this.#put(place, when, seq, slot)
  }

  #put(place: number, when: Nanos, seq: number, slot: number): void {
    this.#times[place] = when
    this.#seqs[place] = seq
    this.#slots[place] = slot
    this.#places[slot] = place
  }

  #grow(): void {
    const length = this.#times.length * 2
    this.#times = widened(this.#times, new Float64Array(length))
    this.#seqs = widened(this.#seqs, new Float64Array(length))
    this.#slots = widened(this.#slots, new Int32Array(length))
    this.#places = widened(this.#places, new Int32Array(length))
  }
}

function widened<T extends Float64Array | Int32Array>(from: T, to: T): T {
  to.set(from as never)
  return to
}
