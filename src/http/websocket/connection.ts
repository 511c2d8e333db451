/** A WebSocket as programs see it: messages in, messages out, by callbacks or as an async iterable. */
import { surroundings, within } from '../../base/ambient.ts'
import { reportFailure } from '../../base/report.ts'
import type { Address } from '../../socket/address.ts'
import type { Connection, ConnectionOwner, Security } from '../../socket/host.ts'
import { HttpMisuse, WebSocketGone } from '../errors.ts'
import { utf8Length } from '../machine/text.ts'
import { Endpoint, type EndpointListener, type EndpointOptions, type WebSocketClosed } from './endpoint.ts'
import { OutgoingMessage } from './outgoing-message.ts'
import { CLOSE_CODE, isCloseCode, NO_CODE } from './protocol/close-code.ts'
import { MOST_CONTROL } from './protocol/frame.ts'

/** A message: text, or octets. */
export type WebSocketMessage = string | Uint8Array<ArrayBuffer>

/** What of a message's sending may differ. */
export interface SendOptions {
  /** Compress, where that was agreed upon and the message is long enough; default true. Not for what mixes secrets with a stranger's text. */
  readonly compress?: boolean
}

/** A handler. While its promise is pending no other message comes, and the other side is held back. What it throws ends the WebSocket with 1011. */
export type MessageHandler = (message: WebSocketMessage) => void | Promise<void>

/** What both handshakes have found out. */
export interface Agreed {
  /** The subprotocol; '' for none. */
  readonly protocol: string
  /** Whether permessage-deflate is in use. */
  readonly compressed: boolean
  /** The value of Sec-WebSocket-Extensions that the server has answered; '' for none. */
  readonly extensions: string
}

/** The end itself, for groups. */
export let endpointOf: (socket: WebSocketConnection) => Endpoint

/**
 * One end of a WebSocket (RFC 6455): `acceptWebSocket` makes it on a server, `connectWebSocket` on a client.
 *
 * No message is lost before there is somebody to take it: the first waits, and the other side with it, until `onMessage`
 * is set or the connection is iterated. Who only sends sets `onMessage` to a function that does nothing.
 *
 * @example
 * for await (const message of socket) {
 *   socket.send(`you said ${message}`)
 *   await socket.ready()
 * }
 */
export class WebSocketConnection implements AsyncIterable<WebSocketMessage>, AsyncDisposable {
  /** The subprotocol that was agreed upon; '' for none. */
  readonly protocol: string
  /** Whether permessage-deflate (RFC 7692) is in use. */
  readonly compressed: boolean
  /** The extensions that were agreed upon, as the server's field says; '' for none. */
  readonly extensions: string
  readonly #endpoint: Endpoint
  readonly #closed = Promise.withResolvers<WebSocketClosed>()
  #over: WebSocketClosed | null = null
  #onMessage: MessageHandler | null = null
  /** The same, where it was set: handlers find there what surrounded the program (the request, the database). */
  #take: MessageHandler | null = null
  #onPiece: ((piece: WebSocketMessage, last: boolean) => void | Promise<void>) | null = null
  /** A message that nobody has taken yet. */
  #waiting: WebSocketMessage | null = null
  #wanted: PromiseWithResolvers<IteratorResult<WebSocketMessage, undefined>> | null = null
  #room: PromiseWithResolvers<void> | null = null
  /** Whether the program holds messages back, and whether a handler is at work. */
  #paused = false
  #working = 0
  #outgoing: OutgoingMessage | null = null

  /** More may be sent, after `send` has answered false. */
  onDrain: (() => void | Promise<void>) | null = null
  /** A Ping has come; it has been answered. The octets are valid during the call. */
  onPing: ((payload: Uint8Array) => void | Promise<void>) | null = null
  /** A Pong has come. The octets are valid during the call. */
  onPong: ((payload: Uint8Array) => void | Promise<void>) | null = null
  #onClose: ((how: WebSocketClosed) => void | Promise<void>) | null = null
  /** Told of what a handler throws; by default whoever runs the program's code is told, else the console. */
  onError: ((error: unknown) => void | Promise<void>) | null = null

  static {
    endpointOf = (socket) => socket.#endpoint
  }

