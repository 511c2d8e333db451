/** Errors of Node and of the kernel, told as `SocketError`s. */
import { ERRNO, type ErrorCode, errorCode, SocketError } from '../base/errors.ts'
import { type Address, placeOf } from '../socket/address.ts'

/** A Node system error (`code`, `errno`, `syscall`, `address`, `port`), or anything else that was thrown. */
export function fromNode(
  error: unknown,
  syscall: string,
  at?: { readonly address?: string | undefined; readonly port?: number | undefined },
): SocketError {
  if (error instanceof SocketError) return error
  const system = error as NodeJS.ErrnoException & { address?: string; port?: number }
  const errno = Math.abs(Number(system.errno ?? 0))
  const code =
    NODE_CODES[system.code ?? ''] ?? (isErrorCode(system.code ?? '') ? (system.code as ErrorCode) : undefined)
  const known = code ?? errorCode(errno)
  return new SocketError(known, syscall, {
    address: at?.address ?? system.address,
    port: at?.port ?? (Number(system.port) < 0 ? undefined : system.port), // -1: a pipe
    errno: known === 'UNKNOWN' && errno !== 0 ? errno : undefined,
    hint: known === 'UNKNOWN' ? (error as Error).message : undefined,
    cause: code === undefined ? error : undefined,
  })
}

/** What Node says of its own accord where the kernel would have said something. */
const NODE_CODES: { readonly [code: string]: ErrorCode } = {
  ERR_SOCKET_BAD_PORT: 'EINVAL',
  ERR_SOCKET_DGRAM_IS_CONNECTED: 'EISCONN',
  ERR_SOCKET_DGRAM_NOT_CONNECTED: 'ENOTCONN',
  ERR_SOCKET_DGRAM_NOT_RUNNING: 'EBADF',
  ERR_SOCKET_CLOSED: 'EBADF',
  ERR_STREAM_WRITE_AFTER_END: 'EPIPE',
  ERR_STREAM_DESTROYED: 'EPIPE',
}

/** A failed system call by its errno (positive). */
export function fromErrno(errno: number, syscall: string, at?: Address, hint?: string): SocketError {
  const code = errorCode(errno)
  return new SocketError(code, syscall, { ...placeOf(at), errno: code === 'UNKNOWN' ? errno : undefined, hint })
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRNO, code)
}
