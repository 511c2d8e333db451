/** One stream of a session: how far it is, what it may send and what is still to be sent on it. */
import type { FieldLines } from '../exchange.ts'
import { MOST_WINDOW } from './codes.ts'
import type { MessageHead } from './message.ts'
import { DEFAULT_PRIORITY, type Priority } from './priority.ts'
import type { Scheduled } from './scheduler.ts'
import { type StreamEvent, type StreamState, streamAfter } from './stream-state.ts'
import type { ReceiveWindow } from './window.ts'

/** Whose stream it is: a request on a server, or one of a client. */
export interface StreamOwner {
  /** The head of a reply, interim or final. @param ended nothing follows */
  head(head: MessageHead, ended: boolean): void
  /** Content. The bytes are valid during the call; the session is told by `used` when they have been used. */
  data(bytes: Uint8Array): void
  /** The other side has ended, the content being as long as it said. */
  ended(trailers: FieldLines): void
  /**
   * There will be nothing more, either way.
   * @param fault whether what the other side has sent cannot be taken; else it has reset the stream, or has gone.
   */
  lost(code: number, why: string, fault: boolean): void
  /** This side has ended, and the other one has not. */
  sent(): void
  /** More may be given to be sent, after `full`. */
  drained(): void
}

export class Stream implements Scheduled {
  readonly id: number
  readonly receive: ReceiveWindow
  /** Content that was given to the owner and is not used. */
  unused = 0
  /** What Content-Length says; -1 for nothing. */
  expected = -1
  /** Octets of content that have come. */
  received = 0
  /** The final head has come: what follows is content or trailers. */
  begun = false
  #owner: StreamOwner | null = null
  #state: StreamState = 'idle'
  #priority: Priority = DEFAULT_PRIORITY
  /** What the other side lets us send; negative where it has changed its mind (RFC 9113 §6.9.2). */
  #window: number
  readonly #chunks: Uint8Array[] = []
  /** Of the first chunk, how much has gone. */
  #offset = 0
  #queued = 0
  #sent = 0
  /** The end that follows what is queued: trailers, or none; null where none is due. */
  #finish: readonly string[] | null = null

  constructor(id: number, window: number, receive: ReceiveWindow) {
    this.id = id
    this.#window = window
    this.receive = receive
  }

  get owner(): StreamOwner | null {
    return this.#owner
  }

  ownedBy(owner: StreamOwner): void {
    this.#owner = owner
  }

  get state(): StreamState {
    return this.#state
  }

  happens(event: StreamEvent): void {
    this.#state = streamAfter(this.#state, event)
  }

  get priority(): Priority {
    return this.#priority
  }

  prioritize(priority: Priority): void {
    this.#priority = priority
  }

  get window(): number {
    return this.#window
  }

  /** @returns false where the window would be wider than any may be. */
  widen(by: number): boolean {
    this.#window += by
    return this.#window <= MOST_WINDOW
  }

  /** Octets that wait to be sent. */
  get queued(): number {
    return this.#queued
  }

  /** Octets of content that were sent. */
  get sent(): number {
    return this.#sent
  }

  get finish(): readonly string[] | null {
    return this.#finish
  }

  finishWith(trailers: readonly string[]): void {
    this.#finish = trailers
  }

  /** @param bytes are the stream's from now on. */
  queue(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#chunks.push(bytes)
    this.#queued += bytes.length
  }

  /** The chunk that goes next, and from where. */
  get chunk(): Uint8Array {
    return this.#chunks[0]!
  }

  get offset(): number {
    return this.#offset
  }

  /** So many octets went out: of the first chunk, or past the queue when that is empty. */
  went(octets: number): void {
    this.#window -= octets
    this.#sent += octets
    if (this.#queued === 0) return
    this.#queued -= octets
    this.#offset += octets
    if (this.#offset < this.#chunks[0]!.length) return
    this.#chunks.shift()
    this.#offset = 0
  }

  /** Nothing of what waits will be sent. */
  drop(): void {
    this.#chunks.length = 0
    this.#queued = 0
    this.#offset = 0
    this.#finish = null
  }
}
