/**
 * Calls of C functions, as this floor needs them: implemented by `node.ts` through Node's own `node:ffi` and by
 * `koffi.ts` through the package of that name. Nobody else knows which of the two it is.
 */

/** What a TypeScript value of each C type is. */
interface Values {
  void: undefined
  /** int, and what is as wide. A wider result is cut to its low 32 bits. */
  int: number
  uint: number
  /** long, size_t, off_t: 64 bits. */
  wide: bigint
  /** A pointer by its number; 0n is NULL. */
  address: bigint
  /** Memory of JavaScript, by reference for the time of the call; or a pointer by its number, or NULL. */
  memory: Memory
  /** A string of C; only as an argument. */
  text: string
}

export type CType = keyof Values
/** What an argument can be. */
export type Parameter = Exclude<CType, 'void'>
/** What an argument of a callback can be. */
export type Given = 'int' | 'address'
export type Memory = NodeJS.ArrayBufferView | bigint | null
export type Arguments<A extends readonly Parameter[]> = { -readonly [i in keyof A]: Values[A[i]] }
/** A C function as TypeScript calls it. */
export type CFunction<R extends CType, A extends readonly Parameter[]> = (...values: Arguments<A>) => Values[R]

/** A function of C that calls a function of JavaScript. */
export interface Callback {
  readonly address: bigint
  /** Nobody may call it any more. */
  release(): void
}

/** One way to call C. */
export interface Ffi {
  readonly name: 'node' | 'koffi'
  /** A function of the C library, or of libuv as the Node binary exports it. @throws Error when there is none. */
  func<R extends CType, const A extends readonly Parameter[]>(name: string, result: R, ...values: A): CFunction<R, A>
  /**
   * A function without a result. It is called by C outside any callback scope of Node: it may do no more than
   * `setImmediate`, and must not throw.
   */
  callback<const A extends readonly Given[]>(call: (...values: Arguments<A>) => void, ...values: A): Callback
  /** Where the memory of a typed array begins. It stays there as long as the array's buffer is not detached. */
  addressOf(memory: NodeJS.ArrayBufferView): bigint
  /** Memory that C owns, as JavaScript sees it. Nobody may look at it after it has been given back. */
  view(address: bigint, length: number): ArrayBuffer
  /** `errno` after the last call of this thread. */
  errno(): number
  /** The `uv_loop_t` of this thread. */
  loop(): bigint
}
