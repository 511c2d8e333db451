/** A client's connection to one origin or proxy: requests out, replies in, one at a time unless pipelining is on. */
import { type Nanos, SECOND } from '../../base/clock.ts'
import type { SocketError } from '../../base/errors.ts'
import type { Machine } from '../../base/machine.ts'
import { formatAddress } from '../../socket/address.ts'
import type { Connection, ConnectionOwner } from '../../socket/host.ts'
import type { BodySource } from '../body/incoming.ts'
import { MessageRefused, RequestError } from '../errors.ts'
import type { AnyHttpEvent } from '../events.ts'
import type { FieldLines } from '../exchange.ts'
import { linesOf } from '../fields/lines.ts'
import type { HttpLimits } from '../limits.ts'
import type { Framing } from '../machine/framing.ts'
import type { Head } from '../machine/head.ts'
import type { Output, OutputOwner } from '../machine/output.ts'
import { Reader, type ReaderSink } from '../machine/reader.ts'
import type { Verdict } from '../machine/verdict.ts'
import type { Deadlined } from '../sweep.ts'
import type { ClientExchange } from './exchange.ts'
import { Reply } from './reply.ts'
import { sendContent } from './upload.ts'

export interface ConnectionClient {
  readonly machine: Machine
  readonly limits: HttpLimits
  readonly output: Output
  /** How long an unused connection is kept. */
  readonly idleTime: Nanos
  /** How long a body may make no progress. */
  readonly bodyTime: Nanos
  noteDeadline(deadline: Nanos): void
  /** It can take a request. */
  free(connection: ClientConnection): void
  /** It takes no more, and is to be forgotten. */
  gone(connection: ClientConnection): void
  /** Whether the failed exchange is tried again on another connection. */
  retry(exchange: ClientExchange, error: Error): boolean
}

/** Interim responses to one request: a server that sends more is not answering (100, 102 and 103 come a few times). */
const INTERIMS = 32
const NEVER = Number.POSITIVE_INFINITY

