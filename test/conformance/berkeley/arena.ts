/** Where the Berkeley suite takes place, and what its scenarios share. */
import { SocketError } from '../../../src/base/errors.ts'
import { AF_INET, type Host, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, Socket } from '../../../src/socket/index.ts'

export interface Arena {
  readonly server: Host
  readonly client: Host
  /** Where the client finds the server. */
  readonly address: string
  /** Another address of the server's, from which an answer would not come by itself. */
  readonly secondAddress?: string | undefined
  /** An address that answers nothing at all, where the arena has one. */
  readonly silent?: string | undefined
  /** Runs the scenario: directly on real time, or driven by virtual time. */
  run<T>(work: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

export type Scenario = (arena: Arena) => Promise<void>
export type Scenarios = { readonly [title: string]: Scenario }

export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
export const code = (wanted: string) => (error: unknown) => error instanceof SocketError && error.code === wanted

export async function listening(host: Host, backlog = 10): Promise<[Socket, number]> {
  const server = new Socket(host, AF_INET, SOCK_STREAM)
  server.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
  await server.bind(['', 0])
  await server.listen(backlog)
  return [server, server.getsockname()[1]]
}

export async function pair({ server, client, address }: Arena): Promise<[Socket, Socket, Socket]> {
  const [listener, port] = await listening(server)
  const left = new Socket(client, AF_INET, SOCK_STREAM)
  const [[right]] = await Promise.all([listener.accept(), left.connect([address, port])])
  return [left, right, listener]
}

export async function closeAll(...sockets: readonly Socket[]): Promise<void> {
  for (const socket of sockets) await socket.close()
}
