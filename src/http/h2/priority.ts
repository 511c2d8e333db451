/** Priorities (RFC 9218): how urgent a reply is, and whether a part of it is of use before the rest. */
import { splitList } from '../fields/list.ts'

export interface Priority {
  /** 0 is the most urgent, 7 the least (RFC 9218 §4.1). */
  readonly urgency: number
  /** Whether replies of one urgency share the connection (RFC 9218 §4.2). */
  readonly incremental: boolean
}

export const LEVELS = 8
/** RFC 9218 §4: of a request that says nothing. */
export const DEFAULT_PRIORITY: Priority = Object.freeze({ urgency: 3, incremental: false })

/**
 * A Priority field or the value of a PRIORITY_UPDATE. Parameters that are unknown, or out of their range, are left out
 * (RFC 9218 §4).
 */
export function parsePriority(text: string): Priority {
  let { urgency, incremental } = DEFAULT_PRIORITY
  for (const element of splitList(text)) {
    const mark = element.indexOf(';')
    const member = mark < 0 ? element : element.slice(0, mark)
    const level = /^u=([0-7])$/.exec(member)
    if (level !== null) urgency = Number(level[1])
    else if (member === 'i' || member === 'i=?1') incremental = true
    else if (member === 'i=?0') incremental = false
  }
  return { urgency, incremental }
}
