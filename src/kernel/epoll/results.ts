/** Results that wait to be fetched. */
import type { Completed } from '../streams/engine.ts'

export class Results {
  /** Three numbers for each. */
  readonly #list: number[] = []
  #head = 0

  get count(): number {
    return (this.#list.length - this.#head) / 3
  }

  push(low: number, high: number, result: number): void {
    this.#list.push(low, high, result)
  }

  /** Hands over those that are there now. What `completed` throws leaves the rest. */
  reap(completed: Completed): void {
    const list = this.#list
    const end = list.length
    while (this.#head < end) {
      const at = this.#head
      this.#head += 3
      completed(list[at]!, list[at + 1]!, list[at + 2]!, 0)
    }
    if (this.#head < list.length) return
    list.length = 0
    this.#head = 0
  }
}