export class ClientConnection implements ConnectionOwner, ReaderSink, OutputOwner, Deadlined {
  readonly connection: Connection
  readonly origin: string
  readonly output: Output
  deadline: Nanos = NEVER
  corked = false
  blocked = false
  alive = true
  /** Replies completed: a connection that has served can fail between requests, and only such a one can be retried. */
  served = 0
  /** Oldest first. */
  readonly queue: ClientExchange[] = []
  readonly #client: ConnectionClient
  readonly #reader: Reader
  /** The bodies of replies speak to the reader through this. */
  readonly #source: BodySource = {
    open: () => this.#readOn(),
    pause: () => {
      this.#resuming = false
      this.#reader.pause()
    },
    resume: () => this.#readOn(),
    failed: (error) => this.break(error instanceof Error ? error : new Error(String(error))),
  }
  #persistent = true
  #keepAlive: Nanos = NEVER
  #stopped = false
  #resuming = false
  #drained: (() => void)[] = []

  constructor(connection: Connection, origin: string, client: ConnectionClient) {
    this.connection = connection
    this.origin = origin
    this.output = client.output
    this.#client = client
    this.#reader = new Reader('response', this, client.limits)
  }

  /** Whether a further request may be sent now; `depth` is how many may be under way. */
  accepts(depth: number): boolean {
    return this.alive && this.#persistent && this.queue.length < depth && this.queue.every((exchange) => exchange.sent)
  }

  request(exchange: ClientExchange): void {
    const { request } = exchange
    exchange.attempts++
    this.queue.push(exchange)
    this.#reader.expect(request.method)
    if (request.closes) this.#persistent = false
    this.#report(exchange, {
      type: 'http.request',
      method: request.method,
      target: request.target,
      version: 'HTTP/1.1',
      fields: linesOf(request.head),
    })
    this.output.latin1(this, request.head)
    sendContent(this, exchange)
    this.setDeadline()
  }

  /** Resolves when more may be written. */
  drained(): Promise<void> {
    return this.blocked && this.alive ? new Promise((resolve) => this.#drained.push(resolve)) : Promise.resolve()
  }

  /** Ends it in order when nothing is under way. */
  close(): void {
    if (!this.alive) return
    this.#leave()
    this.output.flush()
    this.connection.close()
  }

  /** Cuts it: all that is under way fails with `error`. */
  break(error: Error): void {
    if (!this.alive) return
    this.#leave()
    this.connection.reset()
    this.#failAll(error)
  }

  // ConnectionOwner

  onData(bytes: Uint8Array): void {
    if (!this.alive) return
    // RFC 9112 §6.3: what comes without a request was never asked for; taking it for a reply would be poison.
    if (this.queue.length === 0) {
      this.break(new RequestError('closed', 'the server sent what nobody had asked for'))
      return
    }
    this.corked = true
    this.#reader.feed(bytes)
    this.#eventEnds()
  }

  onEnd(): void {
    if (!this.alive) return
    const whole = this.#reader.end()
    this.#persistent = false
    if (this.queue.length === 0) this.close()
    else this.break(new RequestError('closed', closedText(whole, this.queue[0]!)))
  }

  onDrain(): void {
    this.blocked = false
    this.setDeadline()
    for (const resolve of this.#drained.splice(0)) resolve()
  }

  onClose(error: SocketError | null): void {
    const alive = this.alive
    this.#leave()
    if (alive || this.queue.length > 0)
      this.#failAll(error ?? new RequestError('closed', 'the connection was closed before the reply was complete'))
  }

  // OutputOwner

  send(bytes: Uint8Array): void {
    if (this.alive && !this.connection.write(bytes)) this.blocked = true
  }

  // Deadlined

  expire(_now: Nanos): void {
    const exchange = this.queue[0]
    if (exchange === undefined) this.close()
    else {
      const what = exchange.answered === null ? 'no reply' : 'no more of the body'
      this.break(new RequestError('timeout', `${what} from ${this.origin} in time`))
    }
  }

  // ReaderSink

  onHead(head: Head, framing: Framing): void {
    const exchange = this.queue[0]
    if (exchange === undefined) {
      this.break(new RequestError('closed', 'the server sent a reply that nobody had asked for'))
      return
    }
    this.#report(exchange, { type: 'http.response', status: head.status, fields: head.lines() })
    if (head.status < 200 && head.status !== 101) {
      this.#interim(exchange, head)
      return
    }
    if (framing.kind === 'tunnel') {
      this.break(new RequestError('refused', `the server switched protocols (${head.status}) without being asked`))
      return
    }
    if (!framing.persistent) this.#persistent = false
    this.#keepAlive = advertised(head.get('keep-alive'))
    exchange.answer(new Reply(head, framing, this.#source))
  }

  onBody(bytes: Uint8Array): void {
    const exchange = this.queue[0]
    exchange?.answered?.body.push(bytes)
  }

  onMessageEnd(trailers: FieldLines): void {
    const exchange = this.queue.shift()!
    const { body } = exchange.answered!
    this.served++
    // A reader that paused at the last piece has nothing to resume; the next reply must not wait for it.
    this.#reader.resume()
    body.trailers = trailers
    this.#report(exchange, {
      type: 'http.done',
      requestBytes: exchange.sentBytes,
      responseBytes: body.received,
      failure: '',
    })
    // A reply before the request was through leaves the rest of the request where the next would begin.
    if (!exchange.sent) this.#persistent = false
    body.finish(null)
    exchange.settle()
    if (!this.#persistent) {
      this.close()
      this.#failAll(new RequestError('closed', 'the server closed after an earlier reply'))
    }
  }

  onRefused(verdict: Verdict): void {
    this.break(new MessageRefused(verdict.status, verdict.why, verdict.at))
  }

  /** Not from inside a call of the body's, which may be a call of the reader's own. */
  #readOn(): void {
    if (this.#resuming) return
    this.#resuming = true
    queueMicrotask(() => {
      // It may have been paused again since.
      if (!this.#resuming) return
      this.#resuming = false
      if (!this.alive) return
      this.corked = true
      this.#reader.resume()
      if (this.alive && this.#stopped && !this.#reader.paused) {
        this.#stopped = false
        this.connection.resume()
      }
      this.#eventEnds()
    })
  }

  #interim(exchange: ClientExchange, head: Head): void {
    if (++exchange.interims > INTERIMS)
      this.break(new RequestError('refused', `more than ${INTERIMS} interim responses to one request`))
    else
      try {
        exchange.onInformation?.(head.status, head.lines())
      } catch (error) {
        this.break(error instanceof Error ? error : new Error(String(error)))
      }
  }

  #eventEnds(): void {
    this.corked = false
    this.output.flush()
    if (!this.alive) return
    if (this.#reader.unread > 0 && this.#reader.paused && !this.#stopped) {
      this.#stopped = true
      this.connection.pause()
    }
    if (this.queue.length === 0 && this.#reader.unread > 0)
      this.break(new RequestError('closed', 'bytes followed the last reply'))
    else {
      this.setDeadline()
      this.#client.free(this)
    }
  }

  setDeadline(): void {
    if (!this.alive) return
    const now = this.#client.machine.clock.now()
    const exchange = this.queue[0]
    if (exchange === undefined) this.deadline = now + Math.min(this.#client.idleTime, this.#keepAlive)
    else if (exchange.answered === null) this.deadline = exchange.due
    // While the reader of the body is the slow one, the server is not to blame.
    else this.deadline = this.#reader.paused ? NEVER : now + this.#client.bodyTime
    this.#client.noteDeadline(this.deadline)
  }

  #leave(): void {
    if (!this.alive) return
    this.alive = false
    this.deadline = NEVER
    this.#reader.close()
    for (const resolve of this.#drained.splice(0)) resolve()
    this.#client.gone(this)
  }

  #failAll(error: Error): void {
    for (const exchange of this.queue.splice(0)) {
      if (this.#client.retry(exchange, error)) continue
      this.#report(exchange, {
        type: 'http.done',
        requestBytes: exchange.sentBytes,
        responseBytes: exchange.answered?.body.received ?? 0,
        failure: error.message,
      })
      exchange.fail(error)
    }
  }

  #report(exchange: ClientExchange, event: Partial<AnyHttpEvent>): void {
    const { machine } = this.#client
    if (!machine.events.on) return
    const connection = `${formatAddress(this.connection.local)}>${formatAddress(this.connection.remote)}`
    const about = { at: machine.clock.now(), host: machine.name, side: 'client', exchange: exchange.id, connection }
    machine.events.emit({ ...event, ...about } as AnyHttpEvent)
  }
}

/** `Keep-Alive: timeout=N`: we let go a second before, so that no request meets the server's close. */
function advertised(field: string | undefined): Nanos {
  const seconds = /(?:^|[,\s])timeout=(\d{1,6})(?:$|[,\s])/i.exec(field ?? '')
  return seconds === null ? NEVER : Math.max(0, Number(seconds[1]) - 1) * SECOND
}

function closedText(whole: boolean, exchange: ClientExchange): string {
  if (exchange.answered !== null) return 'the server closed before the body of the reply was complete'
  return whole ? 'the server closed without a reply' : 'the server closed within the head of the reply'
}
