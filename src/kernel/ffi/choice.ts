/** Which way to call C this process has. */
import type { Ffi } from './ffi.ts'
import { koffiFfi } from './koffi.ts'
import { nodeFfi } from './node.ts'

/** A way to call C, or the sentence that says why there is none. */
export type FfiChoice = { readonly ffi: Ffi } | { readonly reason: string }

const WAYS = { node: nodeFfi, koffi: koffiFfi } as const

let chosen: FfiChoice | undefined

/** Chosen at the first call: the environment's RETICLE_FFI (`node`, `koffi` or `none`), else the first that works. */
export function chooseFfi(): FfiChoice {
  chosen ??= choose(process.env['RETICLE_FFI'] ?? '')
  return chosen
}

function choose(asked: string): FfiChoice {
  const elsewhere = otherRuntime()
  if (elsewhere !== null) return { reason: elsewhere }
  if (process.platform !== 'linux') return { reason: `FFI is used on Linux only, this is ${process.platform}` }
  if (asked === 'none') return { reason: 'RETICLE_FFI asks for none' }
  const reasons: string[] = []
  for (const way of ['node', 'koffi'] as const) {
    if (asked !== '' && asked !== way) continue
    try {
      return { ffi: WAYS[way]() }
    } catch (error) {
      reasons.push(unusable(way, error))
    }
  }
  if (reasons.length === 0) return { reason: `RETICLE_FFI is ${asked}, and may be node, koffi or none` }
  return { reason: reasons.join('; ') }
}

/** Other runtimes bring neither libuv nor its sockets' descriptors, and what this floor does with both ends them. */
function otherRuntime(): string | null {
  const { bun, deno } = process.versions
  if (bun !== undefined) return 'this is Bun, not Node'
  return deno === undefined ? null : 'this is Deno, not Node'
}

function unusable(way: keyof typeof WAYS, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (way === 'koffi' && code === 'MODULE_NOT_FOUND') return 'the package koffi is not installed (npm install koffi)'
  const said = message.split('\n')[0]
  return way === 'koffi' ? `koffi cannot be loaded: ${said}` : `node:ffi cannot be used: ${said}`
}
