/** A TCP connection on the ring. */
import type { SocketError } from '../../base/errors.ts'
import { type Address, familyOf } from '../../socket/address.ts'
import type { Connection, ConnectionOwner } from '../../socket/host.ts'
import type { Linger, OptionName, OptionValue } from '../../socket/options.ts'
import { fromErrno } from '../errors.ts'
import type { KernelLimits } from '../limits.ts'
import { closedSocket, getFromDescriptor, requireOption, setOnDescriptor } from '../options.ts'
import {
  IORING_CQE_F_BUFFER,
  IORING_CQE_F_SOCK_NONEMPTY,
  IORING_OP_RECV,
  IORING_OP_SEND,
  IORING_RECVSEND_POLL_FIRST,
  IOSQE_BUFFER_SELECT,
  MSG_DONTWAIT,
  MSG_TRUNC,
  MSG_WAITALL,
  SHUT_WR,
} from './constants.ts'
import { Endpoint, RECEIVED, type Reactor, SENT } from './reactor.ts'
import { SendQueue } from './send-queue.ts'

const ENOBUFS = 105
const ECANCELED = 125
const RESET: Linger = { on: true, seconds: 0 }
const EVERYTHING = 0x7fff_ffff

export interface ConnectionSettings {
  readonly limits: KernelLimits
  /** What the socket has from its listener or was given before it was connected. */
  readonly linger: Linger | null
}

export class UringConnection extends Endpoint implements Connection {
  readonly local: Address
  readonly remote: Address
  readonly #limits: KernelLimits
  readonly #queue: SendQueue
  #owner: ConnectionOwner | null = null
  #linger: Linger | null

  #receiving = false
  /** The socket is known to hold more: read at once instead of waiting for readiness. */
  #more = true
  #paused = false
  /** Bytes that completed after `pause`: at most one receive buffer's worth. */
  #held: Uint8Array | null = null
  #peerEnded = false
  #endTold = false

  #sending = false
  #corked = 0
  #needDrain = false
  #ending = false
  #shut = false
  /** `close` or `reset` was called: nothing more is delivered but `onClose(null)`. */
  #closing = false
  #failure: SocketError | null = null
  #freed = false
  #closeTold = false

  constructor(reactor: Reactor, fd: number, local: Address, remote: Address, settings: ConnectionSettings) {
    super(reactor, fd)
    this.local = local
    this.remote = remote
    this.#limits = settings.limits
    this.#linger = settings.linger
    this.#queue = new SendQueue(reactor.chunks)
  }

  attach(owner: ConnectionOwner): void {
    this.#owner = owner
    this.#paused = false
    if (this.#freed) setImmediate(() => this.#tellClose())
    else this.reactor.list(this)
  }

  // ── receiving ──────────────────────────────────────────────────────────────────────────────────────────────────

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    if (!this.released) this.reactor.list(this)
  }

