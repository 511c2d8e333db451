/** What a stack counts and reports: one number for each thing that can happen to a packet, and an event for each drop. */
import type { EventLog } from '../base/events.ts'
import { type Counters, counters } from './counters.ts'
import { DROPS, type DropReason, type StackAddressEvent, type StackDroppedEvent } from './events.ts'
import type { Interface } from './link/interface.ts'
import type { Timers } from './timers.ts'

export class Journal {
  readonly counters: Counters = counters()
  readonly #host: string
  readonly #log: EventLog
  readonly #timers: Timers

  constructor(host: string, log: EventLog, timers: Timers) {
    this.#host = host
    this.#log = log
    this.#timers = timers
  }

  /**
   * A packet ends here.
   * @param frame the number of the frame that brought it; null when it has none
   * @param end where the packet ends; default: with its bytes
   */
  dropped(
    reason: DropReason,
    through: Interface | null,
    frame: number | null,
    bytes: Uint8Array,
    offset = 0,
    end = bytes.length,
  ): void {
    this.counters[DROPS[reason]]++
    if (!this.#log.on) return
    const event: StackDroppedEvent = {
      type: 'stack.dropped',
      at: this.#timers.now(),
      host: this.#host,
      reason,
      interface: through?.name ?? '',
      frame,
      // A copy: memory of frames is shared, and a log must not keep all of it.
      packet: bytes.slice(offset, end),
    }
    this.#log.emit(event)
  }

  address(of: Interface, address: string, state: StackAddressEvent['state']): void {
    if (!this.#log.on) return
    const event: StackAddressEvent = {
      type: 'stack.address',
      at: this.#timers.now(),
      host: this.#host,
      interface: of.name,
      address,
      state,
    }
    this.#log.emit(event)
  }
}
