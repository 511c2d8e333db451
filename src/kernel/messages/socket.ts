/**
 * A datagram socket through the C library: recvmmsg(2) and sendmmsg(2) move batches. What is the same for every family:
 * reading, queues, corks, errors, leaving.
 */
import { ERRNO, SocketError } from '../../base/errors.ts'
import { type Address, placeOf } from '../../socket/address.ts'
import { requireBytes } from '../../socket/bytes.ts'
import type { DatagramInfo, DatagramOptions, Datagrams, DatagramsOwner } from '../../socket/host.ts'
import { BEFORE_BIND, type OptionName, type OptionValue } from '../../socket/options.ts'
import { DATAGRAM_OVERHEAD } from '../datagram.ts'
import { fromErrno } from '../errors.ts'
import type { Libc } from '../libc.ts'
import type { KernelLimits } from '../limits.ts'
import { closedSocket, getFromDescriptor, requireOption, setOnDescriptor } from '../options.ts'
import { Poll } from '../poll.ts'
import { encodeAddress, interfaceName, type SocketFamily } from '../sockaddr.ts'
import type { Sender } from './outbox.ts'
import { Queue } from './queue.ts'
import { type Shared, sharedBoxes } from './shared.ts'
import { COUNT, type MessageVector, type Target } from './vector.ts'

const MSG_DONTWAIT = 0x40
const MSG_TRUNC = 0x20
/** Batches that are read before the rest of the event loop gets its turn. */
const ROUNDS = 4
const EAGAIN = 11
const EINTR = 4
/** How long a socket that cannot be told when there is room waits before it tries again. */
const ROOM_RETRY_MS = 2
/** What a program did wrong, as opposed to what the network is like: told to the call that did it. */
const MISUSE: ReadonlySet<number> = new Set([
  ERRNO.EACCES[0],
  ERRNO.EINVAL[0],
  ERRNO.EMSGSIZE[0],
  ERRNO.EAFNOSUPPORT[0],
  ERRNO.ENOENT[0],
  ERRNO.EPROTOTYPE[0],
])

/** Who sent a datagram, and where it was sent to. */
type From<A extends Address> = A & { readonly local: A }

export abstract class MessageSocket<A extends Address> implements Datagrams<A>, Sender {
  abstract local: A
  remote: A | null = null
  readonly fd: number
  protected readonly libc: Libc
  protected readonly queue = new Queue()
  protected readonly shared: Shared
  protected closed = false
  readonly #limits: KernelLimits
  readonly #family: SocketFamily
  readonly #poll: Poll
  #owner: DatagramsOwner<A> | null = null

  #reading = false
  /** Owners are being told of a batch: what they send goes out together when it is over. */
  #answering = false
  readonly #info: { -readonly [each in keyof DatagramInfo]: DatagramInfo[each] } = { truncated: false, ecn: 0 }

  #corked = 0
  #draining = false
  #retry: NodeJS.Timeout | null = null
  /** `send` has answered false, and `onDrain` has not followed yet. */
  #full = false
  #dropTold = false
  /** What the call of `send` that is under way did wrong. */
  #misuse = 0
  #sending = false
  #error: SocketError | null = null

  constructor(libc: Libc, limits: KernelLimits, fd: number, family: SocketFamily) {
    this.libc = libc
    this.#limits = limits
    this.fd = fd
    this.#family = family
    this.shared = sharedBoxes(libc)
    this.#poll = new Poll(
      libc,
      fd,
      () => this.#readSoon(),
      () => setImmediate(this.#drain),
    )
  }

  // ── what differs by family ─────────────────────────────────────────────────────────────────────────────────────

  /** The longest payload. */
  protected abstract readonly longest: number
  /** Who has sent message `i`. */
  protected abstract from(inbox: MessageVector, i: number): From<A>
  /** The congestion bits of the message that `from` was asked of last. */
  protected abstract readonly ecn: number
  /**
   * Where a datagram to that peer goes: null to the peer that the socket is connected with, undefined nowhere.
   * @throws SocketError for what a program names and nobody can send to.
   */
  protected abstract target(to: A | undefined): (Target & A) | null | undefined
  /** `connect` has been called with that name. */
  protected abstract connected(to: A): void
  /** @throws SocketError for what is no address of the family. */
  protected abstract nameFor(to: A): A
  protected abstract advice(misuse: number): string | undefined
  /** Whether a datagram must wait although there is no cork, so that it does not overtake others. */
  protected mustWait(_to: Target | null): boolean {
    return !this.queue.empty
  }
  /** Whether the descriptor becomes writable when the kernel takes the next datagram. */
  protected get pollsForRoom(): boolean {
    return true
  }

