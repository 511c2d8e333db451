/** The whole log of a run against the RFCs. */
import type { Log, Violation } from '../log.ts'
import { checkDns } from './dns.ts'
import { checkFrames } from './frames.ts'
import { checkHttp, type Exchanged } from './http.ts'
import { checkPaths } from './path.ts'
import { checkConnections, type End } from './tcp/check.ts'

export interface Checked {
  readonly violations: readonly Violation[]
  /** What was asked and answered, read from the segments. */
  readonly exchanged: readonly Exchanged[]
  readonly ends: readonly End[]
}

export function check(log: Log): Checked {
  const violations: Violation[] = []
  const report = (rule: string, at: number, what: string): void => void violations.push({ rule, at, what })
  checkFrames(log, report)
  checkPaths(log, report)
  checkDns(log, report)
  const ends = checkConnections(log, report)
  return { violations, ends, exchanged: checkHttp(log, ends, report) }
}
