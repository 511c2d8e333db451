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
  /** Length in UTF-8. */
  readonly bytes: number
}

/** A value was not printed as it is, because it could have meant more than a value there. */
export interface TemplatesReplacedEvent extends Event, Replacement {
  readonly type: 'templates.replaced'
  /** The `id` of the exchange. */
  readonly exchange: number
}

/** What was printed in the place of a value, and why. */
export interface Replacement {
  readonly template: string
  /** From 1. */
  readonly line: number
  readonly column: number
  /** What stands there now: `about:invalid#blocked`, `unset`, or nothing. */
  readonly instead: string
  /** Why, and what to do when the value was meant. */
  readonly why: string
}
