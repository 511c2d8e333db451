/** The request that the running code works for, for code that is not handed it. */
import { Slot } from '../../base/ambient.ts'
import type { Exchange } from '../../http/index.ts'

/** The exchange under way. */
export const exchange = new Slot<Exchange>('exchange')

/** The language of the reader: a BCP 47 tag. */
export const locale = new Slot<string>('locale')

/** The exchange that the running code works for; undefined outside a request. */
export function currentExchange(): Exchange | undefined {
  return exchange.get()
}

/**
 * Runs `work` so that it, and all it awaits, words what it says for readers of this language.
 *
 * @example
 * site.around((c, next) => withLocale(c.query.get('lang') ?? 'en', next))
 */
export function withLocale<R>(tag: string, work: () => R): R {
  return locale.run(tag, work)
}
