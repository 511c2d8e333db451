/** Messages as values: JSON that a schema has looked at, of any make (standardschema.dev). */
import { type AnySchema, issuePath, type SchemaIssue, type SchemaResult } from '../../base/standard-schema.ts'
import type { SendOptions, WebSocketConnection, WebSocketMessage } from './connection.ts'
import type { WebSocketClosed } from './endpoint.ts'
import { CLOSE_CODE } from './protocol/close-code.ts'

/** A message that is not what was wanted. */
export interface InvalidMessage {
  /** As it came. */
  readonly message: WebSocketMessage
  /** What the schema said; one issue for what is no JSON at all. */
  readonly issues: readonly SchemaIssue[]
}

/** What becomes of a message that the schema refuses. */
export interface TypedOptions {
  /** By default the WebSocket closes with 1007 and the first issue as its reason. */
  readonly onInvalid?: (invalid: InvalidMessage) => void | Promise<void>
}

/** A reason fits into 123 octets; a character takes at most three of them here. */
const REASON_CHARACTERS = 40

/**
 * A WebSocket whose messages are values. `socket` is the one below, for everything else.
 * @typeParam In what comes, as the schema gives it. @typeParam Out what may be sent.
 * @example
 * const typed = new TypedWebSocket(socket, z.object({ say: z.string() }))
 * for await (const { say } of typed) typed.send({ heard: say })
 */
export class TypedWebSocket<In, Out = unknown> implements AsyncIterable<In> {
  /** The WebSocket below: `ping`, `terminate`, `queued`, the addresses. */
  readonly socket: WebSocketConnection
  readonly #schema: AnySchema<In>
  readonly #onInvalid: ((invalid: InvalidMessage) => void | Promise<void>) | undefined

  constructor(socket: WebSocketConnection, schema: AnySchema<In>, options: TypedOptions = {}) {
    this.socket = socket
    this.#schema = schema
    this.#onInvalid = options.onInvalid
  }

  /** Takes each value. While the handler's promise is pending no other comes. */
  set onMessage(handler: (value: In) => void | Promise<void>) {
    this.socket.onMessage = (message) => {
      const read = this.#read(message)
      return read instanceof Promise
        ? read.then((late) => this.#deliver(message, late, handler))
        : this.#deliver(message, read, handler)
    }
  }

  /** Sends a value as JSON. @returns as the `send` of the WebSocket does. */
  send(value: Out, options?: SendOptions): boolean {
    return this.socket.send(JSON.stringify(value), options)
  }

  /** Resolves when more may be sent. */
  ready(): Promise<void> {
    return this.socket.ready()
  }

  /** Begins the closing handshake. @throws HttpMisuse for a code or reason that cannot be. */
  close(code?: number, reason?: string): void {
    this.socket.close(code, reason)
  }

  /** Resolves when the WebSocket has ended. */
  get closed(): Promise<WebSocketClosed> {
    return this.socket.closed
  }

  /** Values one after another; what the schema refuses is not among them. */
  async *[Symbol.asyncIterator](): AsyncGenerator<In, undefined> {
    for await (const message of this.socket) {
      const read = await this.#read(message)
      if (read.issues === undefined) yield read.value
      else await this.#refuse(message, read.issues)
    }
    return undefined
  }

  #read(message: WebSocketMessage): SchemaResult<In> | Promise<SchemaResult<In>> {
    if (typeof message !== 'string') return { issues: [{ message: 'the message is binary, not JSON' }] }
    let value: unknown
    try {
      value = JSON.parse(message)
    } catch {
      return { issues: [{ message: 'the message is not JSON' }] }
    }
    return this.#schema['~standard'].validate(value)
  }

  #deliver(message: WebSocketMessage, read: SchemaResult<In>, handler: (value: In) => void | Promise<void>) {
    return read.issues === undefined ? handler(read.value) : this.#refuse(message, read.issues)
  }

  #refuse(message: WebSocketMessage, issues: readonly SchemaIssue[]): void | Promise<void> {
    if (this.#onInvalid !== undefined) return this.#onInvalid({ message, issues })
    const [first] = issues
    const path = first === undefined ? '' : issuePath(first)
    const reason = `${path === '' ? '' : `${path}: `}${first?.message ?? 'the message is refused'}`
    this.socket.close(CLOSE_CODE.invalidData, reason.slice(0, REASON_CHARACTERS))
  }
}
