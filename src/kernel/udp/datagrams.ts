/** A UDP socket through the C library: with each datagram the kernel says to which of our addresses it was sent. */
import { isMainThread } from 'node:worker_threads'
import { ERRNO, SocketError } from '../../base/errors.ts'
import { type Family, familyOf, type IpAddress, ipOf, placeOf } from '../../socket/address.ts'
import type { DatagramOptions, Datagrams } from '../../socket/host.ts'
import type { OptionName, OptionValue } from '../../socket/options.ts'
import { MAX_DATAGRAM } from '../datagram.ts'
import type { Libc } from '../libc.ts'
import type { KernelLimits } from '../limits.ts'
import { requireLiteral } from '../literal.ts'
import { MessageSocket } from '../messages/socket.ts'
import { KNOWN, type MessageVector, nameAt } from '../messages/vector.ts'
import { numberValue } from '../options.ts'
import { encodeAddress, localOf } from '../sockaddr.ts'
import { type Control, readControl, wordsAt } from './control.ts'
import { openSocket } from './open.ts'
import { type Home, type KernelPeer, Peer4, Peer6 } from './peer.ts'

/** Whether this process can have such sockets. */
export function libcDatagramsWork(): boolean {
  return isMainThread && KNOWN.has(process.arch)
}

/** @throws SocketError */
export function libcDatagrams(libc: Libc, limits: KernelLimits, at: IpAddress, options: DatagramOptions): Datagrams {
  const socket = new UdpSocket(libc, limits, openSocket(libc, at, options), familyOf(at.address))
  socket.setOptions(options)
  return socket
}

class UdpSocket extends MessageSocket<IpAddress> implements Home {
  override local: IpAddress
  protected override readonly longest: number
  readonly #family: Family
  /** A limited broadcast is refused here, so that the refusal comes under a cork as well. */
  #broadcast = false
  #lastPeer: Peer4 | null = null
  readonly #control: Control = { ecn: 0, asked: 0, from: 0, asked6: null, index: 0 }
  /** The address that was sent to last, and what became of its text. */
  #lastTo: { readonly address: string; readonly port: number; readonly peer: KernelPeer } | null = null

  constructor(libc: Libc, limits: KernelLimits, fd: number, family: Family) {
    super(libc, limits, fd, family)
    this.#family = family
    this.longest = MAX_DATAGRAM[family]
    this.local = ipOf(localOf(libc, fd), 'bind')
  }

  // ── receiving ──────────────────────────────────────────────────────────────────────────────────────────────────

  protected override from(inbox: MessageVector, i: number): KernelPeer {
    readControl(inbox, i, this.#control)
    return this.#family === 4 ? this.#peer4(inbox, i) : this.#peer6(inbox, i)
  }

  protected override get ecn(): number {
    return this.#control.ecn
  }

  /** The same object as for the datagram before, where it has come from the same place. */
  #peer4({ bytes, words }: MessageVector, i: number): Peer4 {
    const at = nameAt(i)
    const ip = words[at / 4 + 1]!
    const port = (bytes[at + 2]! << 8) | bytes[at + 3]!
    const { asked, from } = this.#control
    const last = this.#lastPeer
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

  protected override nameFor(to: IpAddress): IpAddress {
    return this.#mapped(requireLiteral('connect', to))
  }

  protected override connected(to: IpAddress): void {
    this.local = ipOf(localOf(this.libc, this.fd), 'connect')
    this.remote = { address: to.address, port: to.port }
  }

  protected override target(to: IpAddress | undefined): KernelPeer | null | undefined {
    const peer = this.#peerOf(to)
    // A stranger may claim to have sent from port 0; nothing can be sent there, and it is nobody's mistake here.
    return peer !== null && peer.port === 0 ? undefined : peer
  }

  #peerOf(to: IpAddress | undefined): KernelPeer | null {
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
    const name = encodeAddress(this.libc, this.#mapped(to))
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

  protected override advice(misuse: number): string | undefined {
    return misuse === ERRNO.EACCES[0] ? 'set SO_BROADCAST first, if that is a broadcast address' : undefined
  }

  override setOption(name: OptionName, value: OptionValue): void {
    super.setOption(name, value)
    if (name === 'SO_BROADCAST') this.#broadcast = numberValue(name, value) !== 0
  }
}
