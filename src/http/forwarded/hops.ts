/** What proxies have written of whom they speak for: RFC 7239, and the X-Forwarded fields that came before. */
import { canonicalIp } from '../../base/ip.ts'
import type { IpAddress } from '../../socket/address.ts'
import { parseParameters, splitList, stripSpace } from '../fields/list.ts'

/** One element of a `Forwarded` field: what one proxy says of the request as it came in there. */
export interface Hop {
  /** Where the request came from; null where the proxy hides it or does not know. */
  readonly from: IpAddress | null
  /** In lower case; null where the proxy does not say. */
  readonly proto: string | null
  /** The Host field as it came in; null where the proxy does not say. */
  readonly host: string | null
}

/** An element has four parameters in RFC 7239; proxies add one or two. */
const PARAMETERS = 16

/** The hops of one `Forwarded` line (RFC 7239 §4), the client's first; null when it is not of the grammar. */
export function parseForwarded(line: string): Hop[] | null {
  const hops: Hop[] = []
  for (const element of splitList(line)) {
    const parameters = parseParameters(`;${element}`, 0, PARAMETERS)
    if (parameters === null) return null
    const from = parameters.get('for')
    const proto = parameters.get('proto')?.toLowerCase() ?? null
    hops.push({ from: from === undefined ? null : parseNode(from), proto, host: parameters.get('host') ?? null })
  }
  return hops
}

/**
 * An address with an optional port as proxies write it: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
 * Port 0 where there is none, or an obfuscated one. Null for `unknown` and for what is hidden (`_gazonk`).
 */
export function parseNode(text: string): IpAddress | null {
  const bracketed = /^\[([^\]]*)\](?::(\w+))?$/.exec(text)
  if (bracketed !== null) return nodeOf(bracketed[1]!, bracketed[2])
  if (text.indexOf(':') === text.lastIndexOf(':')) {
    const [address = '', port] = text.split(':')
    return nodeOf(address, port)
  }
  return nodeOf(text, undefined)
}

function nodeOf(text: string, digits: string | undefined): IpAddress | null {
  const address = canonicalIp(text)
  if (address === null) return null
  if (digits === undefined || /^_[\w.-]+$/.test(digits)) return { address, port: 0 }
  return /^\d{1,5}$/.test(digits) && Number(digits) <= 65_535 ? { address, port: Number(digits) } : null
}

/**
 * The elements of an X-Forwarded field. These fields know no quotes: a stranger who writes one must not be able to hide
 * the comma before what the proxy has added.
 */
export function splitPlainly(text: string | undefined): string[] {
  if (text === undefined) return []
  return text.split(',').map((element) => stripSpace(element))
}

/** A node as a `Forwarded` element has it (RFC 7239 §6): IPv6 in brackets, and then in quotes. */
export function formatNode(address: string): string {
  return address.includes(':') ? `"[${address.replace(/%.*$/, '')}]"` : address
}
