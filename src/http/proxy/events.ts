/** What proxies report: whom they have asked, and what they think of them. */
import type { Event } from '../../base/events.ts'
import type { UpstreamState } from './upstreams/state.ts'

/** An upstream is asked: the exchange of the server's, and how often it was tried before. */
export interface ProxyPickEvent extends Event {
  /** The kind of the event. */
  readonly type: 'proxy.pick'
  /** Counts the exchanges of the server, as in `http.request`. */
  readonly exchange: number
  /** `http://10.0.0.7:3000`. */
  readonly upstream: string
  /** 1 for the first. */
  readonly attempt: number
}

/** An exchange is over. */
export interface ProxyDoneEvent extends Event {
  /** The kind of the event. */
  readonly type: 'proxy.done'
  /** Counts the exchanges of the server, as in `http.request`. */
  readonly exchange: number
  /** What the client was answered; 0 where it had gone before. */
  readonly status: number
  /** '' where all went well, else why not. */
  readonly failure: string
}

/** An upstream is asked again, or no more. */
export interface ProxyUpstreamEvent extends Event {
  /** The kind of the event. */
  readonly type: 'proxy.upstream'
  /** `http://10.0.0.7:3000`. */
  readonly upstream: string
  /** What it was. */
  readonly from: UpstreamState
  /** What it is. */
  readonly to: UpstreamState
  /** In words. */
  readonly why: string
}

/** Every event of proxies, to switch over by `type`. */
export type AnyProxyEvent = ProxyPickEvent | ProxyDoneEvent | ProxyUpstreamEvent
