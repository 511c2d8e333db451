/** Whether an upstream may be asked: one state, and a table of what changes it. */

/**
 * - `up`: asked as the policy says.
 * - `ejected`: has failed too often, and rests.
 * - `trial`: has rested; one request at a time finds out how things stand.
 * - `down`: fails its health checks.
 * - `leaving`: no longer wanted: what is under way ends, nothing new is asked.
 */
export type UpstreamState = 'up' | 'ejected' | 'trial' | 'down' | 'leaving'

/**
 * - `failures`: more requests have failed than may.
 * - `rested`: the time of an ejection is over.
 * - `success`, `failure`: how a request has ended.
 * - `checks failed`, `checks passed`: as many health checks in a row as it takes.
 * - `removed`: it is not among the upstreams any more.
 */
export type UpstreamTurn = 'failures' | 'rested' | 'success' | 'failure' | 'checks failed' | 'checks passed' | 'removed'

/** What follows from what; what is not named changes nothing. */
export const UPSTREAM_TURNS: {
  readonly [state in UpstreamState]: { readonly [turn in UpstreamTurn]?: UpstreamState }
} = {
  up: { failures: 'ejected', 'checks failed': 'down', removed: 'leaving' },
  ejected: { rested: 'trial', 'checks failed': 'down', removed: 'leaving' },
  trial: { success: 'up', failure: 'ejected', 'checks failed': 'down', removed: 'leaving' },
  down: { 'checks passed': 'up', removed: 'leaving' },
  leaving: {},
}

export function turned(state: UpstreamState, turn: UpstreamTurn): UpstreamState {
  return UPSTREAM_TURNS[state][turn] ?? state
}
