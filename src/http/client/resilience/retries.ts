/** The layer that sends again what has failed, where that is safe and likely to help. */
import { after, type Clock, MILLISECOND, type Nanos, SECOND } from '../../../base/clock.ts'
import { type Duration, ms, requireDuration, seconds } from '../../../base/duration.ts'
import { type Random, unit } from '../../../base/random.ts'
import { RequestError } from '../../errors.ts'
import { parseDate } from '../../fields/date.ts'
import type { Layer, Outgoing, Reply, Send } from '../send.ts'
import { RetryBudget, type RetryBudgetOptions } from './budget.ts'
import { isIdempotent, isReplayable, outcomeOf } from './failure.ts'

/** A request that is about to be sent again. */
export interface Retry {
  readonly request: Outgoing
  /** What the last time ended in. */
  readonly cause: Reply | Error
  /** The number of the time that comes: 2 for the first retry. */
  readonly attempt: number
  /** How long from now. */
  readonly wait: Nanos
}

/** When and how often a request is sent again. */
export interface RetriesOptions {
  /** How often a request is sent at most, the first time counted; default 3. */
  readonly attempts?: number
  /** Replies after which a request is sent again; default 408, 429, 502, 503, 504. */
  readonly statuses?: readonly number[]
  /** The first wait is a random time up to this; default 100 ms. Each next one may be twice as long ("full jitter"). */
  readonly backoff?: Duration
  /** No wait is longer; default 10 s. A server that asks for longer by Retry-After gets its reply handed on. */
  readonly longest?: Duration
  /** How many retries all requests of the client may have together. */
  readonly budget?: RetryBudgetOptions
  /** Told of each retry. What the function throws ends the request. */
  readonly onRetry?: (retry: Retry) => void
}

const STATUSES = [408, 429, 502, 503, 504]

/**
 * Sends again what failed: after a failure to connect whatever it was, else idempotent requests only (RFC 9110 §9.2.2), never a
 * body that cannot be had twice, never after the caller has given up, and no more often than the budget allows.
 *
 * @example
 * const client = new Client(kernelHost(), { layers: [retries({ attempts: 4 })] })
 */
export function retries(options: RetriesOptions = {}): Layer {
  const what = (name: string) => `retries(): ${name}`
  const { attempts = 3, statuses = STATUSES } = options
  if (!Number.isSafeInteger(attempts) || attempts < 1)
    throw new RangeError(`${what('attempts')} must be a whole number from 1, not ${attempts}`)
  const backoff = requireDuration(what('backoff'), options.backoff ?? ms(100), MILLISECOND)
  const longest = requireDuration(what('longest'), options.longest ?? seconds(10), MILLISECOND)
  return (next, { clock, random }) => {
    const budget = new RetryBudget(options.budget ?? {}, clock.now())
    const draws = random.fork('retries')
    const settings = { attempts, statuses: new Set(statuses), backoff, longest, onRetry: options.onRetry }
    return (request) => {
      budget.earn()
      return isReplayable(request) ? new Attempts(request, next, clock, draws, budget, settings).run() : next(request)
    }
  }
}

interface Settings {
  readonly attempts: number
  readonly statuses: ReadonlySet<number>
  readonly backoff: Nanos
  readonly longest: Nanos
  readonly onRetry: ((retry: Retry) => void) | undefined
}

class Attempts {
  readonly #request: Outgoing
  readonly #next: Send
  readonly #clock: Clock
  readonly #random: Random
  readonly #budget: RetryBudget
  readonly #settings: Settings

  constructor(request: Outgoing, next: Send, clock: Clock, random: Random, budget: RetryBudget, settings: Settings) {
    this.#request = request
    this.#next = next
    this.#clock = clock
    this.#random = random
    this.#budget = budget
    this.#settings = settings
  }

  async run(): Promise<Reply> {
    for (let attempt = 1; ; attempt++) {
      const result = await this.#next(this.#request).catch((error: unknown) => error)
      const wait = this.#waitAfter(result, attempt)
      if (wait === null) {
        if (isReply(result)) return result
        throw result
      }
      if (isReply(result)) result.body.discard()
      const cause = result as Reply | Error
      this.#settings.onRetry?.({ request: this.#request, cause, attempt: attempt + 1, wait })
      await this.#pause(wait)
    }
  }

  /** How long to wait before the next time; null when there is none. */
  #waitAfter(result: unknown, attempt: number): Nanos | null {
    const { attempts, statuses, backoff, longest } = this.#settings
    if (attempt >= attempts || this.#request.signal?.aborted) return null
    let least = 0
    if (isReply(result)) {
      if (!statuses.has(result.status) || !isIdempotent(this.#request)) return null
      least = this.#retryAfter(result.header('retry-after'))
    } else {
      const outcome = outcomeOf(result)
      if (outcome === 'final' || (outcome === 'unknown' && !isIdempotent(this.#request))) return null
    }
    if (least > longest || !this.#budget.spend(this.#clock.now())) return null
    const jitter = unit(this.#random) * Math.min(longest, backoff * 2 ** (attempt - 1))
    return Math.max(least, Math.floor(jitter))
  }

  /** RFC 9110 §10.2.3: seconds, or a date. */
  #retryAfter(field: string | undefined): Nanos {
    if (field === undefined) return 0
    if (/^\d{1,9}$/.test(field)) return Number(field) * SECOND
    const now = this.#clock.wallMillis()
    const date = parseDate(field, now)
    return date === null ? 0 : Math.max(0, date - now) * MILLISECOND
  }

  #pause(wait: Nanos): Promise<void> {
    const { signal } = this.#request
    return new Promise((resolve, reject) => {
      const abort = () => {
        timer.cancel()
        reject(new RequestError('aborted', 'the request was aborted', signal?.reason))
      }
      const timer = after(this.#clock, wait, () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      })
      signal?.addEventListener('abort', abort, { once: true })
    })
  }
}

function isReply(result: unknown): result is Reply {
  return typeof result === 'object' && result !== null && 'status' in result && 'body' in result
}
