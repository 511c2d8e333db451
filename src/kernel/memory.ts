/** Memory that the kernel reads and writes while JavaScript looks at it. */

/** WebAssembly's page: what such memory is made of. */
export const PAGE = 65_536

/** What is used of it here: its types come with the DOM's, which this project does without. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: { Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer } }
}

/**
 * Page-aligned memory, as the kernel wants it; and it cannot be detached: an owner who transfers the buffer of the bytes
 * it is shown gets a TypeError, and does not pull the memory away from under the kernel. Pages that nobody has written
 * to cost nothing.
 */
export function sharedMemory(bytes: number): ArrayBuffer {
  const pages = Math.ceil(bytes / PAGE)
  return new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer
}
