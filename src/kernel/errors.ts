/** Errors of Node and of the kernel, told as `SocketError`s. */
import { ERRNO, type ErrorCode, errorCode, SocketError } from '../base/errors.ts'
import type { Address } from '../socket/address.ts'

/** A Node system error (`code`, `errno`, `syscall`, `address`, `port`), or anything else that was thrown. */
export function fromNode(error: unknown, syscall: string, at?: Partial<Address>): SocketError {
  if (error instanceof SocketError) return error
  const system = error as NodeJS.ErrnoException & { address?: string; port?: number }
  const code = system.code ?? ''
  return new SocketError(isErrorCode(code) ? code : errorCode(Math.abs(Number(system.errno ?? 0))), syscall, {
    address: at?.address ?? system.address,
    port: at?.port ?? system.port,
    cause: isErrorCode(code) ? undefined : error,
  })
}

/** A failed system call by its errno (positive). */
export function fromErrno(errno: number, syscall: string, at?: Address, hint?: string): SocketError {
  const code = errorCode(errno)
  const unknown = ERRNO[code][0] !== errno ? `errno ${errno}` : undefined
  return new SocketError(code, syscall, { address: at?.address, port: at?.port, hint: hint ?? unknown })
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRNO, code)
}
