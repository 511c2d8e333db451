/** Opening a UDP socket, and its options. */
import { type Family, familyOf, type IpAddress } from '../../socket/address.ts'
import type { DatagramOptions } from '../../socket/host.ts'
import { BEFORE_BIND, IPPROTO_IP, IPPROTO_IPV6, type OptionName } from '../../socket/options.ts'
import { fromErrno } from '../errors.ts'
import type { Libc } from '../libc.ts'
import { requireOption, setOnDescriptor } from '../options.ts'
import { encodeAddress } from '../sockaddr.ts'

const AF_INET = 2
const AF_INET6 = 10
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const IP_PKTINFO = 8
const IP_RECVTOS = 13
const IPV6_RECVPKTINFO = 49
const IPV6_RECVTCLASS = 66

/** @throws SocketError EADDRINUSE, EADDRNOTAVAIL, EACCES, EMFILE; ENOPROTOOPT for an option that there is not. */
export function openSocket(libc: Libc, at: IpAddress, options: DatagramOptions): number {
  const settings = options.options ?? {}
  const family = familyOf(at.address)
  for (const name of Object.keys(settings) as OptionName[]) requireOption('setsockopt', 'datagram', family, name)
  const fd = libc.socket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  if (fd < 0) throw fromErrno(libc.errno(), 'bind', at)
  try {
    for (const name of BEFORE_BIND) {
      const value = settings[name]
      if (value !== undefined) setOnDescriptor(libc, fd, family, name, value)
    }
    const name = encodeAddress(libc, at)
    askForControl(libc, fd, family, ownAddress(name, family))
    if (libc.bind(fd, name, name.length) < 0) throw fromErrno(libc.errno(), 'bind', at)
  } catch (error) {
    libc.close(fd)
    throw error
  }
  return fd
}

/** Whether the socket hears what is sent to that one address and answers from there by itself: no wildcard, no group. */
function ownAddress(name: Uint8Array, family: Family): boolean {
  const address = family === 4 ? name.subarray(4, 8) : name.subarray(8, 24)
  const group = family === 4 ? (address[0]! & 0xf0) === 0xe0 : address[0] === 0xff
  return !group && address.some((byte) => byte !== 0)
}

/**
 * With every datagram the kernel then tells its type of service, and to which address it was sent: to look up the way
 * from there with every answer is a tenth of what an answer costs, so it is left out where there is one address only.
 */
function askForControl(libc: Libc, fd: number, family: Family, one: boolean): void {
  const on = new Int32Array([1])
  const kinds =
    family === 4
      ? [[IPPROTO_IP, IP_RECVTOS] as const]
      : [[IPPROTO_IPV6, IPV6_RECVTCLASS] as const, [IPPROTO_IP, IP_RECVTOS] as const] // the latter for IPv4 peers
  const asked = family === 4 ? ([IPPROTO_IP, IP_PKTINFO] as const) : ([IPPROTO_IPV6, IPV6_RECVPKTINFO] as const)
  const wanted = one ? kinds : [asked, ...kinds]
  for (const [level, name] of wanted)
    if (libc.setsockopt(fd, level, name, on, 4) < 0) throw fromErrno(libc.errno(), 'setsockopt')
}
