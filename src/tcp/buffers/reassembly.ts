/**
 * Segments that arrived ahead of a gap (RFC 9293 §3.10.7.4, seventh: may be kept). Copies, since the driver reuses
 * its memory; disjoint and in order; bounded by the window (the caller trims to it) and by a number of pieces.
 */
import type { SackBlock } from '../../wire/tcp.ts'
import { add, diff, leq, lt, type Seq } from '../sequence.ts'

interface Piece {
  readonly seq: Seq
  readonly end: Seq
  readonly bytes: Uint8Array
}

export class Reassembly {
  /** Bytes kept. */
  size = 0
  #pieces: Piece[] = []
  readonly #limit: number
  /** Where the piece came that arrived last: RFC 2018 §4 wants its block first. */
  #latest: Seq | null = null

  /** @param limit pieces kept at most */
  constructor(limit: number) {
    this.#limit = limit
  }

  get pieces(): number {
    return this.#pieces.length
  }

  /** Whether anything beyond that is kept. */
  reaches(beyond: Seq): boolean {
    const last = this.#pieces[this.#pieces.length - 1]
    return last !== undefined && lt(beyond, last.end)
  }

  /** Keeps those of the bytes that are new. False when the limit does not let it: the peer will send them again. */
  insert(from: Seq, bytes: Uint8Array): boolean {
    const end = add(from, bytes.length)
    // Most arrive at the far end: look from there.
    let at = this.#pieces.length
    while (at > 0 && lt(from, this.#pieces[at - 1]!.seq)) at--
    let cursor = from
    const before = this.#pieces[at - 1]
    if (before !== undefined && lt(cursor, before.end)) cursor = before.end
    this.#latest = from
    while (lt(cursor, end)) {
      const next = this.#pieces[at]
      const stop = next !== undefined && lt(next.seq, end) ? next.seq : end
      if (lt(cursor, stop)) {
        if (this.#pieces.length >= this.#limit) return false
        const offset = diff(cursor, from)
        const copy = bytes.slice(offset, offset + diff(stop, cursor))
        this.#pieces.splice(at, 0, { seq: cursor, end: stop, bytes: copy })
        this.size += copy.length
        at++
      }
      if (next === undefined) return true
      cursor = next.end
      at++
    }
    return true
  }

  /** Hands out, in order, what `rcvNxt` has reached, and answers how far the stream goes now. */
  take(rcvNxt: Seq, deliver: (bytes: Uint8Array) => void): Seq {
    let next = rcvNxt
    let taken = 0
    while (taken < this.#pieces.length && leq(this.#pieces[taken]!.seq, next)) {
      const piece = this.#pieces[taken++]!
      this.size -= piece.bytes.length
      const known = diff(next, piece.seq)
      if (known >= piece.bytes.length) continue
      deliver(known === 0 ? piece.bytes : piece.bytes.subarray(known))
      next = piece.end
    }
    if (taken > 0) this.#pieces.splice(0, taken)
    if (this.#pieces.length === 0) this.#latest = null
    return next
  }

  /** The runs that are kept, as RFC 2018 §4 orders them: the one with the newest arrival first, then from the lowest. */
  blocks(limit: number): SackBlock[] {
    const runs: SackBlock[] = []
    let newest = -1
    for (let at = 0; at < this.#pieces.length; ) {
      const start = this.#pieces[at]!.seq
      let end = this.#pieces[at]!.end
      while (++at < this.#pieces.length && this.#pieces[at]!.seq === end) end = this.#pieces[at]!.end
      if (this.#latest !== null && leq(start, this.#latest) && lt(this.#latest, end)) newest = runs.length
      runs.push({ start, end })
    }
    if (newest > 0) runs.unshift(...runs.splice(newest, 1))
    return runs.slice(0, limit)
  }

  clear(): void {
    this.#pieces = []
    this.size = 0
    this.#latest = null
  }
}
