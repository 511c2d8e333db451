/**
 * Errors of the socket layer, with the codes and the wording that Node's users know:
 * `connect ECONNREFUSED 127.0.0.1:9999`.
 */

/** errno names with their Linux numbers (asm-generic/errno.h) and the system's own description. */
export const ERRNO = {
  EPERM: [1, 'operation not permitted'],
  ENOENT: [2, 'no such file or directory'],
  EINTR: [4, 'interrupted system call'],
  EBADF: [9, 'bad file descriptor'],
  EAGAIN: [11, 'resource temporarily unavailable'],
  ENOMEM: [12, 'not enough memory'],
  EACCES: [13, 'permission denied'],
  EFAULT: [14, 'bad address'],
  EBUSY: [16, 'resource busy'],
  EEXIST: [17, 'file already exists'],
  ENODEV: [19, 'no such device'],
  ENOTDIR: [20, 'not a directory'],
  EINVAL: [22, 'invalid argument'],
  EMFILE: [24, 'too many open files'],
  ENFILE: [23, 'file table overflow'],
  EPIPE: [32, 'broken pipe'],
  ENAMETOOLONG: [36, 'file name too long'],
  ENOSYS: [38, 'function not implemented by this kernel'],
  EOVERFLOW: [75, 'value too large for its type'],
  ENOTSOCK: [88, 'not a socket'],
  EDESTADDRREQ: [89, 'destination address required'],
  EMSGSIZE: [90, 'message too long'],
  EPROTOTYPE: [91, 'protocol wrong type for socket'],
  ENOPROTOOPT: [92, 'protocol option not available on this host'],
  EPROTONOSUPPORT: [93, 'protocol not supported'],
  EOPNOTSUPP: [95, 'operation not supported on socket'],
  EAFNOSUPPORT: [97, 'address family not supported'],
  EADDRINUSE: [98, 'address already in use'],
  EADDRNOTAVAIL: [99, 'address not available'],
  ENETDOWN: [100, 'network is down'],
  ENETUNREACH: [101, 'network is unreachable'],
  ENETRESET: [102, 'network dropped the connection on reset'],
  ECONNABORTED: [103, 'software caused connection abort'],
  ECONNRESET: [104, 'connection reset by peer'],
  ENOBUFS: [105, 'no buffer space available'],
  EISCONN: [106, 'socket is already connected'],
  ENOTCONN: [107, 'socket is not connected'],
  ETIMEDOUT: [110, 'connection timed out'],
  ECONNREFUSED: [111, 'connection refused'],
  ESHUTDOWN: [108, 'cannot send after shutdown'],
  EHOSTDOWN: [112, 'host is down'],
  EHOSTUNREACH: [113, 'host is unreachable'],
  EALREADY: [114, 'connection already in progress'],
  EINPROGRESS: [115, 'operation in progress'],
  ECANCELED: [125, 'operation canceled'],
  ENOTFOUND: [3008, 'name not found'],
  EAI_AGAIN: [3001, 'temporary failure in name resolution'],
  /** An error of the system that this table does not name; its `errno` says which. */
  UNKNOWN: [4094, 'an error of the system'],
} as const satisfies Record<string, readonly [number, string]>

/** An errno by its name: `ECONNREFUSED`, `ETIMEDOUT`, `EADDRINUSE`. */
export type ErrorCode = keyof typeof ERRNO

/**
 * What the errors of every floor have in common: a `code` for programs to compare (`HTTP_BODY_TOO_LARGE`), beside the
 * message for people, which may change.
 */
export abstract class CodedError extends Error {
  abstract readonly code: string
}

/** What a `SocketError` tells beside its code and the call that failed. */
export interface SocketErrorDetail {
  address?: string | undefined
  port?: number | undefined
  /** The system's own errno (positive), where `code` is `UNKNOWN`. */
  errno?: number | undefined
  /** What the caller can do about it; appended to the message. */
  hint?: string | undefined
  cause?: unknown
}

/** What went wrong with a socket: `code`, `syscall`, `address`, `port`, as on a Node system error. */
export class SocketError extends CodedError {
  override readonly name = 'SocketError'
  override readonly code: ErrorCode
  /** The Linux errno, negative as Node reports it. */
  readonly errno: number
  readonly syscall: string
  readonly address: string | undefined
  readonly port: number | undefined

  constructor(code: ErrorCode, syscall: string, detail: SocketErrorDetail = {}) {
    const [number, text] = ERRNO[code]
    const errno = detail.errno ?? number
    const where = detail.address === undefined ? '' : ` ${placed(detail.address)}`
    const port = detail.port === undefined ? '' : `:${detail.port}`
    const hint = detail.hint === undefined ? '' : ` (${detail.hint})`
    super(
      `${syscall} ${code}: ${text}${code === 'UNKNOWN' ? ` (errno ${errno})` : ''}${where}${port}${hint}`,
      detail.cause === undefined ? {} : { cause: detail.cause },
    )
    this.code = code
    this.errno = -errno
    this.syscall = syscall
    this.address = detail.address
    this.port = detail.port
  }
}

/** An IPv6 address in brackets; a path may have colons, too. */
function placed(address: string): string {
  return address.includes(':') && !/^[@/.]/.test(address) ? `[${address}]` : address
}

/** The name of a Linux errno (positive), or `UNKNOWN` for one this table does not hold. */
export function errorCode(errno: number): ErrorCode {
  for (const [code, [number]] of Object.entries(ERRNO)) if (number === errno) return code as ErrorCode
  return 'UNKNOWN'
}
