/** Whom a request is for: the value by which connections are kept (RFC 9110 §4.3.1). */

const DEFAULT_PORTS = { http: 80, https: 443 } as const

export type Scheme = keyof typeof DEFAULT_PORTS

export interface Origin {
  readonly scheme: Scheme
  /** A name or an IP literal, an IPv6 one in brackets, as a URL has it. */
  readonly host: string
  readonly port: number
  /** `http://example.com`, without the port that the scheme implies: equal for equal origins, to use as a key. */
  readonly key: string
}

/** The origin of an http or https URL; null for any other. */
export function originOf(url: URL): Origin | null {
  const scheme = url.protocol.slice(0, -1)
  if (scheme !== 'http' && scheme !== 'https') return null
  const port = url.port === '' ? DEFAULT_PORTS[scheme] : Number(url.port)
  return { scheme, host: url.hostname, port, key: url.origin }
}

/** The Host field for it: without the port where the scheme implies that. */
export function authorityOf({ scheme, host, port }: Origin): string {
  return port === DEFAULT_PORTS[scheme] ? host : `${host}:${port}`
}
