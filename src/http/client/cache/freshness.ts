/** How old a reply is, how long it is good, and what may be done with one that is not (RFC 9111 §4.2, §5.2; RFC 5861). */
import { parseDate } from '../../fields/date.ts'
import { fieldValue } from '../../fields/lines.ts'
import { ageOf, type Directives, secondsOf } from './directives.ts'
import type { StoredReply } from './stored.ts'

/** Statuses that are good for a while though nothing says so (RFC 9110 §15.1). */
export const HEURISTIC: ReadonlySet<number> = new Set([200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501])

/** No guess is good for longer. */
const LONGEST_GUESS = 86_400

/** Seconds since the origin made the reply (RFC 9111 §4.2.3). */
export function currentAge(stored: StoredReply, now: number): number {
  const { fields, requestedAt, receivedAt } = stored
  const date = dateOf(stored)
  const apparent = Math.max(0, receivedAt - date) / 1000
  const corrected = ageOf(fieldValue(fields, 'age')) + (receivedAt - requestedAt) / 1000
  return Math.max(apparent, corrected) + Math.max(0, now - receivedAt) / 1000
}

/** Its Date, or when it came. */
export function dateOf({ fields, receivedAt }: Pick<StoredReply, 'fields' | 'receivedAt'>): number {
  return parseDate(fieldValue(fields, 'date') ?? '', receivedAt) ?? receivedAt
}

/** What the cache is. */
export interface Manner {
  /** Shared by several people, as a proxy's is. */
  readonly shared: boolean
  /** Of the time since Last-Modified, how much a reply that says nothing is good for. */
  readonly guess: number
}

/** Seconds that the reply is good for (RFC 9111 §4.2.1). */
export function lifetime(
  stored: Pick<StoredReply, 'status' | 'fields' | 'receivedAt'>,
  said: Directives,
  manner: Manner,
): number {
  const explicit = explicitLifetime(stored, said, manner)
  if (explicit !== undefined) return explicit
  const { status, fields, receivedAt } = stored
  const modified = parseDate(fieldValue(fields, 'last-modified') ?? '', receivedAt)
  if (modified === null || !(HEURISTIC.has(status) || said.has('public'))) return 0
  return Math.min(LONGEST_GUESS, (Math.max(0, dateOf(stored) - modified) / 1000) * manner.guess)
}

/** What the reply itself says; undefined where it says nothing. */
export function explicitLifetime(
  stored: Pick<StoredReply, 'fields' | 'receivedAt'>,
  said: Directives,
  { shared }: Manner,
): number | undefined {
  const seconds = (shared ? secondsOf(said, 's-maxage') : undefined) ?? secondsOf(said, 'max-age')
  if (seconds !== undefined) return seconds
  const expires = fieldValue(stored.fields, 'expires')
  if (expires === undefined) return undefined
  // RFC 9111 §5.3: what is no date, "0" above all, is in the past.
  const until = parseDate(expires, stored.receivedAt)
  return until === null ? 0 : Math.max(0, (until - dateOf(stored)) / 1000)
}

/** What may be done with a stored reply. */
export type Use =
  /** Given as it is. */
  | 'fresh'
  /** Given as it is, and asked for anew meanwhile (RFC 5861 §3). */
  | 'while revalidating'
  /** The origin is asked; when it fails, the reply is given all the same (RFC 5861 §4). */
  | 'if error'
  /** The origin is asked. */
  | 'validate'

/** @param asked the directives of the request. @param said those of the reply. */
export function useOf(stored: StoredReply, asked: Directives, said: Directives, now: number, manner: Manner): Use {
  const good = lifetime(stored, said, manner)
  const age = currentAge(stored, now)
  const stale = age - good
  const fails = failing(stale, asked, said, manner)
  if (asked.has('no-cache') || said.has('no-cache')) return fails && !said.has('no-cache') ? 'if error' : 'validate'
  const most = secondsOf(asked, 'max-age')
  const tooOld = most !== undefined && age > most
  const least = secondsOf(asked, 'min-fresh') ?? 0
  if (stale + least < 0 && !tooOld) return 'fresh'
  if (!mayBeStale(said, manner)) return 'validate'
  const allowed = asked.get('max-stale') === null ? Number.POSITIVE_INFINITY : secondsOf(asked, 'max-stale')
  if (allowed !== undefined && least === 0 && stale <= allowed && !tooOld) return 'fresh'
  const meanwhile = secondsOf(said, 'stale-while-revalidate')
  if (meanwhile !== undefined && least === 0 && most === undefined && stale <= meanwhile) return 'while revalidating'
  return fails ? 'if error' : 'validate'
}

function failing(stale: number, asked: Directives, said: Directives, manner: Manner): boolean {
  const window = Math.max(secondsOf(asked, 'stale-if-error') ?? -1, secondsOf(said, 'stale-if-error') ?? -1)
  return stale <= window && mayBeStale(said, manner)
}

function mayBeStale(said: Directives, { shared }: Manner): boolean {
  if (said.has('must-revalidate') || said.has('no-cache')) return false
  return !shared || !(said.has('proxy-revalidate') || said.has('s-maxage'))
}
