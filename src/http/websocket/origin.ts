/** Whose pages may open a WebSocket (RFC 6455 §10.2): no rule of the browser keeps others from it. */
import type { Exchange } from '../exchange.ts'

export interface OriginPolicy {
  readonly origins?: readonly string[]
  readonly dangerouslyAnyOrigin?: boolean
}

export function mayOpen(exchange: Exchange, { origins = [], dangerouslyAnyOrigin = false }: OriginPolicy): boolean {
  const origin = exchange.header('origin')
  // Every browser names the page's origin. What names none is a program, which could name any.
  if (origin === undefined || dangerouslyAnyOrigin || origins.includes(origin)) return true
  // The scheme is not compared: behind a proxy that ends TLS this server sees http where the browser saw https.
  const host = /^https?:\/\/([^/?#@, \t]+)$/i.exec(origin)?.[1]
  return host !== undefined && host.toLowerCase() === exchange.authority.toLowerCase()
}
