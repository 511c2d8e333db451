/** Calls of C through `node:ffi`, which Node 26 has built in. */
import { isMainThread } from 'node:worker_threads'
import type { Arguments, Callback, CFunction, CType, Ffi, Given, Parameter } from './ffi.ts'

type NodeFfi = typeof import('node:ffi')

/** What it calls the types. */
const TYPES = {
  void: 'void',
  int: 'int32',
  uint: 'uint32',
  wide: 'int64',
  address: 'uint64',
  memory: 'pointer',
  text: 'string',
} as const satisfies { readonly [type in CType]: string }

/** @throws Error where Node was built without it, where it is behind a flag, and where it has not been permitted. */
export function nodeFfi(): Ffi {
  const ffi = quietly(() => process.getBuiltinModule('node:ffi') as NodeFfi | undefined)
  if (ffi === undefined) throw new Error(`Node ${process.versions.node} has no node:ffi`)
  return new NodeCalls(ffi)
}

/**
 * Node warns of each experimental module on the terminal, when a program loads it. Whoever runs a server has not chosen
 * it and can do nothing about it: the seam is ours, and where the module changes its form koffi or the `node` driver
 * serve. So that one warning is left out; all others go their way.
 */
function quietly<T>(load: () => T): T {
  const { emitWarning } = process
  const filtered = (...given: Parameters<typeof emitWarning>): void => {
    const [warning, type] = given as unknown[]
    if (type === 'ExperimentalWarning' && String(warning).startsWith('FFI ')) return
    emitWarning(...given)
  }
  process.emitWarning = filtered as typeof emitWarning
  try {
    return load()
  } finally {
    process.emitWarning = emitWarning
  }
}

class NodeCalls implements Ffi {
  readonly name = 'node'
  readonly #ffi: NodeFfi
  readonly #callbacks: InstanceType<NodeFfi['DynamicLibrary']>
  /** The thread's `errno` itself. */
  readonly #errno: Int32Array

  constructor(ffi: NodeFfi) {
    this.#ffi = ffi
    this.#callbacks = new ffi.DynamicLibrary(null)
    const place = this.func('__errno_location', 'address')() // so in glibc and in musl
    this.#errno = new Int32Array(this.view(place, 4))
  }

  func<R extends CType, const A extends readonly Parameter[]>(name: string, result: R, ...values: A): CFunction<R, A> {
    // A library of its own for each: one takes a name with one signature only, and syscall(2) has several.
    const library = new this.#ffi.DynamicLibrary(null)
    const signature = { return: TYPES[result], arguments: values.map((type) => TYPES[type]) }
    return library.getFunction(name, signature) as unknown as CFunction<R, A>
  }

  callback<const A extends readonly Given[]>(call: (...values: Arguments<A>) => void, ...values: A): Callback {
    const signature = { return: 'void' as const, arguments: values.map((type) => TYPES[type]) }
    const address = this.#callbacks.registerCallback(signature, call as unknown as (...given: unknown[]) => undefined)
    return { address, release: () => this.#callbacks.unregisterCallback(address) }
  }

  addressOf(memory: NodeJS.ArrayBufferView): bigint {
    return this.#ffi.getRawPointer(memory)
  }

  view(address: bigint, length: number): ArrayBuffer {
    return this.#ffi.toArrayBuffer(address, length, false)
  }

  errno(): number {
    return this.#errno[0]!
  }

  loop(): bigint {
    if (this.#ffi.getCurrentEventLoop !== undefined) return this.#ffi.getCurrentEventLoop() // from Node 26.6
    if (!isMainThread) throw new Error('the event loop of a worker thread cannot be reached')
    return this.func('uv_default_loop', 'address')()
  }
}
