/** The browser's `WebSocket` (WHATWG WebSockets) on any host: for programs that were written for it. */
import type { Host } from '../../socket/host.ts'
import type { Client } from '../client/client.ts'
import { utf8Length } from '../machine/text.ts'
import { type ConnectWebSocketOptions, connectWebSocket } from './connect.ts'
import type { WebSocketConnection, WebSocketMessage } from './connection.ts'
import type { WebSocketClosed } from './endpoint.ts'
import { ABNORMAL, CLOSE_CODE, NO_CODE } from './protocol/close-code.ts'
import { MOST_CONTROL } from './protocol/frame.ts'

/** What the browser's class leaves to the browser. */
export type WebSocketClassOptions = Omit<ConnectWebSocketOptions, 'protocols' | 'signal'>

/** What `send` takes. */
export type WebSocketData = string | Blob | ArrayBuffer | ArrayBufferView<ArrayBuffer>

type Handler<E> = ((event: E) => void) | null

/** The events of a `WebSocket` by name. */
interface Events {
  readonly open: Event
  readonly message: MessageEvent
  readonly error: Event
  readonly close: CloseEvent
}

const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3] as const

/**
 * A `WebSocket` as browsers have it, whose connections are those of a host or a client.
 * @example
 * const socket = new HostWebSocket(host, 'ws://web/chat')
 * socket.onmessage = ({ data }) => console.log(data)
 */
export class HostWebSocket extends EventTarget {
  static readonly CONNECTING = CONNECTING
  static readonly OPEN = OPEN
  static readonly CLOSING = CLOSING
  static readonly CLOSED = CLOSED
  readonly CONNECTING = CONNECTING
  readonly OPEN = OPEN
  readonly CLOSING = CLOSING
  readonly CLOSED = CLOSED

  /** The address, serialized. */
  readonly url: string
  #state: 0 | 1 | 2 | 3 = CONNECTING
  #binaryType: 'blob' | 'arraybuffer' = 'blob'
  #socket: WebSocketConnection | null = null
  readonly #abort = new AbortController()
  /** Octets that were given and have not been sent, nor ever will be once it closes. */
  #unsent = 0
  /** Blobs are read before they are sent, and what follows waits for them. */
  #reading: Promise<void> | null = null
  readonly #handlers = new Map<string, { handler: (event: never) => void; listener: (event: Event) => void }>()

