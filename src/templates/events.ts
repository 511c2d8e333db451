/** What the template engine reports, to whoever renders with `report`. */
import type { Nanos } from '../base/clock.ts'
import type { Event } from '../base/events.ts'

/** One template rendered, the ones it includes and extends with it. */
export interface TemplatesRenderedEvent extends Event {
  readonly type: 'templates.rendered'
  /** The `id` of the exchange. */
  readonly exchange: number
  readonly template: string
  readonly duration: Nanos
  readonly bytes: number
}
