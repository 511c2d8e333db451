/** What an ACME server says (RFC 8555 §7.1), read from JSON: what is not used here is not looked at. */
import { Fault } from '../../base/fault.ts'

/** Where what is (§7.1.1). */
export interface Directory {
  readonly newNonce: string
  readonly newAccount: string
  readonly newOrder: string
  /** RFC 9773 §4.1; null where the authority does not say when to renew. */
  readonly renewalInfo: string | null
  /** What one agrees to. */
  readonly termsOfService: string | null
  readonly externalAccountRequired: boolean
}

/** §7.1.6. */
export type OrderStatus = 'pending' | 'ready' | 'processing' | 'valid' | 'invalid'
/** §7.1.6. */
export type AuthorizationStatus = 'pending' | 'valid' | 'invalid' | 'deactivated' | 'expired' | 'revoked'
/** §7.1.6. */
export type ChallengeStatus = 'pending' | 'processing' | 'valid' | 'invalid'

/** An order (§7.1.3). */
export interface Order {
  readonly status: OrderStatus
  readonly authorizations: readonly string[]
  readonly finalize: string
  /** Once it is valid. */
  readonly certificate: string | null
  readonly error: Problem | null
}

/** What an account may do for one name (§7.1.4). */
export interface Authorization {
  readonly status: AuthorizationStatus
  /** Without `*.`. */
  readonly name: string
  readonly challenges: readonly OfferedChallenge[]
}

/** A way to show that a name is one's own (§8). */
export interface OfferedChallenge {
  readonly type: string
  readonly url: string
  readonly status: ChallengeStatus
  /** Empty for types that have none. */
  readonly token: string
  readonly error: Problem | null
}

/** What is wrong, in the authority's words (§6.7, RFC 9457). */
export interface Problem {
  /** Without `urn:ietf:params:acme:error:`. */
  readonly type: string
  readonly detail: string
  /** What is wrong with single names (§6.7.1). */
  readonly parts: readonly { readonly name: string; readonly type: string; readonly detail: string }[]
}

/** When a certificate is best renewed (RFC 9773 §4.2), milliseconds since 1970. */
export interface RenewalWindow {
  readonly start: number
  readonly end: number
  readonly explanation: string | null
}

type Json = { readonly [name: string]: unknown }

const ORDER: readonly OrderStatus[] = ['pending', 'ready', 'processing', 'valid', 'invalid']
const AUTHORIZATION: readonly AuthorizationStatus[] = [
  'pending',
  'valid',
  'invalid',
  'deactivated',
  'expired',
  'revoked',
]
const CHALLENGE: readonly ChallengeStatus[] = ['pending', 'processing', 'valid', 'invalid']
/** §8.1: nothing but base64url, so that it does no harm in a path or a name. */
const TOKEN = /^[A-Za-z0-9_-]{1,256}$/

export function readDirectory(value: unknown): Directory | Fault {
  if (!isObject(value)) return fault('the directory is no JSON object')
  const urls = urlsOf(value, ['newNonce', 'newAccount', 'newOrder'])
  if (urls instanceof Fault) return urls
  const [newNonce, newAccount, newOrder] = urls as [string, string, string]
  const meta = isObject(value['meta']) ? value['meta'] : {}
  return {
    newNonce,
    newAccount,
    newOrder,
    renewalInfo: isSecureUrl(value['renewalInfo']) ? value['renewalInfo'] : null,
    termsOfService: isSecureUrl(meta['termsOfService']) ? meta['termsOfService'] : null,
    externalAccountRequired: meta['externalAccountRequired'] === true,
  }
}

export function readOrder(value: unknown): Order | Fault {
  if (!isObject(value)) return fault('the order is no JSON object')
  const status = oneOf(ORDER, value['status'])
  if (status === null) return fault(`the order has the status ${shown(value['status'])}`)
  const { authorizations, finalize, certificate } = value
  if (!Array.isArray(authorizations) || !authorizations.every(isSecureUrl))
    return fault('the order has no list of https URLs of authorizations')
  if (!isSecureUrl(finalize)) return fault(`the order's finalize is not an https URL: ${shown(finalize)}`)
  if (certificate !== undefined && !isSecureUrl(certificate))
    return fault(`the order's certificate is not an https URL: ${shown(certificate)}`)
  return { status, authorizations, finalize, certificate: certificate ?? null, error: readProblem(value['error']) }
}

