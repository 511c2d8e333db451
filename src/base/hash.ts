/** FNV-1a (Fowler, Noll, Vo), 32 bits: a fast hash for tables and seeds, no protection against who chooses the input. */

export const FNV_OFFSET = 0x811c9dc5 | 0
export const FNV_PRIME = 0x01000193

/** The hash of the octets, as a signed 32-bit integer. `hash` continues an earlier one. */
export function fnv1a(bytes: Uint8Array, hash: number = FNV_OFFSET): number {
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, FNV_PRIME)
  return hash
}

/** The hash of a text's UTF-16 units, low octet first. */
export function fnv1aText(text: string, hash: number = FNV_OFFSET): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    hash = Math.imul(hash ^ (unit & 255), FNV_PRIME)
    hash = Math.imul(hash ^ (unit >>> 8), FNV_PRIME)
  }
  return hash
}
