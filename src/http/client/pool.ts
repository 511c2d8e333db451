/** The connections to one origin and the requests that wait for them. */
import { RequestError } from '../errors.ts'
import type { ClientConnection } from './connection.ts'
import type { ClientExchange } from './exchange.ts'

export interface PoolOptions {
  readonly connections: number
  readonly waiting: number
  /** Requests that may be under way on a connection when this one is added. */
  readonly depth: (exchange: ClientExchange) => number
  readonly open: (exchange: ClientExchange) => Promise<ClientConnection>
}

export class Pool {
  readonly origin: string
  readonly connections = new Set<ClientConnection>()
  readonly #options: PoolOptions
  readonly #empty: () => void
  readonly #waiting: ClientExchange[] = []
  #opening = 0
  #closing = false

  /** @param empty called when nothing is left to keep. */
  constructor(origin: string, options: PoolOptions, empty: () => void) {
    this.origin = origin
    this.#options = options
    this.#empty = empty
  }

  add(exchange: ClientExchange): void {
    if (this.#waiting.length >= this.#options.waiting) {
      exchange.fail(new RequestError('full', `${this.#options.waiting} requests wait for ${this.origin} already`))
      return
    }
    this.#waiting.push(exchange)
    this.next()
  }

  /** Gives waiting requests to connections that take them, and opens one where that is allowed and needed. */
  next(): void {
    for (let exchange = this.#waiting[0]; exchange !== undefined; exchange = this.#waiting[0]) {
      const connection = this.#connectionFor(exchange)
      if (connection === undefined) break
      this.#waiting.shift()
      connection.request(exchange)
    }
    while (this.#waiting.length > this.#opening && this.connections.size + this.#opening < this.#options.connections)
      this.#open(this.#waiting[this.#opening]!)
    if (this.#closing) this.#closeIdle()
  }

  remove(connection: ClientConnection): void {
    this.connections.delete(connection)
    this.next()
    if (this.connections.size === 0 && this.#waiting.length === 0 && this.#opening === 0) this.#empty()
  }

  /** Takes a request back, breaking the connection that has it. False when it is not here. */
  drop(exchange: ClientExchange, error: Error): boolean {
    const place = this.#waiting.indexOf(exchange)
    if (place >= 0) {
      this.#waiting.splice(place, 1)
      exchange.fail(error)
      return true
    }
    for (const connection of this.connections) {
      if (!connection.queue.includes(exchange)) continue
      exchange.fail(error)
      connection.break(new RequestError('closed', 'another request on the connection was given up'))
      return true
    }
    return false
  }

  close(): void {
    this.#closing = true
    this.#closeIdle()
  }

  #closeIdle(): void {
    for (const connection of [...this.connections]) if (connection.queue.length === 0) connection.close()
  }

  /** The one used last, whose path is warm; the busiest that still takes one when pipelining. */
  #connectionFor(exchange: ClientExchange): ClientConnection | undefined {
    const depth = this.#options.depth(exchange)
    let best: ClientConnection | undefined
    for (const connection of this.connections) {
      // Only a connection that has served is known to stand several requests.
      if (!connection.accepts(connection.served > 0 ? depth : 1)) continue
      if (best === undefined || connection.queue.length <= best.queue.length) best = connection
    }
    return best
  }

  #open(exchange: ClientExchange): void {
    this.#opening++
    this.#options.open(exchange).then(
      (connection) => {
        this.#opening--
        this.connections.add(connection)
        this.next()
      },
      (error) => {
        this.#opening--
        const place = this.#waiting.indexOf(exchange)
        if (place >= 0) this.#waiting.splice(place, 1)
        exchange.fail(error)
        this.next()
        if (this.connections.size === 0 && this.#waiting.length === 0 && this.#opening === 0) this.#empty()
      },
    )
  }
}
