/** Server-sent events (HTML standard §9.2): a reply that goes on as long as there is something to tell. */
import { after, MILLISECOND, type Timer } from '../../base/clock.ts'
import { type Duration, requireDuration, seconds } from '../../base/duration.ts'
import { HttpMisuse } from '../errors.ts'
import type { Exchange, FieldLines } from '../exchange.ts'

/** One event as a page's `EventSource` gets it. */
export interface ServerEvent {
  /** The text; may have several lines. */
  readonly data: string
  /** The event's name, by which a page listens; `message` when absent. */
  readonly event?: string
  /** Kept by the client, and sent as Last-Event-ID when it connects again. */
  readonly id?: string
  /** How long the client waits before it connects again, from now on. */
  readonly retry?: Duration
}

/** How an event stream is kept alive. */
export interface EventStreamOptions {
  /** After so long without an event a comment is sent, so that nothing on the way takes the stream for dead; default 15 s. */
  readonly heartbeat?: Duration
  /** How long the client waits before it connects again; the client's own 3 s or so when absent. */
  readonly retry?: Duration
}

/**
 * What gives the events: called with the id of the last event that the client has, '' when it has none. It ends the stream by
 * ending; `return` is called when the client leaves or the server begins to close.
 */
export type EventSourceFunction = (lastEventId: string) => AsyncIterable<ServerEvent | string>

/** Not kept by caches, and not held back by nginx. */
export const EVENT_FIELDS: FieldLines = ['Cache-Control', 'no-store', 'X-Accel-Buffering', 'no']
/** The media type of event streams. */
export const EVENT_TYPE = 'text/event-stream'

const HEARTBEAT: Duration = seconds(15)
const COMMENT = ':\n\n'
/** No list of events is found again by more than that. */
const ID_LENGTH = 1024

/**
 * The event as it is sent; text is data without a name.
 * @throws HttpMisuse for a name or id with a line end or NUL, which would write fields, or events, of its own.
 *
 * @example
 * formatEvent({ event: 'price', data: JSON.stringify({ tea: 3 }), id: '17' })
 */
export function formatEvent(event: ServerEvent | string): string {
  if (typeof event === 'string') return `${dataLines(event)}\n`
  const { data, event: name, id, retry } = event
  let text = ''
  if (name !== undefined) text += `event: ${oneLine('event', name)}\n`
  if (id !== undefined) text += `id: ${oneLine('id', id)}\n`
  if (retry !== undefined) text += retryLine(retry)
  return `${text}${dataLines(data)}\n`
}

/** CR alone ends a line too. */
function dataLines(data: unknown): string {
  if (typeof data !== 'string')
    throw new HttpMisuse(
      'HTTP_INVALID_ARGUMENT',
      `the data of an event must be text (JSON.stringify), not ${typeof data}`,
    )
  let text = ''
  for (const line of data.split(/\r\n|\r|\n/)) text += `data: ${line}\n`
  return text
}

function oneLine(what: string, value: unknown): string {
  if (typeof value === 'string' && !/[\r\n\0]/.test(value)) return value
  throw new HttpMisuse(
    'HTTP_INVALID_ARGUMENT',
    `the ${what} of an event must be one line of text, not ${JSON.stringify(value)}`,
  )
}

function retryLine(retry: Duration): string {
  return `retry: ${Math.round(requireDuration('the retry of an event', retry, MILLISECOND) / MILLISECOND)}\n`
}

/** The id that the client has come to, as `EventSource` sends it; '' when there is none, or one that cannot be. */
export function lastEventIdOf(exchange: Exchange): string {
  const field = exchange.header('last-event-id')
  if (field === undefined || field.length > ID_LENGTH) return ''
  // Sent as UTF-8 (HTML §9.2.3), and read as a field like any other.
  const bytes = Uint8Array.from(field, (character) => character.charCodeAt(0))
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return ''
  }
}

