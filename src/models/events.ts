/** What the models report: their SQL, while somebody watches the work that it belongs to. */
import type { Nanos } from '../base/clock.ts'
import type { Event } from '../base/events.ts'

/** One SQL statement. */
export interface ModelsSqlEvent extends Event {
  /** The type of the event. */
  readonly type: 'models.sql'
  /** The `id` of the exchange. */
  readonly exchange: number
  /** The text, with placeholders for the values. */
  readonly sql: string
  /** Rows read, or rows changed. */
  readonly rows: number
  /** How long the statement took. */
  readonly duration: Nanos
}
