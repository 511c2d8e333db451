/** What is in flight, as RFC 6675 reckons it: what was sent, what is reported held, what must be lost. */
import type { Nanos } from '../../../../src/base/clock.ts'

export interface Piece {
  readonly start: number
  /** One past the last number; SYN and FIN count. */
  readonly end: number
  at: Nanos
  times: number
  held: boolean
  lost: boolean
  /** Sent again since it was lost. */
  again: boolean
}

/** RFC 6675 §2. */
const DUP_THRESH = 3

export class Flight {
  pieces: Piece[] = []

  sent(start: number, end: number, at: Nanos): void {
    this.pieces.push({ start, end, at, times: 1, held: false, lost: false, again: false })
  }

  /** Sent once more. Whether it was believed lost, and wholly part of what had been sent. */
  resent(start: number, end: number, at: Nanos): boolean {
    const those = this.pieces.filter((piece) => piece.start < end && start < piece.end)
    const missed = those.some((piece) => piece.lost && !piece.again)
    for (const piece of those) {
      piece.at = at
      piece.times++
      piece.again = piece.lost
    }
    return missed
  }

  acknowledged(ack: number): Piece[] {
    const gone = this.pieces.filter(({ end }) => end <= ack)
    this.pieces = this.pieces.filter(({ end }) => end > ack)
    return gone
  }

  /** Bytes that this block tells of for the first time. */
  held(start: number, end: number): number {
    let news = 0
    for (const piece of this.pieces) {
      if (piece.held || piece.start < start || piece.end > end) continue
      piece.held = true
      news += piece.end - piece.start
    }
    return news
  }

  get heldBytes(): number {
    return this.pieces.reduce((sum, { start, end, held }) => sum + (held ? end - start : 0), 0)
  }

  /** §4, IsLost: three pieces above it have arrived, or more than two segments' worth. */
  markLost(mss: number): void {
    let count = 0
    let bytes = 0
    for (const piece of this.pieces.toReversed()) {
      if (piece.held) {
        count++
        bytes += piece.end - piece.start
      } else if (count >= DUP_THRESH || bytes > (DUP_THRESH - 1) * mss) piece.lost = true
    }
  }

  /** A time-out: all is lost, and what the peer said it held is forgotten (RFC 2018 §8). */
  loseAll(): void {
    for (const piece of this.pieces) {
      piece.lost = true
      piece.again = piece.held = false
    }
  }

  /** §4, SetPipe. */
  get pipe(): number {
    return this.pieces.reduce((sum, { start, end, held, lost, again }) => {
      if (held) return sum
      return sum + (lost ? 0 : end - start) + (lost && again ? end - start : 0)
    }, 0)
  }
}
