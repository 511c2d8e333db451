/**
 * What a program sees of a network. `kernelHost()` is this machine, `internet.host(name)` a simulated one,
 * `stackHost(tun)` Reticle's own stack on a real device. Everything from DNS upward takes a `Host` and never asks
 * which.
 *
 * Bytes are pushed: the driver calls the owner's methods directly, with no promise, emitter or copy between.
 * Promises, streams and iterators are adapters on top (`streams.ts`, `duplex.ts`, `berkeley.ts`).
 */
import type { SocketError } from '../base/errors.ts'
import type { Machine } from '../base/machine.ts'
import type { Address, Family } from './address.ts'
import type { OptionName, OptionValue } from './options.ts'

/** A machine on a network: all that a program needs of the world. */
export interface Host extends Machine {
  /**
   * Binds, listens and calls `accept` for every connection made to `at`. `0.0.0.0` and `::` mean every interface;
   * port 0 lets the host choose. Rejects with `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`.
   */
  listen(at: Address, accept: (connection: Connection) => void, options?: ListenOptions): Promise<Listener>

  /**
   * Opens a connection. Rejects with `ECONNREFUSED`, `ETIMEDOUT`, `ENETUNREACH`, `EHOSTUNREACH`, `ECANCELED`, and
   * `ECONNRESET` when the other side takes the connection and resets it at once.
   */
  connect(to: Address, options?: ConnectOptions): Promise<Connection>

  /** Opens a datagram socket. Without an address: every interface, a port of the host's choice, IPv4. */
  datagrams(at?: Address, options?: DatagramOptions): Promise<Datagrams>

  /**
   * The addresses of a name by this host's own configuration (hosts file, then its resolver), literals passed
   * through. Rejects with `ENOTFOUND` or `EAI_AGAIN`.
   */
  lookup(name: string, family?: Family): Promise<readonly string[]>
}

/** Options that are set before the socket is bound: by their socket-option names. */
export type OptionSettings = { readonly [name in OptionName]?: OptionValue }

export interface ListenOptions {
  /** How many connections may wait to be accepted (listen(2)); default 511. */
  readonly backlog?: number
  readonly options?: OptionSettings
}

export interface ConnectOptions {
  /** Bind here first. */
  readonly from?: Address
  /** Give up with `ECANCELED` when it is aborted. */
  readonly signal?: AbortSignal
  readonly options?: OptionSettings
}

export interface DatagramOptions {
  readonly options?: OptionSettings
}

/** A bound socket that accepts connections. */
export interface Listener {
  /** With the port that was really bound. */
  readonly local: Address
  /** Stops taking connections off the queue; they wait in the backlog, and past it are the host's to drop. */
  pause(): void
  resume(): void
  /** Stops listening. Connections already accepted live on. */
  close(): Promise<void>
  /** @throws SocketError ENOPROTOOPT when this host does not have that option. */
  setOption(name: OptionName, value: OptionValue): void
  getOption(name: OptionName): OptionValue
}

/** What the owner of a connection is told. Calls come one at a time and never from inside the owner's own calls. */
export interface ConnectionOwner {
  /** Bytes have arrived. They are valid during the call only: the driver reuses the memory. */
  onData(bytes: Uint8Array): void
  /** The other side has finished sending; this side may go on. */
  onEnd(): void
  /** What was queued has gone below the low-water mark, after `write` had answered false. */
  onDrain(): void
  /** The last call, exactly once: null after an orderly close of both directions or after `close()`. */
  onClose(error: SocketError | null): void
}

/**
 * A byte stream both ways, with exactly one owner at a time.
 *
 * Nothing is delivered before `attach`: what arrives meanwhile, an end or an error too, waits in the host (and holds
 * the sender back by flow control). `attach` may be called again to hand the connection to another owner, for whom the
 * bytes flow even if the former one had paused.
 */
export interface Connection {
  readonly local: Address
  readonly remote: Address
  /** Names the owner and lets the bytes flow. What waited is delivered after `attach` has returned. */
  attach(owner: ConnectionOwner): void

  /**
   * Takes the bytes (the caller may reuse the memory at once). False above the high-water mark: the caller should
   * wait for `onDrain`, but nothing is lost if it does not. After `end`, `close`, `reset` or a failure the bytes are
   * dropped and the answer is false.
   */
  write(bytes: Uint8Array): boolean
  /** Holds writes together until `uncork`, for one send per readable event. Nests. */
  cork(): void
  uncork(): void
  /** Bytes taken by `write` and not yet handed to the network. */
  readonly queued: number

  /** Stops `onData` and `onEnd`; unread bytes close the receive window. */
  pause(): void
  resume(): void

  /** Sends what is queued, then FIN (shutdown(SHUT_WR)); the other direction stays open. */
  end(): void
  /** Both directions: sends what is queued, then FIN; drops what still arrives. `onClose` follows. close(2). */
  close(): void
  /** Sends RST and forgets the connection; `onClose(null)` follows. */
  reset(): void

  /** @throws SocketError ENOPROTOOPT when this host does not have that option. */
  setOption(name: OptionName, value: OptionValue): void
  getOption(name: OptionName): OptionValue
}

export interface DatagramsOwner {
  /** One datagram. The bytes are valid during the call only. */
  onDatagram(bytes: Uint8Array, from: Address): void
  /** An error the network reported (an ICMP port unreachable gives `ECONNREFUSED` on a connected socket). */
  onError(error: SocketError): void
  /** The last call, exactly once. */
  onClose(): void
}

/** A datagram socket. What arrives before `attach` waits, up to SO_RCVBUF. */
export interface Datagrams {
  readonly local: Address
  /** The peer, when connected. */
  readonly remote: Address | null
  attach(owner: DatagramsOwner): void
  /** Fixes the peer: only its datagrams arrive, `send` needs no address, ICMP errors are reported. */
  connect(to: Address): Promise<void>
  /**
   * Sends one datagram; the bytes are taken before it returns.
   * @throws SocketError EMSGSIZE (too long), EDESTADDRREQ (no peer), EACCES (broadcast without SO_BROADCAST).
   */
  send(bytes: Uint8Array, to?: Address): void
  close(): void
  /** IP_ADD_MEMBERSHIP and IP_DROP_MEMBERSHIP take a `Membership`. */
  setOption(name: OptionName, value: OptionValue): void
  getOption(name: OptionName): OptionValue
}