  interfaceName(index: number): string {
    return interfaceName(this.libc, index)
  }

  // ── receiving ──────────────────────────────────────────────────────────────────────────────────────────────────

  attach(owner: DatagramsOwner<A>): void {
    this.#owner = owner
    if (!this.closed) this.#watch()
    if (this.#error !== null) setImmediate(this.#tellError)
  }

  #watch(): void {
    const waits = !this.queue.empty && this.#corked === 0
    this.#poll.watch(this.#owner !== null, waits && this.pollsForRoom)
    if (waits && !this.pollsForRoom) this.#retry ??= setTimeout(this.#drain, ROOM_RETRY_MS)
  }

  #readSoon(): void {
    if (this.#reading) return
    this.#reading = true
    setImmediate(this.#read)
  }

  readonly #read = (): void => {
    this.#reading = false
    const { inbox, outbox } = this.shared
    let told = false
    for (let round = 0; round < ROUNDS && !this.closed; round++) {
      const count = this.libc.recvmmsg(this.fd, inbox.address, COUNT, MSG_DONTWAIT, 0n)
      if (count < 0) {
        const errno = this.libc.errno()
        if (errno === EAGAIN || errno === EINTR) break
        this.refused(errno)
        continue
      }
      told = true
      this.#answering = true
      for (let i = 0; i < count; i++) {
        if (!this.closed) this.#deliver(inbox, i)
        inbox.prepareToReceive(i)
      }
      if (count < COUNT) break
    }
    if (told && !this.closed) this.#batchEnd()
    this.#answering = false
    outbox.flush()
    this.#tellError()
  }

