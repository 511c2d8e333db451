/** Makes a stream socket with its options, bound where that is asked for. */
import type { SocketError } from '../base/errors.ts'
import { familyOf, type IpAddress } from '../socket/address.ts'
import type { OptionSettings } from '../socket/host.ts'
import { fromErrno } from './errors.ts'
import type { Libc } from './libc.ts'
import { given, requireOption, setOnDescriptor } from './options.ts'
import { encodeAddress } from './sockaddr.ts'

const AF_INET = 2
const AF_INET6 = 10
const SOCK_STREAM = 1
const SOCK_CLOEXEC = 0o2000000

/**
 * The socket blocks (no O_NONBLOCK): io_uring then waits for it instead of answering EAGAIN.
 * @throws SocketError
 */
export function streamSocket(libc: Libc, to: IpAddress, settings: OptionSettings | undefined, syscall: string): number {
  const wanted = given(settings)
  const family = familyOf(to.address)
  for (const [name] of wanted) requireOption('setsockopt', 'stream', family, name)
  const fd = libc.socket(family === 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)
  if (fd < 0) throw fromErrno(libc.errno(), syscall, to)
  try {
    for (const [name, value] of wanted) setOnDescriptor(libc, fd, family, name, value)
  } catch (error) {
    libc.close(fd)
    throw error
  }
  return fd
}

/**
 * A socket to listen on. As Node does for every server, a port with connections in TIME-WAIT can be had again at once.
 * @throws SocketError EADDRINUSE, EADDRNOTAVAIL, EACCES
 */
export function boundSocket(libc: Libc, at: IpAddress, settings: OptionSettings | undefined): number {
  const fd = streamSocket(libc, at, { SO_REUSEADDR: 1, ...settings }, 'listen')
  bind(libc, fd, at, 'listen')
  return fd
}

/** @throws SocketError and closes the socket. */
export function bind(libc: Libc, fd: number, at: IpAddress, syscall: string): void {
  const address = encodeAddress(libc, at)
  if (libc.bind(fd, address, address.length) < 0) throw failed(libc, fd, syscall, at)
}

/** The error of the call that has just failed; closes the socket it was about. */
export function failed(libc: Libc, fd: number, syscall: string, at: IpAddress): SocketError {
  const error = fromErrno(libc.errno(), syscall, at)
  libc.close(fd)
  return error
}
