/**
 * The event log: the one record of what happened, from which every picture, capture and metric is made.
 *
 * Each floor declares its own event types in its `events.ts`, as interfaces that extend `Event` with a literal
 * `type` of the form `floor.what` (`tcp.state`, `dns.stage`) and fixed fields. A producer asks `log.on` before it
 * builds an event, so a log that is off costs one property read.
 */
import type { Nanos } from './clock.ts'

/** What every event carries. Events are plain JSON values, except that bytes are `Uint8Array`s. */
export interface Event {
  /** `floor.what`. */
  readonly type: string
  /** When, on the clock of the host (in a simulation all hosts share one). */
  readonly at: Nanos
  /** The name of the host it happened on. */
  readonly host: string
}

/**
 * Where a machine reports what happens on it. A producer looks at `on` first, so that a log that is off costs nothing.
 *
 * @example
 * const log = new RecordingLog()
 * const net = internet({ seed: 1, log })
 */
export interface EventLog {
  /** Whether anybody listens. */
  readonly on: boolean
  emit(event: Event): void
}

/** The log of a host that nobody watches. */
export const silent: EventLog = { on: false, emit() {} }

/** Keeps every event in order of emission, up to a limit; past it the oldest half goes and `dropped` counts. */
export class RecordingLog implements EventLog {
  readonly on = true
  readonly events: Event[] = []
  readonly limit: number
  dropped = 0

  /** @param limit how many events are kept at most: the log of a long run must not eat the machine. */
  constructor(limit = 1_000_000) {
    this.limit = limit
  }

  emit(event: Event): void {
    if (this.events.length >= this.limit) {
      const gone = this.limit >>> 1 || 1
      this.events.splice(0, gone)
      this.dropped += gone
    }
    this.events.push(event)
  }
}

/** Passes every event to several logs: a recording one and a live view, say. */
export function tee(...logs: readonly EventLog[]): EventLog {
  const listening = logs.filter((log) => log.on)
  if (listening.length === 0) return silent
  return {
    on: true,
    emit(event) {
      for (const log of listening) log.emit(event)
    },
  }
}
