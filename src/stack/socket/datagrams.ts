/** A UDP socket of the stack: `Datagrams` over `UdpEndpoint`. */
import { type ErrorCode, SocketError } from '../../base/errors.ts'
import { formatIp4, IP4_ANY, type Ip4, isMulticast4, parseIp4 } from '../../base/ip.ts'
import type { Task } from '../../base/schedule.ts'
import type { IpAddress } from '../../socket/address.ts'
import { requireBytes } from '../../socket/bytes.ts'
import type { DatagramInfo, DatagramOptions, Datagrams, DatagramsOwner, Peer } from '../../socket/host.ts'
import type { Membership, OptionName, OptionValue } from '../../socket/options.ts'
import { NETWORK_ERROR_CODE, type NetworkError } from '../ip/errors.ts'
import type { Interface } from '../ip/interface.ts'
import { DATAGRAM_OVERHEAD, MULTICAST_TTL, TTL } from '../limits.ts'
import type { Stack } from '../stack.ts'
import { MAX_PAYLOAD, type UdpEndpoint } from '../transport/udp.ts'
import { ipv4Of, portOf } from './address.ts'
import { OptionTable } from './options.ts'

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

/** Addresses as numbers; text when somebody asks. */
class StackPeer implements Peer {
  readonly ip: Ip4
  readonly port: number
  readonly localIp: Ip4
  readonly #localPort: number

  constructor(ip: Ip4, port: number, localIp: Ip4, localPort: number) {
    this.ip = ip
    this.port = port
    this.localIp = localIp
    this.#localPort = localPort
  }

  get address(): string {
    return formatIp4(this.ip)
  }

  get local(): IpAddress {
    return { address: formatIp4(this.localIp), port: this.#localPort }
  }
}

/** Opens a socket as `Host.datagrams` promises. */
export function openDatagrams(stack: Stack, at: IpAddress | undefined, options: DatagramOptions = {}): StackDatagrams {
  const address = at === undefined ? IP4_ANY : ipv4Of(at, 'bind')
  const wanted = at === undefined ? 0 : portOf(at, 'bind')
  const detail = at === undefined ? {} : { address: at.address, port: at.port }
  if (address !== IP4_ANY && !isMulticast4(address) && !stack.isBindable(address))
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
  localAddress: Ip4
  readonly localPort: number
  remoteAddress: Ip4 = IP4_ANY
  remotePort = 0
  readonly #stack: Stack
  readonly #options: OptionTable
  #owner: DatagramsOwner | null = null
  #state: 'open' | 'closing' | 'closed' = 'open'
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #errors: SocketError[] = []
  /** Arranged to run, at this instant. */
  #scheduled = false
  #lastFrom = new StackPeer(IP4_ANY, 0, IP4_ANY, 0)
  readonly #info: { -readonly [each in keyof DatagramInfo]: DatagramInfo[each] } = { truncated: false, ecn: 0 }
  readonly #memberships: { readonly group: Ip4; readonly of: Interface }[] = []

  constructor(stack: Stack, address: Ip4, port: number, options: OptionTable) {
    this.#stack = stack
    this.localAddress = address
    this.localPort = port
    this.#options = options
    stack.udp.bind(this)
  }

  get local(): IpAddress {
    return { address: formatIp4(this.localAddress), port: this.localPort }
  }

  get remote(): IpAddress | null {
    return this.remotePort === 0 ? null : { address: formatIp4(this.remoteAddress), port: this.remotePort }
  }

  get shares(): boolean {
    return this.#options.flag('SO_REUSEADDR') || this.#options.flag('SO_REUSEPORT')
  }

  isMember(group: Ip4, of: Interface): boolean {
    return this.#memberships.some((each) => each.group === group && each.of === of)
  }

  attach(owner: DatagramsOwner): void {
    this.#owner = owner
    this.#wake()
  }

  async connect(to: IpAddress): Promise<void> {
    this.#mustBeOpen('connect')
    const address = ipv4Of(to, 'connect')
    const port = portOf(to, 'connect')
    if (port === 0) throw new SocketError('EINVAL', 'connect', { address: to.address, port, hint: 'port 0 is no peer' })
    const path = this.#stack.output.path(address, this.localAddress)
    if (path === null) throw new SocketError('ENETUNREACH', 'connect', { address: to.address, port })
    this.#mayBroadcast(address, path.group, 'connect')
    if (this.localAddress === IP4_ANY) this.localAddress = path.source
    this.remoteAddress = address
    this.remotePort = port
  }

  /** The link below drops what it cannot take: it never holds anybody back. */
  send(bytes: Uint8Array, to?: Peer | IpAddress): boolean {
    requireBytes('send', bytes)
    this.#mustBeOpen('send')
    const [address, port] = this.#destination(to)
    const detail = { address: formatIp4(address), port }
    const path = this.#stack.output.path(address, this.localAddress)
    if (path === null) {
      this.#report(new SocketError('ENETUNREACH', 'send', detail))
      return true
    }
    this.#mayBroadcast(address, path.group, 'send')
    if (bytes.length > MAX_PAYLOAD)
      throw new SocketError('EMSGSIZE', 'send', {
        ...detail,
        hint: `${bytes.length} bytes, at most ${MAX_PAYLOAD} fit`,
      })
    const multicast = isMulticast4(address)
    const ttl = this.#options.number(multicast ? 'IP_MULTICAST_TTL' : 'IP_TTL')
    const loop = !multicast || this.#options.flag('IP_MULTICAST_LOOP')
    // RFC 2181 §4.1: an answer comes from the address that was asked.
    const asked = to instanceof StackPeer && this.localAddress === IP4_ANY && this.#stack.isLocal(to.localIp)
    if (asked) this.#stack.udp.send(path, this, address, port, bytes, ttl, loop, to.localIp)
    else this.#stack.udp.send(path, this, address, port, bytes, ttl, loop)
    return true
  }

  /** Each datagram is an event of its own: there is nothing to be gained by holding several. */
  cork(): void {}
  uncork(): void {}

  [Symbol.dispose](): void {
    this.close()
  }

  #destination(to: Peer | IpAddress | undefined): readonly [Ip4, number] {
    if (to instanceof StackPeer) return [to.ip, to.port]
    if (to === undefined) {
      if (this.remotePort === 0)
        throw new SocketError('EDESTADDRREQ', 'send', { hint: 'name a destination, or connect first' })
      return [this.remoteAddress, this.remotePort]
    }
    const port = portOf(to, 'send')
    if (port === 0) throw new SocketError('EINVAL', 'send', { address: to.address, port, hint: 'port 0 is no peer' })
    // As on Linux, 0.0.0.0 as a destination is this host.
    return [ipv4Of(to, 'send') || parseIp4('127.0.0.1'), port]
  }

