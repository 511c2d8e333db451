/** CONNECT (RFC 9110 §9.3.6): by permission, a connection joined to another. */
import { SocketError } from '../../base/errors.ts'
import type { Connection, ConnectionOwner, Host } from '../../socket/host.ts'
import { dial } from '../client/dial.ts'
import type { Exchange } from '../exchange.ts'
import { reasonPhrase } from '../status.ts'
import type { ServerExchange } from './exchange.ts'

export interface TunnelOptions {
  /** Whether this client may reach `host:port`. */
  readonly allow: (authority: string, exchange: Exchange) => boolean | Promise<boolean>
}

/**
 * Answers a CONNECT: joins the client to the other side, or says why not.
 * @param open gets the far connection for as long as the tunnel lives.
 */
export async function openTunnel(
  host: Host,
  exchange: ServerExchange,
  options: TunnelOptions,
  open: Set<Connection>,
): Promise<void> {
  const { authority } = exchange
  if (!(await options.allow(authority, exchange))) return refuse(exchange, 403, `no tunnel to ${authority} is allowed`)
  const colon = authority.lastIndexOf(':')
  let far: Connection
  try {
    far = await dial(host, authority.slice(0, colon), Number(authority.slice(colon + 1)), exchange.signal)
  } catch (error) {
    const late = error instanceof SocketError && error.code === 'ETIMEDOUT'
    return refuse(exchange, late ? 504 : 502, error instanceof Error ? error.message : String(error))
  }
  if (exchange.signal.aborted) {
    far.reset()
    return
  }
  open.add(far)
  exchange.takeOver(200, [], (near) => new Relay(near, far))
  far.attach(new Relay(far, exchange.connection, () => open.delete(far)))
}

/** The connection's owner while it is joined to another: bytes, ends and resets pass, and so does the pressure. */
export class Relay implements ConnectionOwner {
  readonly #from: Connection
  readonly #to: Connection
  readonly #closed: () => void

  constructor(from: Connection, to: Connection, closed: () => void = () => {}) {
    this.#from = from
    this.#to = to
    this.#closed = closed
  }

  onData(bytes: Uint8Array): void {
    if (!this.#to.write(bytes)) this.#from.pause()
  }

  onEnd(): void {
    this.#to.end()
  }

  /** This side takes bytes again: the other may send. */
  onDrain(): void {
    this.#to.resume()
  }

  onClose(error: SocketError | null): void {
    this.#closed()
    if (error === null) this.#to.close()
    else this.#to.reset()
  }
}

function refuse(exchange: Exchange, status: number, why: string): void {
  if (!exchange.signal.aborted)
    exchange.reply(status, ['Content-Type', 'text/plain; charset=utf-8'], `${status} ${reasonPhrase(status)}: ${why}\n`)
}
