/** The body of a request on its way out. */
import type { Clock, Nanos } from '../../base/clock.ts'
import { endedAlready, lengthOf } from '../body/outgoing.ts'
import type { BodyWriter, FieldLines } from '../exchange.ts'
import { utf8 } from '../machine/text.ts'
import type { ClientExchange } from './exchange.ts'
import type { PushedContent } from './send.ts'

/** How much of a body at hand is given to the connection at once where somebody watches its progress. */
const PIECE_BYTES = 65_536

/** What sending needs to know of the client. */
export interface ContentTiming {
  readonly clock: Clock
  /** How long a server may take to say that it wants the content. */
  readonly continueTime: Nanos
}

/** Writes the content, or keeps it back where the server is to be asked first. */
export function sendContent(
  exchange: ClientExchange,
  { clock, continueTime }: ContentTiming,
  whole: (content: string | Uint8Array) => void,
): void {
  if (exchange.request.outgoing.body === null) return
  if (exchange.request.expects) exchange.hold(clock, continueTime, () => begin(exchange, whole))
  else begin(exchange, whole)
}

/** At once, by `whole`, where the content is at hand, else as it comes and as the connection takes it. */
function begin(exchange: ClientExchange, whole: (content: string | Uint8Array) => void): void {
  const { outgoing, length } = exchange.request
  const { body, onProgress } = outgoing
  if (body === null) return
  if (typeof body === 'string' || body instanceof Uint8Array) {
    if (exchange.gone !== null) return
    if (onProgress === undefined) {
      whole(body)
      exchange.wrote(length)
    } else start(exchange, pieces(typeof body === 'string' ? utf8(body) : body))
  } else if ('begin' in body) body.begin(exchange.writer())
  else start(exchange, body)
}

function start(exchange: ClientExchange, body: AsyncIterable<Uint8Array | string>): void {
  const { attempt } = exchange
  pump(exchange, body).catch((error: unknown) => {
    // Whoever reads no more of the body has ended the loop: that is no failure of the body's.
    if (error !== exchange.gone && attempt === exchange.attempt && !exchange.waiting) exchange.break(error)
  })
}

async function pump(exchange: ClientExchange, body: AsyncIterable<Uint8Array | string>): Promise<void> {
  const { trailers } = exchange.request.outgoing
  const { attempt } = exchange
  const writer = exchange.writer()
  const over = () => exchange.gone !== null || exchange.waiting || exchange.attempt !== attempt
  for await (const piece of body) {
    // Leaving the loop ends the source: nobody will take the rest.
    if (over()) return
    if (!writer.write(piece)) await writer.ready()
  }
  if (!over()) writer.end(trailers?.())
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES)
}

/** A body that the program pushes: what comes before there is a connection is held. */
export class Upload implements BodyWriter, PushedContent {
  onDrain: (() => void | Promise<void>) | null = null
  readonly #most: number
  #writer: BodyWriter | null = null
  #held: Uint8Array[] = []
  #heldBytes = 0
  /** The body has ended before there was a connection. */
  #trailers: FieldLines | null = null
  #waiting: PromiseWithResolvers<void> | null = null
  #failure: Error | null = null

  /** @param most how much is held before `write` answers false. */
  constructor(most: number) {
    this.#most = most
  }

  begin(writer: BodyWriter): void {
    this.#writer = writer
    writer.onDrain = () => this.#drained()
    let more = true
    for (const piece of this.#held.splice(0)) more = writer.write(piece)
    this.#heldBytes = 0
    if (this.#trailers !== null) writer.end(this.#trailers)
    else if (more) queueMicrotask(() => this.#drained()?.catch(() => {}))
    if (!more && this.#waiting !== null) writer.ready().catch((error: Error) => this.fail(error))
  }

  /** The request has failed: nobody will take the body. */
  fail(error: Error): void {
    this.#failure = error
    this.#held = []
    this.#waiting?.reject(error)
    this.#waiting = null
  }

  write(bytes: Uint8Array | string): boolean {
    if (this.#failure !== null) return false
    if (this.#writer !== null) return this.#writer.write(bytes)
    if (this.#trailers !== null) throw endedAlready()
    lengthOf(bytes)
    const piece = typeof bytes === 'string' ? utf8(bytes) : new Uint8Array(bytes)
    this.#held.push(piece)
    this.#heldBytes += piece.length
    return this.#heldBytes < this.#most
  }

  ready(): Promise<void> {
    if (this.#failure === null) {
      if (this.#writer !== null) return this.#writer.ready()
      if (this.#heldBytes < this.#most) return Promise.resolve()
    }
    if (this.#waiting === null) {
      this.#waiting = Promise.withResolvers<void>()
      this.#waiting.promise.catch(() => {}) // somebody may ask and not wait
    }
    if (this.#failure !== null) this.#waiting.reject(this.#failure)
    return this.#waiting.promise
  }

  end(trailers: FieldLines = []): void {
    if (this.#writer !== null) this.#writer.end(trailers)
    else this.#trailers ??= trailers
  }

  #drained(): void | Promise<void> {
    this.#waiting?.resolve()
    this.#waiting = null
    return this.onDrain?.()
  }
}