  #receive(): void {
    if (this.#receiving || this.#peerEnded || this.released) return
    if (!this.#closing && (this.#owner === null || this.#paused || this.#held !== null)) return
    this.#receiving = true
    const first = this.#more ? 0 : IORING_RECVSEND_POLL_FIRST
    this.submit(RECEIVED, IORING_OP_RECV, IOSQE_BUFFER_SELECT, first, 0, 0, 0, 0)
  }

  #received(result: number, flags: number): void {
    this.#receiving = false
    this.#more = (flags & IORING_CQE_F_SOCK_NONEMPTY) !== 0
    try {
      if (result > 0) this.#arrived(flags >>> 16, result)
      else this.#arrivedNot(result, flags)
    } finally {
      this.#receive() // also when the owner has thrown
      if (this.#failure !== null && !this.#receiving) this.#abandon()
    }
  }

  #arrivedNot(result: number, flags: number): void {
    if ((flags & IORING_CQE_F_BUFFER) !== 0) this.reactor.receive.give(flags >>> 16)
    if (result === -ENOBUFS)
      this.#more = true // those in use come back before this turn ends
    else if (result === 0) {
      this.#peerEnded = true
      if (!this.#paused && this.#failure === null) this.#tellEnd()
    } else if (result !== -ECANCELED) this.#failed(-result, 'read')
  }

  #arrived(buffer: number, length: number): void {
    const { receive } = this.reactor
    try {
      if (this.#closing || this.released) return
      const bytes = receive.view(buffer, length)
      if (this.#paused || this.#owner === null) this.#held = bytes.slice()
      else this.#owner.onData(bytes)
    } finally {
      receive.give(buffer)
    }
  }

  #tellEnd(): void {
    if (this.#endTold || this.#owner === null || this.#closing || this.released || this.#held !== null) return
    this.#endTold = true
    try {
      this.#owner.onEnd()
    } finally {
      this.#finish()
    }
  }

  // ── sending ────────────────────────────────────────────────────────────────────────────────────────────────────

  write(bytes: Uint8Array): boolean {
    if (this.#ending || this.released) return false
    this.#queue.append(bytes)
    if (!this.#sending && this.#corked === 0) this.reactor.list(this)
    if (this.#queue.length < this.#limits.highWaterMark) return true
    this.#needDrain = true
    return false
  }

  get queued(): number {
    return this.#queue.length
  }

  cork(): void {
    this.#corked++
  }

  uncork(): void {
    if (this.#corked > 0 && --this.#corked === 0) this.#sendSoon()
  }

  #sendSoon(): void {
    if (this.#queue.length > 0 && !this.#sending && !this.released) this.reactor.list(this)
  }

  #send(): void {
    if (this.#sending || this.#corked > 0 || this.#queue.length === 0 || this.released) return
    this.#sending = true
    const chunk = this.#queue.head
    // With WAITALL the kernel comes back when the whole range is in its own buffer, however long the peer takes.
    this.submit(SENT, IORING_OP_SEND, 0, 0, 0, chunk.address + chunk.start, chunk.end - chunk.start, MSG_WAITALL)
  }

  #sent(result: number): void {
    this.#sending = false
    if (this.released) this.#queue.clear()
    else if (result < 0) this.#sendFailed(-result)
    else {
      this.#queue.consume(result)
      this.#send()
      if (this.#queue.length === 0) this.#emptied()
      if (this.#needDrain && this.#queue.length <= this.#limits.lowWaterMark) {
        this.#needDrain = false
        if (!this.#ending) this.#owner?.onDrain()
      }
    }
  }

  /** What the peer said before it went away is still to be read: a reply, say, to a request it did not want whole. */
  #sendFailed(errno: number): void {
    if (!this.#receiving || this.#paused || this.#closing) {
      this.#failed(errno, 'write')
      return
    }
    this.#failure = fromErrno(errno, 'write', this.remote)
    this.#ending = true
    this.#queue.clear()
  }

  /** Everything has been handed to the kernel. */
  #emptied(): void {
    if (this.#closing) this.#closeNow()
    else if (this.#ending) this.#shutdown()
  }

  // ── leaving ────────────────────────────────────────────────────────────────────────────────────────────────────

  end(): void {
    if (this.#ending || this.released) return
    this.#ending = true
    this.#corked = 0
    if (this.#queue.length === 0) this.#shutdown()
    else this.#sendSoon()
  }

  #shutdown(): void {
    if (this.#shut) return
    this.#shut = true
    // IORING_OP_SHUTDOWN would go through a kernel worker thread; a failure (ENOTCONN) shows itself on the read side.
    this.reactor.libc.shutdown(this.fd, SHUT_WR)
    this.#finish()
  }

  /** An orderly end of both directions closes the descriptor. */
  #finish(): void {
    if (this.#shut && this.#endTold) this.release()
  }

  close(): void {
    if (this.#closing || this.released) {
      this.#closing = true
      return
    }
    if (this.#linger?.on && this.#linger.seconds === 0) {
      this.reset()
      return
    }
    this.#closing = true
    this.#ending = true
    this.#corked = 0
    this.#held = null
    if (this.#queue.length === 0) this.#closeNow()
    else this.reactor.list(this)
  }

  #closeNow(): void {
    const { libc } = this.reactor
    // close(2) would wait in this thread for the peer; the bytes are sent all the same.
    if (this.#linger?.on) setOnDescriptor(libc, this.fd, this.#family, 'SO_LINGER', { on: false, seconds: 0 })
    // Unread bytes would make close(2) send RST, which can destroy what the peer has not read yet.
    if (!this.#peerEnded) libc.recv(this.fd, null, EVERYTHING, MSG_TRUNC | MSG_DONTWAIT)
    this.release()
  }

  reset(): void {
    this.#closing = true
    if (this.released) return
    this.#ending = true
    this.#held = null
    setOnDescriptor(this.reactor.libc, this.fd, this.#family, 'SO_LINGER', RESET)
    this.#abandon()
  }

  #failed(errno: number, syscall: string): void {
    if (this.released) return
    this.#failure ??= fromErrno(errno, syscall, this.remote)
    this.#ending = true
    this.#abandon()
  }

  /** Drops what is queued; a chunk that the kernel still reads goes back when its send has completed. */
  #abandon(): void {
    if (!this.#sending) this.#queue.clear()
    this.release()
  }

  #tellClose(): void {
    if (this.#closeTold || this.#owner === null) return
    this.#closeTold = true
    this.#owner.onClose(this.#closing ? null : this.#failure)
  }

  // ── the reactor's calls ────────────────────────────────────────────────────────────────────────────────────────

  override completed(kind: number, result: number, flags: number): void {
    if (kind === RECEIVED) this.#received(result, flags)
    else this.#sent(result)
  }

  override turn(): void {
    this.#send()
    try {
      this.#deliverHeld()
      if (this.#peerEnded && !this.#paused) this.#tellEnd()
    } finally {
      this.#receive()
    }
  }

  #deliverHeld(): void {
    if (this.#held === null || this.#paused || this.#closing || this.#owner === null) return
    const bytes = this.#held
    this.#held = null
    this.#owner.onData(bytes)
  }

  override freed(): void {
    this.#freed = true
    this.#queue.clear()
    this.#tellClose()
  }

  // ── options ────────────────────────────────────────────────────────────────────────────────────────────────────

  setOption(name: OptionName, value: OptionValue): void {
    requireOption('setsockopt', 'stream', name)
    if (this.released) throw closedSocket('setsockopt', name)
    setOnDescriptor(this.reactor.libc, this.fd, this.#family, name, value)
    if (name === 'SO_LINGER') this.#linger = value as Linger
  }

  getOption(name: OptionName): OptionValue {
    requireOption('getsockopt', 'stream', name)
    if (this.released) throw closedSocket('getsockopt', name)
    return getFromDescriptor(this.reactor.libc, this.fd, this.#family, name)
  }

  get #family(): 4 | 6 {
    return familyOf(this.local.address)
  }
}
