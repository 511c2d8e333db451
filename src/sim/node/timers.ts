/** The timers of Node on a clock of a simulation: the objects that `setTimeout`, `setInterval` and `setImmediate` give. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { after, type Clock, MILLISECOND, type Timer } from '../../base/clock.ts'

/** The real one, for a timer that is refreshed when no simulation has the globals any more. */
const later = setTimeout

/** Where timers run: a simulation that has the globals. */
export interface Place {
  readonly clock: Clock
  /** Timers whose numbers a program has asked for. */
  readonly byId: Map<number, VirtualTimeout>
}

/** Longer delays become 1 ms, as in Node. */
const LONGEST_DELAY = 0x7fff_ffff

/** A function that a program handed over, with the `this` and the arguments that it is called with. */
export type Callback = (...values: never[]) => unknown

/** Milliseconds as Node takes them: whatever is no delay is 1 ms. */
function delayOf(millis: unknown): number {
  const delay = Number(millis)
  return delay >= 1 && delay <= LONGEST_DELAY ? Math.trunc(delay) : 1
}

let lastId = 0

/** Timers that wait and are not to keep the process alive: a module's housekeeping, which may outlive a simulation. */
const housekeeping = new Set<VirtualTimeout>()

/** The globals have gone to somebody else: housekeeping goes on there, its delays begun anew. */
export function moveHousekeeping(): void {
  for (const timer of housekeeping) timer.refresh()
}

/** What `setTimeout` and `setInterval` give: a `NodeJS.Timeout` on a simulation's clock. */
export class VirtualTimeout {
  readonly #current: () => Place | null
  readonly #run: () => void
  readonly #delay: number
  readonly #repeats: boolean
  readonly #id = ++lastId
  #byId: Map<number, VirtualTimeout> | null = null
  #timer: Timer | null = null
  #reffed = true
  #cleared = false

  /**
   * @param current where it runs. It is asked whenever the delay begins: a module may keep one timer and refresh it in
   *   one simulation after the other, and outside of any
   */
  constructor(
    current: () => Place | null,
    repeats: boolean,
    callback: Callback,
    millis: unknown,
    values: readonly unknown[],
  ) {
    this.#current = current
    this.#repeats = repeats
    this.#delay = delayOf(millis)
    const within = AsyncLocalStorage.snapshot()
    this.#run = () => within(() => Reflect.apply(callback, this, values))
    this.#arm()
  }

  #arm(): void {
    const place = this.#current()
    this.#timer = place === null ? this.#outside() : after(place.clock, this.#delay * MILLISECOND, this.#ring)
    if (!this.#reffed) housekeeping.add(this)
  }

  readonly #ring = (): void => {
    this.#timer = null
    housekeeping.delete(this)
    // Armed before the call, which may clear the interval or throw.
    if (this.#repeats) this.#arm()
    else this.#byId?.delete(this.#id)
    this.#run()
  }

  #outside(): Timer {
    const timer = later(this.#ring, this.#delay)
    if (!this.#reffed) timer.unref()
    return { cancel: () => timer.close() }
  }

  /** Begins the delay anew, also after the timer has fired; without effect on a cleared timer. */
  refresh(): this {
    if (this.#cleared) return this
    this.#timer?.cancel()
    this.#arm()
    return this
  }

  /** As `clearTimeout`. */
  close(): this {
    this.#cleared = true
    this.#timer?.cancel()
    this.#timer = null
    housekeeping.delete(this)
    this.#byId?.delete(this.#id)
    return this
  }

  /** The timer belongs to the simulation, which is the case until `unref`: it dies with it. */
  ref(): this {
    this.#reffed = true
    housekeeping.delete(this)
    return this
  }

  /** The timer is housekeeping: after the simulation it goes on in real time, or in the next simulation. */
  unref(): this {
    this.#reffed = false
    if (this.#timer !== null) housekeeping.add(this)
    return this
  }

  /** What `ref` and `unref` have said. */
  hasRef(): boolean {
    return this.#reffed
  }

  /** The number by which `clearTimeout` finds it. */
  [Symbol.toPrimitive](): number {
    this.#byId = this.#current()?.byId ?? null
    if (this.#timer !== null) this.#byId?.set(this.#id, this)
    return this.#id
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** What `setImmediate` gives: a `NodeJS.Immediate` that happens at the same instant, after all that is arranged for it. */
export class VirtualImmediate {
  readonly #timer: Timer
  #reffed = true

  constructor(clock: Clock, callback: Callback, values: readonly unknown[]) {
    const within = AsyncLocalStorage.snapshot()
    this.#timer = clock.at(clock.now(), () => within(() => Reflect.apply(callback, this, values)))
  }

  /** As `clearImmediate`. */
  close(): void {
    this.#timer.cancel()
  }

  /** Told and remembered. */
  ref(): this {
    this.#reffed = true
    return this
  }

  /** Told and remembered. */
  unref(): this {
    this.#reffed = false
    return this
  }

  /** What `ref` and `unref` have said. */
  hasRef(): boolean {
    return this.#reffed
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
