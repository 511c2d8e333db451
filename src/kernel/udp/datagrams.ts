/**
 * A UDP socket through the C library: recvmmsg(2) and sendmmsg(2) move batches, and the kernel says to which of our
 * addresses each datagram was sent.
 */
import { isMainThread } from 'node:worker_threads'
import { ERRNO, SocketError } from '../../base/errors.ts'
import { type Family, familyOf, type IpAddress, placeOf } from '../../socket/address.ts'
import { requireBytes } from '../../socket/bytes.ts'
import type { DatagramInfo, DatagramOptions, Datagrams, DatagramsOwner, Peer } from '../../socket/host.ts'
import { BEFORE_BIND, type OptionName, type OptionValue } from '../../socket/options.ts'
import { DATAGRAM_OVERHEAD, MAX_DATAGRAM } from '../datagram.ts'
import { fromErrno } from '../errors.ts'
import type { Libc } from '../libc.ts'
import type { KernelLimits } from '../limits.ts'
import { requireLiteral } from '../literal.ts'
import { closedSocket, numberValue } from '../options.ts'
import { Poll } from '../poll.ts'
import { encodeAddress, interfaceName, nameOf } from '../sockaddr.ts'
import { type Control, readControl, wordsAt } from './control.ts'
import { openSocket, readOption, writeOption } from './open.ts'
import type { Sender } from './outbox.ts'
import { type Home, type KernelPeer, Peer4, Peer6 } from './peer.ts'
import { Queue } from './queue.ts'
import { type Shared, sharedBoxes } from './shared.ts'
import { COUNT, KNOWN, type MessageVector, nameAt } from './vector.ts'

const MSG_DONTWAIT = 0x40
const MSG_TRUNC = 0x20
/** Batches that are read before the rest of the event loop gets its turn. */
const ROUNDS = 4
const EAGAIN = 11
const EINTR = 4
/** What a program did wrong, as opposed to what the network is like: told to the call that did it. */
const MISUSE: ReadonlySet<number> = new Set([
  ERRNO.EACCES[0],
  ERRNO.EINVAL[0],
  ERRNO.EMSGSIZE[0],
  ERRNO.EAFNOSUPPORT[0],
])

/** Whether this process can have such sockets. */
export function libcDatagramsWork(): boolean {
  return isMainThread && KNOWN.has(process.arch)
}

/** @throws SocketError */
export function libcDatagrams(libc: Libc, limits: KernelLimits, at: IpAddress, options: DatagramOptions): Datagrams {
  const fd = openSocket(libc, at, options)
  const socket = new LibcDatagrams(libc, limits, fd, familyOf(at.address))
  try {
    for (const [name, value] of Object.entries(options.options ?? {}))
      if (value !== undefined && !BEFORE_BIND.has(name as OptionName)) socket.setOption(name as OptionName, value)
  } catch (error) {
    socket.close()
    throw error
  }
  return socket
}

class LibcDatagrams implements Datagrams, Home, Sender {
  local: IpAddress
  remote: IpAddress | null = null
  readonly fd: number
  readonly #libc: Libc
  readonly #limits: KernelLimits
  readonly #family: Family
  readonly #shared: Shared
  readonly #poll: Poll
  #owner: DatagramsOwner | null = null
  #closed = false
  /** A limited broadcast is refused here, so that the refusal comes under a cork as well. */
  #broadcast = false

  #reading = false
  /** Owners are being told of a batch: what they send goes out together when it is over. */
  #answering = false
  #lastPeer: Peer4 | Peer6 | null = null
  readonly #control: Control = { ecn: 0, asked: 0, from: 0, asked6: null, index: 0 }
  readonly #info: { -readonly [each in keyof DatagramInfo]: DatagramInfo[each] } = { truncated: false, ecn: 0 }

  readonly #queue = new Queue()
  #corked = 0
  #draining = false
  /** `send` has answered false, and `onDrain` has not followed yet. */
  #full = false
  #dropTold = false
  /** What the call of `send` that is under way did wrong. */
  #misuse = 0
  #sending = false
  #error: SocketError | null = null
  /** The address that was sent to last, and what became of its text. */
  #lastTo: { readonly address: string; readonly port: number; readonly peer: KernelPeer } | null = null

  constructor(libc: Libc, limits: KernelLimits, fd: number, family: Family) {
    this.#libc = libc
    this.#limits = limits
    this.fd = fd
    this.#family = family
    this.#shared = sharedBoxes(libc)
    this.local = nameOf(libc, fd, 'getsockname')
    this.#poll = new Poll(
      libc,
      fd,
      () => this.#readSoon(),
      () => setImmediate(this.#drain),
    )
  }

