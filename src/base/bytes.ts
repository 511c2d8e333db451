/** Bytes as every floor hands them on. */

/**
 * The same memory as a plain `Uint8Array`. Node gives `Buffer`s, whose `slice` does not copy: whoever keeps a copy of
 * what a driver lends for the length of a call would keep the driver's memory instead.
 */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
