/** Datagrams that the kernel could not take yet, or that are held under a cork. */
import type { Target } from './vector.ts'

export interface Waiting {
  readonly bytes: Uint8Array
  readonly to: Target | null
  readonly cost: number
}

export class Queue {
  #list: Waiting[] = []
  /** What they cost together. */
  cost = 0

  get length(): number {
    return this.#list.length
  }

  get empty(): boolean {
    return this.#list.length === 0
  }

  /** Keeps a copy. */
  push(bytes: Uint8Array, to: Target | null, cost: number): void {
    this.#list.push({ bytes: new Uint8Array(bytes), to, cost })
    this.cost += cost
  }

  /** The oldest ones, at most so many. */
  take(count: number): Waiting[] {
    const taken = this.#list.splice(0, count)
    for (const { cost } of taken) this.cost -= cost
    return taken
  }

  /** Puts it behind all others. */
  putBack(one: Waiting): void {
    this.#list.push(one)
    this.cost += one.cost
  }

  /** Whether one waits of which that is so. */
  some(is: (to: Target | null) => boolean): boolean {
    return this.#list.some(({ to }) => is(to))
  }

  /** The last `count` become the first. */
  rotate(count: number): void {
    this.#list.unshift(...this.#list.splice(this.#list.length - count))
  }

  clear(): void {
    this.#list = []
    this.cost = 0
  }
}
