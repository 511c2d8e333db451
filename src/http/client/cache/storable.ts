/** What may be kept (RFC 9111 §3). */
import type { FieldLines } from '../../exchange.ts'
import { fieldValue } from '../../fields/lines.ts'
import type { Directives } from './directives.ts'
import { explicitLifetime, HEURISTIC, lifetime, type Manner } from './freshness.ts'

/** A reply to GET, before its body. */
export interface Candidate {
  readonly status: number
  readonly fields: FieldLines
  readonly receivedAt: number
}

/** Statuses whose meaning for a cache is known here: what `must-understand` asks for. */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  200, 203, 204, 206, 300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 410, 414, 500, 501, 502, 503, 504,
])

/** @param asked the directives of the request. @param said those of the reply. */
export function isStorable(
  reply: Candidate,
  request: FieldLines,
  asked: Directives,
  said: Directives,
  manner: Manner,
): boolean {
  const { status, fields } = reply
  if (status < 200 || status === 304 || asked.has('no-store')) return false
  if (said.has('must-understand')) {
    // RFC 9111 §5.2.2.3: who understands the status may overlook no-store; who does not keeps nothing.
    if (!UNDERSTOOD.has(status)) return false
  } else if (said.has('no-store')) return false
  if (manner.shared && said.has('private')) return false
  if (manner.shared && fieldValue(request, 'authorization') !== undefined && !mayShareAuthorized(said)) return false
  if (manner.shared && fieldValue(fields, 'set-cookie') !== undefined && !isMeantForAll(said)) return false
  const explicit = explicitLifetime(reply, said, manner)
  const allowed = explicit !== undefined || said.has('public') || (said.has('private') && !manner.shared)
  if (!allowed && !HEURISTIC.has(status)) return false
  // What is never good and cannot be asked about would only take room.
  const validated = fieldValue(fields, 'etag') !== undefined || fieldValue(fields, 'last-modified') !== undefined
  return lifetime(reply, said, manner) > 0 || validated
}

/** RFC 9111 §3.5. */
function mayShareAuthorized(said: Directives): boolean {
  return said.has('must-revalidate') || said.has('public') || said.has('s-maxage')
}

/**
 * Whether a reply with Set-Cookie may be given to others, who then are who the cookie says. RFC 9111 §7.3 leaves that to the origin,
 * which says `private` or is sorry; here the origin has to say that it is meant so.
 */
function isMeantForAll(said: Directives): boolean {
  return said.has('public') || said.has('s-maxage')
}