  interfaceName(index: number): string {
    return interfaceName(this.#libc, index)
  }

  // ── receiving ──────────────────────────────────────────────────────────────────────────────────────────────────

  attach(owner: DatagramsOwner): void {
    this.#owner = owner
    if (!this.#closed) this.#watch()
    if (this.#error !== null) setImmediate(this.#tellError)
  }

  #watch(): void {
    this.#poll.watch(this.#owner !== null, !this.#queue.empty && this.#corked === 0)
  }

  #readSoon(): void {
    if (this.#reading) return
    this.#reading = true
    setImmediate(this.#read)
  }

  readonly #read = (): void => {
    this.#reading = false
    const { inbox, outbox } = this.#shared
    let told = false
    for (let round = 0; round < ROUNDS && !this.#closed; round++) {
      const count = this.#libc.recvmmsg(this.fd, inbox.address, COUNT, MSG_DONTWAIT, 0)
      if (count < 0) {
        const errno = this.#libc.errno()
        if (errno === EAGAIN || errno === EINTR) break
        this.refused(errno)
        continue
      }
      told = true
      this.#answering = true
      for (let i = 0; i < count; i++) {
        if (!this.#closed) this.#deliver(inbox, i)
        inbox.prepareToReceive(i)
      }
      if (count < COUNT) break
    }
    if (told && !this.#closed) this.#call(() => this.#owner!.onBatchEnd?.())
    this.#answering = false
    outbox.flush()
    this.#tellError()
  }

  #deliver(inbox: MessageVector, i: number): void {
    readControl(inbox, i, this.#control)
    const peer = this.#family === 4 ? this.#peer4(inbox, i) : this.#peer6(inbox, i)
    this.#info.truncated = (inbox.flags(i) & MSG_TRUNC) !== 0
    this.#info.ecn = this.#control.ecn
    this.#call(() => this.#owner!.onDatagram(inbox.payload(i), peer, this.#info))
  }

  /** What an owner throws must not cost the others of the batch: it comes out right after. */
  #call(call: () => void): void {
    try {
      call()
    } catch (error) {
      setImmediate(() => {
        throw error
      })
    }
  }

  /** The same object as for the datagram before, where it has come from the same place. */
  #peer4({ bytes, words }: MessageVector, i: number): Peer4 {
    const at = nameAt(i)
    const ip = words[at / 4 + 1]!
    const port = (bytes[at + 2]! << 8) | bytes[at + 3]!
    const { asked, from } = this.#control
    const last = this.#lastPeer as Peer4 | null
    if (last !== null && last.ip === ip && last.port === port && last.asked === asked) return last
    const peer = new Peer4(this, ip, port, asked, from)
    this.#lastPeer = peer
    return peer
  }

  #peer6({ bytes, words }: MessageVector, i: number): Peer6 {
    const at = nameAt(i)
    const port = (bytes[at + 2]! << 8) | bytes[at + 3]!
    const { asked6, index } = this.#control
    return new Peer6(this, wordsAt(words, at / 4 + 2), port, words[at / 4 + 6]!, asked6, index)
  }

  // ── sending ────────────────────────────────────────────────────────────────────────────────────────────────────

  async connect(to: IpAddress): Promise<void> {
    requireLiteral('connect', to)
    if (this.#closed) throw new SocketError('EBADF', 'connect', { hint: 'the socket is closed' })
    const name = encodeAddress(this.#libc, this.#mapped(to))
    if (this.#libc.connect(this.fd, name, name.length) < 0) throw fromErrno(this.#libc.errno(), 'connect', to)
    this.local = nameOf(this.#libc, this.fd, 'getsockname')
    this.remote = { address: to.address, port: to.port }
  }

  send(bytes: Uint8Array, to?: Peer | IpAddress): boolean {
    requireBytes('send', bytes)
    if (this.#closed) throw new SocketError('EBADF', 'send', { hint: 'the socket is closed' })
    if (bytes.length > MAX_DATAGRAM[this.#family]) throw new SocketError('EMSGSIZE', 'send', placeOf(to ?? this.remote))
    const peer = this.#peerOf(to)
    // A stranger may claim to have sent from port 0; nothing can be sent there, and it is nobody's mistake here.
    if (peer !== null && peer.port === 0) return !this.#full
    if (this.#corked === 0 && this.#queue.empty) this.#sendNow(bytes, peer, peer === to)
    else if (!this.#enqueue(bytes, peer)) this.#full = true
    return !this.#full
  }

  #sendNow(bytes: Uint8Array, peer: KernelPeer | null, remote: boolean): void {
    const { outbox } = this.#shared
    this.#misuse = 0
    outbox.add(this, bytes, peer)
    if (this.#answering) return
    this.#sending = !remote
    outbox.flush()
    this.#sending = false
    if (this.#misuse !== 0) throw fromErrno(this.#misuse, 'send', peer ?? this.remote ?? undefined, this.#advice())
  }

  #advice(): string | undefined {
    return this.#misuse === ERRNO.EACCES[0] ? 'set SO_BROADCAST first, if that is a broadcast address' : undefined
  }

  /** @throws SocketError for what a program names and nobody can send to. */
  #peerOf(to: Peer | IpAddress | undefined): KernelPeer | null {
    if (to instanceof Peer4 || to instanceof Peer6) return this.#ownPeer(to)
    if (to === undefined) {
      if (this.remote !== null) return null
      throw new SocketError('EDESTADDRREQ', 'send', { hint: 'name a peer or connect first' })
    }
    const last = this.#lastTo
    if (last !== null && last.address === to.address && last.port === to.port) return last.peer
    requireLiteral('send', to)
    if (to.port === 0) throw new SocketError('EINVAL', 'send', { ...placeOf(to), hint: 'port 0 is not a peer' })
    if (to.address === '255.255.255.255' && !this.#broadcast)
      throw new SocketError('EACCES', 'send', { ...placeOf(to), hint: 'set SO_BROADCAST first' })
    const peer = this.#named(to)
    this.#lastTo = { address: to.address, port: to.port, peer }
    return peer
  }

  /** A peer of another socket may be of the other family. */
  #ownPeer(peer: Peer4 | Peer6): KernelPeer {
    return (this.#family === 4) === peer instanceof Peer4 ? peer : this.#named(peer)
  }

  #named(to: IpAddress): KernelPeer {
    const name = encodeAddress(this.#libc, this.#mapped(to))
    const words = new Uint32Array(name.buffer)
    if (this.#family === 4) return new Peer4(this, words[1]!, to.port, 0, 0)
    return new Peer6(this, wordsAt(words, 2), to.port, words[6]!, null, 0)
  }

  /** An IPv6 socket reaches IPv4 addresses in their mapped form (RFC 4291 §2.5.5.2). */
  #mapped(to: IpAddress): IpAddress {
    const family = familyOf(to.address)
    if (family === this.#family) return to
    if (family === 4) return { address: `::ffff:${to.address}`, port: to.port }
    throw new SocketError('EAFNOSUPPORT', 'send', { ...placeOf(to), hint: 'the socket is IPv4: bind it to ::' })
  }

  /** False above the high-water mark. */
  #enqueue(bytes: Uint8Array, to: KernelPeer | null): boolean {
    const { queuedDatagramBytes, datagramHighWaterMark } = this.#limits
    const cost = bytes.length + DATAGRAM_OVERHEAD
    if (!this.#queue.empty && this.#queue.cost + cost > queuedDatagramBytes) {
      this.#dropped()
      return false
    }
    this.#queue.push(bytes, to, cost)
    this.#shared.waiting.add(this)
    return this.#queue.cost < datagramHighWaterMark
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
  sendLater(payload: Uint8Array, to: KernelPeer | null): void {
    this.#enqueue(payload, to)
    if (!this.#closed) this.#watch()
  }

  readonly #drain = (): void => {
    if (this.#closed || this.#draining || this.#corked > 0) return
    this.#draining = true
    this.#empty()
    this.#draining = false
    this.#watch()
    if (this.#queue.cost > this.#limits.lowWaterMark) return
    this.#dropTold = false
    if (!this.#full) return
    this.#full = false
    this.#owner?.onDrain?.()
  }

  /** Gives the kernel as much of the queue as it takes. */
  #empty(): void {
    const { outbox, waiting } = this.#shared
    for (;;) {
      const batch = this.#queue.take(COUNT)
      if (batch.length === 0) break
      for (const { bytes, to } of batch) outbox.add(this, bytes, to)
      const before = this.#queue.length
      outbox.flush()
      if (this.#queue.length > before) {
        this.#queue.rotate(this.#queue.length - before) // what came back is older than what stayed
        return
      }
    }
    waiting.delete(this)
  }

  cork(): void {
    this.#corked++
  }

  uncork(): void {
    if (this.#corked === 0 || --this.#corked > 0 || this.#closed || this.#queue.empty) return
    this.#empty()
    this.#watch()
    if (this.#full || this.#dropTold) setImmediate(this.#drain) // `onDrain` does not come from inside the owner's call
  }

  /** The process ends. */
  lastWords(): void {
    this.#corked = 0
    this.#empty()
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
    if (error === null || this.#owner === null || this.#closed) return
    this.#error = null
    this.#owner.onError(error)
  }

  // ── the rest ───────────────────────────────────────────────────────────────────────────────────────────────────

  close(): void {
    if (this.#closed) return
    this.#shared.outbox.flush()
    this.#corked = 0
    this.#empty()
    this.#closed = true
    this.#queue.clear()
    this.#shared.waiting.delete(this)
    this.#poll.close()
    this.#libc.close(this.fd)
    setImmediate(() => this.#owner?.onClose())
  }

  [Symbol.dispose](): void {
    this.close()
  }

  setOption(name: OptionName, value: OptionValue): void {
    if (this.#closed) throw closedSocket('setsockopt', name)
    writeOption(this.#libc, this.fd, this.#family, name, value)
    if (name === 'SO_BROADCAST') this.#broadcast = numberValue(name, value) !== 0
  }

  getOption(name: OptionName): OptionValue {
    if (this.#closed) throw closedSocket('getsockopt', name)
    return readOption(this.#libc, this.fd, this.#family, name)
  }
}
