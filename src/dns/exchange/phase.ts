/**
 * The life of a connection to a server, as a table. `docs/architecture.md` draws it.
 *
 * - `busy`: questions are open, and more may be asked.
 * - `idle`: no question is open; the connection is kept for a while.
 * - `retired`: no further question; the open ones are waited for.
 * - `gone`: it can be used no more.
 */
export type UpstreamPhase = 'busy' | 'idle' | 'retired' | 'gone'

export type UpstreamEvent =
  | 'ask'
  /** The last open question has its reply, or nobody waits for it any more. */
  | 'settle'
  /** It has carried enough, a question was not answered in time, or nobody needs it any more. */
  | 'retire'
  /** The server or the network has ended it, or what came cannot be relied on. */
  | 'lose'

export const UPSTREAM_PHASES: Readonly<Record<UpstreamPhase, Readonly<Record<UpstreamEvent, UpstreamPhase>>>> =
  Object.freeze({
    busy: { ask: 'busy', settle: 'idle', retire: 'retired', lose: 'gone' },
    idle: { ask: 'busy', settle: 'idle', retire: 'retired', lose: 'gone' },
    // Who was given the connection a moment before it was retired may still ask.
    retired: { ask: 'retired', settle: 'retired', retire: 'retired', lose: 'gone' },
    gone: { ask: 'gone', settle: 'gone', retire: 'gone', lose: 'gone' },
  })

/** Whether further questions may be put. */
export function isUsable(phase: UpstreamPhase): boolean {
  return phase === 'busy' || phase === 'idle'
}
