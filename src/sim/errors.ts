/** The simulator's errors. What a simulated program meets are the errors of its own floors. */
import { CodedError } from '../base/errors.ts'

/** What a `SimError` is about. */
export type SimErrorCode =
  /** The promise cannot be settled by anything that is still to come. */
  | 'SIM_DEADLOCK'
  /** One instant has more events than it may. */
  | 'SIM_STANDSTILL'
  /** The promise was not settled within the virtual time that the run was given. */
  | 'SIM_TIME_LIMIT'
  /** A seed of `simulate` fails. */
  | 'SIM_SEED_FAILED'
  /** A number of seeds that cannot be tried. */
  | 'SIM_SEEDS'
  /** Two runs of one simulation at the same time. */
  | 'SIM_RUNNING'
  /** Two simulations want the globals of one process at the same time. */
  | 'SIM_GLOBALS'
  /** Work outside of the simulation does not end. */
  | 'SIM_OUTSIDE'
  /** A machine, a LAN or a link that there is not, or that there is already. */
  | 'SIM_NAME'
  /** Ends that cannot be linked, or a link that cannot be as it is asked for. */
  | 'SIM_LINK'
  /** An address that is no address there, or that somebody has. */
  | 'SIM_ADDRESS'

/** Something that a simulation was asked for and cannot do; the message says what to do instead. */
export class SimError extends CodedError {
  override readonly name: string = 'SimError'
  override readonly code: SimErrorCode

  constructor(code: SimErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Nothing that is still to come can settle the promise of a run, or one instant does not end. */
export class DeadlockError extends SimError {
  override readonly name = 'DeadlockError'
}

/** The promise of a run was not settled within the virtual time that the run was given. */
export class TimeLimitError extends SimError {
  override readonly name = 'TimeLimitError'

  constructor(message: string) {
    super('SIM_TIME_LIMIT', message)
  }
}

/** One seed of `simulate` fails; `cause` is what the experiment threw. */
export class SeedFailedError extends SimError {
  override readonly name = 'SeedFailedError'
  /** Give it to `internet({ seed })`, or set RETICLE_SEED, to see the same again. */
  readonly seed: string

  constructor(message: string, seed: string, cause: unknown) {
    super('SIM_SEED_FAILED', message, { cause })
    this.seed = seed
  }
}

const marked = new WeakSet<object>()

/**
 * Puts a line under the stack of an error that leaves a run: which seed it was and how to see it again. The message stays
 * as it is, since programs compare it.
 */
export function underline(error: unknown, line: string): void {
  if (!(error instanceof Error) || marked.has(error)) return
  marked.add(error)
  try {
    error.stack = `${error.stack ?? String(error)}\n    ${line}`
  } catch {
    // A frozen error keeps the stack it has.
  }
}
