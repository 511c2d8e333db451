/** SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash of short inputs that cannot be predicted without the key. */

const MASK = 0xffff_ffff_ffff_ffffn

function rotate(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (64n - bits))) & MASK
}

class State {
  v0: bigint
  v1: bigint
  v2: bigint
  v3: bigint

  constructor(k0: bigint, k1: bigint) {
    this.v0 = k0 ^ 0x736f6d6570736575n
    this.v1 = k1 ^ 0x646f72616e646f6dn
    this.v2 = k0 ^ 0x6c7967656e657261n
    this.v3 = k1 ^ 0x7465646279746573n
  }

  round(): void {
    this.v0 = (this.v0 + this.v1) & MASK
    this.v1 = rotate(this.v1, 13n) ^ this.v0
    this.v0 = rotate(this.v0, 32n)
    this.v2 = (this.v2 + this.v3) & MASK
    this.v3 = rotate(this.v3, 16n) ^ this.v2
    this.v0 = (this.v0 + this.v3) & MASK
    this.v3 = rotate(this.v3, 21n) ^ this.v0
    this.v2 = (this.v2 + this.v1) & MASK
    this.v1 = rotate(this.v1, 17n) ^ this.v2
    this.v2 = rotate(this.v2, 32n)
  }

  take(word: bigint): void {
    this.v3 ^= word
    this.round()
    this.round()
    this.v0 ^= word
  }
}

/** All 64 bits. BigInt is slow, a few microseconds, and this runs once per connection. */
export function sipHash64(key: Uint8Array, data: Uint8Array): bigint {
  const keyView = new DataView(key.buffer, key.byteOffset, 16)
  const state = new State(keyView.getBigUint64(0, true), keyView.getBigUint64(8, true))
  const whole = data.length & ~7
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  for (let at = 0; at < whole; at += 8) state.take(view.getBigUint64(at, true))
  let last = BigInt(data.length & 255) << 56n
  for (let at = whole; at < data.length; at++) last |= BigInt(data[at]!) << BigInt(8 * (at - whole))
  state.take(last)
  state.v2 ^= 0xffn
  for (let i = 0; i < 4; i++) state.round()
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3
}

/** The low 32 bits as a number. */
export function sipHash(key: Uint8Array, data: Uint8Array): number {
  return Number(sipHash64(key, data) & 0xffff_ffffn)
}
