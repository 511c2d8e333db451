/**
 * One end of a WebSocket on a connection: frames both ways, the closing handshake, heartbeat, and pressure. It knows no
 * handshake before and no program above: `accept.ts` and `connect.ts` make it, `connection.ts` shows it to programs.
 */
import type { Clock, Nanos } from '../../base/clock.ts'
import type { SocketError } from '../../base/errors.ts'
import type { Connection, ConnectionOwner } from '../../socket/host.ts'
import type { HttpLimits } from '../limits.ts'
import { utf8, utf8Length } from '../machine/text.ts'
import { isInMemory } from '../platform/memory.ts'
import type { Deadlined, Sweep } from '../sweep.ts'
import { ABNORMAL, CLOSE_CODE } from './protocol/close-code.ts'
import { CLOSING, type ClosingAction, type ClosingEvent, type ClosingState } from './protocol/closing.ts'
import type { Deflating } from './protocol/deflating.ts'
import type { WebSocketFault } from './protocol/fault.ts'
import { FIN, OPCODE, RSV1 } from './protocol/frame.ts'
import type { Inflating } from './protocol/inflating.ts'
import { MessageReader, type ReaderSink } from './protocol/reader.ts'
import { FrameWriter } from './protocol/writer.ts'
import { sweepOf } from './sweeps.ts'

/** How a WebSocket ended. */
export interface WebSocketClosed {
  /** What the other side said: 1005 for a Close frame without a code, 1006 when none came. */
  readonly code: number
  /** The other side's words; mostly empty. */
  readonly reason: string
  /** Whether Close frames have passed both ways. */
  readonly clean: boolean
  /** Why this side has given up; '' where it has not. */
  readonly failure: string
}

/** What an end is told about itself when it is made. */
export interface EndpointOptions {
  readonly role: 'server' | 'client'
  readonly clock: Clock
  readonly limits: HttpLimits
  /** Where permessage-deflate was agreed upon; else null. */
  readonly inflating: Inflating | null
  readonly deflating: Deflating | null
  /** Octets from which a message is compressed. */
  readonly compressFrom: number
  /** Masking keys; null on a server. */
  readonly nextKey: (() => number) | null
}

/** Who is told of what comes. It may call back at once. */
export interface EndpointListener {
  /** Whether messages are wanted in pieces. */
  readonly pieces: boolean
  message(data: string | Uint8Array): void
  piece(piece: string | Uint8Array, last: boolean): void
  ping(payload: Uint8Array): void
  pong(payload: Uint8Array): void
  /** More may be sent, after a send has answered false. */
  drained(): void
  /** The last call, once. */
  closed(how: WebSocketClosed): void
}

export class Endpoint implements ConnectionOwner, ReaderSink, Deadlined {
  deadline: Nanos
  readonly connection: Connection
  readonly #options: EndpointOptions
  readonly #listener: EndpointListener
  readonly #reader: MessageReader
  readonly #writer: FrameWriter
  readonly #sweep: Sweep
  #state: ClosingState = 'open'
  #how: WebSocketClosed = { code: ABNORMAL, reason: '', clean: false, failure: '' }
  /** The program holds messages back. */
  #held = false
  /** The connection takes no more for now. */
  #blocked = false
  /** Octets have come since the last look, and a Ping has been sent since then. */
  #moved = false
  #pinged = false
  /** What waited to be sent at the last look, and since when it has not become less. */
  #waited = 0
  #stalledAt: Nanos = Number.POSITIVE_INFINITY
  /** The payload of a Ping that could not be answered yet: the last one is enough (RFC 6455 §5.5.3). */
  #owedPong: Uint8Array | null = null

  constructor(connection: Connection, options: EndpointOptions, listener: EndpointListener) {
    this.connection = connection
    this.#options = options
    this.#listener = listener
    const { role, clock, limits, inflating } = options
    this.#reader = new MessageReader(this, { masked: role === 'server', limits, inflating })
    this.#writer = new FrameWriter(connection, options.nextKey)
    this.#sweep = sweepOf(clock)
    this.deadline = this.#heartbeatFrom(clock.now())
    if (this.deadline < Number.POSITIVE_INFINITY) this.#sweep.add(this)
  }

