/** What a client sends: heads become slots of the pipeline, bodies reach their readers, and reading rests where it must. */
import { SECOND } from '../../../base/clock.ts'
import { BodyError, BodyTooLarge, ClientGone, MessageRefused } from '../../errors.ts'
import type { FieldLines } from '../../exchange.ts'
import type { HttpLimits } from '../../limits.ts'
import type { Framing } from '../../machine/framing.ts'
import type { Head } from '../../machine/head.ts'
import { Reader, type ReaderSink } from '../../machine/reader.ts'
import { type Target, targetOf } from '../../machine/target.ts'
import { Verdict } from '../../verdict.ts'
import { admissionFault } from './refusal.ts'
import { Slot, type SlotConnection } from './slot.ts'

/** What the intake needs of its connection. */
export interface IntakeConnection extends SlotConnection {
  /** Numbers the exchanges. */
  nextId(): number
  /** A head has come: what was waited for is there. */
  headArrived(): void
  /** A request has come, whose body may still be under way. */
  take(slot: Slot): void
  /** Whether the next request may be read now. */
  mayTake(): boolean
  /** Something is through. */
  settle(): void
  /** Nothing more is read. @param verdict for the log, where the message is at fault */
  stop(verdict: Verdict | null): void
  /** Nothing more is to be said. */
  leave(): void
}

export class Intake implements ReaderSink {
  readonly reader: Reader
  readonly #connection: IntakeConnection
  readonly #limits: HttpLimits
  #reading: Slot | null = null
  #refusal: Verdict | null = null
  #requests = 0

  constructor(connection: IntakeConnection, limits: HttpLimits) {
    this.#connection = connection
    this.#limits = limits
    this.reader = new Reader('request', this, limits)
  }

  /** Whose body is arriving. */
  get reading(): Slot | null {
    return this.#reading
  }

  /** Why nothing more is read, to be answered when all before it is. */
  get refusal(): Verdict | null {
    return this.#refusal
  }

  /** Heads so far. */
  get requests(): number {
    return this.#requests
  }

  // ReaderSink

  onHead(head: Head, framing: Framing): void {
    const connection = this.#connection
    connection.headArrived()
    this.#requests++
    const target = targetOf(head)
    const fault = target instanceof Verdict ? target : admissionFault(head, framing, this.#limits)
    if (fault !== null) {
      this.onRefused(fault)
      return
    }
    const slot = new Slot(connection, connection.nextId(), head, framing, target as Target)
    if (slot.state.request === 'body') this.#reading = slot
    connection.take(slot)
    if (slot.state.request === 'body' && !slot.bodyWanted) this.reader.pause()
  }

  onBody(bytes: Uint8Array): void {
    const slot = this.#reading
    if (slot === null) return
    const received = slot.body.received + bytes.length
    if (received > this.#limits.bodyBytes) {
      this.reader.close()
      this.failBody(new BodyTooLarge(this.#limits.bodyBytes, 'limits.bodyBytes of the server'))
    } else if (slot.state.reply === 'whole' && !slot.bodyClaimed && received > this.#limits.drainBytes) {
      this.reader.close()
      this.#connection.leave()
    } else slot.body.push(bytes)
  }

  onMessageEnd(trailers: FieldLines): void {
    const slot = this.#reading
    this.#reading = null
    slot?.bodyEnded(trailers)
    this.#connection.settle()
    if (!this.#connection.mayTake()) this.reader.pause()
  }

  onRefused(verdict: Verdict): void {
    this.reader.close()
    this.#connection.stop(verdict)
    if (this.#reading !== null) this.failBody(new MessageRefused(verdict))
    else this.#refusal = verdict
    this.#connection.settle()
  }

  /** The refusal, which is answered once. */
  takeRefusal(): Verdict | null {
    const verdict = this.#refusal
    this.#refusal = null
    return verdict
  }

  // What does not come

  /** The client has ended its side. */
  end(): void {
    const whole = this.reader.end()
    if (!whole) this.failBody(new ClientGone('the client closed the connection before the body of its request ended'))
    this.reader.close()
  }

  expireHead(): void {
    if (this.reader.midHead) this.onRefused(new Verdict(408, 'the head did not arrive in time', this.reader.unread))
    else this.#connection.leave()
  }

  /** Whether the body has made enough progress since `mark` bytes were there; if not, it is given up. */
  expireBody(mark: number): boolean {
    const slot = this.#reading
    if (slot === null) return true
    const { bodyTime, bodyRate } = this.#limits
    if (slot.requestBytes - mark >= (bodyTime / SECOND) * bodyRate) return true
    this.reader.close()
    this.failBody(new BodyError(408, `the body came slower than ${bodyRate} bytes per second`))
    return false
  }

  failBody(why: Error): void {
    const slot = this.#reading
    this.#reading = null
    this.#connection.stop(null)
    if (slot === null) return
    slot.bodyCut(why)
    this.#connection.settle()
  }

  /** The connection is gone, and with it what was being read. */
  forget(): void {
    this.#reading = null
  }
}
