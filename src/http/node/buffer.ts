/**
 * The loops over bytes that a platform with `Buffer` has in native code. Where there is none (a browser), `buffer` is
 * null, and `machine/text.ts` has loops of its own.
 */

/** Methods of `Buffer.prototype`, which work on any Uint8Array: no `Buffer` is ever made for them. */
export interface BufferMethods {
  latin1Slice(this: Uint8Array, start: number, end: number): string
  latin1Write(this: Uint8Array, text: string, at: number, length: number): number
  utf8Write(this: Uint8Array, text: string, at: number, length: number): number
  indexOf(this: Uint8Array, needle: Uint8Array, from: number): number
}

interface BufferLike {
  readonly prototype: Partial<BufferMethods>
  byteLength?(text: string): number
}

const found = (globalThis as { readonly Buffer?: BufferLike }).Buffer

function isWhole(methods: Partial<BufferMethods> | undefined): methods is BufferMethods {
  return (
    methods?.latin1Slice !== undefined &&
    methods.latin1Write !== undefined &&
    methods.utf8Write !== undefined &&
    methods.indexOf !== undefined
  )
}

export const buffer: BufferMethods | null = isWhole(found?.prototype) ? found.prototype : null
export const byteLength: ((text: string) => number) | null = found?.byteLength?.bind(found) ?? null
