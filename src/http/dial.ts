/** From a name to a connection. */
import type { Address } from '../socket/address.ts'
import { connectByName } from '../socket/eyeballs/connect.ts'
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

/** By RFC 8305. Rejects with what `connectByName` rejects with; `ECANCELED` once the signal is aborted. */
export function dial(
  host: Host,
  name: string,
  port: number,
  signal: AbortSignal,
  resolve?: Resolve,
): Promise<Connection> {
  return connectByName(host, name.replace(/^\[|\]$/g, ''), port, { signal, resolve, options: PROMPT })
}
