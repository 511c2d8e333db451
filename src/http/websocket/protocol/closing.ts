/**
 * The closing handshake (RFC 6455 §7) as one table: what a connection is at, what can happen to it, and what is to be done
 * then. Every order of events has its cell, and a test walks them all.
 */

/**
 * - `open`: messages pass both ways.
 * - `closing`: this side has sent Close and waits for the other's.
 * - `answered`: Close has passed both ways; what is left is the end of the connection below.
 * - `failed`: this side has given up: what still comes is dropped.
 * - `closed`: nothing is left.
 */
export type ClosingState = 'open' | 'closing' | 'answered' | 'failed' | 'closed'

/**
 * - `close`: the program closes.
 * - `peerClose`: a Close frame has come.
 * - `fail`: what came breaks the protocol or a limit, or the program has failed.
 * - `peerEnd`: the other side has ended its direction of the connection.
 * - `late`: what was waited for has not come in time.
 * - `lost`: the connection below is gone.
 */
export type ClosingEvent = 'close' | 'peerClose' | 'fail' | 'peerEnd' | 'late' | 'lost'

/**
 * - `sendClose`: a Close frame goes out.
 * - `finish`: the server ends the connection, the client waits until it does (RFC 6455 §7.1.1).
 * - `end`: this side ends the connection, whoever it is.
 * - `shut`: both directions are closed, what is queued sent first.
 * - `reset`: the connection is broken off.
 */
export type ClosingAction = 'sendClose' | 'finish' | 'end' | 'shut' | 'reset'

export interface Transition {
  readonly to: ClosingState
  readonly actions: readonly ClosingAction[]
}

const stay = (state: ClosingState): Transition => ({ to: state, actions: [] })
const leave = (to: ClosingState, ...actions: ClosingAction[]): Transition => ({ to, actions })

export const CLOSING: Readonly<Record<ClosingState, Readonly<Record<ClosingEvent, Transition>>>> = {
  open: {
    close: leave('closing', 'sendClose'),
    peerClose: leave('answered', 'sendClose', 'finish'),
    fail: leave('failed', 'sendClose', 'end'),
    // No Close frame came: the program is told 1006 (§7.1.5).
    peerEnd: leave('closed', 'shut'),
    late: leave('closed', 'reset'),
    lost: leave('closed'),
  },
  closing: {
    close: stay('closing'),
    peerClose: leave('answered', 'finish'),
    // A Close frame is sent once (§5.5.1).
    fail: leave('failed', 'end'),
    peerEnd: leave('closed', 'shut'),
    late: leave('closed', 'reset'),
    lost: leave('closed'),
  },
  answered: {
    close: stay('answered'),
    peerClose: stay('answered'),
    fail: stay('answered'),
    peerEnd: leave('closed', 'shut'),
    late: leave('closed', 'reset'),
    lost: leave('closed'),
  },
  failed: {
    close: stay('failed'),
    peerClose: stay('failed'),
    fail: stay('failed'),
    peerEnd: leave('closed', 'shut'),
    late: leave('closed', 'reset'),
    lost: leave('closed'),
  },
  closed: {
    close: stay('closed'),
    peerClose: stay('closed'),
    fail: stay('closed'),
    peerEnd: stay('closed'),
    late: stay('closed'),
    lost: stay('closed'),
  },
}
