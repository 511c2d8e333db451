/**
 * The life of a TCP connection of a server, as a table. `docs/architecture.md` draws it.
 *
 * - `open`: takes queries.
 * - `held`: the client does not take its replies; no query is taken until it does.
 * - `last`: no further query comes, or none is taken; those that have come are still answered.
 * - `last held`: the same, and the client does not take its replies.
 * - `closing`: this side has closed; nothing is sent any more.
 * - `gone`: the host has reported the end.
 */
export type StreamPhase = 'open' | 'held' | 'last' | 'last held' | 'closing' | 'gone'

export type StreamEvent =
  /** The host has enough to send for now. */
  | 'full'
  /** The client has taken what was sent. */
  | 'drained'
  /** No further query: the client has ended, or has asked as many as it may. */
  | 'end'
  /** This side lets go of the connection. */
  | 'close'
  /** The host has reported the end. */
  | 'lost'

export const STREAM_PHASES: Readonly<Record<StreamPhase, Readonly<Record<StreamEvent, StreamPhase>>>> = Object.freeze({
  open: { full: 'held', drained: 'open', end: 'last', close: 'closing', lost: 'gone' },
  held: { full: 'held', drained: 'open', end: 'last held', close: 'closing', lost: 'gone' },
  last: { full: 'last held', drained: 'last', end: 'last', close: 'closing', lost: 'gone' },
  'last held': { full: 'last held', drained: 'last', end: 'last held', close: 'closing', lost: 'gone' },
  closing: { full: 'closing', drained: 'closing', end: 'closing', close: 'closing', lost: 'gone' },
  gone: { full: 'gone', drained: 'gone', end: 'gone', close: 'gone', lost: 'gone' },
})

/** Whether the client keeps replies waiting. */
export function isHeld(phase: StreamPhase): boolean {
  return phase === 'held' || phase === 'last held'
}

/** Whether replies may still be sent. */
export function mayReply(phase: StreamPhase): boolean {
  return phase !== 'closing' && phase !== 'gone'
}
