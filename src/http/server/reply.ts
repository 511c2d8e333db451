/** A reply whose body comes in pieces. */
import type { FieldLines, ReplyBody } from '../exchange.ts'
import { mayBeTrailer } from '../machine/chunks.ts'
import { chunkSize, formatFields, type OutgoingBody } from '../machine/writer.ts'

/** Where the pieces go: an exchange, which holds them back while earlier replies are not through. */
export interface PieceSink {
  latin1(text: string): void
  bytes(bytes: Uint8Array): void
  /** Whether more may be written now. */
  readonly ready: boolean
  /** Whether the client has gone. */
  readonly lost: boolean
  replyEnded(): void
  abort(): void
}

export class StreamedReply implements ReplyBody {
  onDrain: (() => void) | null = null
  /** Body bytes written, without framing. */
  written = 0
  #ended = false
  readonly #sink: PieceSink
  readonly #framing: OutgoingBody
  readonly #length: number

  constructor(sink: PieceSink, framing: OutgoingBody, length: number) {
    this.#sink = sink
    this.#framing = framing
    this.#length = length
  }

  write(piece: Uint8Array | string): boolean {
    if (this.#ended) throw new TypeError('the reply has ended: no more can be written')
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
    if (this.#sink.lost) return false
    if (bytes.length > 0 && this.#framing !== 'none') this.#send(bytes)
    return this.#sink.ready
  }

  end(trailers: FieldLines = []): void {
    if (this.#ended) return
    const lines = formatFields(trailers).text
    for (let i = 0; i < trailers.length; i += 2)
      if (!mayBeTrailer(trailers[i]!)) throw new TypeError(`${trailers[i]} may not be a trailer (RFC 9110 §6.5.1)`)
    this.#ended = true
    if (this.#sink.lost) return
    if (this.#framing === 'sized' && this.written !== this.#length) {
      this.#sink.abort()
      throw new TypeError(`Content-Length said ${this.#length} bytes, ${this.written} were written`)
    }
    // Trailers need the chunked coding; elsewhere they are dropped, as an intermediary may (RFC 9110 §6.5.1).
    if (this.#framing === 'chunked') this.#sink.latin1(`0\r\n${lines}\r\n`)
    this.#sink.replyEnded()
  }

  #send(bytes: Uint8Array): void {
    this.written += bytes.length
    if (this.#framing === 'sized' && this.written > this.#length) {
      this.#sink.abort()
      throw new TypeError(`Content-Length said ${this.#length} bytes, ${this.written} were written`)
    }
    if (this.#framing === 'chunked') this.#sink.latin1(chunkSize(bytes.length))
    this.#sink.bytes(bytes)
    if (this.#framing === 'chunked') this.#sink.latin1('\r\n')
  }
}
