/** What HTTP reports: heads as they were sent or received, and how an exchange ended. */
import type { Event } from '../base/events.ts'

/** What every event of an exchange carries. */
interface HttpEvent extends Event {
  /** Who reports it. */
  readonly side: 'client' | 'server'
  /** Counts the exchanges of one client or server. */
  readonly exchange: number
  /** `10.0.0.2:49152>192.0.2.80:80`, client first. */
  readonly connection: string
}

/** A request head: sent (client) or received (server). */
export interface HttpRequestEvent extends HttpEvent {
  /** The kind of the event. */
  readonly type: 'http.request'
  /** As sent; methods are case-sensitive. */
  readonly method: string
  /** The request target: a path with its query, mostly. */
  readonly target: string
  /** `HTTP/2`, `HTTP/1.1` or `HTTP/1.0`. */
  readonly version: string
  /** Name, value, name, value. */
  readonly fields: readonly string[]
}

/** A response head: received (client) or sent (server); interim ones too. */
export interface HttpResponseEvent extends HttpEvent {
  /** The kind of the event. */
  readonly type: 'http.response'
  /** The three digits, 1xx included. */
  readonly status: number
  /** Name, value, name, value. */
  readonly fields: readonly string[]
}

/** An exchange is over. */
export interface HttpDoneEvent extends HttpEvent {
  /** The kind of the event. */
  readonly type: 'http.done'
  /** Body bytes, without framing. */
  readonly requestBytes: number
  /** Bytes of the reply's body, without framing. */
  readonly responseBytes: number
  /** '' when complete, else why not. */
  readonly failure: string
}

/** A message was refused before it became an exchange. */
export interface HttpRefusedEvent extends Event {
  /** The kind of the event. */
  readonly type: 'http.refused'
  /** `10.0.0.2:49152>192.0.2.80:80`, client first. */
  readonly connection: string
  /** The status that a server answers, or would. */
  readonly status: number
  /** What was wrong and where: `bare LF at byte 17 of the head`. */
  readonly why: string
}

/** A frame of HTTP/2. */
export interface HttpFrameEvent extends Event {
  /** The kind of the event. */
  readonly type: 'http.frame'
  /** Who reports it. */
  readonly side: 'client' | 'server'
  /** `10.0.0.2:49152>192.0.2.80:80`, client first. */
  readonly connection: string
  /** Whether the one who reports it has sent or received the frame. */
  readonly direction: 'sent' | 'received'
  /** `HEADERS`; `type 77` for one that nobody knows. */
  readonly frame: string
  /** 0 for the connection as a whole. */
  readonly stream: number
  /** The eight bits of flags. */
  readonly flags: number
  /** Octets of its payload. */
  readonly length: number
}

/** Every event of HTTP, to switch over by `type`. */
export type AnyHttpEvent = HttpRequestEvent | HttpResponseEvent | HttpDoneEvent | HttpRefusedEvent | HttpFrameEvent