export function readAuthorization(value: unknown): Authorization | Fault {
  if (!isObject(value)) return fault('the authorization is no JSON object')
  const status = oneOf(AUTHORIZATION, value['status'])
  if (status === null) return fault(`the authorization has the status ${shown(value['status'])}`)
  const { identifier, challenges } = value
  if (!isObject(identifier) || typeof identifier['value'] !== 'string')
    return fault('the authorization names no identifier')
  if (!Array.isArray(challenges)) return fault('the authorization has no list of challenges')
  const offered: OfferedChallenge[] = []
  for (const each of challenges as readonly unknown[]) {
    const challenge = readChallenge(each)
    if (challenge instanceof Fault) return challenge
    offered.push(challenge)
  }
  return { status, name: identifier['value'].toLowerCase(), challenges: offered }
}

function readChallenge(value: unknown): OfferedChallenge | Fault {
  if (!isObject(value) || typeof value['type'] !== 'string') return fault('a challenge has no type')
  const { type, url, token = '' } = value
  const status = oneOf(CHALLENGE, value['status'])
  if (status === null) return fault(`a challenge has the status ${shown(value['status'])}`)
  if (!isSecureUrl(url)) return fault(`the URL of a challenge is not an https URL: ${shown(url)}`)
  if (token !== '' && (typeof token !== 'string' || !TOKEN.test(token)))
    return fault(`the token of a challenge is not base64url: ${shown(token)}`)
  return { type: String(type), url, status, token: String(token), error: readProblem(value['error']) }
}

const PREFIX = 'urn:ietf:params:acme:error:'
/** What is shown of one sentence of a stranger's, at most. */
const MAX_DETAIL = 500
const MAX_PARTS = 10

/** Null for what is no problem document. */
export function readProblem(value: unknown): Problem | null {
  if (!isObject(value)) return null
  const { subproblems } = value
  const parts = Array.isArray(subproblems) ? subproblems.filter(isObject).slice(0, MAX_PARTS) : []
  return {
    type: typeOf(value),
    detail: detailOf(value),
    parts: parts.map((part) => {
      const identifier = isObject(part['identifier']) ? part['identifier']['value'] : ''
      return { name: printable(String(identifier ?? '')), type: typeOf(part), detail: detailOf(part) }
    }),
  }
}

function typeOf({ type }: Json): string {
  const text = typeof type === 'string' ? printable(type) : 'unknown'
  return text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text
}

function detailOf({ detail, title }: Json): string {
  return printable(typeof detail === 'string' ? detail : typeof title === 'string' ? title : '')
}

/** A stranger's text on a terminal: no control characters, and not without end. */
function printable(text: string): string {
  return text.slice(0, MAX_DETAIL).replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')
}

export function readRenewal(value: unknown): RenewalWindow | Fault {
  const asked = isObject(value) ? value['suggestedWindow'] : null
  if (!isObject(asked)) return fault('the renewal information has no suggestedWindow')
  const [start, end] = [instant(asked['start']), instant(asked['end'])]
  // RFC 9773 §4.2: the end must be after the start.
  if (start === null || end === null || end <= start) return fault('the suggestedWindow is not a span of time')
  const explanation = (value as Json)['explanationURL']
  return { start, end, explanation: isSecureUrl(explanation) ? explanation : null }
}

/** RFC 3339. */
function instant(value: unknown): number | null {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(value))
    return null
  const millis = Date.parse(value)
  return Number.isNaN(millis) ? null : millis
}

function urlsOf(value: Json, names: readonly string[]): readonly string[] | Fault {
  const urls: string[] = []
  for (const name of names) {
    const url = value[name]
    if (!isSecureUrl(url)) return fault(`${name} of the directory is not an https URL: ${shown(url)}`)
    urls.push(url)
  }
  return urls
}

/** RFC 8555 §6.1: https, always. */
export function isSecureUrl(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 2048 && URL.parse(value)?.protocol === 'https:'
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function oneOf<T extends string>(list: readonly T[], value: unknown): T | null {
  return list.find((each) => each === value) ?? null
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : printable(JSON.stringify(value).slice(0, 100))
}

function fault(why: string): Fault {
  return new Fault(why, 0)
}
