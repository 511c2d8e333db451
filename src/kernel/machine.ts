/** This machine's clock and randomness: the one place below the command line where the real ones are read. */
import { randomFillSync } from 'node:crypto'
import { hostname } from 'node:os'
import type { Clock, Nanos, Timer } from '../base/clock.ts'
import { type EventLog, silent } from '../base/events.ts'
import type { Machine } from '../base/machine.ts'
import type { Random } from '../base/random.ts'

/** setTimeout's longest delay; longer waits are made of several. */
const LONGEST_TIMEOUT_MS = 0x7fff_ffff

/** The machine's monotonic clock, counted from this call, and its wall clock. */
export function systemClock(): Clock {
  return new SystemClock()
}

class SystemClock implements Clock {
  readonly #started = performance.now()

  now(): Nanos {
    return Math.round((performance.now() - this.#started) * 1e6)
  }

  wallMillis(): number {
    return Date.now()
  }

  at(when: Nanos, run: () => void): Timer {
    return new SystemTimer(this, when, run)
  }

  hold<T>(work: Promise<T>): Promise<T> {
    return work
  }
}

class SystemTimer implements Timer {
  readonly #clock: Clock
  readonly #when: Nanos
  readonly #run: () => void
  #timeout: NodeJS.Timeout | null = null
  #immediate: NodeJS.Immediate | null = null

  constructor(clock: Clock, when: Nanos, run: () => void) {
    this.#clock = clock
    this.#when = when
    this.#run = run
    this.#arm()
  }

  #arm(): void {
    const left = this.#when - this.#clock.now()
    if (left <= 0) this.#immediate = setImmediate(() => this.#fire())
    else this.#timeout = setTimeout(() => this.#fire(), Math.min(Math.ceil(left / 1e6), LONGEST_TIMEOUT_MS))
  }

  #fire(): void {
    // libuv counts timeouts in whole milliseconds of its cached loop time and may be a fraction early.
    if (this.#clock.now() < this.#when) this.#arm()
    else this.#run()
  }

  cancel(): void {
    if (this.#timeout !== null) clearTimeout(this.#timeout)
    if (this.#immediate !== null) clearImmediate(this.#immediate)
  }
}

/** The machine's cryptographic generator. `fork` gives another handle on it: real randomness has no seed to keep. */
export function systemRandom(): Random {
  return new SystemRandom()
}

/** 32-bit draws are taken from a pool: one call of the generator costs as much as a thousand draws. */
const POOL_DRAWS = 1024

class SystemRandom implements Random {
  readonly #pool = new Uint32Array(POOL_DRAWS)
  #used = POOL_DRAWS

  u32(): number {
    if (this.#used === POOL_DRAWS) {
      randomFillSync(this.#pool)
      this.#used = 0
    }
    const draw = this.#pool[this.#used]!
    this.#pool[this.#used++] = 0 // a draw that became a secret must not lie about in memory
    return draw
  }

  fill(bytes: Uint8Array): void {
    randomFillSync(bytes)
  }

  fork(): Random {
    return new SystemRandom()
  }
}

export interface MachineOptions {
  /** Default: the machine's own host name. */
  readonly name?: string | undefined
  /** Default: nobody listens. */
  readonly events?: EventLog | undefined
}

/** What a program may know of this machine, apart from its network. */
export function systemMachine(options: MachineOptions = {}): Machine {
  return {
    name: options.name ?? hostname(),
    clock: systemClock(),
    random: systemRandom(),
    events: options.events ?? silent,
  }
}
