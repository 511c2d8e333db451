/**
 * Promises that were rejected and that nobody waits for: the error is the simulation's whose code ran last. A test
 * process may have several simulations under way, which take turns.
 */
import type { EventLoop } from './loop.ts'

/** Those that are under way, the one that ran last at the end. */
const watching: Strays[] = []
let stop: (() => void) | null = null

export class Strays {
  readonly #loop: EventLoop
  readonly found: (error: unknown) => void

  constructor(loop: EventLoop, found: (error: unknown) => void) {
    this.#loop = loop
    this.found = found
  }

  watch(): void {
    watching.push(this)
    stop ??= this.#loop.onStray((error) => watching.at(-1)?.found(error))
  }

  /** Its code runs from here on, until another's does. */
  resumed(): void {
    if (watching.at(-1) === this) return
    watching.splice(watching.indexOf(this), 1)
    watching.push(this)
  }

  ignore(): void {
    watching.splice(watching.indexOf(this), 1)
    if (watching.length > 0) return
    stop?.()
    stop = null
  }
}
