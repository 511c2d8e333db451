/** Loss recovery by selective acknowledgement (RFC 6675). */
import type { Nanos } from '../../base/clock.ts'
import type { Episode } from './episode.ts'
import { DUPLICATE_ACK_THRESHOLD, type Ground, type LossRecovery, recoverFromTimeout } from './recovery.ts'
import type { AckReport } from './report.ts'

export class SackRecovery implements LossRecovery {
  readonly name = 'sack'
  readonly episode: Episode
  readonly restartsTimer = true
  readonly #ground: Ground

  constructor(ground: Ground, episode: Episode) {
    this.#ground = ground
    this.episode = episode
  }

  acknowledged(report: AckReport): void {
    const { episode } = this
    if (episode.phase === 'recovery' && (report.acked === 0 || !episode.covers(report.una))) this.#repair(report)
    else {
      // What ends one recovery may tell of losses behind it, and begin the next.
      if (report.acked > 0) this.#advance(report)
      if (report.sacked > 0) this.#suspect(report)
    }
  }

  timeout(now: Nanos): void {
    recoverFromTimeout(this.#ground, this.episode, now)
  }

  #advance({ una, at }: AckReport): void {
    const { board, congestion } = this.#ground
    const recovered = this.episode.phase === 'recovery'
    this.episode.advance(una)
    if (board.sackedBytes > 0) this.episode.doubt()
    if (recovered) congestion.recovered(board.outstanding, at)
  }

  /**
   * RFC 6675 §2: a duplicate ACK is one that tells something new about what has arrived. One that does not was caused by a
   * segment that the network doubled.
   */
  #suspect(report: AckReport): void {
    const { episode } = this
    // RFC 6675 §5.1: after a time-out no fast recovery before what was out then is acknowledged.
    if (episode.phase === 'loss' || this.#ground.board.sackedBytes === 0) return
    episode.duplicate()
    const lost = this.#markLost(report.mss)
    // RFC 6675 §5.1: HighACK ≥ RecoveryPoint. (RFC 6582 asks for more, since there a duplicate ACK may be due to what was
    // sent twice; one that brings news cannot be.)
    if ((lost || episode.dupAcks >= DUPLICATE_ACK_THRESHOLD) && episode.covers(report.una)) this.#begin(report)
  }

  /** RFC 6675 §5 (4). */
  #begin({ at, una }: AckReport): void {
    const { board, congestion } = this.#ground
    this.episode.begin(board.end ?? una)
    congestion.recover(board.outstanding, at)
    const head = board.first
    // RFC 6675 §5 (4.3): the first one whatever the pipe holds.
    if (head !== undefined && !head.sacked && !head.resent) board.loseFirst()
  }

  #repair({ acked, sacked, mss }: AckReport): void {
    const { board } = this.#ground
    if (acked === 0 && sacked === 0) return
    this.#markLost(mss)
    if (acked === 0) return
    this.episode.partial()
    // What a partial ACK stops at, while more behind it has arrived, is the next hole: RFC 6582's reasoning holds here too.
    if (board.sackedBytes > 0) board.doubtFirst()
  }

  /** RFC 6675 §4, IsLost: three segments above it have arrived, or more than two segments' worth of bytes. */
  #markLost(mss: number): boolean {
    return this.#ground.board.loseBehind(DUPLICATE_ACK_THRESHOLD, (DUPLICATE_ACK_THRESHOLD - 1) * mss)
  }
}
