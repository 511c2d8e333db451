/** The connections to one origin and the requests that wait for them. */
import { RequestError } from '../errors.ts'
import type { ClientExchange } from './exchange.ts'
import type { ClientTransport } from './transport.ts'

export interface PoolOptions {
  /** Open connections. */
  readonly connections: number
  /** Requests that wait for one. */
  readonly waiting: number
  /** Whether a connection may turn out to carry many requests: then no second one is opened before that is known. */
  readonly mayMultiplex: boolean
  /** Opens a connection. @param exchange for which it is opened, though any may get it. */
  readonly open: (exchange: ClientExchange) => Promise<ClientTransport>
}

export class Pool {
  readonly #origin: string
  readonly #options: PoolOptions
  readonly #empty: () => void
  readonly #transports = new Set<ClientTransport>()
  readonly #waiting: ClientExchange[] = []
  #opening = 0
  #closing = false
  /** A connection has turned out to carry one request at a time. */
  #plain = false
  /** Why the last connection could not be opened; null since one could. */
  #failure: unknown = null

  /** @param empty called when nothing is left to keep. */
  constructor(origin: string, options: PoolOptions, empty: () => void) {
    this.#origin = origin
    this.#options = options
    this.#empty = empty
  }

  /** Open connections. */
  get size(): number {
    return this.#transports.size
  }

  /** Why no connection could be opened lately, for those who have waited in vain. */
  get failure(): unknown {
    return this.#failure
  }

  add(exchange: ClientExchange): void {
    if (this.#waiting.length >= this.#options.waiting) {
      exchange.fail(
        new RequestError(
          'full',
          `${this.#options.waiting} requests are waiting for ${this.#origin} already (option waiting)`,
          undefined,
          false,
        ),
      )
      return
    }
    this.#waiting.push(exchange)
    this.next()
  }

  /** Gives waiting requests to connections that take them, and opens one where that is allowed and needed. */
  next(): void {
    this.#fill()
    while (this.#waiting.length > this.#opening && this.#mayOpen) this.#open(this.#waiting[this.#opening]!)
    if (this.#closing) this.#closeIdle()
  }

  get #mayOpen(): boolean {
    if (this.#transports.size + this.#opening >= this.#options.connections) return false
    // RFC 9113 §9.1: one connection to an origin, as long as there is one that goes on.
    for (const transport of this.#transports) if (transport.multiplexes) return false
    return this.#opening === 0 || this.#plain || !this.#options.mayMultiplex
  }

  remove(transport: ClientTransport): void {
    this.#transports.delete(transport)
    this.next()
    this.#checkEmpty()
  }

  /** Takes a request back, wherever it is. False when it is not here. */
  drop(exchange: ClientExchange, error: Error): boolean {
    const place = this.#waiting.indexOf(exchange)
    if (place >= 0) {
      this.#waiting.splice(place, 1)
      exchange.fail(error)
      return true
    }
    for (const transport of this.#transports) {
      if (!transport.has(exchange)) continue
      transport.cancel(exchange, error)
      return true
    }
    return false
  }

  close(): void {
    this.#closing = true
    this.#closeIdle()
  }

  #closeIdle(): void {
    for (const transport of [...this.#transports]) if (transport.load === 0) transport.close()
  }

  #fill(): void {
    for (let exchange = this.#waiting[0]; exchange !== undefined; exchange = this.#waiting[0]) {
      const transport = this.#transportFor(exchange)
      if (transport === undefined) break
      this.#waiting.shift()
      transport.send(exchange)
    }
  }

  /** The one used last, whose path is warm; the busiest that still takes one when pipelining. */
  #transportFor(exchange: ClientExchange): ClientTransport | undefined {
    let best: ClientTransport | undefined
    for (const transport of this.#transports)
      if (transport.takes(exchange) && (best === undefined || transport.load <= best.load)) best = transport
    return best
  }

  #open(exchange: ClientExchange): void {
    this.#opening++
    this.#options.open(exchange).then(
      (transport) => {
        this.#opening--
        this.#failure = null
        this.#transports.add(transport)
        this.#plain = !transport.multiplexes
        this.next()
        if (transport.load === 0) transport.rest()
      },
      (error) => this.#failed(exchange, error),
    )
  }

  /** A connection could not be opened: the failure is that of the request for which it was, if the request has no other way. */
  #failed(exchange: ClientExchange, error: unknown): void {
    this.#opening--
    this.#failure = error
    const place = this.#waiting.indexOf(exchange)
    // Another connection may have it already, whose reply is on its way; those that are open may take it yet.
    if (place >= 0 && this.#transports.size === 0) {
      this.#waiting.splice(place, 1)
      exchange.fail(error as Error)
    }
    // Not `next` where connections are open: another attempt for each failure would be one without end.
    if (this.#transports.size === 0) this.next()
    this.#checkEmpty()
  }

  #checkEmpty(): void {
    if (this.#transports.size === 0 && this.#waiting.length === 0 && this.#opening === 0) this.#empty()
  }
}
