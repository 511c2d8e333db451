/**
 * Segments that arrived ahead of a gap (RFC 9293 §3.10.7.4, seventh: may be kept). Copies, since the driver reuses
 * its memory; disjoint and in order; bounded by the window (the caller trims to it) and by a number of runs between gaps.
 */
import { add, diff, gt, leq, lt, type Seq } from '../../wire/sequence.ts'
import type { SackBlock } from '../../wire/tcp.ts'
import { Runs } from '../runs.ts'
import type { Inbox } from './inbox.ts'

/** Neighbours that are shorter together are put into one: single bytes must not cost a piece each. */
const SHORT = 512
/** A piece grows as segments follow it, its memory by doubling, up to this. */
const LARGEST_BLOCK = 16 * 1024

interface Piece {
  readonly seq: Seq
  /** One past its last byte. */
  end: Seq
  /** Its bytes, and room for more behind them. */
  block: Uint8Array
}

export class Reassembly {
  #size = 0
  #pieces: Piece[] = []
  readonly #runs = new Runs()
  readonly #limit: number

  /** @param limit runs kept at most */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Bytes kept. */
  get size(): number {
    return this.#size
  }

  /** Runs of bytes that are kept, each behind a gap. */
  get runs(): number {
    return this.#runs.count
  }

  /** Pieces of memory that hold them. */
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
    let cursor = from
    let at = this.#reaching(from)
    while (lt(cursor, end)) {
      const next = this.#pieces[at]
      if (next !== undefined && leq(next.seq, cursor)) {
        // Held already. RFC 2018 §4 (1): the run that the segment lies in is reported first all the same.
        this.#runs.touch(cursor)
        cursor = next.end
        at++
        continue
      }
      const stop = next !== undefined && lt(next.seq, end) ? next.seq : end
      if (this.#runs.count >= this.#limit && this.#runs.isApart(cursor, stop)) return false
      const offset = diff(cursor, from)
      at = this.#put(at, cursor, stop, bytes.subarray(offset, offset + diff(stop, cursor)))
      cursor = stop
    }
    return true
  }

  /** The first piece that reaches beyond there. */
  #reaching(seq: Seq): number {
    let low = 0
    let high = this.#pieces.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (gt(this.#pieces[middle]!.end, seq)) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Puts bytes in front of the piece at that index, which they do not overlap. Answers where that piece stands then. */
  #put(at: number, seq: Seq, end: Seq, bytes: Uint8Array): number {
    this.#size += bytes.length
    this.#runs.add(seq, end)
    const before = this.#pieces[at - 1]
    if (before === undefined || before.end !== seq || !this.#extend(before, bytes)) {
      this.#pieces.splice(at, 0, { seq, end, block: bytes.slice() })
      at++
    }
    return this.#merge(at) ? at - 1 : at
  }

  /** Adds bytes to a piece. False: it is large enough. */
  #extend(piece: Piece, bytes: Uint8Array): boolean {
    const used = diff(piece.end, piece.seq)
    const total = used + bytes.length
    if (total > piece.block.length) {
      if (total > LARGEST_BLOCK) return false
      const block = new Uint8Array(Math.min(Math.max(2 * used, total), LARGEST_BLOCK))
      block.set(piece.block.subarray(0, used))
      piece.block = block
    }
    piece.block.set(bytes, used)
    piece.end = add(piece.seq, total)
    return true
  }

  /** Puts the piece at that index into the one before it, if they touch and are short. */
  #merge(at: number): boolean {
    const [piece, before] = [this.#pieces[at], this.#pieces[at - 1]]
    if (piece === undefined || before === undefined || before.end !== piece.seq) return false
    const length = diff(piece.end, piece.seq)
    if (length + diff(before.end, before.seq) > SHORT || !this.#extend(before, piece.block.subarray(0, length)))
      return false
    this.#pieces.splice(at, 1)
    return true
  }

  /** Hands over, in order, what `rcvNxt` has reached, and answers how far the stream goes now. */
  take(rcvNxt: Seq, inbox: Inbox): Seq {
    let next = rcvNxt
    let taken = 0
    while (taken < this.#pieces.length && leq(this.#pieces[taken]!.seq, next)) {
      const { seq, end, block } = this.#pieces[taken++]!
      this.#size -= diff(end, seq)
      if (leq(end, next)) continue
      const bytes = block.subarray(diff(next, seq), diff(end, seq))
      if (bytes.length < SHORT) inbox.add(bytes)
      else inbox.adopt(bytes)
      next = end
    }
    if (taken > 0) {
      this.#pieces.splice(0, taken)
      this.#runs.dropBefore(next)
    }
    return next
  }

  /** The runs that are kept, as RFC 2018 §4 has them: the one with the newest arrival first, then by when they were reported. */
  blocks(limit: number): SackBlock[] {
    return this.#runs.newest(limit).map(({ start, end }) => ({ start, end }))
  }
}
