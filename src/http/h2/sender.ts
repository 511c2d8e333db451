/** Content on its way out: by the windows of the other side, by priority, and no faster than the other side reads. */
import { utf8 } from '../machine/text.ts'
import { FIRST_WINDOW, MOST_WINDOW } from './codes.ts'
import type { FrameWriter } from './frame-writer.ts'
import { Scheduler } from './scheduler.ts'
import type { Stream } from './stream.ts'
import { isSending } from './stream-state.ts'
import type { Wire } from './wire.ts'

export interface SenderOwner {
  /** This side of the stream has ended. */
  sentEnd(stream: Stream): void
  /** Content went out. */
  sentData(octets: number): void
}

export class Sender {
  readonly #writer: FrameWriter
  readonly #wire: Wire
  readonly #owner: SenderOwner
  /** Above it a stream says that it is full. */
  readonly #backlog: number
  readonly #scheduler = new Scheduler<Stream>()
  /** Streams that were full, whose owners are to be told when they are not. */
  readonly #full = new Set<Stream>()
  #window = FIRST_WINDOW
  #pumping = false

  constructor(writer: FrameWriter, wire: Wire, owner: SenderOwner, backlog: number) {
    this.#writer = writer
    this.#wire = wire
    this.#owner = owner
    this.#backlog = backlog
  }

  /** What the connection lets us send. */
  get window(): number {
    return this.#window
  }

  /** Whether the stream takes more; if not, its owner is told when it does. */
  ready(stream: Stream): boolean {
    if (stream.queued < this.#backlog) return true
    this.#full.add(stream)
    return false
  }

  bytes(stream: Stream, bytes: Uint8Array, end: boolean): void {
    const { length } = bytes
    if (this.#direct(stream, length)) {
      this.#writer.data(stream.id, bytes, 0, length, end)
      this.#went(stream, length)
      if (end) this.#owner.sentEnd(stream)
    } else {
      stream.queue(new Uint8Array(bytes))
      this.#queued(stream, end)
    }
  }

  /** @param length of the text in bytes of UTF-8. */
  text(stream: Stream, text: string, length: number, end: boolean): void {
    if (this.#direct(stream, length)) {
      this.#writer.text(stream.id, text, length, end)
      this.#went(stream, length)
      if (end) this.#owner.sentEnd(stream)
    } else {
      stream.queue(utf8(text))
      this.#queued(stream, end)
    }
  }

  /** @param trailers name, value, name, value */
  end(stream: Stream, trailers: readonly string[]): void {
    stream.finishWith(trailers)
    if (stream.queued === 0) this.#finish(stream)
  }

  /** The other side lets us send more, on all streams together. @returns false where that is more than may be. */
  widen(by: number): boolean {
    this.#window += by
    return this.#window <= MOST_WINDOW
  }

  /** The stream's window or priority has changed. */
  changed(stream: Stream): void {
    if (stream.window <= 0 || stream.queued === 0) this.#scheduler.delete(stream)
    else if (this.#scheduler.has(stream)) this.#scheduler.move(stream)
    else this.#scheduler.add(stream)
  }

  forget(stream: Stream): void {
    this.#scheduler.delete(stream)
    this.#full.delete(stream)
    stream.drop()
  }

  /** Sends what may be sent. */
  pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    while (this.#window > 0 && !this.#wire.blocked) {
      const stream = this.#scheduler.next()
      if (stream === undefined) break
      this.#turn(stream)
    }
    this.#pumping = false
  }

  /** One frame of the stream's content. */
  #turn(stream: Stream): void {
    const { chunk, offset } = stream
    const length = Math.min(this.#writer.frameBytes, this.#window, stream.window, chunk.length - offset)
    const last = length === stream.queued
    const { finish } = stream
    const end = last && finish !== null && finish.length === 0
    this.#writer.data(stream.id, chunk, offset, offset + length, end)
    this.#went(stream, length)
    if (last || stream.window <= 0) this.#scheduler.delete(stream)
    else this.#scheduler.turned(stream)
    if (end) this.#owner.sentEnd(stream)
    else if (last && finish !== null) this.#finish(stream)
    else this.#drained(stream)
  }

  #drained(stream: Stream): void {
    if (stream.queued > this.#backlog / 2 || !this.#full.delete(stream)) return
    stream.owner?.drained()
  }

  /** Nothing waits before it, and all of it goes: the way of nearly all replies. */
  #direct(stream: Stream, length: number): boolean {
    return (
      stream.queued === 0 &&
      length <= this.#window &&
      length <= stream.window &&
      length <= this.#writer.frameBytes &&
      this.#scheduler.empty &&
      !this.#wire.blocked
    )
  }

  #queued(stream: Stream, end: boolean): void {
    if (end) stream.finishWith([])
    if (stream.window > 0) this.#scheduler.add(stream)
  }

  #went(stream: Stream, length: number): void {
    this.#window -= length
    stream.went(length)
    this.#owner.sentData(length)
  }

  #finish(stream: Stream): void {
    const { finish } = stream
    if (finish === null || !isSending(stream.state)) return
    if (finish.length > 0) this.#writer.head(stream.id, finish, true)
    else this.#writer.end(stream.id)
    this.#owner.sentEnd(stream)
  }
}