  #deliver(inbox: MessageVector, i: number): void {
    const from = this.from(inbox, i)
    this.#info.truncated = (inbox.flags(i) & MSG_TRUNC) !== 0
    this.#info.ecn = this.ecn
    try {
      this.#owner!.onDatagram(inbox.payload(i), from, this.#info)
    } catch (error) {
      throwLater(error)
    }
  }

  #batchEnd(): void {
    try {
      this.#owner!.onBatchEnd?.()
    } catch (error) {
      throwLater(error)
    }
  }

  // ── sending ────────────────────────────────────────────────────────────────────────────────────────────────────

  async connect(to: A): Promise<void> {
    const place = this.nameFor(to)
    if (this.closed) throw new SocketError('EBADF', 'connect', { hint: 'the socket is closed' })
    const name = encodeAddress(this.libc, place)
    if (this.libc.connect(this.fd, name, name.length) < 0) throw fromErrno(this.libc.errno(), 'connect', to)
    this.connected(to)
  }

  send(bytes: Uint8Array, to?: A): boolean {
    requireBytes('send', bytes)
    if (this.closed) throw new SocketError('EBADF', 'send', { hint: 'the socket is closed' })
    if (bytes.length > this.longest) throw new SocketError('EMSGSIZE', 'send', placeOf(to ?? this.remote))
    const target = this.target(to)
    if (target === undefined) return !this.#full
    if (this.#corked === 0 && !this.mustWait(target)) this.#sendNow(bytes, target, target === to)
    else if (!this.#enqueue(bytes, target)) this.#full = true
    return !this.#full
  }

  #sendNow(bytes: Uint8Array, target: (Target & A) | null, answers: boolean): void {
    const { outbox } = this.shared
    this.#misuse = 0
    outbox.add(this, bytes, target)
    if (this.#answering && this.pollsForRoom) return
    this.#sending = !answers
    outbox.flush()
    this.#sending = false
    if (this.#misuse !== 0)
      throw fromErrno(this.#misuse, 'send', target ?? this.remote ?? undefined, this.advice(this.#misuse))
  }

  /** False above the high-water mark. */
  #enqueue(bytes: Uint8Array, to: Target | null): boolean {
    const { queuedDatagramBytes, datagramHighWaterMark } = this.#limits
    const cost = bytes.length + DATAGRAM_OVERHEAD
    if (!this.queue.empty && this.queue.cost + cost > queuedDatagramBytes) {
      this.#dropped()
      return false
    }
    this.queue.push(bytes, to, cost)
    this.shared.waiting.add(this)
    return this.queue.cost < datagramHighWaterMark
  }

  #dropped(): void {
    if (this.#dropTold) return
    this.#dropTold = true
    this.#tellLater(
      new SocketError('ENOBUFS', 'send', {
        hint: 'datagrams were sent faster than the network takes them: wait for onDrain',
      }),
    )
  }

  /** The kernel's buffer is full. */
  sendLater(payload: Uint8Array, to: Target | null): void {
    if (!this.#enqueue(payload, to)) this.#full = true
    if (!this.closed) this.#watch()
  }

  readonly #drain = (): void => {
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#retry = null
    if (this.closed || this.#draining || this.#corked > 0) return
    this.#draining = true
    this.empty()
    this.#draining = false
    this.#watch()
    if (this.queue.cost > this.#limits.lowWaterMark) return
    this.#dropTold = false
    if (!this.#full) return
    this.#full = false
    this.#owner?.onDrain?.()
  }

  /** Gives the kernel as much of the queue as it takes. */
  protected empty(): void {
    const { outbox, waiting } = this.shared
    for (;;) {
      const batch = this.queue.take(COUNT)
      if (batch.length === 0) break
      for (const { bytes, to } of batch) outbox.add(this, bytes, to)
      const before = this.queue.length
      outbox.flush()
      if (this.queue.length > before) {
        this.queue.rotate(this.queue.length - before) // what came back is older than what stayed
        return
      }
    }
    waiting.delete(this)
  }

  cork(): void {
    this.#corked++
  }

  uncork(): void {
    if (this.#corked === 0 || --this.#corked > 0 || this.closed || this.queue.empty) return
    this.empty()
    this.#watch()
    if (this.#full || this.#dropTold) setImmediate(this.#drain) // `onDrain` does not come from inside the owner's call
  }

  /** The process ends. */
  lastWords(): void {
    this.#corked = 0
    this.empty()
  }

  // ── errors ─────────────────────────────────────────────────────────────────────────────────────────────────────

  refused(errno: number): void {
    if (this.#sending && MISUSE.has(errno)) this.#misuse = errno
    else this.#tellLater(fromErrno(errno, 'send', this.remote ?? undefined))
  }

  /** One pending error, as SO_ERROR holds one. */
  #tellLater(error: SocketError): void {
    if (this.#error !== null) return
    this.#error = error
    if (this.#owner !== null) setImmediate(this.#tellError)
  }

  readonly #tellError = (): void => {
    const error = this.#error
    if (error === null || this.#owner === null || this.closed) return
    this.#error = null
    this.#owner.onError(error)
  }

  // ── the rest ───────────────────────────────────────────────────────────────────────────────────────────────────

  close(): void {
    if (this.closed) return
    this.shared.outbox.flush()
    this.#corked = 0
    this.empty()
    this.closed = true
    this.queue.clear()
    this.shared.waiting.delete(this)
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#poll.close()
    this.libc.close(this.fd)
    setImmediate(() => this.#owner?.onClose())
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Those that are not set before the socket is bound. @throws SocketError and closes the socket. */
  setOptions({ options }: DatagramOptions): void {
    try {
      for (const [name, value] of Object.entries(options ?? {}))
        if (value !== undefined && !BEFORE_BIND.has(name as OptionName)) this.setOption(name as OptionName, value)
    } catch (error) {
      this.close()
      throw error
    }
  }

  setOption(name: OptionName, value: OptionValue): void {
    if (this.closed) throw closedSocket('setsockopt', name)
    requireOption('setsockopt', 'datagram', this.#family, name)
    setOnDescriptor(this.libc, this.fd, this.#family, name, value)
  }

  getOption(name: OptionName): OptionValue {
    if (this.closed) throw closedSocket('getsockopt', name)
    requireOption('getsockopt', 'datagram', this.#family, name)
    return getFromDescriptor(this.libc, this.fd, this.#family, name)
  }
}

/** What an owner throws must not cost the others of the batch: it comes out right after. */
function throwLater(error: unknown): void {
  setImmediate(() => {
    throw error
  })
}
