/** Where failures go whose caller has gone on already: of what runs after a commit, after a reply, beside a request. */
import { Slot } from './ambient.ts'

/** Takes a failure. @param what what failed, as a noun: `a callback of onCommit()`. */
export type Report = (error: unknown, what: string) => void

/** Set by whoever runs code for others: a site reports to its log. */
export const report = new Slot<Report>('report')

/** Reports to whoever surrounds the running code, else to the console. Never throws. */
export function reportFailure(error: unknown, what: string): void {
  const surrounding = report.get()
  try {
    if (surrounding !== undefined) surrounding(error, what)
    else console.error(`${what} failed:`, error)
  } catch (second) {
    console.error(`${what} failed, and so did the report of it:`, error, second)
  }
}
