/** How often somebody may ask, and fields that say so (draft-ietf-httpapi-ratelimit-headers): 429 past it. */
import { type Nanos, SECOND } from '../../base/clock.ts'
import { type Duration, requireDuration } from '../../base/duration.ts'
import { formatIp4, formatIp6, parseIp6 } from '../../base/ip.ts'
import { formatStructuredList, type StructuredItem } from '../../http/index.ts'
import type { Address } from '../../socket/address.ts'
import { mappedIp4 } from '../../socket/address-set.ts'
import { HttpError, UsageError } from '../errors.ts'
import type { Maybe } from '../ground/maybe.ts'
import { WEB_LIMITS } from '../limits.ts'
import { type Context, turnOf } from '../request/context.ts'
import type { Before } from '../request/hooks.ts'

/** A quota: so many requests in each window, spread as the client likes. */
export interface Quota {
  readonly quota: number
  readonly window: Duration
}

/** What became of a request that was counted. */
export interface Counted {
  readonly allowed: boolean
  /** Requests that would be allowed now. */
  readonly remaining: number
  /** Until the whole quota is there again. */
  readonly whole: Nanos
  /** Until one request is allowed; 0 where one is. */
  readonly wait: Nanos
}

/** Where requests are counted: in memory (`MemoryRates`), or where several processes meet. */
export interface RateStore {
  /** Counts a request of `key` at `now`, unless it is not allowed. */
  count(key: string, quota: Quota, now: Nanos): Maybe<Counted>
}

/** How a route or site is limited. */
export interface RateLimitOptions extends Quota {
  /** Shown to clients; default `default`. Two limits of one site need two names. */
  readonly name?: string
  /** Who is counted together; default: the client's address, for IPv6 its /64, which one customer has. Null is not counted. */
  readonly key?: (c: Context<unknown, unknown>) => string | null
  /** Default: a `MemoryRates` of its own. */
  readonly store?: RateStore
}

/**
 * A hook that lets each client ask `quota` times in each `window`, and answers 429 with Retry-After past that. Replies say what is left
 * (RateLimit, RateLimit-Policy). Behind a proxy the client is known only with `serve({ trust })`.
 *
 * @example
 * signIn.before(rateLimit({ quota: 10, window: minutes(1), name: 'sign-in' }))
 * @throws UsageError for a quota that is no whole number from 1, and a window shorter than a second.
 */
export function rateLimit(options: RateLimitOptions): Before<unknown> {
  const { quota, name = 'default', key = clientOf, store = new MemoryRates() } = options
  if (!Number.isSafeInteger(quota) || quota < 1)
    throw new UsageError(`rateLimit({ quota }) must be a whole number from 1, not ${String(quota)}`)
  const window = requireDuration('rateLimit({ window })', options.window, SECOND)
  if (window < SECOND) throw new UsageError('rateLimit({ window }) must be at least a second: write minutes(1)')
  const policy = formatStructuredList([named(name, { q: quota, w: Math.ceil(window / SECOND) })])
  const answer = (c: Context<never, never>, { allowed, remaining, whole, wait }: Counted): undefined => {
    c.setHeader('RateLimit-Policy', policy)
    c.setHeader('RateLimit', formatStructuredList([named(name, { r: remaining, t: Math.ceil(whole / SECOND) })]))
    if (allowed) return undefined
    throw new HttpError(429, 'Too many requests: try again later.', {
      headers: { 'Retry-After': String(Math.max(1, Math.ceil(wait / SECOND))) },
    })
  }
  return (given) => {
    const c = given as Context<never, never>
    const who = key(given as Context<unknown, unknown>)
    if (who === null) return undefined
    const counted = store.count(`${name} ${who}`, { quota, window }, turnOf(c).machine.clock.now())
    return counted instanceof Promise ? counted.then((late) => answer(c, late)) : answer(c, counted)
  }
}

function named(name: string, numbers: Readonly<Record<string, number>>): StructuredItem {
  const parameters = Object.entries(numbers).map(([key, value]) => [key, { type: 'integer', value }] as const)
  return { item: { type: 'string', value: name }, parameters: new Map(parameters) }
}

function clientOf(c: Context<unknown, unknown>): string {
  return networkOf(c.remote)
}

/** An IPv4 address, also where it is written as an IPv6 one, or the first half of an IPv6 one: its other half is the client's to choose. */
export function networkOf({ address }: Address): string {
  if (address === undefined) return 'this machine'
  const bytes = address.includes(':') ? parseIp6(address.replace(/%.*$/, '')) : null
  if (bytes === null) return address
  // On a socket of both families clients with IPv4 have such addresses (RFC 4291 §2.5.5.2): one half for all of them.
  const four = mappedIp4(bytes)
  if (four >= 0) return formatIp4(four)
  bytes.fill(0, 8)
  return `${formatIp6(bytes)}/64`
}

/**
 * Counts in the memory of this process: for each client the time at which its whole quota is there again (GCRA), which
 * comes back evenly, and not all at once at the end of a window.
 */
export class MemoryRates implements RateStore {
  /** How many clients are remembered: past it the one that has not asked for longest is forgotten. */
  readonly limit: number
  /** In order of the last request, the oldest first. */
  readonly #wholeAt = new Map<string, Nanos>()

  constructor(limit: number = WEB_LIMITS.memoryRates) {
    this.limit = limit
  }

  /** How many clients are remembered. */
  get size(): number {
    return this.#wholeAt.size
  }

  count(key: string, { quota, window }: Quota, now: Nanos): Counted {
    const each = window / quota
    const before = Math.max(this.#wholeAt.get(key) ?? now, now)
    const after = before + each
    // Rounding must not cost the last of a quota.
    const allowed = after - now <= window + 1
    const wholeAt = allowed ? after : before
    this.#wholeAt.delete(key)
    this.#wholeAt.set(key, wholeAt)
    if (this.#wholeAt.size > this.limit) this.#forget(now)
    const remaining = Math.max(0, Math.floor((window - (wholeAt - now)) / each + 1e-6))
    return { allowed, remaining, whole: wholeAt - now, wait: allowed ? 0 : after - now - window }
  }

  /** Those that have their whole quota again, and the oldest at least. */
  #forget(now: Nanos): void {
    for (const [key, wholeAt] of this.#wholeAt) {
      if (this.#wholeAt.size <= this.limit && wholeAt > now) return
      this.#wholeAt.delete(key)
    }
  }
}
