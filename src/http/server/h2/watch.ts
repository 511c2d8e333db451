/**
 * What a connection of HTTP/2 waits for: its first SETTINGS, the end of what has begun, progress of bodies both ways, the next
 * request. One deadline for the connection; what is under way is looked at four times in the time that it may take.
 */
import { type Clock, type Nanos, SECOND } from '../../../base/clock.ts'
import type { Connection } from '../../../socket/host.ts'
import { BodyError } from '../../errors.ts'
import { Code } from '../../h2/codes.ts'
import type { Session } from '../../h2/session.ts'
import type { HttpLimits } from '../../limits.ts'
import type { Deadlined } from '../../sweep.ts'
import type { Mark, StreamSlot } from './slot.ts'

/** What is watched. */
export interface Watched {
  readonly session: Session
  readonly connection: Connection
  readonly limits: HttpLimits
  readonly slots: Iterable<StreamSlot>
  /** No request is under way, nor part of a frame. */
  readonly idle: boolean
  /** The client leaves lying what was written. */
  readonly blocked: boolean
  readonly lingering: boolean
  /** Bytes that the network has taken. */
  readonly taken: number
  /** Nothing was asked for so long. */
  expireIdle(): void
  expire(why: string): void
  /** What was under way has been looked at: an event ends. */
  looked(): void
  reset(why: string): void
}

type Wait = 'start' | 'look' | 'idle' | 'linger'

const NEVER = Number.POSITIVE_INFINITY
const LOOKS = 4

export class Watch implements Deadlined {
  deadline: Nanos = NEVER
  readonly #of: Watched
  readonly #clock: Clock
  readonly #note: (deadline: Nanos) => void
  readonly #begun: Nanos
  readonly #interval: Nanos
  /** Since when nothing was taken of what was written. */
  readonly #stall: Mark
  /** Since when a frame or a header block has not ended. */
  readonly #midway: Mark
  /** When the client has been listened to for long enough after the end. */
  #lingerEnds: Nanos = 0
  #heard = 0
  #heardMark = 0
  /** What the deadline is for. */
  #wait: Wait = 'start'

  constructor(of: Watched, clock: Clock, note: (deadline: Nanos) => void) {
    const { bodyTime, stallTime, headTime } = of.limits
    this.#of = of
    this.#clock = clock
    this.#note = note
    this.#begun = clock.now()
    this.#interval = Math.min(bodyTime, stallTime, headTime) / LOOKS
    this.#stall = { octets: 0, since: this.#begun }
    this.#midway = { octets: 0, since: this.#begun }
    this.#set('start', this.#begun + headTime)
  }

  /** Nothing is waited for any more. */
  rest(): void {
    this.deadline = NEVER
  }

  /** At the end of an event. */
  arm(): void {
    const { session, idle, limits } = this.#of
    if (!session.settingsKnown || this.#wait === 'linger') return
    if (idle && !this.#of.blocked && session.going === 'no') this.#set('idle', this.#clock.now() + limits.idleTime)
    else this.watch()
  }

  /** Something is under way that may not make progress. */
  watch(): void {
    if (this.#wait === 'look' || this.#wait === 'linger' || (this.#wait === 'start' && !this.#of.session.settingsKnown))
      return
    const now = this.#clock.now()
    this.#stall.since = now
    this.#midway.since = now
    this.#set('look', now + this.#interval)
  }

  /** This side has ended, and listens for a while. */
  linger(): void {
    const now = this.#clock.now()
    this.#lingerEnds = now + this.#of.limits.lingerTime
    this.#stall.since = now
    this.#stall.octets = this.#of.taken
    this.#set('linger', now + this.#of.limits.silenceTime)
  }

  /** What came after the end. */
  heard(octets: number): void {
    this.#heard += octets
  }

  expire(now: Nanos): void {
    const wait = this.#wait
    this.deadline = NEVER
    if (wait === 'start') this.#of.expire('no SETTINGS in time')
    else if (wait === 'idle') this.#of.expireIdle()
    else if (wait === 'linger') this.#lingered(now)
    else this.#look(now)
  }

  #set(wait: Wait, deadline: Nanos): void {
    this.#wait = wait
    this.deadline = deadline
    this.#note(deadline)
  }

  #lingered(now: Nanos): void {
    const { connection, limits, taken } = this.#of
    const silent = this.#heard === this.#heardMark
    this.#heardMark = this.#heard
    if (connection.queued > 0) {
      if (this.#still(this.#stall, taken, 1, limits.stallTime, now))
        this.#of.reset('the client took nothing of what was sent')
      else this.#set('linger', now + limits.silenceTime)
    } else if (!silent && now < this.#lingerEnds) this.#set('linger', now + limits.silenceTime)
    else connection.close() // not a reset: the reply may be in the host's own buffers still
  }

  #look(now: Nanos): void {
    const { session, connection, limits, taken, blocked } = this.#of
    const { stallTime, bodyTime, bodyRate, headTime } = limits
    if (!blocked || connection.queued === 0) this.#stall.since = now
    else if (this.#still(this.#stall, taken, 1, stallTime, now)) {
      this.#of.reset('the client took nothing of what was sent')
      return
    }
    if (!session.midway) this.#midway.since = now
    else if (this.#still(this.#midway, session.frames, 1, headTime, now) && !this.#bodyComes()) {
      this.#of.expire('a frame or a header block did not end in time')
      return
    }
    // The answer to the drain's PING has not come: who does not answer is told the last stream all the same.
    if (session.going === 'announced') session.leave()
    const least = (bodyTime / SECOND) * bodyRate
    for (const slot of [...this.#of.slots]) {
      const { stream, bodyMark, replyMark } = slot
      if (!slot.awaitsBody) bodyMark.since = now
      else if (this.#still(bodyMark, stream.received + session.held, least, bodyTime, now))
        slot.cutBody(new BodyError(408, `the body came slower than ${bodyRate} bytes per second`))
      if (stream.queued === 0 || blocked) replyMark.since = now
      else if (this.#still(replyMark, stream.sent, 1, stallTime, now)) slot.giveUp(Code.cancel)
    }
    this.#set('look', now + this.#interval)
    this.#of.looked()
  }

  /** A frame of content may take as long as the content does. */
  #bodyComes(): boolean {
    for (const slot of this.#of.slots) if (slot.awaitsBody) return true
    return false
  }

  /** Whether so little has moved for so long. */
  #still(mark: Mark, octets: number, least: number, time: Nanos, now: Nanos): boolean {
    if (octets - mark.octets < least) return now - mark.since >= time
    mark.octets = octets
    mark.since = now
    return false
  }
}
