/** What the simulated links report: every frame, with its true departure and arrival, and every drop with its reason. */
import type { Nanos } from '../base/clock.ts'
import type { Event } from '../base/events.ts'

/** A frame has left an interface. `at` is when the host handed it over; it may wait in the queue before `departs`. */
export interface LinkSentEvent extends Event {
  readonly type: 'link.sent'
  /** Numbers the frames of a run; on its next hop a packet has another, and the same IPv4 identification. */
  readonly id: number
  /** The link's name, `laptop--router`. */
  readonly link: string
  /** The interface it left, `laptop:eth0`, and the one it goes to. */
  readonly from: string
  readonly to: string
  readonly toHost: string
  readonly departs: Nanos
  readonly arrives: Nanos
  /** The whole Ethernet frame. */
  readonly frame: Uint8Array
  /** Bytes waiting in the link's queue behind which this frame was put. */
  readonly queued: number
}

/** A frame was not delivered. It was reported as sent before, unless the reason is 'queue full' or 'link down'. */
export interface LinkDroppedEvent extends Event {
  readonly type: 'link.dropped'
  readonly id: number
  readonly link: string
  readonly from: string
  readonly to: string
  readonly toHost: string
  readonly frame: Uint8Array
  /** 'loss', 'queue full', 'link down', 'host down', a rule's own words. */
  readonly reason: string
}

/** Every event of a link, told apart by `type`. */
export type LinkEvent = LinkSentEvent | LinkDroppedEvent
