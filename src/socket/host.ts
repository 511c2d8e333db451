/**
 * What a program sees of a network. `kernelHost()` is this machine, `internet.host(name)` a simulated one,
 * `stackHost(tun)` Reticle's own stack on a real device. Everything from DNS upward takes a `Host` and never asks
 * which.
 *
 * Bytes are pushed: the driver calls the owner's methods directly, with no promise, emitter or copy between.
 * Promises, streams and iterators are adapters on top (`berkeley/`, `web/`, `node/`).
 */
import type { Duration } from '../base/duration.ts'
import type { SocketError } from '../base/errors.ts'
import type { Machine } from '../base/machine.ts'
import type { Address, Family, IpAddress, PathAddress } from './address.ts'
import type { OptionName, OptionValue } from './options.ts'

/** A machine on a network: all that a program needs of the world. */
export interface Host extends Machine {
  /**
   * Binds, listens and calls `accept` for every connection made to `at`. `0.0.0.0` and `::` mean every interface;
   * port 0 lets the host choose. A path is the file of a Unix socket, which is removed when the listener is closed.
   * Rejects with `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`, `EAFNOSUPPORT` (no Unix sockets here, or no IPv6).
   */
  listen(at: Address, accept: Accept, options?: ListenOptions): Promise<Listener>

  /**
   * Opens a connection. Rejects with `ECONNREFUSED`, `ETIMEDOUT`, `ENETUNREACH`, `EHOSTUNREACH`, `ECANCELED`, and
   * `ECONNRESET` when the other side takes the connection and resets it at once.
   */
  connect(to: Address, options?: ConnectOptions): Promise<Connection>

  /** Opens a datagram socket. Without an address: every interface, a port of the host's choice, IPv4. */
  datagrams(at?: IpAddress, options?: DatagramOptions): Promise<Datagrams>

  /**
   * Opens a datagram socket of the Unix family, where the host has them. Without an address it has no name: it can
   * send, and nobody can answer. Rejects with `EADDRINUSE`, `EACCES`, `ENOENT`.
   */
  unixDatagrams?(at?: PathAddress, options?: DatagramOptions & SocketFileOptions): Promise<PathDatagrams>

  /** Two Unix sockets that are connected with each other and have no name (socketpair(2)), where the host has them. */
  pair?(): Promise<[Connection, Connection]>
  /** The same for datagrams. */
  datagramPair?(): Promise<[PathDatagrams, PathDatagrams]>

  /** The versions of IP that the host has; both where it does not say. */
  readonly families?: readonly Family[]

  /**
   * The addresses of a name by this host's own configuration (hosts file, then its resolver), literals passed
   * through. Rejects with `ENOTFOUND` or `EAI_AGAIN`.
   */
  lookup(name: string, family?: Family): Promise<readonly string[]>
}

/** Options that are set before the socket is bound: by their socket-option names. */
export type OptionSettings = { readonly [name in OptionName]?: OptionValue }

/**
 * Takes a connection that was made to a listener. When it throws, or the promise that it returns rejects, the
 * connection is reset and `ListenOptions.onError` is told.
 */
export type Accept = (connection: Connection) => void | Promise<void>

/** What concerns the file of a Unix socket; names of the abstract name space have none. */
export interface SocketFileOptions {
  /** Its permission bits: 0o660. Who may write to the file may connect. Default: 0o777 less the process's umask. */
  readonly mode?: number
  /** Removes the file that a process which has ended has left there. Never one of a socket that is in use. */
  readonly removeStale?: boolean
}

/** Settings of a listener. */
export interface ListenOptions extends SocketFileOptions {
  /** How many connections may wait to be accepted (listen(2)); default 511. */
  readonly backlog?: number
  /** Options of the listening socket; connections that it accepts inherit those that a connection has. */
  readonly options?: OptionSettings
  /** Told when `accept` has failed; by default the failure is written to the console. */
  readonly onError?: (error: unknown, connection: Connection) => void | Promise<void>
}

/** Settings of a connection that is being made. */
export interface ConnectOptions {
  /** Bind here first. */
  readonly from?: IpAddress
  /** Give up with `ECANCELED` when it is aborted. */
  readonly signal?: AbortSignal
  /** Set before the handshake begins. */
  readonly options?: OptionSettings
}

