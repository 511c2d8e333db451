/** Conditional requests (RFC 9110 §13): whether what the client has is still good, and whether it may change it. */
import { parseDate } from './date.ts'

export interface Validators {
  /** With its quotes: `"abc"` or `W/"abc"`. */
  readonly etag?: string | undefined
  /** Milliseconds since 1970. */
  readonly lastModified?: number | undefined
}

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
  const reads = method === 'GET' || method === 'HEAD'
  const ifMatch = header('if-match')
  if (ifMatch !== undefined) {
    if (!etagMatches(ifMatch, validators.etag, 'strong')) return 'failed'
  } else {
    const since = dateOf(header('if-unmodified-since'), nowMillis)
    if (since !== null && validators.lastModified !== undefined && seconds(validators.lastModified) > seconds(since))
      return 'failed'
  }
  const ifNoneMatch = header('if-none-match')
  if (ifNoneMatch !== undefined)
    return etagMatches(ifNoneMatch, validators.etag, 'weak') ? (reads ? 'not modified' : 'failed') : 'proceed'
  const since = reads ? dateOf(header('if-modified-since'), nowMillis) : null
  if (since !== null && validators.lastModified !== undefined && seconds(validators.lastModified) <= seconds(since))
    return 'not modified'
  return 'proceed'
}

/** Whether a list of entity tags, or `*`, matches (RFC 9110 §8.8.3.2). Malformed lists match nothing. */
export function etagMatches(list: string, etag: string | undefined, comparison: 'strong' | 'weak'): boolean {
  if (list.trim() === '*') return true
  if (etag === undefined) return false
  const opaque = etag.replace(/^W\//, '')
  if (comparison === 'strong' && opaque !== etag) return false
  // Linear: each tag is looked for from the end of the one before.
  const tag = /[\s,]*(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/y
  for (let match = tag.exec(list); match !== null; match = tag.exec(list)) {
    if (match[2] === opaque && (comparison === 'weak' || match[1] === undefined)) return true
  }
  return false
}

function dateOf(field: string | undefined, nowMillis: number): number | null {
  return field === undefined ? null : parseDate(field, nowMillis)
}

/** HTTP dates have whole seconds. */
function seconds(millis: number): number {
  return Math.floor(millis / 1000)
}
