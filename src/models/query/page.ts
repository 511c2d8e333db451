/** One page of a list: iterate over it, and show where it stands. */

export class Page<R> implements Iterable<R> {
  readonly items: readonly R[]
  /** From 1. */
  readonly number: number
  /** Rows per page. */
  readonly size: number
  /** Rows on all pages. */
  readonly total: number

  constructor(items: readonly R[], number: number, size: number, total: number) {
    this.items = items
    this.number = number
    this.size = size
    this.total = total
  }

  /** At least 1: an empty list has one empty page. */
  get pages(): number {
    return Math.max(1, Math.ceil(this.total / this.size))
  }

  /** The number of the page before, or null. */
  get previous(): number | null {
    return this.number > 1 ? this.number - 1 : null
  }

  /** The number of the page after, or null. */
  get next(): number | null {
    return this.number < this.pages ? this.number + 1 : null
  }

  /** The number of the first row on this page, from 1; 0 when there are none. */
  get first(): number {
    return this.total === 0 ? 0 : (this.number - 1) * this.size + 1
  }

  get last(): number {
    return this.total === 0 ? 0 : this.first + this.items.length - 1
  }

  get length(): number {
    return this.items.length
  }

  [Symbol.iterator](): Iterator<R> {
    return this.items[Symbol.iterator]()
  }

  /** As JSON: what a client needs to page on. */
  toJSON(): object {
    const { items, number, size, total, pages } = this
    return { items, number, size, total, pages }
  }
}
