/**
 * A connection to a server, with many questions open at a time and their replies in any order (RFC 7766 §6.2.1). It
 * closes itself when it has had nothing to do for a while.
 */
import { after, type Nanos, type Timer } from '../../base/clock.ts'
import { SocketError } from '../../base/errors.ts'
import type { Connection, ConnectionOwner, Host } from '../../socket/host.ts'
import type { ExchangeLimits } from '../limits.ts'
import { decodeHeader } from '../message/decode.ts'
import { encode } from '../message/encode.ts'
import { Framer, framed } from '../message/framing.ts'
import type { Message } from '../message/message.ts'
import type { Name } from '../message/name.ts'
import type { Cause } from '../servers/book.ts'
import { type Upstream, upstream } from '../servers/upstream.ts'
import { judge } from './judge.ts'
import { isUsable, UPSTREAM_PHASES, type UpstreamEvent, type UpstreamPhase } from './phase.ts'
import { causeOf, type StreamAttempt, type UdpQuestion } from './udp.ts'

interface Open {
  readonly query: Message
  readonly name: Name
  readonly sent: Nanos
  readonly done: (attempt: StreamAttempt) => void
  timer: Timer | null
}

/** Who is told what becomes of a stream. */
export interface StreamEvents {
  /** It has become idle, or has something to do again, or is not to be used any more. */
  changed(stream: UpstreamStream, phase: UpstreamPhase): void
}

/** @throws SocketError when there is no connection by `deadline`: ETIMEDOUT then, else what the host says. */
export async function openStream(
  host: Host,
  server: Upstream,
  deadline: Nanos,
  limits: ExchangeLimits,
  events?: StreamEvents,
): Promise<UpstreamStream> {
  const giveUp = new AbortController()
  const timer = host.clock.at(deadline, () => giveUp.abort())
  try {
    const options = { signal: giveUp.signal, options: { TCP_NODELAY: 1 } }
    return new UpstreamStream(host, await host.connect(server.address, options), limits, events)
  } catch (error) {
    if (!giveUp.signal.aborted) throw error
    const { address, port } = server.address
    throw new SocketError('ETIMEDOUT', 'connect', { address, port })
  } finally {
    timer.cancel()
  }
}

/** Asks one question over a connection of its own. */
export async function askOverTcp(host: Host, question: Omit<UdpQuestion, 'overdue'>): Promise<StreamAttempt> {
  const { server, query, name, timeout, limits } = question
  const deadline = host.clock.now() + timeout
  try {
    const stream = await openStream(host, upstream(server, 'tcp'), deadline, limits)
    const attempt = await stream.ask(query, name, deadline)
    stream.close()
    return attempt
  } catch (error) {
    if (error instanceof SocketError) return { kind: 'failure', cause: causeOf(error), why: error.message }
    throw error
  }
}

/** One connection to a server. */
export class UpstreamStream implements ConnectionOwner {
  readonly #host: Host
  readonly #connection: Connection
  readonly #limits: ExchangeLimits
  readonly #events: StreamEvents | undefined
  readonly #framer = new Framer()
  readonly #open = new Map<number, Open>()
  /** IDs of questions that nobody waits for any more. */
  readonly #abandoned = new Set<number>()
  #phase: UpstreamPhase = 'busy'
  #asked = 0
  #idle: Timer | null = null

  constructor(host: Host, connection: Connection, limits: ExchangeLimits, events?: StreamEvents) {
    this.#host = host
    this.#connection = connection
    this.#limits = limits
    this.#events = events
    connection.attach(this)
  }