/** Settings of a datagram socket. */
export interface DatagramOptions {
  /** Set before the socket is bound. */
  readonly options?: OptionSettings
}

/** A bound socket that accepts connections. Disposing of it closes it. */
export interface Listener extends AsyncDisposable {
  /** With the port that was really bound. */
  readonly local: Address
  /** Stops taking connections off the queue; they wait in the backlog, and past it are the host's to drop. */
  pause(): void
  /** Goes on after `pause`. */
  resume(): void
  /** Stops listening. Connections already accepted live on. */
  close(): Promise<void>
  /** @throws SocketError ENOPROTOOPT when this host does not have that option. */
  setOption(name: OptionName, value: OptionValue): void
  /** @throws SocketError ENOPROTOOPT as `setOption`. */
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

/** Something with bytes at positions: a file, for one. */
export interface FileSource {
  /** The file's descriptor, for hosts whose kernel can send from it; null where there is none. */
  readonly descriptor: number | null
  /** Fills `into` from `position` on: how many bytes were read, 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>
}

/** What is known of the other side of a connection that is encrypted. */
export interface Security {
  /** The application protocol that was agreed on (ALPN): `h2`, `http/1.1`; null when none was. */
  readonly protocol: string | null
  /** The name that the client asked for (SNI), null when it named none. */
  readonly serverName: string | null
  /** `TLSv1.3`. */
  readonly version: string
  /** The cipher suite by its standard name: `TLS_AES_128_GCM_SHA256`. */
  readonly cipher: string
  /** Whether the peer has shown a certificate that this side trusts. */
  readonly authorized: boolean
  /** The peer's certificate in DER, null when it has shown none. */
  readonly certificate: Uint8Array | null
}

/**
 * A byte stream both ways, with exactly one owner at a time. Disposing of it closes it.
 *
 * Nothing is delivered before `attach`: what arrives meanwhile, an end or an error too, waits in the host (and holds
 * the sender back by flow control). `attach` may be called again to hand the connection to another owner, for whom the
 * bytes flow even if the former one had paused, and who is told the end and the close even if the former one was.
 */
export interface Connection extends Disposable {
  readonly local: Address
  readonly remote: Address
  /** Null on a connection that is not encrypted. */
  readonly security: Security | null
  /** Names the owner and lets the bytes flow. What waited is delivered after `attach` has returned. */
  attach(owner: ConnectionOwner): void

  /**
   * Takes the bytes (the caller may reuse the memory at once). False above the high-water mark: the caller should
   * wait for `onDrain`, but nothing is lost if it does not. After `end`, `close`, `reset` or a failure the bytes are
   * dropped and the answer is false.
   * @throws TypeError for what is no Uint8Array.
   */
  write(bytes: Uint8Array): boolean
  /** Holds writes together until `uncork`, for one send per readable event. Nests. */
  cork(): void
  uncork(): void
  /** Bytes taken by `write` and not yet handed to the network. */
  readonly queued: number
  /**
   * Resolves when everything that was written so far has been handed to the network below: it is in the kernel's send
   * buffer, or our own TCP has it. A cork is not lifted. After `end` and `close`, too, until the last byte has gone.
   *
   * Rejects with the connection's error when it fails first, with ECONNABORTED when this side resets it, and with
   * EPIPE when bytes were written after `end` or `close`, which dropped them.
   */
  flush(): Promise<void>
  /** As the function `sendFile` has it, on hosts that need not copy. */
  sendFile?(file: FileSource, offset: number, length: number): Promise<void>
  /** As the function `writeOwned` has it, on hosts that need not copy. */
  writeOwned?(bytes: Uint8Array, released: () => void): boolean

  /** Stops `onData` and `onEnd`; unread bytes close the receive window. */
  pause(): void
  resume(): void
  /**
   * Gives back bytes of which the owner took too much: what followed a PROXY header, or belongs to another protocol.
   * They are copied, and delivered again before anything else that has arrived and before the end, to whoever is the
   * owner then; not from inside this call, and not while paused. Of several calls the last one's bytes come first.
   * @throws TypeError for what is no Uint8Array.
   */
  unread(bytes: Uint8Array): void

