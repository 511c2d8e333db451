/** Conditional requests (RFC 9110 §13): whether what the client has is still good, and whether it may change it. */
import { parseDate } from './date.ts'
import { splitList, stripSpace } from './list.ts'

/** What a resource is compared by (RFC 9110 §8.8). */
export interface Validators {
  /** With its quotes: `"abc"` or `W/"abc"`. */
  readonly etag?: string | undefined
  /** Milliseconds since 1970. */
  readonly lastModified?: number | undefined
  /** False where there is nothing yet at the address: `If-Match: *` fails then, and `If-None-Match: *` does not. */
  readonly exists?: boolean | undefined
}

/** What is to be done with a request: answer it, answer 304, or answer 412. */
export type Condition = 'proceed' | 'not modified' | 'failed'

/** A request's field by its lower-case name. */
export type FieldReader = (name: string) => string | undefined

/** An entity tag out of any text: quoted, with what may not stand in one left out. */
export function formatEtag(opaque: string, weak = false): string {
  return `${weak ? 'W/' : ''}"${opaque.replace(/[^\x21\x23-\x7e]/g, '')}"`
}

/**
 * The order of RFC 9110 §13.2.2. 'not modified' is a 304 (for GET and HEAD), 'failed' a 412.
 * @param nowMillis for dates with two-digit years.
 */
export function checkConditions(
  method: string,
  header: FieldReader,
  validators: Validators,
  nowMillis: number,
): Condition {
  // RFC 9110 §13.2.1: what neither selects nor changes a representation has no conditions.
  if (method === 'CONNECT' || method === 'OPTIONS' || method === 'TRACE') return 'proceed'
  const reads = method === 'GET' || method === 'HEAD'
  const ifMatch = header('if-match')
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, validators, 'strong')) return 'failed'
  } else {
    const since = dateOf(header('if-unmodified-since'), nowMillis)
    if (since !== null && validators.lastModified !== undefined && seconds(validators.lastModified) > seconds(since))
      return 'failed'
  }
  const ifNoneMatch = header('if-none-match')
  if (ifNoneMatch !== undefined)
    return matches(ifNoneMatch, validators, 'weak') ? (reads ? 'not modified' : 'failed') : 'proceed'
  const since = reads ? dateOf(header('if-modified-since'), nowMillis) : null
  if (since !== null && validators.lastModified !== undefined && seconds(validators.lastModified) <= seconds(since))
    return 'not modified'
  return 'proceed'
}

/** What is not there matches nothing, not even `*`. */
function matches(list: string, { etag, exists }: Validators, comparison: 'strong' | 'weak'): boolean {
  return exists !== false && etagMatches(list, etag, comparison)
}

/** Whether a list of entity tags, or `*`, matches (RFC 9110 §8.8.3.2). What is no entity tag matches nothing. */
export function etagMatches(list: string, etag: string | undefined, comparison: 'strong' | 'weak'): boolean {
  if (stripSpace(list) === '*') return true
  if (etag === undefined) return false
  const opaque = etag.replace(/^W\//, '')
  if (comparison === 'strong' && opaque !== etag) return false
  const wanted = comparison === 'strong' ? [opaque] : [opaque, `W/${opaque}`]
  return splitList(list, 'tag').some((tag) => wanted.includes(tag))
}

function dateOf(field: string | undefined, nowMillis: number): number | null {
  return field === undefined ? null : parseDate(field, nowMillis)
}

/** HTTP dates have whole seconds. */
function seconds(millis: number): number {
  return Math.floor(millis / 1000)
}
