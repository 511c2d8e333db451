/** Ranges of sequence numbers in order, of which no two overlap or touch: what a peer holds, or what is held of its. */
import { leq, lt, type Seq } from '../wire/sequence.ts'

export interface Run {
  readonly start: Seq
  /** One past the last. */
  readonly end: Seq
  /** How many pieces have gone into it. */
  readonly count: number
  /** The number of the touch that was the last: a greater one is newer. */
  readonly touched: number
}

type Mutable = { -readonly [name in keyof Run]: Run[name] }

export class Runs {
  readonly #list: Mutable[] = []
  #touches = 0

  get count(): number {
    return this.#list.length
  }

  at(index: number): Run | undefined {
    return this.#list[index]
  }

  /** The index of the last run that does not begin after there; −1: there is none. */
  before(seq: Seq): number {
    let low = 0
    let high = this.#list.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (leq(this.#list[middle]!.start, seq)) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  /** One more piece, which overlaps no run: a run of its own, or one or two others grow by it. */
  add(start: Seq, end: Seq): void {
    const list = this.#list
    const at = this.before(start)
    const before = list[at]
    const after = list[at + 1]
    const joins = after !== undefined && after.start === end
    const touched = ++this.#touches
    if (before !== undefined && before.end === start) {
      before.end = joins ? after.end : end
      before.count += joins ? after.count + 1 : 1
      before.touched = touched
      if (joins) list.splice(at + 1, 1)
    } else if (joins) {
      after.start = start
      after.count++
      after.touched = touched
    } else list.splice(at + 1, 0, { start, end, count: 1, touched })
  }

  /** Whether `add` would make a run of its own. */
  isApart(start: Seq, end: Seq): boolean {
    const at = this.before(start)
    return this.#list[at]?.end !== start && this.#list[at + 1]?.start !== end
  }

  /** The run that the number lies in is the newest now. */
  touch(seq: Seq): void {
    const run = this.#list[this.before(seq)]
    if (run !== undefined && lt(seq, run.end)) run.touched = ++this.#touches
  }

  /** The first run loses its head: a piece, or a part of one. What is empty then is gone. */
  shorten(to: Seq, whole: boolean): void {
    const first = this.#list[0]
    if (first === undefined) return
    first.start = to
    if (whole) first.count--
    if (leq(first.end, to)) this.#list.shift()
  }

  /** Forgets what lies before there. */
  dropBefore(seq: Seq): void {
    let gone = 0
    while (gone < this.#list.length && leq(this.#list[gone]!.end, seq)) gone++
    if (gone > 0) this.#list.splice(0, gone)
    const first = this.#list[0]
    if (first !== undefined && lt(first.start, seq)) first.start = seq
  }

  /** So many of them, the one that was touched last first. */
  newest(limit: number): Run[] {
    const chosen: Run[] = []
    for (const run of this.#list) {
      let at = chosen.length
      while (at > 0 && chosen[at - 1]!.touched < run.touched) at--
      if (at >= limit) continue
      chosen.splice(at, 0, run)
      if (chosen.length > limit) chosen.length = limit
    }
    return chosen
  }
}
