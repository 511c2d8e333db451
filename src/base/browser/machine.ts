/** This machine as a browser knows it. */
import type { Clock } from '../clock.ts'
import { type EventLog, silent } from '../events.ts'
import type { Machine } from '../machine.ts'
import { SystemClock } from '../node/clock.ts'
import type { Random } from '../random.ts'

/** What `getRandomValues` gives at most in one call (W3C Web Cryptography §10.1.1). */
const QUOTA = 65_536

/** The platform's cryptographic generator. */
class BrowserRandom implements Random {
  u32(): number {
    const [drawn = 0] = crypto.getRandomValues(new Uint32Array(1))
    return drawn
  }

  fill(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += QUOTA) {
      const piece = new Uint8Array(Math.min(QUOTA, bytes.length - at))
      bytes.set(crypto.getRandomValues(piece), at)
    }
  }

  fork(): Random {
    return this
  }
}

function systemClock(): Clock {
  return new SystemClock((run) => {
    const timeout = setTimeout(run, 0)
    return () => clearTimeout(timeout)
  })
}

export function systemMachine(options: { name?: string; events?: EventLog } = {}): Machine {
  return {
    name: options.name ?? 'browser',
    clock: systemClock(),
    random: new BrowserRandom(),
    events: options.events ?? silent,
  }
}
