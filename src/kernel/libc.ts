/**
 * The C library. Where it cannot be called `libc()` is null and the reason can be asked for. Arguments of the type
 * `Memory` are typed arrays, passed by reference, or raw addresses.
 */
import { chooseFfi } from './ffi/choice.ts'
import type { Ffi, Memory } from './ffi/ffi.ts'

export type { Memory } from './ffi/ffi.ts'

/** The calls this floor makes. They answer -1 on failure and `errno()` says why. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number
  /** Two descriptors. */
  socketpair(domain: number, type: number, protocol: number, fds: Memory): number
  bind(fd: number, address: Memory, length: number): number
  listen(fd: number, backlog: number): number
  shutdown(fd: number, how: number): number
  close(fd: number): number
  connect(fd: number, address: Memory, length: number): number
  getsockname(fd: number, address: Memory, length: Memory): number
  getpeername(fd: number, address: Memory, length: Memory): number
  setsockopt(fd: number, level: number, name: number, value: Memory, length: number): number
  getsockopt(fd: number, level: number, name: number, value: Memory, length: Memory): number
  /** With MSG_TRUNC: drops what a TCP socket has received. */
  recv(fd: number, buffer: Memory, length: number, flags: number): number
  /** Vectors of messages by their addresses; the timeout is one, too. */
  recvmmsg(fd: number, vector: bigint, count: number, flags: number, timeout: bigint): number
  sendmmsg(fd: number, vector: bigint, count: number, flags: number): number
  /** Takes and moves on the position. */
  sendfile(out: number, from: number, position: BigInt64Array, count: number): number
  fcntl(fd: number, command: number, argument: number): number
  preadv2(fd: number, vector: Memory, count: number, position: number, flags: number): number
  inet_pton(family: number, text: string, address: Memory): number
  inet_ntop(family: number, address: Memory, text: Memory, length: number): bigint
  if_nametoindex(name: string): number
  /** 0n when there is no such interface. */
  if_indextoname(index: number, name: Memory): bigint
  errno(): number
  readonly ffi: Ffi
}

let loaded: Libc | { readonly reason: string } | undefined

/** The C library, or null where it cannot be called. Loaded at the first call. */
export function libc(): Libc | null {
  loaded ??= load()
  return 'reason' in loaded ? null : loaded
}

/** Why `libc()` is null. */
export function libcMissing(): string {
  loaded ??= load()
  return 'reason' in loaded ? loaded.reason : ''
}

function load(): Libc | { readonly reason: string } {
  const choice = chooseFfi()
  if ('reason' in choice) return choice
  try {
    return bindings(choice.ffi)
  } catch (error) {
    return { reason: `the C library cannot be called: ${(error as Error).message}` }
  }
}

function bindings(ffi: Ffi): Libc {
  const sendfile = ffi.func('sendfile', 'int', 'int', 'int', 'memory', 'wide')
  const preadv2 = ffi.func('preadv2', 'int', 'int', 'memory', 'int', 'wide', 'int')
  const recv = ffi.func('recv', 'int', 'int', 'memory', 'wide', 'int')
  return {
    socket: ffi.func('socket', 'int', 'int', 'int', 'int'),
    socketpair: ffi.func('socketpair', 'int', 'int', 'int', 'int', 'memory'),
    bind: ffi.func('bind', 'int', 'int', 'memory', 'uint'),
    listen: ffi.func('listen', 'int', 'int', 'int'),
    shutdown: ffi.func('shutdown', 'int', 'int', 'int'),
    close: ffi.func('close', 'int', 'int'),
    connect: ffi.func('connect', 'int', 'int', 'memory', 'uint'),
    getsockname: ffi.func('getsockname', 'int', 'int', 'memory', 'memory'),
    getpeername: ffi.func('getpeername', 'int', 'int', 'memory', 'memory'),
    setsockopt: ffi.func('setsockopt', 'int', 'int', 'int', 'int', 'memory', 'uint'),
    getsockopt: ffi.func('getsockopt', 'int', 'int', 'int', 'int', 'memory', 'memory'),
    recv: (fd, buffer, length, flags) => recv(fd, buffer, BigInt(length), flags),
    recvmmsg: ffi.func('recvmmsg', 'int', 'int', 'address', 'uint', 'int', 'address'),
    sendmmsg: ffi.func('sendmmsg', 'int', 'int', 'address', 'uint', 'int'),
    sendfile: (out, from, position, count) => sendfile(out, from, position, BigInt(count)),
    fcntl: ffi.func('fcntl', 'int', 'int', 'int', 'int'),
    preadv2: (fd, vector, count, position, flags) => preadv2(fd, vector, count, BigInt(position), flags),
    inet_ntop: ffi.func('inet_ntop', 'address', 'int', 'memory', 'memory', 'uint'),
    if_indextoname: ffi.func('if_indextoname', 'address', 'uint', 'memory'),
    inet_pton: ffi.func('inet_pton', 'int', 'int', 'text', 'memory'),
    if_nametoindex: ffi.func('if_nametoindex', 'uint', 'text'),
    errno: () => ffi.errno(),
    ffi,
  }
}
