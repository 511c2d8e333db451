/**
 * SHA-256 (FIPS 180-4) and HMAC (RFC 2104) without the platform's help: at once where the platform's are promises, and
 * the same in every runtime. For signatures of some hundred octets; files are better given to the platform.
 */
import { putU32, u32 } from './octets.ts'

const BLOCK = 64
const HASH = 32

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes, of the square roots of eight. */
const [K, INITIAL] = constants()

function constants(): readonly [Int32Array, Int32Array] {
  const roots = new Int32Array(64)
  const squares = new Int32Array(8)
  for (let n = 2, found = 0; found < 64; n++) {
    let prime = true
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false
    if (!prime) continue
    if (found < 8) squares[found] = fraction(Math.sqrt(n))
    roots[found++] = fraction(Math.cbrt(n))
  }
  return [roots, squares]
}

function fraction(root: number): number {
  return ((root - Math.floor(root)) * 0x1_0000_0000) | 0
}

/** The chaining value after some blocks: what can be gone on from. */
type State = Int32Array

const words = new Int32Array(64)

function compress(state: State, bytes: Uint8Array, at: number): void {
  const w = words
  for (let i = 0; i < 16; i++) w[i] = u32(bytes, at + 4 * i)
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]!
    const y = w[i - 2]!
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i]! + w[i]!) | 0
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  state[0] = (state[0]! + a) | 0
  state[1] = (state[1]! + b) | 0
  state[2] = (state[2]! + c) | 0
  state[3] = (state[3]! + d) | 0
  state[4] = (state[4]! + e) | 0
  state[5] = (state[5]! + f) | 0
  state[6] = (state[6]! + g) | 0
  state[7] = (state[7]! + h) | 0
}

/** Hashes what comes after `before` octets that `state` has seen already. */
function finish(state: State, bytes: Uint8Array, before: number): Uint8Array {
  const whole = bytes.length - (bytes.length % BLOCK)
  for (let at = 0; at < whole; at += BLOCK) compress(state, bytes, at)
  const rest = bytes.length - whole
  const last = new Uint8Array(rest + 9 > BLOCK ? 2 * BLOCK : BLOCK)
  last.set(bytes.subarray(whole))
  last[rest] = 0x80
  const length = before + bytes.length
  putU32(last, last.length - 8, Math.floor(length / 0x2000_0000))
  putU32(last, last.length - 4, (length << 3) >>> 0)
  for (let at = 0; at < last.length; at += BLOCK) compress(state, last, at)
  const hash = new Uint8Array(HASH)
  for (let i = 0; i < 8; i++) putU32(hash, 4 * i, state[i]! >>> 0)
  return hash
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return finish(INITIAL.slice(), bytes, 0)
}

/** SHA-256 of octets that come in pieces. */
export class Sha256 {
  readonly #state = INITIAL.slice()
  readonly #held = new Uint8Array(BLOCK)
  /** Octets in `#held`. */
  #rest = 0
  /** Octets hashed so far. */
  #before = 0

  /** Takes the next octets. */
  update(bytes: Uint8Array): this {
    let at = 0
    if (this.#rest > 0) {
      at = Math.min(BLOCK - this.#rest, bytes.length)
      this.#held.set(bytes.subarray(0, at), this.#rest)
      this.#rest += at
      if (this.#rest < BLOCK) return this
      compress(this.#state, this.#held, 0)
      this.#before += BLOCK
      this.#rest = 0
    }
    for (; at + BLOCK <= bytes.length; at += BLOCK) {
      compress(this.#state, bytes, at)
      this.#before += BLOCK
    }
    this.#held.set(bytes.subarray(at))
    this.#rest = bytes.length - at
    return this
  }

  /** The hash of all that was taken; more can be taken afterwards. */
  digest(): Uint8Array {
    return finish(this.#state.slice(), this.#held.subarray(0, this.#rest), this.#before)
  }
}

/** HMAC-SHA256 under one key, whose padded forms are hashed once. */
export class HmacSha256 {
  readonly #inner: State
  readonly #outer: State

  constructor(key: Uint8Array) {
    const short = key.length > BLOCK ? sha256(key) : key
    this.#inner = padded(short, 0x36)
    this.#outer = padded(short, 0x5c)
  }

  /** The code of 32 octets that authenticates these. */
  of(bytes: Uint8Array): Uint8Array {
    return finish(this.#outer.slice(), finish(this.#inner.slice(), bytes, BLOCK), BLOCK)
  }
}

function padded(key: Uint8Array, pad: number): State {
  const block = new Uint8Array(BLOCK).fill(pad)
  for (let i = 0; i < key.length; i++) block[i]! ^= key[i]!
  const state = INITIAL.slice()
  compress(state, block, 0)
  return state
}

/** Compares in time that depends on the lengths only. */
export function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let different = 0
  for (let i = 0; i < a.length; i++) different |= a[i]! ^ b[i]!
  return different === 0
}