  get state(): ClosingState {
    return this.#state
  }

  /** Whether a send would answer false. */
  get blocked(): boolean {
    return this.#blocked
  }

  get deflating(): Deflating | null {
    return this.#options.deflating
  }

  /** Octets from which a message is compressed. */
  get compressFrom(): number {
    return this.#options.compressFrom
  }

  /** Whether frames of this end are masked, and so are different for each. */
  get masks(): boolean {
    return this.#options.nextKey !== null
  }

  // Sending

  text(text: string, compress: boolean): boolean {
    if (!this.#maySend()) return false
    if (compress && this.#options.deflating !== null && utf8Length(text) >= this.#options.compressFrom)
      return this.#written(this.#compressed(OPCODE.text, utf8(text)))
    return this.#written(this.#writer.text(text))
  }

  binary(bytes: Uint8Array, compress: boolean): boolean {
    if (!this.#maySend()) return false
    if (compress && this.#options.deflating !== null && bytes.length >= this.#options.compressFrom)
      return this.#written(this.#compressed(OPCODE.binary, bytes))
    return this.#written(this.#writer.frame(FIN | OPCODE.binary, bytes))
  }

  /** A fragment of a message. */
  fragment(first: number, payload: Uint8Array): boolean {
    return this.#maySend() && this.#written(this.#writer.frame(first, payload))
  }

  /** Frames that have been made for many. */
  frames(bytes: Uint8Array): boolean {
    return this.#maySend() && this.#written(this.connection.write(bytes))
  }

  ping(payload: Uint8Array): boolean {
    return this.#maySend() && this.#written(this.#writer.frame(FIN | OPCODE.ping, payload))
  }

  pong(payload: Uint8Array): boolean {
    return this.#maySend() && this.#written(this.#writer.frame(FIN | OPCODE.pong, payload))
  }

  #compressed(opcode: number, bytes: Uint8Array): boolean {
    return this.#writer.frame(FIN | RSV1 | opcode, this.#options.deflating!.deflate(bytes))
  }

  #maySend(): boolean {
    if (this.#state !== 'open') return false
    if (!this.#blocked || this.connection.queued <= this.#options.limits.messageBacklogBytes) return true
    this.#happen('late', 'the other side does not read what is sent to it')
    return false
  }

  #written(ready: boolean): boolean {
    if (!ready && !this.#blocked) {
      this.#blocked = true
      // A server that echoes to a client that does not read would hold all of it; a client goes on reading, or both wait.
      if (this.#options.role === 'server') this.#reader.stop()
    }
    return ready
  }

  // Closing

  close(code: number, reason: string): void {
    this.#happen('close', '', code, reason)
  }

  /** Gives up: the program has failed, or does not take what comes. */
  fail(code: number, why: string): void {
    this.#happen('fail', why, code)
  }

  /** Breaks the connection off. */
  reset(why: string): void {
    this.#happen('late', why)
  }

  // Reading

  /** Holds messages back, and with them the other side. */
  hold(): void {
    this.#held = true
    this.#reader.stop()
  }

  release(): void {
    if (!this.#held) return
    this.#held = false
    if (this.#reads) this.connection.resume()
  }

  get #reads(): boolean {
    return !this.#held && !(this.#blocked && this.#options.role === 'server')
  }

  get #listens(): boolean {
    return this.#state === 'open' || this.#state === 'closing'
  }

  onData(bytes: Uint8Array): void {
    this.#moved = true
    if (!this.#listens) return
    let at = 0
    this.connection.cork()
    while (at < bytes.length && this.#listens && this.#reads) {
      at += this.#reader.read(at === 0 ? bytes : bytes.subarray(at))
      if (this.#reader.fault !== null) this.#refuse(this.#reader.fault)
    }
    this.connection.uncork()
    if (at < bytes.length && this.#listens) {
      this.connection.unread(bytes.subarray(at))
      this.connection.pause()
    }
  }

  #refuse({ code, why, at }: WebSocketFault): void {
    this.#happen('fail', `${why}, at octet ${at}`, code)
  }

  onEnd(): void {
    this.#happen('peerEnd', '')
  }

  onDrain(): void {
    this.#blocked = false
    if (this.#owedPong !== null) {
      const owed = this.#owedPong
      this.#owedPong = null
      this.pong(owed)
    }
    if (this.#state === 'open') this.#listener.drained()
    if (this.#reads) this.connection.resume()
  }

  onClose(error: SocketError | null): void {
    this.#happen('lost', error === null ? '' : error.message)
  }

  // ReaderSink

  get wantsPieces(): boolean {
    return this.#listener.pieces
  }

  onText(text: string): void {
    this.#listener.message(text)
  }

  onBinary(bytes: Uint8Array): void {
    this.#listener.message(bytes)
  }

  onPiece(piece: string | Uint8Array, last: boolean): void {
    this.#listener.piece(piece, last)
  }

  onPing(payload: Uint8Array): void {
    // A flood of Pings from one who does not read makes one Pong.
    if (this.#blocked) this.#owedPong = payload.slice()
    else this.pong(payload)
    this.#listener.ping(payload)
  }

  onPong(payload: Uint8Array): void {
    this.#listener.pong(payload)
  }

  onCloseFrame(code: number, reason: string): void {
    this.#how = { code, reason, clean: true, failure: this.#how.failure }
    // RFC 6455 §5.5.1: the answer says the same code.
    this.#happen('peerClose', '', code)
  }

  // What happens next

  #happen(event: ClosingEvent, why: string, code: number = CLOSE_CODE.normal, reason = ''): void {
    const from = this.#state
    const { to, actions } = CLOSING[from][event]
    this.#state = to
    if (to !== from && why !== '') this.#how = { ...this.#how, failure: why }
    for (const action of actions) this.#act(action, code, reason)
    if (to === from) return
    if (to === 'closed') this.#leave()
    else {
      this.deadline = this.#options.clock.now() + this.#options.limits.closeTime
      this.#sweep.add(this)
      // Whoever waited for messages to be read has to let the Close frame through.
      if (to === 'failed' || to === 'answered') this.connection.resume()
    }
  }

  #act(action: ClosingAction, code: number, reason: string): void {
    switch (action) {
      case 'sendClose':
        this.#writer.close(code, reason)
        break
      case 'finish':
        if (this.#options.role === 'server') this.connection.end()
        break
      case 'end':
        this.connection.end()
        break
      case 'shut':
        this.connection.close(this.#options.limits.closeTime)
        break
      case 'reset':
        this.connection.reset()
        break
    }
  }

  #leave(): void {
    this.#sweep.delete(this)
    this.#reader.drop()
    this.#options.deflating?.close()
    this.#listener.closed(this.#how)
  }

  // Deadlined

  expire(now: Nanos): void {
    if (this.#state !== 'open') {
      this.#happen('late', 'the closing handshake has taken too long')
      return
    }
    if (this.#stalled(now)) {
      this.#happen('late', 'the other side does not read what is sent to it')
      return
    }
    // While this side does not read, an answer may be waiting.
    if (this.#moved || !this.#reads) this.#pinged = false
    else if (this.#pinged) {
      this.#happen('late', 'nothing has come from the other side, not even the answer to a Ping')
      return
    } else {
      this.#pinged = true
      this.#writer.frame(FIN | OPCODE.ping, NOTHING)
    }
    this.#moved = false
    this.deadline = this.#heartbeatFrom(now)
  }

  /** Whether what waits to be sent has not become less for too long. */
  #stalled(now: Nanos): boolean {
    const waits = this.#blocked ? this.connection.queued : 0
    if (waits === 0 || waits < this.#waited) this.#stalledAt = Number.POSITIVE_INFINITY
    else if (this.#stalledAt > now) this.#stalledAt = now
    this.#waited = waits
    return now - this.#stalledAt >= this.#options.limits.stallTime
  }

  #heartbeatFrom(now: Nanos): Nanos {
    const { heartbeatTime } = this.#options.limits
    // No timer for what cannot be cut off: it would keep the process of a test alive.
    return heartbeatTime === 0 || isInMemory(this.connection) ? Number.POSITIVE_INFINITY : now + heartbeatTime
  }
}

const NOTHING = new Uint8Array(0)
