/**
 * SHA-1 (FIPS 180-4), for protocols that name it where nothing secret hangs on it (RFC 6455 §4.2.2). For signatures it is
 * broken: `sha256.ts`.
 */
import { putU32, u32 } from './octets.ts'

const BLOCK = 64
const words = new Int32Array(80)

export function sha1(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array((((bytes.length + 8) >>> 6) + 1) * BLOCK)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  putU32(padded, padded.length - 8, Math.floor(bytes.length / 0x2000_0000))
  putU32(padded, padded.length - 4, (bytes.length << 3) >>> 0)
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0)
  for (let at = 0; at < padded.length; at += BLOCK) compress(state, padded, at)
  const hash = new Uint8Array(20)
  for (let i = 0; i < 5; i++) putU32(hash, 4 * i, state[i]! >>> 0)
  return hash
}

function compress(state: Int32Array, bytes: Uint8Array, at: number): void {
  const w = words
  for (let i = 0; i < 16; i++) w[i] = u32(bytes, at + 4 * i)
  for (let i = 16; i < 80; i++) w[i] = rotated(w[i - 3]! ^ w[i - 8]! ^ w[i - 14]! ^ w[i - 16]!, 1)
  let [a, b, c, d, e] = state as unknown as [number, number, number, number, number]
  for (let i = 0; i < 80; i++) {
    const next = (rotated(a, 5) + mixed(i, b, c, d) + e + w[i]!) | 0
    e = d
    d = c
    c = rotated(b, 30)
    b = a
    a = next
  }
  state[0] = (state[0]! + a) | 0
  state[1] = (state[1]! + b) | 0
  state[2] = (state[2]! + c) | 0
  state[3] = (state[3]! + d) | 0
  state[4] = (state[4]! + e) | 0
}

/** The function and the constant of round `i`. */
function mixed(i: number, b: number, c: number, d: number): number {
  if (i < 20) return ((b & c) | (~b & d)) + 0x5a827999
  if (i < 40) return (b ^ c ^ d) + 0x6ed9eba1
  if (i < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
  return (b ^ c ^ d) + 0xca62c1d6
}

function rotated(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by))
}
