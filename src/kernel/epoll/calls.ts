/** The system calls of this driver, and their numbers (sys/epoll.h). */
import type { Ffi } from '../ffi/ffi.ts'

export const EPOLL_CLOEXEC = 0o2000000
export const EPOLL_CTL_ADD = 1
export const EPOLL_CTL_MOD = 3
export const EPOLLIN = 1
export const EPOLLOUT = 4
export const EPOLLERR = 8
export const EPOLLHUP = 16
/** The peer has sent its FIN. */
export const EPOLLRDHUP = 0x2000
/** Told once for each change, not as long as it is so. */
export const EPOLLET = 0x8000_0000 | 0

export const EINTR = 4
export const EAGAIN = 11
export const EEXIST = 17
export const ECONNABORTED = 103
export const EINPROGRESS = 115
export const ECANCELED = 125

/** More follows at once, which may go into the same segment. */
export const MSG_MORE = 0x8000
export const SOCK_NONBLOCK = 0o4000
export const SOCK_CLOEXEC = 0o2000000
export const SOL_SOCKET = 1
export const SO_ERROR = 4

/** struct epoll_event is packed on x86-64 alone: its size in words, and where its data begin. */
export const EVENT_WORDS = process.arch === 'x64' ? 3 : 4
export const EVENT_DATA = process.arch === 'x64' ? 1 : 2

export function callsOf(ffi: Ffi) {
  return {
    create: ffi.func('epoll_create1', 'int', 'int'),
    control: ffi.func('epoll_ctl', 'int', 'int', 'int', 'int', 'address'),
    wait: ffi.func('epoll_wait', 'int', 'int', 'address', 'int', 'int'),
    // read(2) and write(2) have three arguments, of which node:ffi makes a fast call; recv and send have four.
    read: ffi.func('read', 'int', 'int', 'address', 'wide'),
    write: ffi.func('write', 'int', 'int', 'address', 'wide'),
    send: ffi.func('send', 'int', 'int', 'address', 'wide', 'int'),
    accept: ffi.func('accept4', 'int', 'int', 'address', 'address', 'int'),
    connect: ffi.func('connect', 'int', 'int', 'address', 'uint'),
  }
}