/**
 * Answers with an event stream. Resolves when it has ended: the source is at its end, the client has gone, or the server begins
 * to close (a page's `EventSource` then connects again, elsewhere, and goes on behind the last id). The source runs no faster
 * than the client reads.
 *
 * @example
 * await replyEvents(exchange, async function* (last) {
 *   for await (const post of posts.since(last)) yield { id: post.id, data: JSON.stringify(post) }
 * })
 */
export async function replyEvents(
  exchange: Exchange,
  source: EventSourceFunction,
  options: EventStreamOptions = {},
): Promise<void> {
  const pieces = eventPieces(exchange, source, options)
  const body = exchange.start(200, ['Content-Type', EVENT_TYPE, ...EVENT_FIELDS])
  if (exchange.method !== 'HEAD') for await (const piece of pieces) if (!body.write(piece)) await body.ready()
  body.end()
}

/** What is sent of a source: its events, comments while it is silent; ends when nobody waits any more. */
export function eventPieces(
  exchange: Exchange,
  source: EventSourceFunction,
  options: EventStreamOptions = {},
): AsyncIterable<string> {
  const { heartbeat = HEARTBEAT, retry } = options
  requireDuration('the heartbeat of an event stream', heartbeat, MILLISECOND)
  const first = retry === undefined ? COMMENT : `${retryLine(retry)}\n`
  return { [Symbol.asyncIterator]: () => new EventPieces(exchange, source, heartbeat, first) }
}

class EventPieces implements AsyncIterator<string, undefined> {
  readonly #exchange: Exchange
  readonly #make: EventSourceFunction
  readonly #heartbeat: Duration
  readonly #first: string
  #events: AsyncIterator<ServerEvent | string> | null = null
  /** The source is at work on its next event. */
  #pending: Promise<IteratorResult<ServerEvent | string>> | null = null
  #ended = false

  constructor(exchange: Exchange, make: EventSourceFunction, heartbeat: Duration, first: string) {
    this.#exchange = exchange
    this.#make = make
    this.#heartbeat = heartbeat
    this.#first = first
  }

  async next(): Promise<IteratorResult<string, undefined>> {
    if (this.#ended) return DONE
    if (this.#events === null) {
      this.#events = this.#make(lastEventIdOf(this.#exchange))[Symbol.asyncIterator]()
      return { done: false, value: this.#first }
    }
    const { signal, draining } = this.#exchange
    if (signal.aborted || draining.aborted) return this.return()
    this.#pending ??= this.#events.next()
    const step = await this.#wait(this.#pending, signal, draining)
    if (step === 'left') return this.return()
    if (step === 'silent') return { done: false, value: COMMENT }
    this.#pending = null
    if (step.done) {
      this.#ended = true
      return DONE
    }
    return { done: false, value: formatEvent(step.value) }
  }

  /** Lets go of the source. What it says to that is of interest to nobody any more. */
  async return(): Promise<IteratorResult<string, undefined>> {
    this.#ended = true
    this.#pending?.catch(() => {})
    const returned = this.#events?.return?.()
    if (returned instanceof Promise) returned.catch(() => {})
    return DONE
  }

  /** The next event, unless it takes too long or nobody waits for it any more. */
  #wait(
    pending: Promise<IteratorResult<ServerEvent | string>>,
    signal: AbortSignal,
    draining: AbortSignal,
  ): Promise<IteratorResult<ServerEvent | string> | 'silent' | 'left'> {
    return new Promise((resolve, reject) => {
      const leave = () => settle(() => resolve('left'))
      const timer: Timer = after(this.#exchange.machine.clock, this.#heartbeat, () => settle(() => resolve('silent')))
      const settle = (then: () => void) => {
        timer.cancel()
        signal.removeEventListener('abort', leave)
        draining.removeEventListener('abort', leave)
        then()
      }
      signal.addEventListener('abort', leave)
      draining.addEventListener('abort', leave)
      pending.then(
        (step) => settle(() => resolve(step)),
        (error: unknown) => settle(() => reject(error)),
      )
    })
  }
}

const DONE = { done: true, value: undefined } as const
