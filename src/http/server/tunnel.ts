/** CONNECT (RFC 9110 §9.3.6): by permission, a connection joined to another. */
import type { Clock, Nanos } from '../../base/clock.ts'
import { SocketError } from '../../base/errors.ts'
import type { Connection, ConnectionOwner, Host } from '../../socket/host.ts'
import { dial } from '../dial.ts'
import type { Exchange } from '../exchange.ts'
import { reasonPhrase } from '../status.ts'
import type { Deadlined, Sweep } from '../sweep.ts'

/** Whether and for whom a server opens tunnels. */
export interface TunnelOptions {
  /** Whether this client may reach `host:port`. */
  readonly allow: (authority: string, exchange: Exchange) => boolean | Promise<boolean>
}

/** The tunnels of a server. */
export class Tunnels {
  readonly #host: Host
  readonly #options: TunnelOptions
  readonly #sweep: Sweep
  readonly #idleTime: Nanos
  readonly #open = new Set<Tunnel>()

  /** @param idleTime a tunnel through which nothing passes for so long is closed. */
  constructor(host: Host, options: TunnelOptions, sweep: Sweep, idleTime: Nanos) {
    this.#host = host
    this.#options = options
    this.#sweep = sweep
    this.#idleTime = idleTime
  }

  get count(): number {
    return this.#open.size
  }

  /** Answers a CONNECT: joins the client to the other side, or says why not. */
  async answer(exchange: Exchange): Promise<void> {
    const { authority, signal } = exchange
    if (!(await this.#options.allow(authority, exchange)))
      return refuse(exchange, 403, `no tunnel to ${authority} is allowed`)
    const colon = authority.lastIndexOf(':')
    let far: Connection
    try {
      far = await dial(this.#host, authority.slice(0, colon), Number(authority.slice(colon + 1)), signal)
    } catch (error) {
      const late = error instanceof SocketError && error.code === 'ETIMEDOUT'
      return refuse(exchange, late ? 504 : 502, error instanceof Error ? error.message : String(error))
    }
    if (signal.aborted) {
      far.reset()
      return
    }
    exchange.upgrade(200, [], (near) => this.#join(near, far))
  }

  /** Ends all of them, what is queued sent first. */
  close(): void {
    for (const tunnel of [...this.#open]) tunnel.close()
  }

  #join(near: Connection, far: Connection): ConnectionOwner {
    const tunnel = new Tunnel(near, far, this.#host.clock, this.#idleTime, () => {
      this.#open.delete(tunnel)
      this.#sweep.delete(tunnel)
    })
    this.#open.add(tunnel)
    this.#sweep.add(tunnel)
    far.attach(new Relay(tunnel, far, near))
    return new Relay(tunnel, near, far)
  }
}

/** Two connections joined. */
class Tunnel implements Deadlined {
  deadline: Nanos
  readonly #near: Connection
  readonly #far: Connection
  readonly #clock: Clock
  readonly #idleTime: Nanos
  readonly #closed: () => void
  #moved = false

  constructor(near: Connection, far: Connection, clock: Clock, idleTime: Nanos, closed: () => void) {
    this.#near = near
    this.#far = far
    this.#clock = clock
    this.#idleTime = idleTime
    this.#closed = closed
    this.deadline = clock.now() + idleTime
  }

  moved(): void {
    this.#moved = true
  }

  expire(): void {
    if (!this.#moved) {
      this.close()
      return
    }
    this.#moved = false
    this.deadline = this.#clock.now() + this.#idleTime
  }

  /** One side is closed: so is the other. */
  ended(other: Connection, error: SocketError | null): void {
    this.#closed()
    if (error === null) other.close()
    else other.reset()
  }

  close(): void {
    this.#near.close()
    this.#far.close()
  }
}

/** A connection's owner while it is joined to another: bytes, ends and resets pass, and so does the pressure. */
class Relay implements ConnectionOwner {
  readonly #tunnel: Tunnel
  readonly #from: Connection
  readonly #to: Connection

  constructor(tunnel: Tunnel, from: Connection, to: Connection) {
    this.#tunnel = tunnel
    this.#from = from
    this.#to = to
  }

  onData(bytes: Uint8Array): void {
    this.#tunnel.moved()
    if (!this.#to.write(bytes)) this.#from.pause()
  }

  onEnd(): void {
    this.#to.end()
  }

  /** This side takes bytes again: the other may send. */
  onDrain(): void {
    this.#tunnel.moved()
    this.#to.resume()
  }

  onClose(error: SocketError | null): void {
    this.#tunnel.ended(this.#to, error)
  }
}

function refuse(exchange: Exchange, status: number, why: string): void {
  if (!exchange.signal.aborted)
    exchange.reply(status, ['Content-Type', 'text/plain; charset=utf-8'], `${status} ${reasonPhrase(status)}: ${why}\n`)
}