  /** @throws DOMException SyntaxError for an address or subprotocols that cannot be. */
  constructor(
    from: Client | Host,
    url: string | URL,
    protocols: string | readonly string[] = [],
    options: WebSocketClassOptions = {},
  ) {
    super()
    const address = URL.parse(url)
    if (address === null) throw new DOMException(`the address ${JSON.stringify(String(url))} is no URL`, 'SyntaxError')
    if (address.protocol === 'http:' || address.protocol === 'https:')
      address.protocol = address.protocol.replace('http', 'ws')
    if (address.protocol !== 'ws:' && address.protocol !== 'wss:')
      throw new DOMException(
        `the address of a WebSocket begins with ws:// or wss://, not ${address.protocol}`,
        'SyntaxError',
      )
    if (address.hash !== '' || address.href.endsWith('#'))
      throw new DOMException('the address of a WebSocket has no fragment', 'SyntaxError')
    const offered = typeof protocols === 'string' ? [protocols] : [...protocols].map(String)
    if (offered.some((one, i) => !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(one) || offered.indexOf(one) !== i))
      throw new DOMException('subprotocols must be different tokens', 'SyntaxError')
    this.url = address.href
    connectWebSocket(from, address, { ...options, protocols: offered, signal: this.#abort.signal }).then(
      (socket) => this.#opened(socket, offered),
      () => this.#failed(),
    )
  }

  /** CONNECTING, OPEN, CLOSING or CLOSED. */
  get readyState(): 0 | 1 | 2 | 3 {
    return this.#state
  }
  /** The subprotocol that the server chose; '' for none. */
  get protocol(): string {
    return this.#socket?.protocol ?? ''
  }
  /** The extensions in use. */
  get extensions(): string {
    return this.#socket?.extensions ?? ''
  }
  /** Octets of messages that wait to be sent. */
  get bufferedAmount(): number {
    return this.#unsent + (this.#state === OPEN ? this.#socket!.queued : 0)
  }
  /** As what binary messages come. */
  get binaryType(): 'blob' | 'arraybuffer' {
    return this.#binaryType
  }
  set binaryType(type: 'blob' | 'arraybuffer') {
    if (type === 'blob' || type === 'arraybuffer') this.#binaryType = type
  }

  /** Sends a message. @throws DOMException InvalidStateError before it is open. */
  send(data: WebSocketData): void {
    if (this.#state === CONNECTING)
      throw new DOMException('send() was called before the WebSocket was open', 'InvalidStateError')
    const size = typeof data === 'string' ? utf8Length(data) : data instanceof Blob ? data.size : data.byteLength
    if (this.#state !== OPEN) {
      this.#unsent += size
      return
    }
    if (this.#reading === null && !(data instanceof Blob)) {
      this.#socket!.send(octetsOf(data))
      return
    }
    this.#unsent += size
    // What the caller changes afterwards is not what was sent.
    const held = data instanceof Blob ? data.arrayBuffer() : typeof data === 'string' ? data : octetsOf(data).slice()
    const turn = Promise.all([held, this.#reading]).then(([ready]) => {
      if (this.#reading === turn) this.#reading = null
      if (!this.#socket!.open) return
      this.#unsent -= size
      this.#socket!.send(ready instanceof ArrayBuffer ? new Uint8Array(ready) : ready)
    })
    this.#reading = turn
  }

  /**
   * Closes. @param code 1000, or 3000 to 4999.
   * @throws DOMException InvalidAccessError for another code, SyntaxError for a reason of more than 123 octets.
   */
  close(code?: number, reason = ''): void {
    if (code !== undefined && code !== CLOSE_CODE.normal && !(code >= 3000 && code <= 4999))
      throw new DOMException(`close() takes 1000 or a code from 3000 to 4999, not ${code}`, 'InvalidAccessError')
    if (utf8Length(reason) > MOST_CONTROL - 2)
      throw new DOMException('close() takes a reason of at most 123 octets', 'SyntaxError')
    if (this.#state === CONNECTING) {
      this.#state = CLOSING
      this.#abort.abort()
    } else if (this.#state === OPEN) {
      this.#state = CLOSING
      const finish = () => this.#socket!.close(code ?? (reason === '' ? NO_CODE : CLOSE_CODE.normal), reason)
      if (this.#reading === null) finish()
      else this.#reading.then(finish, finish)
    }
  }

  get onopen(): Handler<Event> {
    return this.#handler('open')
  }
  set onopen(handler: Handler<Event>) {
    this.#handle('open', handler)
  }
  get onmessage(): Handler<MessageEvent> {
    return this.#handler('message')
  }
  set onmessage(handler: Handler<MessageEvent>) {
    this.#handle('message', handler)
  }
  get onerror(): Handler<Event> {
    return this.#handler('error')
  }
  set onerror(handler: Handler<Event>) {
    this.#handle('error', handler)
  }
  get onclose(): Handler<CloseEvent> {
    return this.#handler('close')
  }
  set onclose(handler: Handler<CloseEvent>) {
    this.#handle('close', handler)
  }

  #handler<N extends keyof Events>(name: N): Handler<Events[N]> {
    return (this.#handlers.get(name)?.handler as ((event: Events[N]) => void) | undefined) ?? null
  }

  #handle<N extends keyof Events>(name: N, handler: Handler<Events[N]>): void {
    const before = this.#handlers.get(name)
    if (before !== undefined) this.removeEventListener(name, before.listener)
    this.#handlers.delete(name)
    if (typeof handler !== 'function') return
    const listener = (event: Event) => handler.call(this, event as Events[N])
    this.#handlers.set(name, { handler: handler as (event: never) => void, listener })
    this.addEventListener(name, listener)
  }

  #opened(socket: WebSocketConnection, offered: readonly string[]): void {
    // Closed meanwhile; or subprotocols were offered and none was chosen (§ "establish a WebSocket connection").
    if (this.#state === CLOSING || (offered.length > 0 && socket.protocol === '')) {
      socket.terminate()
      this.#failed()
      return
    }
    this.#socket = socket
    this.#state = OPEN
    socket.onMessage = (message) => this.#heard(message)
    socket.onClose = (how) => this.#ended(how)
    this.dispatchEvent(new Event('open'))
  }

  #heard(message: WebSocketMessage): void {
    if (this.#state !== OPEN) return
    const data =
      typeof message === 'string' ? message : this.#binaryType === 'blob' ? new Blob([message]) : bufferOf(message)
    this.dispatchEvent(new MessageEvent('message', { data, origin: new URL(this.url).origin }))
  }

  #failed(): void {
    this.#ended({ code: ABNORMAL, reason: '', clean: false, failure: 'failed' })
  }

  #ended({ code, reason, clean, failure }: WebSocketClosed): void {
    this.#state = CLOSED
    if (failure !== '' || !clean) this.dispatchEvent(new Event('error'))
    this.dispatchEvent(new CloseEvent('close', { code, reason, wasClean: clean }))
  }
}

function octetsOf(data: Exclude<WebSocketData, Blob>): string | Uint8Array {
  if (typeof data === 'string') return data
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)
}

/** A buffer that has the message and nothing else. */
function bufferOf(message: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return message.byteLength === message.buffer.byteLength ? message.buffer : message.slice().buffer
}

/** The class that browsers call `WebSocket`. */
export interface WebSocketClass {
  new (url: string | URL, protocols?: string | readonly string[]): HostWebSocket
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSING: 2
  readonly CLOSED: 3
}

/**
 * The class as programs expect it, `new WebSocket(url, protocols)`, for one host or client.
 * @example
 * const WebSocket = webSocketClass(host)
 * const socket = new WebSocket('ws://web/chat')
 */
export function webSocketClass(from: Client | Host, options: WebSocketClassOptions = {}): WebSocketClass {
  return class WebSocket extends HostWebSocket {
    constructor(url: string | URL, protocols?: string | readonly string[]) {
      super(from, url, protocols, options)
    }
  }
}
