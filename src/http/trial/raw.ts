/** A client that sends exactly the bytes that a test gives it, and keeps what comes back. */
import type { SocketError } from '../../base/errors.ts'
import type { Address } from '../../socket/address.ts'
import type { Connection, ConnectionOwner, Host } from '../../socket/host.ts'
import { latin1 } from '../machine/text.ts'
import { settle } from './machine.ts'

export class RawClient implements ConnectionOwner {
  readonly connection: Connection
  /** All that has come, as ISO-8859-1. */
  text = ''
  ended = false
  closed = false
  error: SocketError | null = null

  private constructor(connection: Connection) {
    this.connection = connection
    connection.attach(this)
  }

  static async open(host: Host, to: Address): Promise<RawClient> {
    return new RawClient(await host.connect(to))
  }

  /** Sends text as ISO-8859-1, lets everything settle, and answers what has come since the last call. */
  async send(text: string): Promise<string> {
    this.connection.write(Buffer.from(text, 'latin1'))
    await settle()
    return this.take()
  }

  take(): string {
    const { text } = this
    this.text = ''
    return text
  }

  onData(bytes: Uint8Array): void {
    this.text += latin1(bytes)
  }

  onEnd(): void {
    this.ended = true
  }

  onDrain(): void {}

  onClose(error: SocketError | null): void {
    this.closed = true
    this.error = error
  }
}
