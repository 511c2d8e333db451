/** Calls of C through the package koffi, for Node without `node:ffi`. */
import { createRequire } from 'node:module'
import { isMainThread } from 'node:worker_threads'
import type { Arguments, Callback, CFunction, CType, Ffi, Given, Parameter } from './ffi.ts'

/** The part of koffi that is used here. */
interface Koffi {
  load(path: string | null): { func(name: string, result: string, values: readonly string[]): Call }
  errno(): number
  address(pointer: unknown): bigint
  view(pointer: unknown, length: number): ArrayBuffer
  proto(definition: string): unknown
  pointer(type: unknown): unknown
  register(callback: (...values: never[]) => unknown, type: unknown): unknown
  unregister(callback: unknown): void
}
type Call = (...values: unknown[]) => unknown

/** What it calls the types. */
const TYPES = {
  void: 'void',
  int: 'int32',
  uint: 'uint32',
  wide: 'int64',
  address: 'uintptr_t',
  memory: 'void*',
  text: 'const char*',
} as const satisfies { readonly [type in CType]: string }

/** @throws Error where the package is not installed, and where it has no binary for the machine. */
export function koffiFfi(): Ffi {
  return new KoffiCalls(createRequire(import.meta.url)('koffi') as Koffi)
}

/** koffi keeps the names of the prototypes of a thread. */
let prototypes = 0

class KoffiCalls implements Ffi {
  readonly name = 'koffi'
  readonly #koffi: Koffi
  readonly #library: ReturnType<Koffi['load']>

  constructor(koffi: Koffi) {
    this.#koffi = koffi
    this.#library = koffi.load(null) // what Node itself is linked to: glibc or musl, and its own libuv
  }

  func<R extends CType, const A extends readonly Parameter[]>(name: string, result: R, ...values: A): CFunction<R, A> {
    const types = values.map((type) => TYPES[type])
    const call = this.#library.func(name, TYPES[result], types)
    if (result !== 'wide' && result !== 'address') return call as unknown as CFunction<R, A>
    // A number where it is small enough for one.
    const whole = (...given: unknown[]): bigint => BigInt(call(...given) as number | bigint)
    return whole as unknown as CFunction<R, A>
  }

  callback<const A extends readonly Given[]>(call: (...values: Arguments<A>) => void, ...values: A): Callback {
    const definition = `void ReticleCallback${prototypes++}(${values.map((type) => TYPES[type]).join(', ')})`
    const type = this.#koffi.pointer(this.#koffi.proto(definition))
    const called = (...given: (number | bigint)[]): void => {
      const wanted = given.map((value, i) => (values[i] === 'address' ? BigInt(value) : value))
      call(...(wanted as Arguments<A>))
    }
    const registered = this.#koffi.register(called, type)
    return { address: this.#koffi.address(registered), release: () => this.#koffi.unregister(registered) }
  }

  addressOf(memory: NodeJS.ArrayBufferView): bigint {
    return this.#koffi.address(memory)
  }

  view(address: bigint, length: number): ArrayBuffer {
    return this.#koffi.view(address, length)
  }

  errno(): number {
    return this.#koffi.errno()
  }

  loop(): bigint {
    if (!isMainThread) throw new Error('koffi cannot reach the event loop of a worker thread')
    return this.func('uv_default_loop', 'address')()
  }
}
