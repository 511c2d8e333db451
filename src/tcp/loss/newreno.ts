/**
 * Fast retransmit and fast recovery without SACK (RFC 5681 §3.2, RFC 6582), with limited transmit (RFC 3042).
 *
 * RFC 6582 inflates cwnd by a segment for every duplicate ACK, for a segment has left the network. Here the same
 * segment is taken off the pipe instead (`departed`) and cwnd stays what it is: the same sends, and cwnd tells the truth.
 * Limited transmit needs no code of its own then: each of the first two duplicate ACKs makes room for one new segment.
 */
import type { Nanos } from '../../base/clock.ts'
import { gt } from '../../wire/sequence.ts'
import type { Episode } from './episode.ts'
import { DUPLICATE_ACK_THRESHOLD, type Ground, type LossRecovery, recoverFromTimeout } from './recovery.ts'
import type { AckReport } from './report.ts'

export class NewReno implements LossRecovery {
  readonly name = 'newreno'
  readonly episode: Episode
  readonly #ground: Ground
  /** In fast recovery: how many duplicate ACKs there can be. */
  #dupAckLimit = 0

  constructor(ground: Ground, episode: Episode) {
    this.#ground = ground
    this.episode = episode
  }

  /** RFC 6582 §3.2 (3): only the first partial ACK does. It mends one hole a round trip: with many, a time-out is quicker. */
  get restartsTimer(): boolean {
    return this.episode.phase !== 'recovery' || this.episode.partialAcks <= 1
  }

  acknowledged(report: AckReport): void {
    if (report.acked > 0) this.#advanced(report)
    else if (report.duplicate) this.#duplicate(report)
  }

  timeout(now: Nanos): void {
    recoverFromTimeout(this.#ground, this.episode, now)
  }

  #duplicate(report: AckReport): void {
    const { episode } = this
    const { board } = this.#ground
    // After a time-out the pipe was emptied by assumption; what trickles in says nothing more.
    if (episode.phase === 'loss') return
    episode.duplicate()
    if (episode.phase === 'recovery') {
      // RFC 5681 §6: no more duplicates count than there were segments to cause them, or a peer could open the window by
      // forging some.
      if (episode.dupAcks <= this.#dupAckLimit) board.depart(report.mss)
      return
    }
    if (episode.dupAcks < DUPLICATE_ACK_THRESHOLD) board.depart(report.mss)
    // RFC 6582 §3.2 (2): not again for the window in which a loss was already answered.
    else if (episode.dupAcks === DUPLICATE_ACK_THRESHOLD && gt(report.una, episode.recover)) this.#begin(report)
  }

  #begin({ at, mss, una }: AckReport): void {
    const { board, congestion } = this.#ground
    board.depart(mss)
    this.episode.begin(board.end ?? una)
    congestion.recover(board.outstanding, at)
    this.#mendFirst()
  }

  #advanced({ acked, at, mss, una }: AckReport): void {
    const { board, congestion } = this.#ground
    const { episode } = this
    if (episode.phase !== 'recovery') {
      episode.advance(una)
      board.forgetDeparted()
    } else if (episode.covers(una)) {
      episode.advance(una)
      board.forgetDeparted()
      congestion.recovered(board.outstanding, at)
    } else {
      // RFC 6582 §3.2 (3), partial: of what is acknowledged one segment was the hole, the others had been counted as
      // departed. The next hole begins at SND.UNA: send it again at once.
      board.depart(-Math.max(0, acked - mss))
      episode.partial()
      this.#mendFirst()
    }
  }

  #mendFirst(): void {
    const { board } = this.#ground
    this.#dupAckLimit = board.count
    if (board.first?.resent === false) board.loseFirst()
  }
}