  #mayBroadcast(address: Ip4, group: boolean, syscall: string): void {
    if (group && !isMulticast4(address) && !this.#options.flag('SO_BROADCAST'))
      throw new SocketError('EACCES', syscall, { address: formatIp4(address), hint: 'set SO_BROADCAST first' })
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
    const at = this.#memberships.findIndex((each) => each.group === group && each.of === of)
    if (at < 0) throw new SocketError('EADDRNOTAVAIL', 'setsockopt', { address: membership.group })
    this.#memberships.splice(at, 1)
    of.leave(group)
  }

  #membership(value: Membership): { readonly group: Ip4; readonly of: Interface } {
    const group = typeof value === 'object' ? parseIp4(value.group) : -1
    if (group < 0 || !isMulticast4(group))
      throw new SocketError('EINVAL', 'setsockopt', { hint: 'a membership is { group: "239.1.2.3", interface? }' })
    const named = value.interface === undefined ? IP4_ANY : parseIp4(value.interface)
    const of =
      named === IP4_ANY
        ? this.#stack.output.path(group)?.interface
        : this.#stack.interfaces.find((each) => each.has(named))
    if (of === undefined)
      throw new SocketError('EADDRNOTAVAIL', 'setsockopt', { address: value.interface ?? value.group })
    return { group, of }
  }

  datagramArrived(payload: Uint8Array, fromIp: Ip4, fromPort: number, to: Ip4, ecn: number): void {
    const last = this.#lastFrom
    if (fromIp !== last.ip || fromPort !== last.port || to !== last.localIp)
      this.#lastFrom = new StackPeer(fromIp, fromPort, to, this.localPort)
    if (this.#owner !== null && !this.#scheduled) {
      this.#tell(this.#owner, payload, this.#lastFrom, ecn)
      this.#owner.onBatchEnd?.()
      return
    }
    const cost = payload.length + DATAGRAM_OVERHEAD
    if (this.#waitingBytes + cost > this.#options.number('SO_RCVBUF')) {
      this.#stack.counters.udpBufferFull++
      return
    }
    // The frame is nobody else's to change, so the payload may wait as it is.
    this.#waiting.push({ payload, from: this.#lastFrom, ecn })
    this.#waitingBytes += cost
  }

  #tell(owner: DatagramsOwner, payload: Uint8Array, from: StackPeer, ecn: number): void {
    this.#info.ecn = ecn
    this.#stack.enterApplication()
    owner.onDatagram(payload, from, this.#info)
  }

  complained(error: NetworkError): void {
    const code: ErrorCode = NETWORK_ERROR_CODE[error]
    this.#report(new SocketError(code, 'recv', { address: formatIp4(this.remoteAddress), port: this.remotePort }))
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
        this.#waitingBytes -= next.payload.length + DATAGRAM_OVERHEAD
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
