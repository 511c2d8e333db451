/** A UDP socket of the stack: `Datagrams` over `UdpEndpoint`. */
import { type ErrorCode, SocketError } from '../../base/errors.ts'
import { formatIp, type Ip, isMulticast, isUnspecified, parseIp, sameIp } from '../../base/ip6.ts'
import type { Task } from '../../base/schedule.ts'
import type { IpAddress } from '../../socket/address.ts'
import { requireBytes } from '../../socket/bytes.ts'
import type { DatagramInfo, DatagramOptions, Datagrams, DatagramsOwner, Peer } from '../../socket/host.ts'
import type { Membership, OptionName, OptionValue } from '../../socket/options.ts'
import type { Interface } from '../link/interface.ts'
import { NETWORK_ERROR_CODE, type NetworkError } from '../net/errors.ts'
import type { NetworkLayer } from '../net/layer.ts'
import type { Path } from '../net/path.ts'
import { MULTICAST_TTL, TTL } from '../net/ttl.ts'
import { MAX_PAYLOAD, type UdpEndpoint } from '../transport/udp.ts'
import { LOOPBACK_STAYS, type Located, locate, locatePeer, peerPortOf, portOf } from './address.ts'
import { OptionTable } from './options.ts'
import type { SocketPort } from './port.ts'

const DEFAULTS = {
  SO_REUSEADDR: 0,
  SO_REUSEPORT: 0,
  SO_ERROR: 0,
  SO_BROADCAST: 0,
  IP_TTL: TTL,
  IP_MULTICAST_TTL: MULTICAST_TTL,
  IP_MULTICAST_LOOP: 1,
} as const

interface Waiting {
  readonly payload: Uint8Array
  readonly from: StackPeer
  readonly ecn: number
}

/** Addresses as values; text when somebody asks. */
class StackPeer implements Peer {
  readonly ip: Ip
  readonly port: number
  readonly localIp: Ip
  readonly #localPort: number

  constructor(ip: Ip, port: number, localIp: Ip, localPort: number) {
    this.ip = ip
    this.port = port
    this.localIp = localIp
    this.#localPort = localPort
  }

  get address(): string {
    return formatIp(this.ip)
  }

  get local(): IpAddress {
    return { address: formatIp(this.localIp), port: this.#localPort }
  }
}

/** Opens a socket as `Host.datagrams` promises. */
export function openDatagrams(
  stack: SocketPort,
  at: IpAddress | undefined,
  options: DatagramOptions = {},
): StackDatagrams {
  const { four } = stack.layers
  const { ip: address, layer } = at === undefined ? { ip: four.any, layer: four } : locate(stack.layers, at, 'bind')
  const wanted = at === undefined ? 0 : portOf(at, 'bind')
  const detail = at === undefined ? {} : { address: at.address, port: at.port }
  if (!isUnspecified(address) && !isMulticast(address) && !layer.isBindable(address))
    throw new SocketError('EADDRNOTAVAIL', 'bind', detail)
  const { datagramBuffer } = stack.limits
  const { IP_ADD_MEMBERSHIP, ...settings } = options.options ?? {}
  const table = new OptionTable({ ...DEFAULTS, SO_RCVBUF: datagramBuffer, SO_SNDBUF: datagramBuffer }, settings)
  const port = wanted || stack.udp.freePort()
  if (port === 0) throw new SocketError('EADDRINUSE', 'bind', { ...detail, hint: 'every ephemeral port is taken' })
  const shares = table.flag('SO_REUSEADDR') || table.flag('SO_REUSEPORT')
  if (!stack.udp.mayBind(address, port, shares)) throw new SocketError('EADDRINUSE', 'bind', detail)
  const socket = new StackDatagrams(stack, address, port, table)
  try {
    if (IP_ADD_MEMBERSHIP !== undefined) socket.setOption('IP_ADD_MEMBERSHIP', IP_ADD_MEMBERSHIP)
  } catch (error) {
    socket.close()
    throw error
  }
  return socket
}

export class StackDatagrams implements Datagrams, UdpEndpoint, Task {
  localAddress: Ip
  readonly localPort: number
  remoteAddress: Ip
  remotePort = 0
  readonly #stack: SocketPort
  readonly #options: OptionTable
  #owner: DatagramsOwner | null = null
  #state: 'open' | 'closing' | 'closed' = 'open'
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #errors: SocketError[] = []
  /** Arranged to run, at this instant. */
  #scheduled = false
  /** Whoever sent last: the next datagram is often from there too. */
  #lastFrom: StackPeer | null = null
  readonly #info: { -readonly [each in keyof DatagramInfo]: DatagramInfo[each] } = { truncated: false, ecn: 0 }
  readonly #memberships: { readonly group: Ip; readonly of: Interface }[] = []

  constructor(stack: SocketPort, address: Ip, port: number, options: OptionTable) {
    this.#stack = stack
    this.localAddress = address
    this.remoteAddress = stack.layers.of(address)!.any
    this.localPort = port
    this.#options = options
    stack.udp.bind(this)
  }

