/**
 * The C library through `koffi`, which is optional: where it is missing `libc()` is null and the reason can be asked
 * for. Arguments of type `void*` are typed arrays, passed by reference, or raw addresses.
 */
import { createRequire } from 'node:module'

export type Memory = Uint8Array | Int32Array | Uint32Array | bigint | null

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
  /** Vectors of messages by their addresses. */
  recvmmsg(fd: number, vector: number, count: number, flags: number, timeout: number): number
  sendmmsg(fd: number, vector: number, count: number, flags: number): number
  inet_pton(family: number, text: string, address: Memory): number
  inet_ntop(family: number, address: Memory, text: Memory, length: number): unknown
  if_nametoindex(name: string): number
  /** Null when there is no such interface. */
  if_indextoname(index: number, name: Memory): unknown
  errno(): number
  readonly koffi: Koffi
}

/** The part of koffi that is used here and in `uring/`. */
export interface Koffi {
  load(path: string | null): KoffiLibrary
  errno(): number
  address(pointer: unknown): bigint
  view(pointer: unknown, length: number): ArrayBuffer
  alloc(type: string, count: number): unknown
  free(pointer: unknown): void
  proto(definition: string): unknown
  pointer(type: unknown): unknown
  register(callback: (...args: never[]) => unknown, type: unknown): unknown
  unregister(callback: unknown): void
}

export interface KoffiLibrary {
  // biome-ignore lint/suspicious/noExplicitAny: a C function takes what its definition says
  func(...definition: any[]): (...args: any[]) => any
}

let loaded: Libc | { readonly reason: string } | undefined

/** The C library, or null on a machine without koffi (or without Linux). Loaded at the first call. */
export function libc(): Libc | null {
  loaded ??= load()
  return 'reason' in loaded ? null : loaded
}

/** Why `libc()` is null. */
export function libcMissing(): string {
  loaded ??= load()
  return 'reason' in loaded ? loaded.reason : ''
}

/** Other runtimes bring neither libuv nor its sockets' descriptors, and what this floor does with both ends them. */
function otherRuntime(): string | null {
  const { bun, deno } = process.versions
  if (bun !== undefined) return 'this is Bun, not Node'
  return deno === undefined ? null : 'this is Deno, not Node'
}

function load(): Libc | { readonly reason: string } {
  const other = otherRuntime()
  if (other !== null) return { reason: other }
  if (process.platform !== 'linux') return { reason: `FFI is used on Linux only, this is ${process.platform}` }
  try {
    const koffi = createRequire(import.meta.url)('koffi') as Koffi
    return bindings(koffi)
  } catch (error) {
    return { reason: `koffi cannot be loaded: ${(error as Error).message.split('\n')[0]}` }
  }
}

function bindings(koffi: Koffi): Libc {
  const library = koffi.load(null) // the C library that Node itself is linked to: glibc or musl
  return {
    socket: library.func('int socket(int, int, int)'),
    socketpair: library.func('int socketpair(int, int, int, void*)'),
    bind: library.func('int bind(int, void*, uint)'),
    listen: library.func('int listen(int, int)'),
    shutdown: library.func('int shutdown(int, int)'),
    close: library.func('int close(int)'),
    connect: library.func('int connect(int, void*, uint)'),
    getsockname: library.func('int getsockname(int, void*, void*)'),
    getpeername: library.func('int getpeername(int, void*, void*)'),
    setsockopt: library.func('int setsockopt(int, int, int, void*, uint)'),
    getsockopt: library.func('int getsockopt(int, int, int, void*, void*)'),
    recv: library.func('intptr_t recv(int, void*, size_t, int)'),
    recvmmsg: library.func('int recvmmsg(int, uintptr_t, uint, int, uintptr_t)'),
    sendmmsg: library.func('int sendmmsg(int, uintptr_t, uint, int)'),
    inet_ntop: library.func('void* inet_ntop(int, void*, void*, uint)'),
    if_indextoname: library.func('void* if_indextoname(uint, void*)'),
    inet_pton: library.func('int inet_pton(int, const char*, void*)'),
    if_nametoindex: library.func('uint if_nametoindex(const char*)'),
    errno: () => koffi.errno(),
    koffi,
  }
}
