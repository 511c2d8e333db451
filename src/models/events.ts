/** What the models report: their SQL, while somebody watches the work that it belongs to. */
import type { Nanos } from '../base/clock.ts'
import type { Event } from '../base/events.ts'

/** One SQL statement. */
export interface ModelsSqlEvent extends Event {
  readonly type: 'models.sql'
  /** The `id` of the exchange. */
  readonly exchange: number
  readonly sql: string
  readonly rows: number
  readonly duration: Nanos
}
