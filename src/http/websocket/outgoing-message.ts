/** A message on its way out in pieces (RFC 6455 §5.4). */
import { HttpMisuse } from '../errors.ts'
import { utf8 } from '../machine/text.ts'
import type { Endpoint } from './endpoint.ts'
import { FIN, OPCODE } from './protocol/frame.ts'

/** A message that is sent piece by piece: made by `socket.begin`. */
export class OutgoingMessage {
  readonly #endpoint: Endpoint
  readonly #ready: () => Promise<void>
  readonly #kind: 'text' | 'binary'
  #opcode: number
  #open = true
  /** The first half of a character whose second comes with the next piece. */
  #half = ''

  constructor(kind: 'text' | 'binary', endpoint: Endpoint, ready: () => Promise<void>) {
    this.#kind = kind
    this.#opcode = kind === 'text' ? OPCODE.text : OPCODE.binary
    this.#endpoint = endpoint
    this.#ready = ready
  }

  /** Whether it can go on. */
  get open(): boolean {
    return this.#open
  }

  /**
   * Sends a piece: false when the other side lags, and when nobody is left to send to.
   * @throws HttpMisuse for text in a binary message or the reverse, and after `end`.
   */
  write(piece: string | Uint8Array): boolean {
    if (!this.#open) {
      if (this.#endpoint.state !== 'open') return false
      throw new HttpMisuse('HTTP_BODY_ENDED', 'write() was called after end(): the message is complete')
    }
    return this.#send(0, this.#octets(piece))
  }

  /** As that of the connection. */
  ready(): Promise<void> {
    return this.#ready()
  }

  /** Sends the last piece, and with it the message is whole. @throws HttpMisuse as `write` does. */
  end(piece?: string | Uint8Array): boolean {
    const last =
      piece === undefined ? this.#octets(this.#kind === 'text' ? '' : new Uint8Array(0)) : this.#octets(piece)
    if (!this.#open) return false
    this.#open = false
    const half = this.#half === '' ? last : joined(last, utf8(this.#half))
    this.#half = ''
    return this.#send(FIN, half)
  }

  /** The WebSocket closes: the rest will not be sent. */
  abandon(): void {
    this.#open = false
  }

  #send(fin: number, octets: Uint8Array): boolean {
    const sent = this.#endpoint.fragment(fin | this.#opcode, octets)
    this.#opcode = OPCODE.continuation
    return sent
  }

  #octets(piece: string | Uint8Array): Uint8Array {
    if (this.#kind === 'binary' && piece instanceof Uint8Array) return piece
    if (this.#kind === 'binary' || typeof piece !== 'string')
      throw new HttpMisuse(
        'HTTP_INVALID_BODY',
        `a ${this.#kind} message takes pieces of ${this.#kind === 'text' ? 'text' : 'octets'}`,
      )
    const text = this.#half + piece
    const last = text.charCodeAt(text.length - 1)
    const cut = last >= 0xd800 && last < 0xdc00
    this.#half = cut ? text.slice(-1) : ''
    return utf8(cut ? text.slice(0, -1) : text)
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length)
  whole.set(first)
  whole.set(second, first.length)
  return whole
}