  get usable(): boolean {
    return isUsable(this.#phase)
  }

  /** How many questions it has carried. */
  get asked(): number {
    return this.#asked
  }

  /** Whether a question with that ID is open, or may still be answered. */
  has(id: number): boolean {
    return this.#open.has(id) || this.#abandoned.has(id)
  }

  /** Asks; `query` has an ID that `has` does not know. Never rejects. */
  ask(query: Message, name: Name, deadline: Nanos): Promise<StreamAttempt> {
    if (this.#phase === 'gone')
      return Promise.resolve({ kind: 'failure', cause: 'closed', why: 'the server closed the connection' })
    return new Promise((resolve) => {
      const sent = this.#host.clock.now()
      const open: Open = { query, name, sent, done: resolve, timer: null }
      open.timer = this.#host.clock.at(deadline, () => this.#abandon(open))
      this.#open.set(query.id, open)
      this.#asked++
      this.#idle?.cancel()
      this.#on('ask')
      if (this.#asked >= this.#limits.streamQuestions) this.#on('retire')
      this.#connection.write(framed(encode(query)))
    })
  }

  /** No more questions; those that are open are waited for. */
  close(): void {
    this.#on('retire')
    this.#idle?.cancel()
    if (this.#open.size === 0) this.#connection.close()
  }

  onData(bytes: Uint8Array): void {
    this.#framer.push(bytes)
    for (let reply = this.#framer.next(); reply !== null; reply = this.#framer.next()) this.#reply(reply)
  }

  onEnd(): void {
    this.#fail('the server closed the connection without a reply')
    this.#connection.close()
  }

  onDrain(): void {}

  onClose(error: SocketError | null): void {
    this.#fail(error?.message ?? 'the connection was closed without a reply', error)
  }

  #reply(bytes: Uint8Array): void {
    const id = decodeHeader(bytes)?.id ?? -1
    const open = this.#open.get(id)
    if (open === undefined) {
      if (this.#abandoned.delete(id)) return
      // Nobody else can answer here: a server that answers what it was not asked cannot be relied on.
      this.#fail('what came over TCP is not the reply to a question', null, 'mismatched')
      this.#connection.reset()
      return
    }
    const judgement = judge(bytes, open.query, open.name)
    if (judgement.kind === 'malformed') this.#finish(open, { kind: 'failure', cause: 'malformed', why: judgement.why })
    else if (judgement.kind === 'foreign')
      this.#finish(open, { kind: 'failure', cause: 'mismatched', why: 'what came over TCP is not the reply' })
    else {
      // A server that folds names is believed here, where nobody else can answer.
      const { message } = judgement
      this.#finish(open, { kind: 'reply', message, rtt: this.#host.clock.now() - open.sent, size: bytes.length })
    }
  }

  #finish(open: Open, attempt: StreamAttempt): void {
    this.#open.delete(open.query.id)
    open.timer?.cancel()
    open.done(attempt)
    this.#settle()
  }

  /** Nobody waits for the question any more. A connection on which nothing has come meanwhile is not used again. */
  #abandon(open: Open): void {
    this.#open.delete(open.query.id)
    this.#abandoned.add(open.query.id)
    open.done({ kind: 'failure', cause: 'timeout', why: 'no reply in time' })
    this.#on('retire')
    if (this.#open.size === 0) this.#connection.reset()
  }

  #fail(
    why: string,
    error: SocketError | null = null,
    cause: Cause = error === null ? 'closed' : causeOf(error),
  ): void {
    this.#idle?.cancel()
    this.#on('lose')
    for (const open of [...this.#open.values()]) {
      open.timer?.cancel()
      open.done({ kind: 'failure', cause, why })
    }
    this.#open.clear()
  }

  /** Begins to be idle when no question is open. */
  #settle(): void {
    if (this.#open.size > 0) return
    this.#on('settle')
    if (this.#phase === 'retired') this.#connection.close()
    else if (this.#phase === 'idle') this.#idle = after(this.#host.clock, this.#limits.streamIdle, () => this.close())
  }

  #on(event: UpstreamEvent): void {
    const phase = UPSTREAM_PHASES[this.#phase][event]
    if (phase === this.#phase) return
    this.#phase = phase
    this.#events?.changed(this, phase)
  }
}
