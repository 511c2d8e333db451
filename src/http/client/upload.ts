/** The body of a request on its way out. */
import { endedAlready, lengthOf } from '../body/outgoing.ts'
import type { BodyWriter, FieldLines } from '../exchange.ts'
import { utf8 } from '../machine/text.ts'
import type { ClientExchange } from './exchange.ts'
import type { PushedContent } from './send.ts'

/** Writes the content: at once, by `whole`, where it is at hand, else as it comes and as the connection takes it. */
export function sendContent(exchange: ClientExchange, whole: (content: string | Uint8Array) => void): void {
  const { outgoing, length } = exchange.request
  const { body } = outgoing
  if (body === null) return
  if (typeof body === 'string' || body instanceof Uint8Array) {
    whole(body)
    exchange.wrote(length)
  } else if ('begin' in body) body.begin(exchange.writer())
  else
    pump(exchange, body).catch((error: unknown) => {
      // Whoever reads no more of the body has ended the loop: that is no failure of the body's.
      if (error !== exchange.gone) exchange.break(error)
    })
}

async function pump(exchange: ClientExchange, body: AsyncIterable<Uint8Array | string>): Promise<void> {
  const { trailers } = exchange.request.outgoing
  const writer = exchange.writer()
  for await (const piece of body) {
    // Leaving the loop ends the source: nobody will take the rest.
    if (exchange.gone !== null) return
    if (!writer.write(piece)) await writer.ready()
  }
  if (exchange.gone === null) writer.end(trailers?.())
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
