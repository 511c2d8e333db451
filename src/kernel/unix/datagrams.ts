/** Datagram sockets of the Unix family, through the C library. */
import { chmodSync } from 'node:fs'
import { ERRNO, SocketError } from '../../base/errors.ts'
import { type PathAddress, placeOf } from '../../socket/address.ts'
import type { DatagramOptions, PathDatagrams, SocketFileOptions } from '../../socket/host.ts'
import type { OptionName } from '../../socket/options.ts'
import { fromErrno, fromNode } from '../errors.ts'
import type { Libc } from '../libc.ts'
import type { KernelLimits } from '../limits.ts'
import { requirePath } from '../literal.ts'
import { MessageSocket } from '../messages/socket.ts'
import { type MessageVector, nameAt, type Target } from '../messages/vector.ts'
import { requireOption } from '../options.ts'
import { DOMAIN, decodeAddress, encodeAddress, localOf } from '../sockaddr.ts'
import { hasFile, SocketFile } from './file.ts'

const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
/** What fits into a message of the vector; the kernel would take as much as SO_SNDBUF holds. */
const LONGEST = 65_535
/** The family alone: a socket without a name. */
const UNNAMED = 2

/** @param at the path ''  for a socket without a name. @throws SocketError */
export function unixDatagrams(
  libc: Libc,
  limits: KernelLimits,
  at: PathAddress,
  options: DatagramOptions & SocketFileOptions,
): PathDatagrams {
  for (const name of Object.keys(options.options ?? {}) as OptionName[])
    requireOption('setsockopt', 'datagram', 'unix', name)
  const fd = libc.socket(DOMAIN.unix, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  if (fd < 0) throw fromErrno(libc.errno(), 'bind', at)
  let file: SocketFile | null = null
  try {
    if (at.path !== '') file = bound(libc, fd, at, options)
  } catch (error) {
    libc.close(fd)
    throw fromNode(error, 'bind', placeOf(at))
  }
  const socket = new UnixSocket(libc, limits, fd, file)
  socket.setOptions(options)
  return socket
}

function bound(libc: Libc, fd: number, at: PathAddress, { mode }: SocketFileOptions): SocketFile | null {
  const name = encodeAddress(libc, at)
  if (libc.bind(fd, name, name.length) < 0) throw fromErrno(libc.errno(), 'bind', at)
  if (!hasFile(at)) return null
  const file = new SocketFile(at.path)
  if (mode !== undefined) chmodSync(at.path, mode)
  return file
}

/** A datagram socket of that descriptor, which is connected already. */
export function connectedDatagrams(libc: Libc, limits: KernelLimits, fd: number): PathDatagrams {
  const socket = new UnixSocket(libc, limits, fd, null)
  socket.remote = { path: '' }
  return socket
}

class UnixSocket extends MessageSocket<PathAddress> {
  override readonly local: PathAddress
  protected override readonly longest = LONGEST
  protected override readonly ecn = 0
  readonly #file: SocketFile | null
  /** Who sent last, and who was sent to last. */
  #lastPeer: PathPeer | null = null
  #lastTo: PathPeer | null = null

  constructor(libc: Libc, limits: KernelLimits, fd: number, file: SocketFile | null) {
    super(libc, limits, fd, 'unix')
    const { path = '' } = localOf(libc, fd)
    this.local = { path }
    this.#file = file
  }

  /** The same object as for the datagram before, where it has come from the same place. */
  protected override from(inbox: MessageVector, i: number): PathPeer {
    const at = nameAt(i)
    const name = inbox.bytes.subarray(at, at + Math.max(UNNAMED, inbox.nameLength(i)))
    const last = this.#lastPeer
    if (last !== null && sameBytes(last.name, name)) return last
    const { path = '' } = inbox.nameLength(i) < UNNAMED ? {} : decodeAddress(this.libc, name)
    const peer = new PathPeer(name.slice(), path, this.local)
    this.#lastPeer = peer
    return peer
  }

  protected override target(to: PathAddress | undefined): PathPeer | null | undefined {
    if (to === undefined) {
      if (this.remote !== null) return null
      throw new SocketError('EDESTADDRREQ', 'send', { hint: 'name a peer or connect first' })
    }
    if (to instanceof PathPeer) {
      if (to.path !== '') return to
      throw new SocketError('EDESTADDRREQ', 'send', { hint: 'the peer’s socket has no name: nobody can answer it' })
    }
    if (this.#lastTo?.path === to.path) return this.#lastTo
    const peer = new PathPeer(encodeAddress(this.libc, requirePath('send', to)), to.path, this.local)
    this.#lastTo = peer
    return peer
  }

  protected override nameFor(to: PathAddress): PathAddress {
    return requirePath('connect', to)
  }

  protected override connected({ path }: PathAddress): void {
    this.remote = { path }
  }

  protected override advice(misuse: number): string | undefined {
    if (misuse === ERRNO.ENOENT[0]) return 'no socket is bound to that path'
    return misuse === ERRNO.EPROTOTYPE[0] ? 'a stream socket listens there' : undefined
  }

  // What is full is the peer's queue, not ours: others must not wait for that peer, and poll(2) cannot tell its room.

  protected override get pollsForRoom(): boolean {
    return this.remote !== null
  }

  protected override mustWait(to: Target | null): boolean {
    if (this.remote !== null) return super.mustWait(to)
    return !this.queue.empty && this.queue.some((other) => samePath(other, to))
  }

  protected override empty(): void {
    if (this.remote === null) this.#emptyByPeer()
    else super.empty()
  }

  #emptyByPeer(): void {
    const { outbox, waiting } = this.shared
    const blocked: (Target | null)[] = []
    for (let left = this.queue.length; left > 0; left--) {
      const [one] = this.queue.take(1)
      if (blocked.some((to) => samePath(to, one!.to))) {
        this.queue.putBack(one!)
        continue
      }
      const before = this.queue.length
      outbox.add(this, one!.bytes, one!.to)
      outbox.flush()
      if (this.queue.length > before) blocked.push(one!.to)
    }
    if (this.queue.empty) waiting.delete(this)
  }

  override close(): void {
    if (!this.closed) this.#file?.remove()
    super.close()
  }
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false
  return true
}

function samePath(one: Target | null, other: Target | null): boolean {
  return one instanceof PathPeer && other instanceof PathPeer && one.path === other.path
}

/** A peer by its name, kept as the kernel has written it: not every path is text. */
class PathPeer implements PathAddress, Target {
  readonly path: string
  readonly local: PathAddress
  readonly name: Uint8Array

  constructor(name: Uint8Array, path: string, local: PathAddress) {
    this.name = name
    this.path = path
    this.local = local
  }

  writeName({ bytes }: MessageVector, i: number): number {
    bytes.set(this.name, nameAt(i))
    return this.name.length
  }

  writeSource(): number {
    return 0
  }
}
