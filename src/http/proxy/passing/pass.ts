/** One exchange passed on: the request to whoever `send` asks, the reply back, both as they come and as they are taken. */
import { CodedError } from '../../../base/errors.ts'
import type { Outgoing, PushedContent, Reply, Send } from '../../client/send.ts'
import { RequestError } from '../../errors.ts'
import type { BodySink, BodyWriter, Exchange, FieldLines } from '../../exchange.ts'
import { mayBeTrailer } from '../../machine/chunks.ts'
import type { Relays } from '../../relay.ts'
import { failure, failureOf, type ProxyFailure } from './failure.ts'
import { passedFields, passedReplyFields } from './hops.ts'

/** What is to be sent, but for the body. */
export type Request = Omit<
  Outgoing,
  'body' | 'trailers' | 'signal' | 'onInformation' | 'redirect' | 'expectContinue' | 'onProgress'
>

/** How an exchange is passed on. */
export interface Passage {
  readonly send: Send
  /** Upgrades and tunnels that have come about are joined here. */
  readonly relays: Relays
  /** A body that is known to be no longer than this is read whole before anybody is asked. */
  readonly bufferBytes: number
  /** Fields of the reply as they go to the client. */
  replyFields(reply: Reply): FieldLines
  /** Answers with a failure; the client is there, and has had no answer. */
  refuse(failure: ProxyFailure): void
  /** The client has been switched to a protocol of its own: called when that is over. */
  released(): void
}

/** How it went. */
export interface Passed {
  /** What the client was answered; 0 where it had gone before. */
  readonly status: number
  readonly requestBytes: number
  readonly responseBytes: number
  /** Null where all went well, and where it is the client who has gone. */
  readonly failure: ProxyFailure | null
  /** The client went away first. */
  readonly gone: boolean
}

/** The body of the client's request could not be read whole; the reason is in `cause`. */
class BodyFailed extends CodedError {
  override readonly name = 'BodyFailed'
  override readonly code = 'HTTP_BODY_FAILED'
}

/** Passes the exchange on. Resolves when the reply is through or has failed, and never rejects. */
export async function pass(exchange: Exchange, request: Request, passage: Passage): Promise<Passed> {
  const passing = new Passing(exchange, passage)
  try {
    const reply = await passage.send(await passing.outgoing(request))
    return await passing.answer(reply, request.upgrade)
  } catch (error) {
    return passing.fail(error)
  }
}

class Passing implements PushedContent, BodySink {
  readonly #exchange: Exchange
  readonly #passage: Passage
  /** Ends what is under way upstream when the client's body fails; made where there is one that streams. */
  #controller: AbortController | null = null
  #writer: BodyWriter | null = null
  #requestBytes = 0
  /** Why the body of the request could not be read. */
  #bodyFailure: Error | null = null

  constructor(exchange: Exchange, passage: Passage) {
    this.#exchange = exchange
    this.#passage = passage
  }