  /** Made by `acceptWebSocket` and `connectWebSocket`, with whom the connection is to be attached to. */
  static on(
    connection: Connection,
    agreed: Agreed,
    options: EndpointOptions,
  ): { socket: WebSocketConnection; owner: ConnectionOwner } {
    const socket = new WebSocketConnection(connection, agreed, options)
    return { socket, owner: socket.#endpoint }
  }

  private constructor(connection: Connection, agreed: Agreed, options: EndpointOptions) {
    this.protocol = agreed.protocol
    this.compressed = agreed.compressed
    this.extensions = agreed.extensions
    const socket = this
    const listener: EndpointListener = {
      get pieces() {
        return socket.#onPiece !== null
      },
      message: (data) => this.#message(data as WebSocketMessage),
      piece: (piece, last) => this.#run(() => this.#onPiece?.(piece as WebSocketMessage, last)),
      ping: (payload) => this.#run(() => this.onPing?.(payload), false),
      pong: (payload) => this.#run(() => this.onPong?.(payload), false),
      drained: () => this.#drained(),
      closed: (how) => this.#ended(how),
    }
    this.#endpoint = new Endpoint(connection, options, listener)
  }

  /** The address of this side. */
  get local(): Address {
    return this.#endpoint.connection.local
  }
  /** The address of the other side. */
  get remote(): Address {
    return this.#endpoint.connection.remote
  }
  /** What is known of the other side where the connection is encrypted; else null. */
  get security(): Security | null {
    return this.#endpoint.connection.security
  }
  /** Whether messages can be sent. */
  get open(): boolean {
    return this.#endpoint.state === 'open'
  }
  /** Whether a message of `begin` is under way. */
  get midMessage(): boolean {
    return this.#outgoing?.open === true
  }
  /** Octets that wait to be sent. */
  get queued(): number {
    return this.#endpoint.connection.queued
  }
  /** Resolves when the WebSocket has ended, however that was. */
  get closed(): Promise<WebSocketClosed> {
    return this.#closed.promise
  }

  /** Takes each message whole. Instead of `onPiece` and of iterating. */
  get onMessage(): MessageHandler | null {
    return this.#onMessage
  }
  set onMessage(handler: MessageHandler | null) {
    this.#onMessage = handler
    this.#take = handler === null ? null : here(handler)
    if (handler === null || this.#waiting === null) return
    queueMicrotask(() => {
      const waiting = this.#waiting
      this.#waiting = null
      if (waiting !== null) this.#message(waiting)
      this.#flow()
    })
  }

  /** The last call, once. */
  get onClose(): ((how: WebSocketClosed) => void | Promise<void>) | null {
    return this.#onClose
  }
  set onClose(handler: ((how: WebSocketClosed) => void | Promise<void>) | null) {
    this.#onClose = handler === null ? null : here(handler)
  }

  /**
   * Takes messages in pieces as they come, however long they are: for what is not to be held in memory. Text is cut between
   * characters. Counts for messages that begin after it was set. `last` says that a message ends with the piece.
   */
  get onPiece(): ((piece: WebSocketMessage, last: boolean) => void | Promise<void>) | null {
    return this.#onPiece
  }
  set onPiece(handler: ((piece: WebSocketMessage, last: boolean) => void | Promise<void>) | null) {
    this.#onPiece = handler === null ? null : here(handler)
  }

  /**
   * Sends a message; its octets may be used again at once. False when the other side lags: wait for `ready()`. Nothing is
   * lost if a program does not, up to `limits.messageBacklogBytes`, past which the connection is reset. Once the WebSocket
   * closes, messages are dropped and the answer is false.
   * @throws HttpMisuse for what is neither text nor octets, and while a message of `begin` is under way.
   */
  send(message: string | Uint8Array, options?: SendOptions): boolean {
    if (this.#outgoing?.open)
      throw new HttpMisuse(
        'HTTP_BODY_IN_USE',
        'send() was called while a message of begin() is under way: end that first',
      )
    const compress = options?.compress !== false
    if (typeof message === 'string') return this.#endpoint.text(message, compress)
    if (message instanceof Uint8Array) return this.#endpoint.binary(message, compress)
    throw new HttpMisuse(
      'HTTP_INVALID_BODY',
      `send() takes a string or a Uint8Array, not ${kindOf(message)}: JSON.stringify makes text of a value`,
    )
  }

  /**
   * Begins a message that goes out in pieces, each a frame; it is not compressed.
   * @throws HttpMisuse while another one is under way.
   * @example
   * const message = socket.begin('binary')
   * for await (const piece of file) if (!message.write(piece)) await message.ready()
   * message.end()
   */
  begin(kind: 'text' | 'binary'): OutgoingMessage {
    if (this.#outgoing?.open)
      throw new HttpMisuse('HTTP_BODY_IN_USE', 'begin() was called while another message is under way: end that first')
    this.#outgoing = new OutgoingMessage(kind, this.#endpoint, () => this.ready())
    return this.#outgoing
  }

  /** Resolves when more may be sent. Rejects with `WebSocketGone` when nobody is left to send to. */
  ready(): Promise<void> {
    if (!this.open) return Promise.reject(new WebSocketGone(this.#over))
    if (!this.#endpoint.blocked) return Promise.resolve()
    this.#room ??= Promise.withResolvers()
    this.#room.promise.catch(() => {}) // somebody may ask and not wait
    return this.#room.promise
  }

  /** Sends a Ping of at most 125 octets. The heartbeat (`limits.heartbeatTime`) sends its own. @throws HttpMisuse */
  ping(payload: Uint8Array = NOTHING): boolean {
    return this.#endpoint.ping(control('ping()', payload))
  }

  /** Sends a Pong that nobody has asked for (RFC 6455 §5.5.3). Pings are answered without it. @throws HttpMisuse */
  pong(payload: Uint8Array = NOTHING): boolean {
    return this.#endpoint.pong(control('pong()', payload))
  }

  /**
   * Begins the closing handshake: what was sent before arrives, what the other side has sent still comes. Without effect
   * when it is closing already.
   * @param code 1000, or 3000 to 4999 for codes of your own; also 1001 to 1003 and 1007 to 1014; 1005 sends none.
   * @param reason at most 123 octets of UTF-8. @throws HttpMisuse for others.
   */
  close(code: number = CLOSE_CODE.normal, reason = ''): void {
    if (!isCloseCode(code) && !(code === NO_CODE && reason === ''))
      throw new HttpMisuse(
        'HTTP_INVALID_CLOSE',
        `close() takes a code from 3000 to 4999, 1000 to 1003, 1007 to 1014 or 1005, not ${code}`,
      )
    if (typeof reason !== 'string' || utf8Length(reason) > MOST_CONTROL - 2)
      throw new HttpMisuse(
        'HTTP_INVALID_CLOSE',
        `close() takes a reason of at most ${MOST_CONTROL - 2} octets of UTF-8`,
      )
    this.#outgoing?.abandon()
    this.#endpoint.close(code, reason)
    this.#flow()
    this.#leaveRoom()
  }

  /** Breaks the connection off, without a closing handshake. */
  terminate(): void {
    this.#endpoint.reset('')
  }

  /** Holds messages back, and with them the other side. */
  pause(): void {
    this.#paused = true
    this.#flow()
  }
  /** Goes on after `pause`. */
  resume(): void {
    this.#paused = false
    this.#flow()
  }

  /** Messages one after another, the next when it is asked for; ends with the WebSocket. Leaving the loop closes it. */
  async *[Symbol.asyncIterator](): AsyncGenerator<WebSocketMessage, undefined> {
    try {
      for (;;) {
        const next = await this.#next()
        if (next.done) return undefined
        yield next.value
      }
    } finally {
      this.close()
    }
  }

  /** Closes, and waits until it is closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
    await this.closed
  }

  #next(): Promise<IteratorResult<WebSocketMessage, undefined>> {
    const waiting = this.#waiting
    if (waiting !== null) {
      this.#waiting = null
      this.#flow()
      return Promise.resolve({ done: false, value: waiting })
    }
    if (this.#over !== null) return Promise.resolve({ done: true, value: undefined })
    this.#wanted ??= Promise.withResolvers()
    this.#flow()
    return this.#wanted.promise
  }

  #message(message: WebSocketMessage): void {
    const take = this.#take
    if (take !== null) {
      this.#run(() => take(message))
      return
    }
    const wanted = this.#wanted
    this.#wanted = null
    if (wanted !== null) wanted.resolve({ done: false, value: message })
    else if (this.#waiting === null) this.#waiting = message
    this.#flow()
  }

  /** Runs a handler. @param holds whether messages wait for its promise. */
  #run(handler: () => void | Promise<void>, holds = true): void {
    try {
      const working = handler()
      if (!(working instanceof Promise)) return
      if (holds) {
        this.#working++
        this.#flow()
      }
      const done = () => {
        if (!holds) return
        this.#working--
        this.#flow()
      }
      working.then(done, (error: unknown) => {
        done()
        this.#failed(error)
      })
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    // Whoever waits for a peer that leaves has not failed.
    if (!(error instanceof WebSocketGone)) this.#tell(error)
    this.#endpoint.fail(CLOSE_CODE.internalError, 'a handler of this side has failed')
  }

  #tell(error: unknown): void {
    if (this.onError === null) {
      reportFailure(error, 'a handler of a WebSocket')
      return
    }
    try {
      const told = this.onError(error)
      if (told instanceof Promise) told.catch(() => {})
    } catch {
      // The one who is told of errors must not add to them.
    }
  }

  /** Whether messages come now. Once this side closes, only a handler at work holds back the other side's Close. */
  #flow(): void {
    const wanted = this.#working === 0 && (!this.open || (!this.#paused && this.#waiting === null))
    if (wanted) this.#endpoint.release()
    else this.#endpoint.hold()
  }

  #drained(): void {
    this.#room?.resolve()
    this.#room = null
    this.#run(() => this.onDrain?.(), false)
  }

  #ended(how: WebSocketClosed): void {
    this.#over = how
    this.#outgoing?.abandon()
    this.#leaveRoom()
    // A message that has come before the end is still there to be taken.
    this.#wanted?.resolve({ done: true, value: undefined })
    this.#wanted = null
    this.#closed.resolve(how)
    this.#run(() => this.#onClose?.(how), false)
  }

  #leaveRoom(): void {
    this.#room?.reject(new WebSocketGone(this.#over))
    this.#room = null
  }
}

const NOTHING = new Uint8Array(0)

/** A handler that runs with what surrounds the code now. */
function here<A extends unknown[]>(handler: (...all: A) => void | Promise<void>): (...all: A) => void | Promise<void> {
  const where = surroundings()
  return where === undefined ? handler : (...all) => within(where, {}, () => handler(...all))
}

function control(what: string, payload: Uint8Array): Uint8Array {
  if (payload instanceof Uint8Array && payload.length <= MOST_CONTROL) return payload
  throw new HttpMisuse('HTTP_INVALID_BODY', `${what} takes at most ${MOST_CONTROL} octets as a Uint8Array`)
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value
}
