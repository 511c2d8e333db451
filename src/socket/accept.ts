/** What becomes of a connection whose `accept` fails. */
import { formatAddress } from './address.ts'
import type { Accept, Connection, ListenOptions } from './host.ts'

/**
 * Calls `accept`, and when it throws or rejects, resets the connection and reports the failure: a mistake with one
 * client must not end the process, and must not leave that client waiting.
 */
export function guarded(accept: Accept, options: ListenOptions): (connection: Connection) => void {
  const report = options.onError ?? told
  const failed = async (error: unknown, connection: Connection): Promise<void> => {
    connection.reset()
    try {
      await report(error, connection)
    } catch (second) {
      told(error, connection)
      console.error('and the report of that failed:', second)
    }
  }
  return (connection) => {
    try {
      const accepted = accept(connection)
      if (accepted !== undefined) Promise.resolve(accepted).catch((error) => failed(error, connection))
    } catch (error) {
      void failed(error, connection)
    }
  }
}

function told(error: unknown, connection: Connection): void {
  console.error(`accepting the connection from ${formatAddress(connection.remote)} failed:`, error)
}
