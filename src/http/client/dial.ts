/** From a name to a connection. */
import { SocketError } from '../../base/errors.ts'
import type { Connection, Host } from '../../socket/host.ts'

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
      return await host.connect({ address, port }, { signal })
    } catch (error) {
      if (!(error instanceof SocketError)) throw error
      failure = error
      if (signal.aborted) break
    }
  }
  throw failure
}
