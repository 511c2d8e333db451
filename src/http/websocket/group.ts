/** WebSockets that are sent the same: a room, the followers of a topic. */
import { utf8 } from '../machine/text.ts'
import { endpointOf, type WebSocketConnection } from './connection.ts'
import type { Endpoint } from './endpoint.ts'
import { OPCODE } from './protocol/frame.ts'
import { serverFrame } from './protocol/writer.ts'

/** Who is left out of a broadcast. */
export interface BroadcastOptions {
  /** Everybody but this one: who has said it. */
  readonly except?: WebSocketConnection
  /** Leave those out who lag: for what is stale by the time they would read it. By default it waits for them, up to `limits.messageBacklogBytes`. */
  readonly skipLagging?: boolean
  /** Compress where that was agreed upon and the message is long enough; default true. */
  readonly compress?: boolean
}

/**
 * Members who leave by themselves when their WebSocket ends. A message for all is made a frame once, and compressed once.
 *
 * @example
 * const room = new WebSocketGroup()
 * room.add(socket)
 * socket.onMessage = (message) => void room.send(message, { except: socket })
 */
export class WebSocketGroup implements Iterable<WebSocketConnection> {
  readonly #members = new Set<WebSocketConnection>()

  /** How many there are. */
  get size(): number {
    return this.#members.size
  }

  /** Takes a member in; without effect for one who is. One whose WebSocket has ended is not taken in. */
  add(socket: WebSocketConnection): this {
    if (this.#members.has(socket) || endpointOf(socket).state === 'closed') return this
    this.#members.add(socket)
    socket.closed.then(() => this.#members.delete(socket))
    return this
  }

  /** Lets a member go, whose WebSocket stays open. */
  delete(socket: WebSocketConnection): boolean {
    return this.#members.delete(socket)
  }

  /** Whether it is one. */
  has(socket: WebSocketConnection): boolean {
    return this.#members.has(socket)
  }

  [Symbol.iterator](): Iterator<WebSocketConnection> {
    return this.#members.values()
  }

  /**
   * Sends a message to all. Left out are those who are closing, and those in the middle of a message of their own (`begin`).
   * @returns to how many.
   */
  send(message: string | Uint8Array, options: BroadcastOptions = {}): number {
    const { except, skipLagging = false, compress = true } = options
    const broadcast = new Broadcast(message, compress)
    let count = 0
    for (const socket of this.#members) {
      if (socket === except || !socket.open || socket.midMessage) continue
      const endpoint = endpointOf(socket)
      if (skipLagging && endpoint.blocked) continue
      broadcast.sendTo(endpoint)
      count++
    }
    return count
  }

  /** Closes them all. @throws HttpMisuse as that of a connection does. */
  close(code?: number, reason?: string): void {
    for (const socket of [...this.#members]) socket.close(code, reason)
  }
}

/** One message for many: its frames are made when the first needs them. */
class Broadcast {
  readonly #message: string | Uint8Array
  readonly #opcode: number
  readonly #payload: Uint8Array
  readonly #compress: boolean
  #plain: Uint8Array | null = null
  readonly #deflated = new Map<string, Uint8Array>()

  constructor(message: string | Uint8Array, compress: boolean) {
    this.#message = message
    this.#opcode = typeof message === 'string' ? OPCODE.text : OPCODE.binary
    this.#payload = typeof message === 'string' ? utf8(message) : message
    this.#compress = compress
  }

  sendTo(endpoint: Endpoint): void {
    const { deflating } = endpoint
    const compress = this.#compress && deflating !== null && this.#payload.length >= endpoint.compressFrom
    // A mask, and a message that builds on earlier ones, are each connection's own.
    if (endpoint.masks || (compress && deflating.kind === null)) {
      if (typeof this.#message === 'string') endpoint.text(this.#message, this.#compress)
      else endpoint.binary(this.#message, this.#compress)
      return
    }
    if (!compress) {
      this.#plain ??= serverFrame(this.#opcode, this.#payload, false)
      endpoint.frames(this.#plain)
      return
    }
    const kind = deflating.kind!
    let frame = this.#deflated.get(kind)
    if (frame === undefined) {
      frame = serverFrame(this.#opcode, deflating.deflate(this.#payload), true)
      this.#deflated.set(kind, frame)
    }
    endpoint.frames(frame)
  }
}
