/** A stream's connection on a reactor. */
import { type Duration, requireDuration } from '../../base/duration.ts'
import type { SocketError } from '../../base/errors.ts'
import { systemClock } from '../../base/node/machine.ts'
import type { Address } from '../../socket/address.ts'
import { requireBytes } from '../../socket/bytes.ts'
import { CloseTimer } from '../../socket/close-timer.ts'
import { Delivery } from '../../socket/delivery.ts'
import { copyFile } from '../../socket/file.ts'
import { Flushes, ownReset, writtenTooLate } from '../../socket/flush.ts'
import type { Connection, ConnectionOwner, FileSource } from '../../socket/host.ts'
import type { Linger, OptionName, OptionValue } from '../../socket/options.ts'
import { fromErrno } from '../errors.ts'
import type { KernelLimits } from '../limits.ts'
import { closedSocket, getFromDescriptor, requireOption, setOnDescriptor } from '../options.ts'
import { FileTransfer } from '../send-file.ts'
import { type SocketFamily, socketFamily } from '../sockaddr.ts'
import { discardUnread } from '../unix/discard.ts'
import { RESULT_HAS_BUFFER, RESULT_NONEMPTY, type ReceivePool } from './engine.ts'
import { Endpoint, RECEIVED, type Reactor, SENT, WRITABLE } from './reactor.ts'
import { SendQueue } from './send-queue.ts'

const clock = systemClock()
const ENOBUFS = 105
const ECANCELED = 125
const RESET: Linger = { on: true, seconds: 0 }
const EVERYTHING = 0x7fff_ffff
/** Bytes that one connection sends at once before others get their turn, where the kernel takes them so fast. */
const STROKE = 1 << 20
const SHUT_WR = 1
const MSG_DONTWAIT = 0x40
/** On a TCP receive: throw the bytes away. */
const MSG_TRUNC = 0x20

export interface ConnectionSettings {
  readonly limits: KernelLimits
  /** What the socket has from its listener or was given before it was connected. */
  readonly linger: Linger | null
}

/**
 * How far this side has gone in leaving: `end` asks for `ending`, and for `shut` once the queue is empty; `close` for
 * `closing`, and for `left` once the queue is empty; `failed` still reads what the peer said before it went away.
 */
type Leaving = 'no' | 'ending' | 'shut' | 'closing' | 'failed' | 'left'

export class StreamConnection extends Endpoint implements Connection {
  readonly local: Address
  readonly remote: Address
  readonly security = null
  readonly #limits: KernelLimits
  readonly #queue: SendQueue
  readonly #delivery: Delivery
  #linger: Linger | null

  /** The owner is being told something: what it writes now goes when it has returned. */
  #delivering = false
  #receiving = false
  /** The socket is known to hold more: read at once instead of waiting for readiness. */
  #more = true
  /** From which buffers the next read, or the one under way, takes its own. */
  #buffers: ReceivePool
  #peerEnded = false

  #sending = false
  #corked = 0
  #needDrain = false
  #written = 0
  #flushes: Flushes | null = null
  /** The file that is being sent, after what is in the queue; what is written meanwhile waits behind it. */
  #file: FileTransfer | null = null
  #behind: Uint8Array[] = []
  #behindBytes = 0
  /** Why bytes that were written have gone to nobody. */
  #lost: SocketError | null = null

  #leaving: Leaving = 'no'
  #closeTimer: CloseTimer | null = null
  #failure: SocketError | null = null
  #freed = false

  constructor(reactor: Reactor, fd: number, local: Address, remote: Address, settings: ConnectionSettings) {
    super(reactor, fd)
    this.local = local
    this.remote = remote
    this.#limits = settings.limits
    this.#linger = settings.linger
    this.#queue = new SendQueue(reactor.chunks)
    this.#buffers = reactor.engine.small
    this.#delivery = new Delivery(() => this.#deliverSoon())
  }

  attach(owner: ConnectionOwner): void {
    this.#delivery.attach(owner)
  }

  #deliverSoon(): void {
    if (this.#freed) setImmediate(() => this.#delivery.run())
    else this.reactor.list(this)
  }

  // ── receiving ──────────────────────────────────────────────────────────────────────────────────────────────────

  pause(): void {
    this.#delivery.pause()
  }

  resume(): void {
    this.#delivery.resume()
  }

