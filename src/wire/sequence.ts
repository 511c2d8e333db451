/**
 * Sequence numbers: 32 bits that wrap (RFC 9293 §3.4). All comparison is modulo 2^32 and means "within half the
 * space of each other"; nothing here throws.
 */

declare const seqBrand: unique symbol

/** An absolute sequence number, 0 to 2^32 − 1. Made by `seq`, moved by `add`, compared by `lt` and its kin only. */
export type Seq = number & { readonly [seqBrand]: true }

/** Any number taken modulo 2^32. */
export function seq(value: number): Seq {
  return (value >>> 0) as Seq
}

export function add(a: Seq, count: number): Seq {
  return ((a + count) >>> 0) as Seq
}

/** a − b as a signed distance: positive when `a` is later. −2^31 to 2^31 − 1. */
export function diff(a: Seq, b: Seq): number {
  return (a - b) | 0
}

export function lt(a: Seq, b: Seq): boolean {
  return ((a - b) | 0) < 0
}

export function leq(a: Seq, b: Seq): boolean {
  return ((a - b) | 0) <= 0
}

export function gt(a: Seq, b: Seq): boolean {
  return ((a - b) | 0) > 0
}

export function geq(a: Seq, b: Seq): boolean {
  return ((a - b) | 0) >= 0
}

/** The later of the two. */
export function latest(a: Seq, b: Seq): Seq {
  return lt(a, b) ? b : a
}

/** The earlier of the two. */
export function earliest(a: Seq, b: Seq): Seq {
  return lt(a, b) ? a : b
}

/** start ≤ value < end. Right for spans over half the space too: only distances from `start` are compared. */
export function within(value: Seq, start: Seq, end: Seq): boolean {
  return (value - start) >>> 0 < (end - start) >>> 0
}
