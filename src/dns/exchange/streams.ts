/** The connections to servers that are kept for further questions, one or two a server. */
import type { Nanos } from '../../base/clock.ts'
import { SocketError } from '../../base/errors.ts'
import type { Host } from '../../socket/host.ts'
import type { ExchangeLimits } from '../limits.ts'
import type { Message } from '../message/message.ts'
import type { Name } from '../message/name.ts'
import type { Upstream } from '../servers/upstream.ts'
import { isUsable, type UpstreamPhase } from './phase.ts'
import { openStream, type StreamEvents, type UpstreamStream } from './stream.ts'
import { causeOf, type StreamAttempt } from './udp.ts'

/** One question that is to go over a connection. */
export interface StreamQuestion {
  readonly upstream: Upstream
  /** The query, with the ID as it is to be drawn: one that is free on the connection. */
  readonly query: (isTaken: (id: number) => boolean) => Message
  /** The name asked for, in its own case. */
  readonly name: Name
  readonly deadline: Nanos
}

/** The connections of one exchange. */
export class Streams implements StreamEvents {
  readonly #host: Host
  readonly #limits: ExchangeLimits
  /** By the key of the server: the stream that takes the next question, or is being opened. */
  readonly #current = new Map<string, UpstreamStream | Promise<UpstreamStream>>()
  /** In the order in which they fell idle. */
  readonly #idle = new Set<UpstreamStream>()

  constructor(host: Host, limits: ExchangeLimits) {
    this.#host = host
    this.#limits = limits
  }

  /** Asks over a connection that is kept, or a new one. Never rejects. */
  async ask(question: StreamQuestion): Promise<StreamAttempt> {
    try {
      const kept = await this.#stream(question)
      const first = await this.#askOn(kept.stream, question)
      // RFC 7766 §6.2.4: a server closes idle connections as it likes, perhaps while our question is on its way.
      if (kept.fresh || first.kind !== 'failure' || first.cause !== 'closed') return first
      return await this.#askOn((await this.#stream(question)).stream, question)
    } catch (error) {
      if (error instanceof SocketError) return { kind: 'failure', cause: causeOf(error), why: error.message }
      throw error
    }
  }

  /** Closes what is idle; what is not closes itself when it is. */
  close(): void {
    for (const stream of [...this.#idle]) stream.close()
  }

  #askOn(stream: UpstreamStream, { query, name, deadline }: StreamQuestion): Promise<StreamAttempt> {
    return stream.ask(
      query((id) => stream.has(id)),
      name,
      deadline,
    )
  }

  async #stream({ upstream, deadline }: StreamQuestion): Promise<{ stream: UpstreamStream; fresh: boolean }> {
    for (;;) {
      const held = this.#current.get(upstream.key)
      if (held === undefined) break
      const stream = await held
      if (stream.usable) return { stream, fresh: stream.asked === 0 }
      if (this.#current.get(upstream.key) === held) this.#current.delete(upstream.key)
    }
    const opening = openStream(this.#host, upstream, deadline, this.#limits, this)
    this.#current.set(upstream.key, opening)
    try {
      const stream = await opening
      if (this.#current.get(upstream.key) === opening) this.#current.set(upstream.key, stream)
      return { stream, fresh: true }
    } catch (error) {
      if (this.#current.get(upstream.key) === opening) this.#current.delete(upstream.key)
      throw error
    }
  }

  changed(stream: UpstreamStream, phase: UpstreamPhase): void {
    this.#idle.delete(stream)
    if (phase === 'idle') {
      this.#idle.add(stream)
      const [oldest] = this.#idle
      if (this.#idle.size > this.#limits.idleStreams) oldest?.close()
    } else if (!isUsable(phase)) {
      for (const [key, held] of this.#current) if (held === stream) this.#current.delete(key)
    }
  }
}
