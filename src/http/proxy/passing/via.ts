/** Loops: by whom a message was passed on already (RFC 9110 §7.6.3), and how often it may be yet (§7.6.2). */
import type { Machine } from '../../../base/machine.ts'
import { HttpMisuse } from '../../errors.ts'
import type { Exchange } from '../../exchange.ts'
import { isToken } from '../../fields/characters.ts'
import { splitList } from '../../fields/list.ts'

/**
 * The name by which a proxy knows itself in Via. Made by chance where none is given: a host's own name is nobody's business, and
 * two proxies of one name would take each other for a loop.
 * @throws HttpMisuse for what is not a token.
 */
export function pseudonym(machine: Machine, given: string | undefined): string {
  if (given === undefined) return `reticle-${machine.random.u32().toString(16).padStart(8, '0')}`
  if (!isToken(given))
    throw new HttpMisuse('HTTP_INVALID_ARGUMENT', `name must be a token like edge-1, not ${JSON.stringify(given)}`)
  return given
}

/** `1.1` of `HTTP/1.1`, `2` of `HTTP/2.0`. */
function versionOf(version: string): string {
  const number = version.slice(version.indexOf('/') + 1)
  return number.endsWith('.0') && number !== '1.0' ? number.slice(0, -2) : number
}

/** Via with this proxy added; null where this proxy is in it already: the message goes in a circle. */
export function viaOf(field: string | undefined, version: string, name: string): string | null {
  const own = `${versionOf(version)} ${name}`
  if (field === undefined) return own
  for (const element of splitList(field)) if (element.split(/[ \t]+/, 2)[1] === name) return null
  return `${field}, ${own}`
}

/** How often an OPTIONS may be passed on yet; null for as often as it takes. */
export function forwardsLeft(exchange: Exchange): number | null {
  if (exchange.method !== 'OPTIONS') return null
  const field = exchange.header('max-forwards')
  return field !== undefined && /^\d{1,9}$/.test(field) ? Number(field) : null
}
