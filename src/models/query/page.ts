/** Pages of lists. */

/** One page of a list, with what a pager needs. Iterating over the page gives its rows. */
export class Page<R> implements Iterable<R> {
  /** The rows of this page. */
  readonly items: readonly R[]
  /** The number of this page, from 1. */
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

  /** How many pages there are, at least 1: an empty list has one empty page. */
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

  /** The position of the first row of this page in the list, from 1; 0 for an empty list. */
  get first(): number {
    return this.total === 0 ? 0 : (this.number - 1) * this.size + 1
  }

  /** The position of the last row of this page in the list, from 1; 0 for an empty list. */
  get last(): number {
    return this.total === 0 ? 0 : this.first + this.items.length - 1
  }

  /** How many rows this page has. */
  get length(): number {
    return this.items.length
  }

  [Symbol.iterator](): Iterator<R> {
    return this.items[Symbol.iterator]()
  }

  /** The page as JSON: the rows, and the numbers that a client needs for a pager. */
  toJSON(): object {
    const { items, number, size, total, pages } = this
    return { items, number, size, total, pages }
  }
}
