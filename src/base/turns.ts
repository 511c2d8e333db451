/** Work that is costly is done so many at a time; the rest waits in line, and past the line is refused. */

/** There is no room left in the line; the site answers 503. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded'
  readonly status = 503
}

export class Turns {
  readonly #atOnce: number
  readonly #limit: number
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(atOnce: number, waiting: number) {
    this.#atOnce = atOnce
    this.#limit = waiting
  }

  /** @throws Overloaded when too many wait already. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#atOnce) {
      if (this.#waiting.length >= this.#limit) throw new Overloaded(`${this.#limit} others wait already`)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#running++
    try {
      return await work()
    } finally {
      // The place is handed on, or given back when nobody waits.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }
}
