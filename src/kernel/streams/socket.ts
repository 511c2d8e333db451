/** Makes a stream socket with its options, bound where that is asked for. */
import { chmodSync } from 'node:fs'
import type { SocketError } from '../../base/errors.ts'
import type { Address } from '../../socket/address.ts'
import type { ListenOptions, OptionSettings } from '../../socket/host.ts'
import { fromErrno, fromNode } from '../errors.ts'
import type { Libc } from '../libc.ts'
import { given, requireOption, setOnDescriptor } from '../options.ts'
import { DOMAIN, encodeAddress, socketFamily } from '../sockaddr.ts'
import { hasFile } from '../unix/file.ts'

const SOCK_STREAM = 1
const SOCK_CLOEXEC = 0o2000000

/**
 * @param flags those of the engine, for socket(2)
 * @throws SocketError
 */
export function streamSocket(
  libc: Libc,
  to: Address,
  settings: OptionSettings | undefined,
  syscall: string,
  flags: number,
): number {
  const wanted = given(settings)
  const family = socketFamily(to)
  for (const [name] of wanted) requireOption('setsockopt', 'stream', family, name)
  const fd = libc.socket(DOMAIN[family], SOCK_STREAM | SOCK_CLOEXEC | flags, 0)
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
 * What accepted connections have unless the listener says otherwise: a client that has vanished without a word (a phone
 * out of reach, a NAT that forgot) is found out after a minute of silence and five probes, and does not stay for good.
 */
const PROBES: OptionSettings = { SO_KEEPALIVE: 1, TCP_KEEPIDLE: 60, TCP_KEEPINTVL: 15, TCP_KEEPCNT: 5 }

/**
 * A socket to listen on. As Node does for every server, a port with connections in TIME-WAIT can be had again at once.
 * @throws SocketError EADDRINUSE, EADDRNOTAVAIL, EACCES
 */
export function boundSocket(libc: Libc, at: Address, { options, mode }: ListenOptions, flags: number): number {
  const settings = at.path === undefined ? { SO_REUSEADDR: 1, ...PROBES, ...options } : options
  const fd = streamSocket(libc, at, settings, 'listen', flags)
  bind(libc, fd, at, 'listen')
  // Before it listens, so that nobody has got in while the bits were others.
  if (mode !== undefined && hasFile(at)) {
    try {
      chmodSync(at.path, mode)
    } catch (error) {
      libc.close(fd)
      throw fromNode(error, 'chmod', { address: at.path })
    }
  }
  return fd
}

/** @throws SocketError and closes the socket. */
export function bind(libc: Libc, fd: number, at: Address, syscall: string): void {
  const address = encodeAddress(libc, at)
  if (libc.bind(fd, address, address.length) < 0) throw failed(libc, fd, syscall, at)
}

/** The error of the call that has just failed; closes the socket it was about. */
export function failed(libc: Libc, fd: number, syscall: string, at: Address): SocketError {
  const error = fromErrno(libc.errno(), syscall, at)
  libc.close(fd)
  return error
}
