/** What HTTP reports: heads as they were sent or received, and how an exchange ended. */
import type { Event } from '../base/events.ts'

interface HttpEvent extends Event {
  readonly side: 'client' | 'server'
  /** Counts the exchanges of one client or server. */
  readonly exchange: number
  /** `10.0.0.2:49152>192.0.2.80:80`, client first. */
  readonly connection: string
}

/** A request head: sent (client) or received (server). */
export interface HttpRequestEvent extends HttpEvent {
  readonly type: 'http.request'
  readonly method: string
  readonly target: string
  readonly version: string
  /** Name, value, name, value. */
  readonly fields: readonly string[]
}

/** A response head: received (client) or sent (server); interim ones too. */
export interface HttpResponseEvent extends HttpEvent {
  readonly type: 'http.response'
  readonly status: number
  readonly fields: readonly string[]
}

/** An exchange is over. */
export interface HttpDoneEvent extends HttpEvent {
  readonly type: 'http.done'
  /** Body bytes, without framing. */
  readonly requestBytes: number
  readonly responseBytes: number
  /** '' when complete, else why not. */
  readonly failure: string
}

/** A message was refused before it became an exchange. */
export interface HttpRefusedEvent extends Event {
  readonly type: 'http.refused'
  readonly connection: string
  readonly status: number
  /** What was wrong and where: `bare LF at byte 17 of the head`. */
  readonly why: string
}

/** Every event of this floor, to switch over by `type`. */
export type AnyHttpEvent = HttpRequestEvent | HttpResponseEvent | HttpDoneEvent | HttpRefusedEvent
