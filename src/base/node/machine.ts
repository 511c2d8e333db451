/** This machine as Node, Deno and Bun know it: the one place below the command line where the real clock is read. */
import { randomFillSync } from 'node:crypto'
import { hostname } from 'node:os'
import type { Clock } from '../clock.ts'
import { type EventLog, silent } from '../events.ts'
import type { Machine } from '../machine.ts'
import type { Random } from '../random.ts'
import { type Soon, SystemClock } from './clock.ts'

const soon: Soon = (run) => {
  const immediate = setImmediate(run)
  return () => clearImmediate(immediate)
}

/** The machine's monotonic clock, counted from this call, and its wall clock. */
export function systemClock(): Clock {
  return new SystemClock(soon)
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

/** What `systemMachine` is told: a name, an event log. */
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