  async outgoing(request: Request): Promise<Outgoing> {
    const { body, signal } = this.#exchange
    const more = {
      trailers: undefined,
      redirect: 'manual',
      expectContinue: false,
      onProgress: undefined,
      onInformation: (status: number, fields: FieldLines) => this.#inform(status, fields),
    } as const
    if (body.length === 0) return { ...request, ...more, body: null, signal }
    if (body.length !== null && body.length <= this.#passage.bufferBytes) {
      const bytes = await body.bytes(body.length)
      this.#requestBytes = bytes.length
      return { ...request, ...more, body: bytes, signal }
    }
    const fields = body.length === null ? request.fields : [...request.fields, 'Content-Length', String(body.length)]
    const controller = new AbortController()
    this.#controller = controller
    if (signal.aborted) controller.abort(signal.reason)
    else signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true })
    return { ...request, ...more, fields, body: this, signal: controller.signal }
  }

  // PushedContent: there is a connection, and the body may flow.

  begin(writer: BodyWriter): void {
    if (this.#writer !== null) throw new RequestError('aborted', 'a body that was passed on once cannot be had again')
    this.#writer = writer
    writer.onDrain = () => this.#exchange.body.resume()
    this.#exchange.body.read(this)
  }

  // BodySink: what the client sends.

  data(bytes: Uint8Array): void {
    this.#requestBytes += bytes.length
    if (!this.#writer!.write(bytes)) this.#exchange.body.pause()
  }

  end(error: Error | null): void {
    const { body } = this.#exchange
    if (error === null) {
      this.#writer!.end(trailersOf(passedFields(body.trailers, this.#exchange.header('connection'), null)))
      return
    }
    this.#bodyFailure = error
    this.#controller?.abort(error)
  }

  #inform(status: number, fields: FieldLines): void {
    // 100 is between neighbours here: the client is asked for its body when the upstream takes it.
    if (status !== 100 && !this.#exchange.answered)
      this.#exchange.inform(status, passedReplyFields(fields, undefined, null))
  }

  async answer(reply: Reply, asked: string | undefined): Promise<Passed> {
    if (reply.connection !== null) return this.#switch(reply, asked)
    const through = Promise.withResolvers<Error | null>()
    const back = new Back(this.#exchange, reply, through.resolve)
    // First the reader, then the head: a body that is there already goes out together with its head.
    reply.body.read(back)
    try {
      back.begin(this.#exchange.start(reply.status, this.#passage.replyFields(reply)))
    } catch (error) {
      reply.body.discard()
      throw error
    }
    const error = await through.promise
    // A reply that came before the request was through: what is left of the request is for nobody.
    if (this.#writer !== null) this.#exchange.body.discard()
    const gone = this.#exchange.signal.aborted
    const cut = error === null ? null : failureOf(error, gone)
    return { status: reply.status, requestBytes: this.#requestBytes, responseBytes: back.bytes, failure: cut, gone }
  }

  #switch(reply: Reply, asked: string | undefined): Passed {
    const connection = reply.connection!
    const done = (failed: ProxyFailure | null, status: number): Passed => {
      const gone = this.#exchange.signal.aborted
      return { status, requestBytes: 0, responseBytes: 0, failure: failed, gone }
    }
    const protocol = reply.header('upgrade')
    if (protocol?.toLowerCase() !== asked?.toLowerCase()) {
      connection.reset()
      const wrong = failure(502, 'the upstream has switched to a protocol that nobody asked for')
      this.#passage.refuse(wrong)
      this.#passage.released()
      return done(wrong, wrong.status)
    }
    const { method } = this.#exchange
    const extended = method === 'CONNECT'
    // RFC 8441 §5: over HTTP/2 it is a 200, and the answer to the key has nobody to check it.
    const given = this.#passage.replyFields(reply)
    const fields = extended ? without(given, 'sec-websocket-accept') : ['Upgrade', protocol!, ...given]
    let joined = false
    try {
      this.#exchange.upgrade(extended ? 200 : 101, fields, (near) => {
        joined = true
        return this.#passage.relays.join(near, connection, () => this.#passage.released())
      })
    } finally {
      // The client may have gone, or asked for more on the connection meanwhile.
      if (!joined) {
        connection.reset()
        this.#passage.released()
      }
    }
    return done(null, extended ? 200 : 101)
  }

  fail(error: unknown): Passed {
    const exchange = this.#exchange
    const gone = exchange.signal.aborted
    const why =
      this.#bodyFailure === null ? error : new BodyFailed('the body could not be read', { cause: this.#bodyFailure })
    const found = failureOf(this.#bodyFailure ?? error, gone)
    const answered = exchange.answered
    if (found !== null && !answered) this.#passage.refuse({ ...found, error: why })
    else if (answered) exchange.abort()
    if (this.#writer !== null) exchange.body.discard()
    const status = gone || answered || found === null ? 0 : found.status
    return { status, requestBytes: this.#requestBytes, responseBytes: 0, failure: found, gone }
  }
}

/** The body of a reply on its way to the client. */
class Back implements BodySink {
  bytes = 0
  readonly #exchange: Exchange
  readonly #reply: Reply
  readonly #over: (error: Error | null) => void
  #writer: BodyWriter | null = null

  constructor(exchange: Exchange, reply: Reply, over: (error: Error | null) => void) {
    this.#exchange = exchange
    this.#reply = reply
    this.#over = over
  }

  begin(writer: BodyWriter): void {
    this.#writer = writer
    writer.onDrain = () => this.#reply.body.resume()
  }

  data(bytes: Uint8Array): void {
    this.bytes += bytes.length
    if (!this.#writer!.write(bytes)) this.#reply.body.pause()
  }

  end(error: Error | null): void {
    let why = error
    try {
      if (why === null) this.#writer!.end(trailersOf(passedReplyFields(this.#reply.body.trailers, undefined, null)))
    } catch (thrown) {
      why = thrown instanceof Error ? thrown : new Error(String(thrown))
    }
    // The head is out: that the body is not whole can only be seen by the connection's end.
    if (why !== null) this.#exchange.abort()
    this.#over(why)
  }
}

function without(fields: FieldLines, name: string): FieldLines {
  return fields.filter((_, i) => fields[i - (i % 2)]!.toLowerCase() !== name)
}

/** Those that may be trailers. */
function trailersOf(fields: FieldLines): FieldLines {
  if (fields.length === 0) return fields
  const kept: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) if (mayBeTrailer(fields[i]!)) kept.push(fields[i]!, fields[i + 1]!)
  return kept
}
