/**
 * How this machine's sockets are reached. `uring`, `epoll` and `node` implement it: a driver makes
 * `Listener`s, `Connection`s and `Datagrams` that keep the whole contract of `socket/host.ts`.
 */
import { SocketError } from '../base/errors.ts'
import { type Address, type IpAddress, type PathAddress, placeOf } from '../socket/address.ts'
import type {
  Connection,
  ConnectOptions,
  DatagramOptions,
  Datagrams,
  Listener,
  ListenOptions,
  PathDatagrams,
  SocketFileOptions,
} from '../socket/host.ts'

/** Default of `ListenOptions.backlog`: Node's. The kernel caps it at net.core.somaxconn. */
export const DEFAULT_BACKLOG = 511

/**
 * `uring`: streams through io_uring, on Linux. `epoll`: through epoll and calls that do not block, on Linux. `node`:
 * through `node:net`, everywhere.
 */
export type DriverName = 'uring' | 'epoll' | 'node'

export interface Driver {
  readonly name: DriverName
  listen(at: Address, accept: (connection: Connection) => void, options: ListenOptions): Promise<Listener>
  connect(to: Address, options: ConnectOptions): Promise<Connection>
  datagrams(at: IpAddress, options: DatagramOptions): Promise<Datagrams>
  /** Absent where Unix datagrams cannot be had, as without FFI. */
  readonly unixDatagrams?:
    | ((at: PathAddress, options: DatagramOptions & SocketFileOptions) => PathDatagrams)
    | undefined
  /** socketpair(2), absent as well without FFI. */
  readonly pair?: (() => [Connection, Connection]) | undefined
  readonly datagramPair?: (() => [PathDatagrams, PathDatagrams]) | undefined
}

/** Which driver serves, and why that one. */
export interface DriverChoice {
  readonly name: DriverName
  /** A sentence: `RETICLE_DRIVER asks for it`, `io_uring is forbidden here (EPERM)`. */
  readonly reason: string
}

/** What `connect` rejects with when its signal is aborted. */
export function aborted(to: Address, signal: AbortSignal): SocketError {
  return new SocketError('ECANCELED', 'connect', { ...placeOf(to), cause: signal.reason })
}
