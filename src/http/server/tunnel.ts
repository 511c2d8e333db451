/** CONNECT (RFC 9110 §9.3.6): by permission, a connection joined to another. */
import type { Nanos } from '../../base/clock.ts'
import { SocketError } from '../../base/errors.ts'
import type { Connection, Host } from '../../socket/host.ts'
import { dial } from '../dial.ts'
import type { Exchange } from '../exchange.ts'
import { Relays } from '../relay.ts'
import { reasonPhrase } from '../status.ts'
import type { Sweep } from '../sweep.ts'

/** Whether and for whom a server opens tunnels. */
export interface TunnelOptions {
  /** Whether this client may reach `host:port`. */
  readonly allow: (authority: string, exchange: Exchange) => boolean | Promise<boolean>
}

/** The tunnels of a server. */
export class Tunnels {
  readonly #host: Host
  readonly #options: TunnelOptions
  readonly #open: Relays

  /** @param idleTime a tunnel through which nothing passes for so long is closed. */
  constructor(host: Host, options: TunnelOptions, sweep: Sweep, idleTime: Nanos) {
    this.#host = host
    this.#options = options
    this.#open = new Relays(host.clock, sweep, idleTime)
  }

  get count(): number {
    return this.#open.count
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
    exchange.upgrade(200, [], (near) => this.#open.join(near, far))
  }

  /** Ends all of them, what is queued sent first. */
  close(): void {
    this.#open.close()
  }
}

function refuse(exchange: Exchange, status: number, why: string): void {
  if (!exchange.signal.aborted)
    exchange.reply(status, ['Content-Type', 'text/plain; charset=utf-8'], `${status} ${reasonPhrase(status)}: ${why}\n`)
}
