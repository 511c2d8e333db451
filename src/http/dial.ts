/** From a name to a connection. */
import { SocketError } from '../base/errors.ts'
import type { Address } from '../socket/address.ts'
import type { Connection, Host, OptionSettings } from '../socket/host.ts'

/**
 * A message goes out in few large writes: to hold back the last part of one until the peer acknowledges the first
 * (Nagle's algorithm, RFC 9293 §3.7.4) only adds its delayed acknowledgment to every exchange.
 */
export const PROMPT: OptionSettings = { TCP_NODELAY: 1 }

/** The options of PROMPT that a socket at that place has: a Unix socket holds nothing back. */
export function promptAt(at: Address): OptionSettings {
  return at.path === undefined ? PROMPT : {}
}

/** Addresses of a name, best first. */
export type Resolve = (name: string) => Promise<readonly string[]>

/** Tries the name's addresses in order. Rejects with the last failure; `ECANCELED` once the signal is aborted. */
export async function dial(
  host: Host,
  name: string,
  port: number,
  signal: AbortSignal,
  resolve: Resolve = (wanted) => host.lookup(wanted),
): Promise<Connection> {
  const addresses = await resolve(name.replace(/^\[|\]$/g, ''))
  let failure = new SocketError('ENOTFOUND', 'getaddrinfo', { address: name, port })
  for (const address of addresses) {
    try {
      return await host.connect({ address, port }, { signal, options: PROMPT })
    } catch (error) {
      if (!(error instanceof SocketError)) throw error
      failure = error
      if (signal.aborted) break
    }
  }
  throw failure
}
