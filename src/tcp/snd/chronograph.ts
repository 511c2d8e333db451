/** How long a connection was busy sending, and of that, held back by the peer or by its own buffer (tcp_info). */
import type { Nanos } from '../../base/clock.ts'
import type { Wait } from './wait.ts'

export class Chronograph {
  /** Since when what it does now. */
  #since: Nanos = 0
  #doing: 'nothing' | 'sending' | 'window' | 'buffer' = 'nothing'
  #busy: Nanos = 0
  #window: Nanos = 0
  #buffer: Nanos = 0

  /** Sending has stopped. @param flight bytes that are out */
  stopped(why: Wait, flight: number, now: Nanos): void {
    const doing = why === 'window' || why === 'buffer' ? why : why === 'idle' && flight === 0 ? 'nothing' : 'sending'
    if (doing === this.#doing) return
    this.#count(now)
    this.#doing = doing
  }

  #count(now: Nanos): void {
    const passed = now - this.#since
    this.#since = now
    if (this.#doing === 'nothing') return
    this.#busy += passed
    if (this.#doing === 'window') this.#window += passed
    else if (this.#doing === 'buffer') this.#buffer += passed
  }

  /** [busy, limited by the peer's window, limited by the send buffer] up to now. */
  read(now: Nanos): readonly [Nanos, Nanos, Nanos] {
    this.#count(now)
    return [this.#busy, this.#window, this.#buffer]
  }
}
