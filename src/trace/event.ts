/**
 * The events of all floors as one type. The log's own type is open, since programs have events of their own; here a
 * comparison of `type` narrows an event to the fields that its floor has given it.
 */
import type { Event } from '../base/events.ts'
import type { DnsEvent } from '../dns/events.ts'
import type { AnyHttpEvent } from '../http/index.ts'
import type { LinkEvent } from '../sim/events.ts'
import type { StackEvent } from '../stack/events.ts'
import type { TcpEvent } from '../tcp/events.ts'
import type { AnyWebEvent } from '../web/events.ts'

/** Every event that a layer declares in its `events.ts`; `switch (event.type)` narrows it. */
export type TraceEvent = AnyHttpEvent | AnyWebEvent | DnsEvent | LinkEvent | StackEvent | TcpEvent

/** The event of that type. */
export type TraceEventOf<T extends TraceEvent['type']> = Extract<TraceEvent, { readonly type: T }>

/** Whether the event is of that type. */
export function isEvent<T extends TraceEvent['type']>(event: Event, type: T): event is TraceEventOf<T> {
  return event.type === type
}

/** The event, to `switch` over its type. A type that no floor has comes to the default case. */
export function traceEvent(event: Event): TraceEvent {
  return event as TraceEvent
}
