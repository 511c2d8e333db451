/** What a connection sends: checked where a program hands it over. */

/**
 * Anything else would be sent as zeros, or break the arithmetic of a queue long after the call.
 * @throws TypeError for what is no Uint8Array.
 */
export function requireBytes(call: string, bytes: unknown): asserts bytes is Uint8Array {
  if (bytes instanceof Uint8Array) return
  // A Uint8Array of another realm (a vm context) is one, too.
  if (Object.prototype.toString.call(bytes) === '[object Uint8Array]') return
  throw new TypeError(`${call} takes a Uint8Array, not ${described(bytes)}`)
}

function described(value: unknown): string {
  if (typeof value === 'string') return 'a string: encode the text with new TextEncoder().encode(text)'
  if (value instanceof ArrayBuffer) return 'an ArrayBuffer: write new Uint8Array(buffer)'
  if (typeof value === 'object' && value !== null) return `a ${value.constructor?.name ?? 'bare object'}`
  return String(value)
}
