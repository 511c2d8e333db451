/**
 * How this machine's sockets are reached. `uring` and `node` implement it, and `epoll` can join: a driver makes
 * `Listener`s, `Connection`s and `Datagrams` that keep the whole contract of `socket/host.ts`.
 */
import { SocketError } from '../base/errors.ts'
import type { Address } from '../socket/address.ts'
import type { Connection, ConnectOptions, DatagramOptions, Datagrams, Listener, ListenOptions } from '../socket/host.ts'

export type DriverName = 'uring' | 'node'

export interface Driver {
  readonly name: DriverName
  listen(at: Address, accept: (connection: Connection) => void, options: ListenOptions): Promise<Listener>
  connect(to: Address, options: ConnectOptions): Promise<Connection>
  datagrams(at: Address, options: DatagramOptions): Promise<Datagrams>
}

/** Which driver serves, and why that one. */
export interface DriverChoice {
  readonly name: DriverName
  /** A sentence: `RETICLE_DRIVER asks for it`, `io_uring is forbidden here (EPERM)`. */
  readonly reason: string
}

/** What `connect` rejects with when its signal is aborted. */
export function aborted(to: Address, signal: AbortSignal): SocketError {
  return new SocketError('ECANCELED', 'connect', { address: to.address, port: to.port, cause: signal.reason })
}
