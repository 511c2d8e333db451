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
    askForControl(libc, fd, family)
    const name = encodeAddress(libc, at)
    if (libc.bind(fd, name, name.length) < 0) throw fromErrno(libc.errno(), 'bind', at)
  } catch (error) {
    libc.close(fd)
    throw error
  }
  return fd
}

/** With every datagram the kernel then tells to which address it was sent, and its type of service. */
function askForControl(libc: Libc, fd: number, family: Family): void {
  const one = new Int32Array([1])
  const wanted =
    family === 4
      ? [[IPPROTO_IP, IP_PKTINFO] as const, [IPPROTO_IP, IP_RECVTOS] as const]
      : [
          [IPPROTO_IPV6, IPV6_RECVPKTINFO] as const,
          [IPPROTO_IPV6, IPV6_RECVTCLASS] as const,
          [IPPROTO_IP, IP_RECVTOS] as const, // for IPv4 peers
        ]
  for (const [level, name] of wanted)
    if (libc.setsockopt(fd, level, name, one, 4) < 0) throw fromErrno(libc.errno(), 'setsockopt')
}
