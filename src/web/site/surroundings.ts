/** What surrounds the code of a site, beside what each request has of its own. */
import type { Surroundings } from '../../base/ambient.ts'
import type { Report } from '../../base/report.ts'
import { exchange } from '../ground/current.ts'
import { type FailureLog, legible, writeTo } from '../ground/log.ts'

/** What failed beside a request, with nobody there to catch it, goes to the log of the site. */
export function reportTo(log: FailureLog): Report {
  return (error, what) => {
    const { method, path } = exchange.get() ?? { method: '', path: '' }
    writeTo(log, { reference: '', error: legible(error), method, path, route: what })
  }
}

/**
 * The layers around a handler are through, and with them their transaction: what comes after runs in the same database,
 * and not in the transaction that is over.
 */
export const AFTERWARDS: Surroundings = Object.freeze({ transaction: undefined })