  get local(): IpAddress {
    return { address: formatIp(this.localAddress), port: this.localPort }
  }

  get remote(): IpAddress | null {
    return this.remotePort === 0 ? null : { address: formatIp(this.remoteAddress), port: this.remotePort }
  }

  get shares(): boolean {
    return this.#options.flag('SO_REUSEADDR') || this.#options.flag('SO_REUSEPORT')
  }

  get spreads(): boolean {
    return this.#options.flag('SO_REUSEPORT')
  }

  isMember(group: Ip, of: Interface): boolean {
    return this.#memberships.some((each) => each.of === of && sameIp(each.group, group))
  }

  attach(owner: DatagramsOwner): void {
    this.#owner = owner
    this.#wake()
  }

  async connect(to: IpAddress): Promise<void> {
    this.#mustBeOpen('connect')
    const port = peerPortOf(to, 'connect')
    const { ip, layer } = locatePeer(this.#stack.layers, to, 'connect')
    const path = layer.path(ip, this.localAddress)
    if (path === null) throw new SocketError('ENETUNREACH', 'connect', { address: to.address, port })
    this.#mayBroadcast(ip, path, 'connect')
    const source = this.#sourceFor(path, undefined)
    this.#mayLeave(layer, source, path, { address: to.address, port }, 'connect')
    if (isUnspecified(this.localAddress)) this.localAddress = source
    this.remoteAddress = ip
    this.remotePort = port
  }

  /** The link below drops what it cannot take: it never holds anybody back. */
  send(bytes: Uint8Array, to?: Peer | IpAddress): boolean {
    requireBytes('send', bytes)
    this.#mustBeOpen('send')
    const { ip, layer, port } = this.#destination(to)
    const detail = { address: formatIp(ip), port }
    const path = layer.path(ip, this.localAddress)
    if (path === null) {
      this.#report(new SocketError('ENETUNREACH', 'send', detail))
      return true
    }
    this.#mayBroadcast(ip, path, 'send')
    const from = this.#sourceFor(path, to instanceof StackPeer ? to : undefined)
    this.#mayLeave(layer, from, path, detail, 'send')
    if (bytes.length > MAX_PAYLOAD)
      throw new SocketError('EMSGSIZE', 'send', {
        ...detail,
        hint: `${bytes.length} bytes, at most ${MAX_PAYLOAD} fit`,
      })
    const multicast = isMulticast(ip)
    const ttl = this.#options.number(multicast ? 'IP_MULTICAST_TTL' : 'IP_TTL')
    const loop = !multicast || this.#options.flag('IP_MULTICAST_LOOP')
    this.#stack.udp.send(path, { from, fromPort: this.localPort, to: ip, toPort: port, bytes, ttl, loop })
    return true
  }

  /** The address that a datagram bears. RFC 2181 §4.1: an answer comes from the address that was asked. */
  #sourceFor(path: Path, asked: StackPeer | undefined): Ip {
    if (!isUnspecified(this.localAddress) && !isMulticast(this.localAddress)) return this.localAddress
    const { layers } = this.#stack
    return asked !== undefined && layers.of(asked.localIp)?.isLocal(asked.localIp) ? asked.localIp : path.source
  }

  #mayLeave(layer: NetworkLayer, source: Ip, path: Path, detail: { address: string; port: number }, syscall: string) {
    if (!layer.mayLeave(source, path)) throw new SocketError('EINVAL', syscall, { ...detail, hint: LOOPBACK_STAYS })
  }

  /** Each datagram is an event of its own: there is nothing to be gained by holding several. */
  cork(): void {}
  uncork(): void {}

  [Symbol.dispose](): void {
    this.close()
  }

