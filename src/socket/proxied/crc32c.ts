/** CRC-32C (Castagnoli; RFC 3720 §B.4): by which a PROXY header shows that it has arrived whole. */

const TABLE = new Uint32Array(256)
for (let i = 0; i < 256; i++) {
  let c = i
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1
  TABLE[i] = c >>> 0
}

/** @param zero offset of four octets that count as zero: where the checksum itself stands; -1 for none. */
export function crc32c(bytes: Uint8Array, zero = -1): number {
  let c = 0xffffffff
  for (let i = 0; i < bytes.length; i++) {
    const octet = zero >= 0 && i >= zero && i < zero + 4 ? 0 : bytes[i]!
    c = TABLE[(c ^ octet) & 255]! ^ (c >>> 8)
  }
  return (c ^ 0xffffffff) >>> 0
}