  unread(bytes: Uint8Array): void {
    this.#delivery.unread(bytes)
  }

  #receive(): void {
    if (this.#receiving || this.#peerEnded || this.released) return
    if (this.#leaving !== 'closing' && !this.#delivery.flowing) return
    this.#receiving = true
    this.reactor.engine.receive(this.fd, this.index, this.begin(RECEIVED), this.#buffers, this.#more)
  }

  #received(result: number, flags: number): void {
    this.#receiving = false
    this.#more = (flags & RESULT_NONEMPTY) !== 0
    this.#delivering = true
    try {
      if (result > 0) this.#arrived(flags >>> 16, result)
      else this.#arrivedNot(result, flags)
    } finally {
      this.#afterDelivery() // also when the owner has thrown
      if (this.#leaving === 'failed' && !this.#receiving) this.#abandon()
    }
  }

  #arrivedNot(result: number, flags: number): void {
    if ((flags & RESULT_HAS_BUFFER) !== 0) this.#buffers.give(flags >>> 16)
    if (result === -ENOBUFS) {
      this.#more = true // those in use come back before this turn ends, and more with them
      this.#buffers.starved()
      this.#buffers = this.reactor.engine.small
    } else if (result === 0) {
      this.#peerEnded = true
      if (this.#leaving !== 'failed') this.#delivery.ended()
    } else if (result !== -ECANCELED) this.#failed(-result, 'read')
  }

  #arrived(buffer: number, length: number): void {
    const buffers = this.#buffers
    // Who fills a small buffer has more to say; who does not fill the small part of a large one has not.
    const { small, large } = this.reactor.engine
    this.#buffers = length >= small.size ? large : small
    try {
      if (!this.released) this.#delivery.arrived(buffers.view(buffer, length))
    } finally {
      buffers.give(buffer)
    }
  }

  /** The answer goes at once. An orderly end of both directions closes the descriptor; else there may be more to read. */
  #afterDelivery(): void {
    this.#delivering = false
    this.#send()
    if (this.#leaving === 'shut' && this.#delivery.endTold) this.#leave()
    else this.#receive()
  }

  // ── sending ────────────────────────────────────────────────────────────────────────────────────────────────────

  write(bytes: Uint8Array): boolean {
    requireBytes('write', bytes)
    if (this.#leaving !== 'no') {
      if (bytes.length > 0) this.#lost ??= writtenTooLate()
      return false
    }
    if (this.#file === null) this.#queue.append(bytes)
    else this.#writeBehind(bytes)
    this.#written += bytes.length
    if (!this.#sending && !this.#delivering && this.#corked === 0) this.reactor.list(this)
    if (this.queued < this.#limits.highWaterMark) return true
    this.#needDrain = true
    return false
  }

  get queued(): number {
    const { length } = this.#queue
    return this.#file === null ? length : length + this.#file.left + this.#behindBytes
  }

  cork(): void {
    this.#corked++
  }

  uncork(): void {
    if (this.#corked > 0 && --this.#corked === 0) this.#sendSoon()
  }

  flush(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (this.#lost !== null) return Promise.reject(this.#lost)
    if (this.queued === 0) return Promise.resolve()
    this.#flushes ??= new Flushes()
    return this.#flushes.until(this.#written)
  }

  #sendSoon(): void {
    if (this.queued > 0 && !this.#sending && !this.#delivering && !this.released) this.reactor.list(this)
  }

  #send(): void {
    if (this.#sending || this.#corked > 0 || this.released) return
    let atOnce = 0
    while (this.#queue.length > 0 && atOnce < STROKE) {
      const { address, start, end } = this.#queue.head
      const count = end - start
      const more = this.#file !== null && count === this.#queue.length
      const name = this.begin(SENT)
      if (!this.reactor.engine.send(this.fd, this.index, name, address + start, count, more)) {
        this.#sending = true
        break
      }
      this.inflight--
      this.#queue.consume(count)
      atOnce += count
    }
    if (this.#queue.length === 0 && this.#file !== null) this.#sendOfFile(this.#file)
    if (atOnce === 0) return
    this.#progressed()
    this.#sendSoon() // what is left waits for the others' turn
  }

  #sent(result: number): void {
    this.#sending = false
    if (this.released) this.#queue.clear()
    else if (result < 0) this.#sendFailed(-result)
    else {
      this.#queue.consume(result)
      this.#send()
      this.#progressed()
    }
  }

  /** The kernel has taken something. */
  #progressed(): void {
    this.#closeTimer?.progress()
    const { queued } = this
    this.#flushes?.reached(this.#written - queued)
    if (queued === 0) this.#emptied()
    if (!this.#needDrain || queued > this.#limits.lowWaterMark) return
    this.#needDrain = false
    if (this.#leaving === 'no') this.#delivery.owner?.onDrain()
  }

  // ── files ──────────────────────────────────────────────────────────────────────────────────────────────────────

  sendFile(file: FileSource, offset: number, length: number): Promise<void> {
    if (this.#leaving !== 'no') return Promise.reject(this.#failure ?? writtenTooLate())
    if (file.descriptor === null || length === 0) return copyFile(this, file, offset, length)
    if (this.#file !== null) return this.#file.done.then(() => this.sendFile(file, offset, length))
    this.#file = new FileTransfer(
      this.reactor.libc,
      this.fd,
      this.reactor.engine.socketFlags === 0,
      file,
      offset,
      length,
    )
    this.#written += length
    if (!this.#sending && this.#corked === 0) this.reactor.list(this)
    return this.#file.done
  }

  #writeBehind(bytes: Uint8Array): void {
    this.#behind.push(new Uint8Array(bytes))
    this.#behindBytes += bytes.length
  }

  #sendOfFile(file: FileTransfer): void {
    if (file.waiting) return
    const before = file.left
    const step = file.step()
    if (step === 'full') {
      file.waiting = true
      this.reactor.engine.room(this.fd, this.index, this.begin(WRITABLE))
    } else if (step === 'cold') this.#warm(file)
    else if (step === 'more') this.reactor.list(this)
    else if (step === 'done') this.#fileEnded(() => file.finish())
    else if (step === 'short') {
      this.#written -= file.left
      this.#fileEnded(() => file.fail(file.tooShort()))
    } else {
      this.#sendFailed(step)
      return
    }
    if (file.left < before) this.#progressed()
  }

  #warm(file: FileTransfer): void {
    file.waiting = true
    const again = (): void => {
      file.waiting = false
      if (this.#file === file && !this.released) this.reactor.list(this)
    }
    file.warm().then(again, (error: unknown) => {
      this.#written -= file.left
      if (this.#file === file) this.#fileEnded(() => file.fail(error))
    })
  }

  /** What was written behind the file is next. */
  #fileEnded(settle: () => void): void {
    const behind = this.#behind
    this.#file = null
    this.#behind = []
    this.#behindBytes = 0
    for (const bytes of behind) this.#queue.append(bytes)
    settle()
    if (behind.length > 0) this.#sendSoon()
    if (this.queued === 0) this.#emptied()
  }

  #dropFile(error: SocketError): void {
    this.#file?.fail(error)
    this.#file = null
    this.#behind = []
    this.#behindBytes = 0
  }

  /** What the peer said before it went away is still to be read: a reply, say, to a request it did not want whole. */
  #sendFailed(errno: number): void {
    if (!this.#receiving || !this.#delivery.flowing || this.#leaving === 'closing') {
      this.#failed(errno, 'write')
      return
    }
    this.#failure = fromErrno(errno, 'write', this.remote)
    this.#leaving = 'failed'
    this.#queue.clear()
    this.#dropFile(this.#failure)
    this.#flushes?.fail(this.#failure)
  }

  /** Everything has been handed to the kernel. */
  #emptied(): void {
    if (this.#leaving === 'closing') this.#closeNow()
    else if (this.#leaving === 'ending') this.#shutdown()
  }

  // ── leaving ────────────────────────────────────────────────────────────────────────────────────────────────────

  end(): void {
    if (this.#leaving !== 'no') return
    this.#leaving = 'ending'
    this.#corked = 0
    if (this.queued === 0) this.#shutdown()
    else this.#sendSoon()
  }

  #shutdown(): void {
    this.#leaving = 'shut'
    // (IORING_OP_SHUTDOWN would go through a kernel worker thread.) A failure (ENOTCONN) shows itself on the read side.
    this.reactor.libc.shutdown(this.fd, SHUT_WR)
    if (this.#delivery.endTold) this.#leave()
  }

  close(within?: Duration): void {
    const deadline = within === undefined ? undefined : requireDuration('close(within)', within)
    this.#delivery.drop()
    if (this.released) return
    if (this.#leaving === 'closing') {
      if (deadline !== undefined) this.#closeWithin(deadline)
      return
    }
    if (this.#linger?.on && this.#linger.seconds === 0) {
      this.reset()
      return
    }
    this.#leaving = 'closing'
    this.#corked = 0
    if (this.queued === 0) {
      this.#closeNow()
      return
    }
    this.#closeWithin(deadline)
    this.reactor.list(this)
  }

  #closeWithin(deadline: Duration | undefined): void {
    this.#closeTimer?.stop()
    this.#closeTimer = new CloseTimer(clock, deadline, this.#limits.closeTime, () => this.reset())
  }

  #closeNow(): void {
    const { libc } = this.reactor
    // close(2) would wait in this thread for the peer; the bytes are sent all the same.
    if (this.#linger?.on) setOnDescriptor(libc, this.fd, this.#family, 'SO_LINGER', { on: false, seconds: 0 })
    // Unread bytes would make close(2) send RST, which can destroy what the peer has not read yet.
    if (this.#peerEnded) {
      // Nothing is left.
    } else if (this.#family === 'unix') discardUnread(libc, this.fd)
    else libc.recv(this.fd, null, EVERYTHING, MSG_TRUNC | MSG_DONTWAIT)
    this.#leave()
  }

  reset(): void {
    this.#delivery.drop()
    if (this.released) return
    setOnDescriptor(this.reactor.libc, this.fd, this.#family, 'SO_LINGER', RESET)
    if (this.queued > 0) {
      this.#lost ??= ownReset()
      this.#flushes?.fail(this.#lost)
    }
    this.#abandon()
  }

  #failed(errno: number, syscall: string): void {
    if (this.released) return
    this.#failure ??= fromErrno(errno, syscall, this.remote)
    this.#flushes?.fail(this.#failure)
    this.#abandon()
  }

  /** Drops what is queued; a chunk that the kernel still reads goes back when its send has completed. */
  #abandon(): void {
    if (!this.#sending) this.#queue.clear()
    this.#dropFile(this.#failure ?? this.#lost ?? ownReset())
    this.#leave()
  }

  #leave(): void {
    this.#leaving = 'left'
    this.#closeTimer?.stop()
    this.release()
  }

  // ── the reactor's calls ────────────────────────────────────────────────────────────────────────────────────────

  override completed(kind: number, result: number, flags: number): void {
    if (kind === RECEIVED) this.#received(result, flags)
    else if (kind === SENT) this.#sent(result)
    else this.#writable()
  }

  #writable(): void {
    if (this.#file === null || this.released) return
    this.#file.waiting = false
    this.#send()
  }

  override turn(): void {
    this.#send()
    this.#delivering = true
    try {
      this.#delivery.run()
    } finally {
      this.#afterDelivery()
    }
  }

  override broken(error: SocketError): void {
    this.#failure ??= error
    this.#leaving = 'left'
    this.#closeTimer?.stop()
    this.#flushes?.fail(error)
    this.#dropFile(error)
    this.freed()
  }

  override lastWords(): void {
    this.#corked = 0
    this.#needDrain = false // nobody is called any more
    this.#send()
  }

  override sentAtExit(result: number): void {
    this.#sending = false
    if (result <= 0) return
    this.#queue.consume(result)
    this.#send()
  }

  override freed(): void {
    this.#freed = true
    this.#queue.clear()
    this.#delivery.closed(this.#failure)
  }

  // ── options ────────────────────────────────────────────────────────────────────────────────────────────────────

  setOption(name: OptionName, value: OptionValue): void {
    requireOption('setsockopt', 'stream', this.#family, name)
    if (this.released) throw closedSocket('setsockopt', name)
    setOnDescriptor(this.reactor.libc, this.fd, this.#family, name, value)
    if (name === 'SO_LINGER') this.#linger = value as Linger
  }

  getOption(name: OptionName): OptionValue {
    requireOption('getsockopt', 'stream', this.#family, name)
    if (this.released) throw closedSocket('getsockopt', name)
    return getFromDescriptor(this.reactor.libc, this.fd, this.#family, name)
  }

  get #family(): SocketFamily {
    return socketFamily(this.local)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
