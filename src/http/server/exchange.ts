/** One request and its reply on a server: the rules of replies, whichever version of HTTP carries them. */

import type { Machine } from '../../base/machine.ts'
import type { Address } from '../../socket/address.ts'
import type { Connection, ConnectionOwner, Security } from '../../socket/host.ts'
import type { IncomingBody } from '../body/incoming.ts'
import { lengthOf, OutgoingBody, requireLength } from '../body/outgoing.ts'
import type { ClientGone } from '../errors.ts'
import type { Exchange, FieldLines, ReplyBody } from '../exchange.ts'
import { may, On } from '../machine/state.ts'
import { formatFields, type Lines } from '../machine/writer.ts'
import { failureReply, PLAIN_TEXT, saysGone } from '../reply/failure.ts'
import { requireFinal, requireInterim, requireSwitch } from '../reply/misuse.ts'
import { isBodiless, isWithoutContent } from '../status.ts'
import type { ReplyListener, ReplySink, RequestSource } from './sink.ts'

/** What an exchange needs of its server. */
export interface ExchangeServer {
  readonly machine: Machine
  /** Aborted when the server begins to close. */
  readonly drainSignal: AbortSignal
  reportError(error: unknown, exchange: Exchange): void
}

export class ServerExchange implements Exchange, ReplyListener {
  readonly #server: ExchangeServer
  readonly #request: RequestSource
  readonly #sink: ReplySink
  /** The handler has given its reply, whether or not there was still a client to send it to. */
  #answered = false
  #work: Promise<void> | null = null
  #stream: OutgoingBody | null = null
  #controller: AbortController | null = null

  constructor(server: ExchangeServer, request: RequestSource, sink: ReplySink) {
    this.#server = server
    this.#request = request
    this.#sink = sink
  }

  get machine(): Machine {
    return this.#server.machine
  }
  get id(): number {
    return this.#request.id
  }
  get method(): string {
    return this.#request.method
  }
  get target(): string {
    return this.#request.target
  }
  get path(): string {
    return this.#request.path
  }
  get query(): string {
    return this.#request.query
  }
  get version(): string {
    return this.#request.version
  }
  get scheme(): 'http' | 'https' {
    return this.#request.scheme
  }
  get authority(): string {
    return this.#request.authority
  }
  get local(): Address {
    return this.#request.local
  }
  get remote(): Address {
    return this.#request.remote
  }
  get security(): Security | null {
    return this.#request.security
  }
  get protocol(): string | null {
    return this.#request.protocol
  }
  get body(): IncomingBody {
    return this.#request.body
  }
  get draining(): AbortSignal {
    return this.#server.drainSignal
  }
  get answered(): boolean {
    return this.#answered
  }
  /** What the handler does; null where it was done when it returned. */
  get work(): Promise<void> | null {
    return this.#work
  }

  header(name: string): string | undefined {
    return this.#request.header(name)
  }

  fields(): FieldLines {
    return this.#request.fields()
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController()
      const { gone } = this.#sink
      if (gone !== null) this.#controller.abort(gone)
    }
    return this.#controller.signal
  }

  reply(status: number, fields: FieldLines, body: string | Uint8Array | null): void {
    requireFinal(status, this.#answered)
    const lines = formatFields(fields)
    const length = body === null ? 0 : lengthOf(body)
    const silent = isWithoutContent(status) || this.method === 'HEAD'
    if (!silent) requireLength(lines.length, length)
    const content = silent || length === 0 ? null : body
    this.#answered = true
    this.#sink.whole(status, lines, saidLength(status, lines, length), content, length)
  }

  start(status: number, fields: FieldLines): ReplyBody {
    requireFinal(status, this.#answered)
    const lines = formatFields(fields)
    const content = !isWithoutContent(status) && this.method !== 'HEAD'
    this.#answered = true
    this.#sink.begin(status, lines, saidLength(status, lines, -1), content)
    this.#stream = new OutgoingBody(this.#sink, content, lines.length)
    return this.#stream
  }

  inform(status: number, fields: FieldLines): void {
    requireInterim(status, this.#answered)
    const lines = formatFields(fields)
    if (may(this.#sink.state, On.replyHead)) this.#sink.interim(status, lines)
  }

  upgrade(status: 101 | 200, fields: FieldLines, owner: (connection: Connection) => ConnectionOwner): void {
    requireSwitch(status, fields, this.method, this.#answered)
    try {
      this.#sink.switch(status, formatFields(fields), owner)
    } finally {
      // What the owner's maker throws comes after the head has gone out.
      this.#answered = this.#sink.state.switching === 'made'
    }
  }

  abort(): void {
    this.#sink.reset()
  }

  /** What the handler threw: the reply where there is none yet, else the end of the connection. */
  fail(error: unknown): void {
    const { state, gone } = this.#sink
    // A client that leaves makes whatever waits for it fail.
    if (!saysGone(error)) this.#server.reportError(error, this)
    // A switch whose owner could not be made leaves a connection that speaks nothing.
    if (state.switching === 'made') this.#sink.reset()
    if (state.reply === 'whole' || state.reply === 'cut') return
    if (gone !== null || this.#answered) {
      this.#sink.reset()
      return
    }
    const { status, text } = failureReply(error)
    this.reply(status, PLAIN_TEXT, text)
  }

  /** The handler is at work. */
  handledBy(work: Promise<void>): void {
    this.#work = work
    work.then(undefined, (error: unknown) => this.fail(error))
  }

  // ReplyListener

  drained(): void {
    this.#stream?.drained((error) => this.fail(error))
  }

  left(why: ClientGone): void {
    this.#stream?.left(why)
    this.#controller?.abort(why)
    // Once the handler has done what it does, nothing more will come for a client that has gone.
    this.#work?.then(
      () => this.#giveUp(),
      () => {},
    )
  }

  #giveUp(): void {
    if (this.#sink.state.reply !== 'whole') this.#sink.reset()
  }
}

/** The Content-Length to state; -1 for none. */
function saidLength(status: number, lines: Lines, length: number): number {
  // RFC 9110 §15.3.6: a 205 has no content, and says so.
  if (status === 205) return 0
  // RFC 9110 §8.6: none with 1xx and 204; with 304 only the one that a 200 would have had.
  if (isBodiless(status)) return status === 304 ? lines.length : -1
  return lines.length >= 0 ? lines.length : length
}
