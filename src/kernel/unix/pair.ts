/** socketpair(2). */
import { fromErrno } from '../errors.ts'
import type { Libc } from '../libc.ts'
import { DOMAIN } from '../sockaddr.ts'

const SOCK_CLOEXEC = 0o2000000
export const SOCK_STREAM = 1
export const SOCK_DGRAM = 2
export const SOCK_NONBLOCK = 0o4000

/** Two connected descriptors without names. @throws SocketError EMFILE, ENFILE */
export function descriptorPair(libc: Libc, type: number): readonly [number, number] {
  const fds = new Int32Array(2)
  if (libc.socketpair(DOMAIN.unix, type | SOCK_CLOEXEC, 0, fds) < 0) throw fromErrno(libc.errno(), 'socketpair')
  return [fds[0]!, fds[1]!]
}
