/** What to tell a person about a run that cannot end, or that failed: where it stood, and how to see it again. */
import { formatDuration, type Nanos } from '../base/clock.ts'
import { DeadlockError, TimeLimitError } from './errors.ts'

/** How a simulation stands. */
export interface Situation {
  readonly seed: string
  readonly now: Nanos
  readonly crashed: readonly string[]
  readonly paused: readonly string[]
  /** Links that are cut, both ways or one. */
  readonly cut: readonly string[]
  /** Rules in force. */
  readonly rules: number
  /** The command or the call that repeats the run. */
  readonly repeat: string
}

/** The line under an error that leaves a run. */
export function whereabouts({ seed, now, repeat }: Situation): string {
  return `in a simulation with seed ${seed}, at ${formatDuration(now)} of virtual time; to repeat: ${repeat}`
}

export function deadlock(situation: Situation): DeadlockError {
  return new DeadlockError(
    'SIM_DEADLOCK',
    `deadlock at ${formatDuration(situation.now)} (seed ${situation.seed}): nothing is scheduled, and the promise given ` +
      'to run() is still pending. Either programs wait for each other, or one waits for real time: use ' +
      'sleep(host.clock, …) instead of setTimeout, and wrap real work (files, hashing, fetch) in host.clock.hold(…).' +
      circumstances(situation),
  )
}

export function standstill(situation: Situation, events: number): DeadlockError {
  return new DeadlockError(
    'SIM_STANDSTILL',
    `time stands still at ${formatDuration(situation.now)} (seed ${situation.seed}): ${events} events at one instant. ` +
      'Two programs answer each other without latency: give their link a latency, or raise ' +
      'internet({ limits: { instantEvents } }).',
  )
}

export function timeLimit(situation: Situation, limit: Nanos): TimeLimitError {
  return new TimeLimitError(
    `the promise given to run() is still pending at ${formatDuration(situation.now)} (seed ${situation.seed}), after ` +
      `${formatDuration(limit)} of virtual time: pass run(promise, { limit: hours(2) }) for longer runs.` +
      circumstances(situation),
  )
}

/** What is out of order, since it may be why nobody answers. */
function circumstances({ crashed, paused, cut, rules }: Situation): string {
  const said: string[] = []
  if (crashed.length > 0) said.push(`crashed: ${crashed.join(', ')} (what its programs wait for never comes)`)
  if (paused.length > 0) said.push(`paused: ${paused.join(', ')}`)
  if (cut.length > 0) said.push(`cut: ${cut.join(', ')}`)
  if (rules > 0) said.push(`${rules} ${rules === 1 ? 'rule' : 'rules'} (partitions, holds, your own) in force`)
  return said.length === 0 ? '' : ` At this time: ${said.join('; ')}.`
}
