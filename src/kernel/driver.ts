/**
 * How this machine's sockets are reached. `uring` and `node` implement it, and `epoll` can join: a driver makes
 * `Listener`s, `Connection`s and `Datagrams` that keep the whole contract of `socket/host.ts`.
 */
import { SocketError } from '../base/errors.ts'
import type { IpAddress } from '../socket/address.ts'
import type { Connection, ConnectOptions, DatagramOptions, Datagrams, Listener, ListenOptions } from '../socket/host.ts'

/** Default of `ListenOptions.backlog`: Node's. The kernel caps it at net.core.somaxconn. */
export const DEFAULT_BACKLOG = 511

/** `uring`: TCP through io_uring, on Linux. `node`: through `node:net`, everywhere. */
export type DriverName = 'uring' | 'node'

export interface Driver {
  readonly name: DriverName
  listen(at: IpAddress, accept: (connection: Connection) => void, options: ListenOptions): Promise<Listener>
  connect(to: IpAddress, options: ConnectOptions): Promise<Connection>
  datagrams(at: IpAddress, options: DatagramOptions): Promise<Datagrams>
}

/** Which driver serves, and why that one. */
export interface DriverChoice {
  readonly name: DriverName
  /** A sentence: `RETICLE_DRIVER asks for it`, `io_uring is forbidden here (EPERM)`. */
  readonly reason: string
}

/** What `connect` rejects with when its signal is aborted. */
export function aborted(to: IpAddress, signal: AbortSignal): SocketError {
  return new SocketError('ECANCELED', 'connect', { address: to.address, port: to.port, cause: signal.reason })
}
