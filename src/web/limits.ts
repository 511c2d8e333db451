/** Limits of the framework, with the reason beside each. All are `limits` of `app()`, or of one route. */
import { UsageError } from './errors.ts'

/** What one request, one visitor or one flood may cost. Sizes are in bytes. */
export interface WebLimits {
  /** A JSON or text body that a handler asks for whole. */
  readonly bodyBytes: number
  /** The text of a form: all its fields together. */
  readonly formBytes: number
  /** Fields of a form, files included. */
  readonly formFields: number
  /** One uploaded file, unless its field says less. */
  readonly fileBytes: number
  /** All files of one form together. */
  readonly filesBytes: number
  /** Query parameters. */
  readonly query: number
  /** Flash messages that wait for the next page. */
  readonly flashes: number
  /** JSON of all of them together. */
  readonly flashBytes: number
  /** Characters of one; the rest is cut off. */
  readonly flashLength: number
  /** Events kept of one request for the error page while developing. */
  readonly recordedEvents: number
  /** Names of hosts that were refused and are told to the log, each once. */
  readonly refusedHosts: number
  /** Sessions that `MemorySessions` keeps: past it the one unused for longest goes. */
  readonly memorySessions: number
  /** Clients that `MemoryRates` counts: past it the one silent for longest is forgotten. */
  readonly memoryRates: number
}

/**
 * What a program has set of the limits, as it is: checked, since a limit that is no number limits nothing.
 * @param what the call, for messages: `app()`
 * @throws UsageError for a name that no limit has, and for a value that is not a number from 0.
 */
export function checkedLimits(what: string, limits: Partial<WebLimits> = {}): Partial<WebLimits> {
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(WEB_LIMITS, name))
      throw new UsageError(`${what}: there is no limit '${name}'; there are ${Object.keys(WEB_LIMITS).join(', ')}`)
    if (typeof value !== 'number' || !(value >= 0))
      throw new UsageError(`${what}: limits.${name} must be a number from 0, not ${JSON.stringify(value)}`)
  }
  return limits
}

/** The limits where nothing else is said. */
export const WEB_LIMITS: WebLimits = Object.freeze({
  // Large enough for documents that people write, small enough for a thousand at once.
  bodyBytes: 1024 * 1024,
  // Forms are typed by people; 1 MiB is a long essay.
  formBytes: 1024 * 1024,
  // Django's figure; more is an attack on whoever loops over them.
  formFields: 1000,
  // They are held in memory: a photograph of a telephone fits.
  fileBytes: 10 * 1024 * 1024,
  filesBytes: 32 * 1024 * 1024,
  // A head of 16 KiB could hold eight thousand.
  query: 1000,
  // More were never read by anybody.
  flashes: 20,
  // They share a cookie with the rest of the session, and may quote visitors.
  flashBytes: 1500,
  flashLength: 200,
  // A page of them is long already, and a loop of queries must not fill the memory.
  recordedEvents: 500,
  // Anybody can send any name: the log must not grow by it.
  refusedHosts: 20,
  // About 100 MB of small sessions.
  memorySessions: 100_000,
  // About 10 MB; who has more addresses than that is not stopped by counting them.
  memoryRates: 100_000,
})
