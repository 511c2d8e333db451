/** Fields that are between two neighbours only, and those that a stranger's word must not change (RFC 9110 §7.6.1). */
import type { FieldLines } from '../../exchange.ts'
import { isToken } from '../../fields/characters.ts'
import { splitList, stripSpace } from '../../fields/list.ts'

/** What becomes of a field that comes in. */
export type Disposition = 'passes' | 'protected' | 'dropped'

/**
 * Between neighbours: what each connection says for itself. Content-Length, Host, Via, Max-Forwards, Expect are written anew;
 * `Proxy` is none of HTTP's, and becomes HTTP_PROXY in CGI programs (CVE-2016-5385).
 */
const DROPPED: ReadonlySet<string> = new Set(
  (
    'connection keep-alive proxy-connection te transfer-encoding upgrade http2-settings content-length host via expect ' +
    'max-forwards proxy proxy-authenticate proxy-authorization proxy-authentication-info'
  ).split(' '),
)

/** What says who the client is: only a proxy may, and this one does (`x-forwarded-…` all of them). */
const IDENTITY: ReadonlySet<string> = new Set(['forwarded', 'x-real-ip', 'x-forwarded', 'x-original-forwarded-for'])

/**
 * For all recipients: to name one of these in Connection is an attempt to take it away from those behind (§7.6.1: "a sender
 * MUST NOT send a connection option corresponding to a field that is intended for all recipients").
 */
const PROTECTED: ReadonlySet<string> = new Set(
  (
    'authorization cookie set-cookie cache-control pragma age date etag expires vary location server allow origin referer ' +
    'user-agent accept accept-encoding accept-language access-control-request-method access-control-request-headers ' +
    'content-type content-encoding content-language content-location content-range content-security-policy range ' +
    'if-match if-none-match if-modified-since if-unmodified-since if-range last-modified idempotency-key ' +
    'strict-transport-security x-frame-options x-content-type-options x-csrf-token www-authenticate trailer ' +
    'traceparent tracestate x-request-id early-data'
  ).split(' '),
)

/** Names seen, and what becomes of them: the same few come again and again. Emptied when strangers have filled it. */
const known = new Map<string, Disposition>()
const KNOWN = 512

/** What becomes of a field of a request, by its name in any case. */
export function dispositionOf(name: string): Disposition {
  let found = known.get(name)
  if (found === undefined) {
    if (known.size >= KNOWN) known.clear()
    known.set(name, (found = decide(name.toLowerCase())))
  }
  return found
}

function decide(name: string): Disposition {
  // A gateway to CGI or WSGI makes the same variable of X_Forwarded_For and X-Forwarded-For: it must not be a way in.
  const plain = name.replaceAll('_', '-')
  if (DROPPED.has(plain) || IDENTITY.has(plain) || plain.startsWith('x-forwarded-')) return 'dropped'
  if (plain !== name) return DROPPED.has(plain) || PROTECTED.has(plain) ? 'dropped' : 'passes'
  return PROTECTED.has(name) || name.startsWith('sec-') ? 'protected' : 'passes'
}

/** What Connection names, in lower case; null for nothing. Parameters after an option mean nothing. */
export function nominated(connection: string | undefined): ReadonlySet<string> | null {
  if (connection === undefined) return null
  const names = splitList(connection.toLowerCase())
    .map((element) => stripSpace(element.split(';', 1)[0]!))
    .filter(isToken)
  return names.length === 0 ? null : new Set(names)
}

/**
 * The lines that go on.
 * @param goes whether a field does. @param isNamed Connection names it
 * @param more names in lower case that go no further
 */
function passing(
  fields: FieldLines,
  connection: string | undefined,
  more: ReadonlySet<string> | null,
  goes: (name: string, isNamed: boolean) => boolean,
): string[] {
  const named = nominated(connection)
  const passed: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]!
    // Most messages name nothing: their fields' names are not written anew in lower case.
    const lower = named === null && more === null ? name : name.toLowerCase()
    if (goes(name, named?.has(lower) === true) && more?.has(lower) !== true) passed.push(name, fields[i + 1]!)
  }
  return passed
}

/** The lines that go on, of a request's or a trailer's fields. @param more names in lower case that go no further. */
export function passedFields(
  fields: FieldLines,
  connection: string | undefined,
  more: ReadonlySet<string> | null,
): string[] {
  return passing(fields, connection, more, (name, isNamed) => {
    const disposition = dispositionOf(name)
    return disposition === 'protected' || (disposition === 'passes' && !isNamed)
  })
}

/** Of a reply: framing and what is between neighbours goes, all else is the upstream's to say. */
const REPLY_DROPPED: ReadonlySet<string> = new Set(
  'connection keep-alive proxy-connection te transfer-encoding upgrade http2-settings proxy-authenticate proxy-authentication-info'.split(
    ' ',
  ),
)
const replyKnown = new Map<string, boolean>()

function staysHere(name: string): boolean {
  let found = replyKnown.get(name)
  if (found === undefined) {
    if (replyKnown.size >= KNOWN) replyKnown.clear()
    replyKnown.set(name, (found = REPLY_DROPPED.has(name.toLowerCase())))
  }
  return found
}

/** The lines of a reply that go on. */
export function passedReplyFields(
  fields: FieldLines,
  connection: string | undefined,
  more: ReadonlySet<string> | null,
): string[] {
  return passing(
    fields,
    connection,
    more,
    // Content-Length frames, and was obeyed already; to name it in Connection changes nothing.
    (name, isNamed) => !staysHere(name) && !(isNamed && dispositionOf(name) === 'passes'),
  )
}
