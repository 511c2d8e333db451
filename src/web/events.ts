/**
 * What the framework reports of one request; the SQL and the templates in it are reported by their own layers. Durations
 * are by the clock's stopwatch.
 */
import type { Nanos } from '../base/clock.ts'
import type { Event } from '../base/events.ts'
import type { ModelsSqlEvent } from '../models/events.ts'
import type { TemplatesRenderedEvent, TemplatesReplacedEvent } from '../templates/events.ts'

/** What every event of the framework carries. */
interface WebEvent extends Event {
  /** The `id` of the exchange. */
  readonly exchange: number
}

/** Which route took the request; '' when none did. */
export interface WebRouteEvent extends WebEvent {
  /** The kind of the event. */
  readonly type: 'web.route'
  /** The request's method. */
  readonly method: string
  /** The request's path, as it was sent. */
  readonly path: string
  /** The route's name, `posts.show`, and its pattern. */
  readonly route: string
  /** Prefixes of groups and mounts included. */
  readonly pattern: string
}

/** The handler and its hooks are done. */
export interface WebDoneEvent extends WebEvent {
  /** The kind of the event. */
  readonly type: 'web.done'
  /** The status of the reply. */
  readonly status: number
  /** From the first look at the request to the end of the reply's making. */
  readonly duration: Nanos
}

/** A request met an error that is the site's own fault. */
export interface WebErrorEvent extends WebEvent {
  /** The kind of the event. */
  readonly type: 'web.error'
  /** Name and message of the error. */
  readonly message: string
  /** What the page that the client got and the log have in common. */
  readonly reference: string
}

/** Every event of a request, those of models and templates included. */
export type AnyWebEvent =
  | WebRouteEvent
  | ModelsSqlEvent
  | TemplatesRenderedEvent
  | TemplatesReplacedEvent
  | WebDoneEvent
  | WebErrorEvent
