/** Where a connection stands with its losses, and RFC 6582's variables of one episode. */
import { add, geq, gt, type Seq } from '../../wire/sequence.ts'

/**
 * As in Linux's tcpi_ca_state. open: no trouble. disorder: duplicate ACKs, too few to act. recovery: fast recovery.
 * loss: after a time-out, until what was out then is acknowledged.
 */
export type RecoveryPhase = 'open' | 'disorder' | 'recovery' | 'loss'

type Cause = 'doubt' | 'lost' | 'through' | 'timeout'

/**
 * doubt: an ACK says that something went past a hole. lost: enough to believe it. through: all is well again, up to where
 * the episode began. What is not there changes nothing: RFC 6675 §5.1, no fast recovery within that of a time-out.
 */
export const PHASES: Readonly<Record<RecoveryPhase, Readonly<Partial<Record<Cause, RecoveryPhase>>>>> = {
  open: { doubt: 'disorder', lost: 'recovery', timeout: 'loss' },
  disorder: { doubt: 'disorder', lost: 'recovery', through: 'open', timeout: 'loss' },
  recovery: { through: 'open', timeout: 'loss' },
  loss: { through: 'open', timeout: 'loss' },
}

export class Episode {
  #phase: RecoveryPhase = 'open'
  #recover: Seq
  #dupAcks = 0
  #partialAcks = 0

  constructor(iss: Seq) {
    this.#recover = iss // RFC 6582 §3.2 (1)
  }

  get phase(): RecoveryPhase {
    return this.#phase
  }

  /** RFC 6582: SND.NXT when the last loss was found. */
  get recover(): Seq {
    return this.#recover
  }

  get dupAcks(): number {
    return this.#dupAcks
  }

  /** ACKs since the recovery began that acknowledge a part of what was out then. */
  get partialAcks(): number {
    return this.#partialAcks
  }

  /** Whether an ACK up to there is for all that was out when the last loss was found. */
  covers(una: Seq): boolean {
    return geq(una, this.#recover)
  }

  /** One more ACK that says that something went past a hole. */
  duplicate(): void {
    this.#dupAcks++
    this.doubt()
  }

  /** Something beyond a hole is known to have arrived. */
  doubt(): void {
    this.#move('doubt')
  }

  /** A loss was found, with so much sent. */
  begin(nxt: Seq): void {
    this.#move('lost')
    this.#recover = nxt
    this.#partialAcks = 0
  }

  /** The ACK of a recovery that is for a part only. */
  partial(): void {
    this.#partialAcks++
    this.#dupAcks = 0
  }

  /** SND.UNA has moved outside a recovery, or ends one. */
  advance(una: Seq): void {
    this.#dupAcks = 0
    if (this.#phase === 'disorder' || this.covers(una)) this.#move('through')
    // Without losses `recover` would stay behind until, 2^31 bytes on, the numbers wrap and it seems to lie ahead: then no
    // duplicate ACK would count for the next two gigabytes. So it follows SND.UNA, just behind.
    if (gt(una, this.#recover)) this.#recover = add(una, -1)
  }

  timeout(nxt: Seq): void {
    this.#move('timeout')
    this.#recover = nxt
    this.#dupAcks = 0
  }

  #move(cause: Cause): void {
    this.#phase = PHASES[this.#phase][cause] ?? this.#phase
  }
}