  /** Sends what is queued, then FIN (shutdown(SHUT_WR)); the other direction stays open. */
  end(): void
  /**
   * Both directions: sends what is queued, then FIN; drops what still arrives. `onClose(null)` follows. close(2).
   *
   * It always ends: a peer that does not take what is queued is reset when `within` has passed, and without `within`
   * when it has taken nothing for as long as the host's limit `closeTime` says.
   */
  close(within?: Duration): void
  /** Sends RST and forgets the connection; `onClose(null)` follows. */
  reset(): void

  /** Whether the open connection keeps the process alive, where there is a process: it does until `unref`. */
  ref?(): void
  unref?(): void

  /** @throws SocketError ENOPROTOOPT when this host does not have that option. */
  setOption(name: OptionName, value: OptionValue): void
  getOption(name: OptionName): OptionValue
}

/**
 * Who sent a datagram: its address and port, and the address of this host that was asked. Handed to `send`, it is
 * answered from that address (RFC 2181 §4.1), also by a socket that is bound to every interface. It may be kept.
 * Text is made only when a property is read.
 */
export interface Peer extends IpAddress {
  /** Where the datagram was sent to; the address the socket is bound to where the host cannot tell. */
  readonly local: IpAddress
}

/** What is known of a datagram beside its bytes. The object is used again for the next one. */
export interface DatagramInfo {
  /** The datagram was longer than what the host receives into: the rest is lost. */
  readonly truncated: boolean
  /** The two bits of RFC 3168 §5: 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE. 0 where the host cannot tell. */
  readonly ecn: number
}

/** What the owner of a datagram socket is told. Calls never come from inside the owner's own calls. */
export interface DatagramsOwner<A extends Address = IpAddress> {
  /** One datagram. The bytes and `info` are valid during the call only. */
  onDatagram(bytes: Uint8Array, from: A & { readonly local: A }, info: DatagramInfo): void
  /** No more datagrams are at hand now: what the calls of this batch have sent may go out together. */
  onBatchEnd?(): void
  /** What was queued has gone below the low-water mark, after `send` had answered false. */
  onDrain?(): void
  /**
   * An error the network reported (an ICMP port unreachable gives `ECONNREFUSED` on a connected socket), or a datagram
   * that had to be dropped (`ENOBUFS`, told once until `onDrain`).
   */
  onError(error: SocketError): void
  /** The last call, exactly once. */
  onClose(): void
}

/** A datagram socket. What arrives before `attach` waits, up to SO_RCVBUF. Disposing of it closes it. */
export interface Datagrams<A extends Address = IpAddress> extends Disposable {
  readonly local: A
  /** The peer, when connected. */
  readonly remote: A | null
  attach(owner: DatagramsOwner<A>): void
  /** Fixes the peer, or another one: only its datagrams arrive, `send` needs no address, ICMP errors are reported. */
  connect(to: A): Promise<void>
  /**
   * Sends one datagram; the bytes are taken before it returns. A connected socket, too, may send to another address.
   *
   * False above the high-water mark: the caller should wait for `onDrain`. What exceeds the host's hard limit is
   * dropped, as with a full SO_SNDBUF, and `onError` is told ENOBUFS.
   * @throws SocketError EMSGSIZE (too long), EDESTADDRREQ (no peer), EACCES (broadcast without SO_BROADCAST),
   *   EINVAL (port 0), EBADF (closed).
   * @throws TypeError for what is no Uint8Array.
   */
  send(bytes: Uint8Array, to?: A): boolean
  /** Holds datagrams together until `uncork`, to go out in few system calls. Nests. */
  cork(): void
  uncork(): void
  /** Sends what is queued, without waiting for it where the host cannot take it at once. */
  close(): void
  /** IP_ADD_MEMBERSHIP and IP_DROP_MEMBERSHIP take a `Membership`. */
  setOption(name: OptionName, value: OptionValue): void
  getOption(name: OptionName): OptionValue
}

/** A datagram socket of the Unix family. A datagram from a socket without a name comes from the path ''. */
export type PathDatagrams = Datagrams<PathAddress>
