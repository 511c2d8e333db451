/**
 * The life of a stream (RFC 9113 §5.1) as two tables: where it goes, and what may come in which state. The reserved states
 * are missing: nobody here pushes, and a peer may not.
 */

/**
 * - `half local`: this side has ended.
 * - `half remote`: the other side has ended.
 * - `closed`: both have ended, or the other side has reset the stream.
 * - `dropped`: this side has reset the stream; what the other side sent before it knew is on its way still.
 */
export type StreamState = 'idle' | 'open' | 'half local' | 'half remote' | 'closed' | 'dropped'

export type StreamEvent =
  /** HEADERS that begin it, in whichever direction. */
  'open' | 'end here' | 'end there' | 'reset here' | 'reset there'

export const STREAM: Readonly<Record<StreamState, Readonly<Partial<Record<StreamEvent, StreamState>>>>> = Object.freeze(
  {
    idle: { open: 'open' },
    open: { 'end here': 'half local', 'end there': 'half remote', 'reset here': 'dropped', 'reset there': 'closed' },
    'half local': { 'end there': 'closed', 'reset here': 'dropped', 'reset there': 'closed' },
    'half remote': { 'end here': 'closed', 'reset here': 'dropped', 'reset there': 'closed' },
    closed: { 'reset here': 'dropped', 'reset there': 'closed' },
    dropped: { 'reset here': 'dropped', 'reset there': 'dropped' },
  },
)

/** The state after the event. @throws Error for an event that must not happen then: a fault of this layer. */
export function streamAfter(state: StreamState, event: StreamEvent): StreamState {
  const next = STREAM[state][event]
  if (next === undefined) throw new Error(`${event} must not happen to a stream that is ${state}`)
  return next
}

/** Frames that belong to a stream. */
export type StreamFrame = 'data' | 'headers' | 'reset' | 'window'

/**
 * What becomes of a frame that has come.
 * - `take`: it is for the stream.
 * - `ignore`: it is dropped, its cost counted.
 * - `stream`: the stream is reset with STREAM_CLOSED.
 * - `closed`: the connection ends with STREAM_CLOSED.
 * - `protocol`: the connection ends with PROTOCOL_ERROR.
 */
export type Reception = 'take' | 'ignore' | 'stream' | 'closed' | 'protocol'

const ALL_TAKEN = { data: 'take', headers: 'take', reset: 'take', window: 'take' } as const

export const RECEPTION: Readonly<Record<StreamState, Readonly<Record<StreamFrame, Reception>>>> = Object.freeze({
  // HEADERS begin the stream, where the number is one that the other side may begin.
  idle: { data: 'protocol', headers: 'take', reset: 'protocol', window: 'protocol' },
  open: ALL_TAKEN,
  'half local': ALL_TAKEN,
  'half remote': { data: 'stream', headers: 'stream', reset: 'take', window: 'take' },
  // RFC 9113 §5.1: WINDOW_UPDATE and RST_STREAM may have crossed the end of the stream.
  closed: { data: 'closed', headers: 'closed', reset: 'ignore', window: 'ignore' },
  dropped: { data: 'ignore', headers: 'ignore', reset: 'ignore', window: 'ignore' },
})

/** Whether the other side may still send content. */
export function isReceiving(state: StreamState): boolean {
  return state === 'open' || state === 'half local'
}

/** Whether this side may still send. */
export function isSending(state: StreamState): boolean {
  return state === 'open' || state === 'half remote'
}

export function isOver(state: StreamState): boolean {
  return state === 'closed' || state === 'dropped'
}