  #destination(to: Peer | IpAddress | undefined): Located & { readonly port: number } {
    const { layers } = this.#stack
    if (to instanceof StackPeer) return { ip: to.ip, layer: layers.of(to.ip)!, port: to.port }
    if (to !== undefined) return { port: peerPortOf(to, 'send'), ...locatePeer(layers, to, 'send') }
    if (this.remotePort === 0)
      throw new SocketError('EDESTADDRREQ', 'send', { hint: 'name a destination, or connect first' })
    return { ip: this.remoteAddress, layer: layers.of(this.remoteAddress)!, port: this.remotePort }
  }

  #mayBroadcast(address: Ip, path: Path, syscall: string): void {
    if (path.group && !isMulticast(address) && !this.#options.flag('SO_BROADCAST'))
      throw new SocketError('EACCES', syscall, { address: formatIp(address), hint: 'set SO_BROADCAST first' })
  }

  close(): void {
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.#stack.udp.release(this)
    for (const { group, of } of this.#memberships) of.leave(group)
    this.#memberships.length = 0
    this.#waiting = []
    this.#errors = []
    this.#wake()
  }

  setOption(name: OptionName, value: OptionValue): void {
    this.#mustBeOpen('setsockopt')
    if (name === 'IP_ADD_MEMBERSHIP') this.#join(value as Membership)
    else if (name === 'IP_DROP_MEMBERSHIP') this.#leave(value as Membership)
    else this.#options.set(name, value)
  }

  getOption(name: OptionName): OptionValue {
    this.#mustBeOpen('getsockopt')
    // Reading the pending error takes it back: onError will not tell it too.
    if (name === 'SO_ERROR') return Math.abs(this.#errors.shift()?.errno ?? 0)
    return this.#options.get(name)
  }

  #join(membership: Membership): void {
    const { group, of } = this.#membership(membership)
    if (this.isMember(group, of)) throw new SocketError('EADDRINUSE', 'setsockopt', { address: membership.group })
    if (this.#memberships.length >= this.#stack.limits.memberships)
      throw new SocketError('ENOBUFS', 'setsockopt', {
        hint: `at most ${this.#stack.limits.memberships} groups a socket`,
      })
    of.join(group)
    this.#memberships.push({ group, of })
  }

  #leave(membership: Membership): void {
    const { group, of } = this.#membership(membership)
    const at = this.#memberships.findIndex((each) => each.of === of && sameIp(each.group, group))
    if (at < 0) throw new SocketError('EADDRNOTAVAIL', 'setsockopt', { address: membership.group })
    this.#memberships.splice(at, 1)
    of.leave(group)
  }

  #membership(value: Membership): { readonly group: Ip; readonly of: Interface } {
    const group = typeof value === 'object' ? parseIp(value.group) : null
    const layer = group === null ? null : this.#stack.layers.of(group)
    const named = value.interface === undefined ? layer?.any : parseIp(value.interface)
    if (group === null || layer === null || !isMulticast(group) || named === null || named === undefined)
      throw new SocketError('EINVAL', 'setsockopt', { hint: 'a membership is { group: "239.1.2.3", interface? }' })
    const of = isUnspecified(named) ? layer.path(group, layer.any)?.interface : layer.interfaceWith(named)
    if (of === undefined)
      throw new SocketError('EADDRNOTAVAIL', 'setsockopt', { address: value.interface ?? value.group })
    return { group, of }
  }

  datagramArrived(payload: Uint8Array, from: Ip, fromPort: number, to: Ip, ecn: number): boolean {
    const peer = this.#peer(from, fromPort, to)
    if (this.#owner !== null && !this.#scheduled) {
      this.#tell(this.#owner, payload, peer, ecn)
      this.#owner.onBatchEnd?.()
      return true
    }
    const cost = payload.length + this.#stack.limits.datagramOverhead
    if (this.#waitingBytes + cost > this.#options.number('SO_RCVBUF')) return false
    // The frame is nobody else's to change, so the payload may wait as it is.
    this.#waiting.push({ payload, from: peer, ecn })
    this.#waitingBytes += cost
    return true
  }

  #peer(from: Ip, fromPort: number, to: Ip): StackPeer {
    const last = this.#lastFrom
    if (last !== null && fromPort === last.port && sameIp(from, last.ip) && sameIp(to, last.localIp)) return last
    return (this.#lastFrom = new StackPeer(from, fromPort, to, this.localPort))
  }

  #tell(owner: DatagramsOwner, payload: Uint8Array, from: StackPeer, ecn: number): void {
    this.#info.ecn = ecn
    this.#stack.enterApplication()
    owner.onDatagram(payload, from, this.#info)
  }

  complained(error: NetworkError): void {
    const code: ErrorCode = NETWORK_ERROR_CODE[error]
    this.#report(new SocketError(code, 'recv', { address: formatIp(this.remoteAddress), port: this.remotePort }))
  }

  #report(error: SocketError): void {
    // One pending error, as SO_ERROR holds one.
    if (this.#errors.length === 0) this.#errors.push(error)
    this.#wake()
  }

  #wake(): void {
    if (this.#scheduled || this.#owner === null) return
    this.#scheduled = true
    this.#stack.soon(this)
  }

  /** Delivers what waited. */
  run(): void {
    this.#scheduled = false
    let told = false
    while (this.#owner !== null && this.#state !== 'closed') {
      this.#stack.enterApplication()
      const error = this.#errors.shift()
      if (error !== undefined) {
        this.#owner.onError(error)
        continue
      }
      const next = this.#waiting.shift()
      if (next !== undefined) {
        this.#waitingBytes -= next.payload.length + this.#stack.limits.datagramOverhead
        this.#tell(this.#owner, next.payload, next.from, next.ecn)
        told = true
        continue
      }
      if (told) {
        told = false
        this.#owner.onBatchEnd?.()
        continue
      }
      if (this.#state !== 'closing') return
      this.#state = 'closed'
      this.#owner.onClose()
    }
  }

  #mustBeOpen(syscall: string): void {
    if (this.#state !== 'open') throw new SocketError('EBADF', syscall, { hint: 'the socket is closed' })
  }
}
