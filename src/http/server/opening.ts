/** The first octets of a connection, which say whether it speaks HTTP/2 with prior knowledge (RFC 9113 §3.3) or HTTP/1.1. */
import type { SocketError } from '../../base/errors.ts'
import type { Connection, ConnectionOwner } from '../../socket/host.ts'
import { PREFACE } from '../h2/codes.ts'

export class Opening implements ConnectionOwner {
  readonly #connection: Connection
  readonly #plain: ConnectionOwner
  readonly #second: () => ConnectionOwner
  /** Octets of the preface that have come. */
  #seen = 0

  /**
   * @param plain speaks HTTP/1.1, and is told what happens before the protocol is known.
   * @param second makes whoever speaks HTTP/2 instead.
   */
  constructor(connection: Connection, plain: ConnectionOwner, second: () => ConnectionOwner) {
    this.#connection = connection
    this.#plain = plain
    this.#second = second
  }

  onData(bytes: Uint8Array): void {
    const seen = this.#seen
    let at = 0
    while (at < bytes.length && seen + at < PREFACE.length && bytes[at] === PREFACE[seen + at]) at++
    this.#seen = seen + at
    if (this.#seen === PREFACE.length) this.#become(this.#second(), seen, bytes)
    else if (at < bytes.length) this.#become(this.#plain, seen, bytes)
  }

  /** @param seen octets of the preface that came before these bytes */
  #become(owner: ConnectionOwner, seen: number, bytes: Uint8Array): void {
    this.#connection.attach(owner)
    if (seen > 0) owner.onData(PREFACE.slice(0, seen))
    owner.onData(bytes)
  }

  onEnd(): void {
    this.#connection.attach(this.#plain)
    if (this.#seen > 0) this.#plain.onData(PREFACE.slice(0, this.#seen))
    this.#plain.onEnd()
  }

  onDrain(): void {
    this.#plain.onDrain()
  }

  onClose(error: SocketError | null): void {
    this.#plain.onClose(error)
  }
}
