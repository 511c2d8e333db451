/** The front of every DNS server: UDP and TCP on a Host, before a responder. */
import type { Nanos } from '../../base/clock.ts'
import { type IpAddress as Address, ipOf } from '../../socket/address.ts'
import type { Connection, Datagrams, Host, Listener } from '../../socket/host.ts'
import {
  EDNS_UDP_SIZE,
  MAX_TCP_CONNECTIONS,
  MAX_TCP_PENDING,
  MAX_TCP_QUERIES,
  MAX_UDP_PENDING,
  TCP_IDLE,
} from '../limits.ts'
import type { Message } from '../message/message.ts'
import { accept, finish, servfail } from './accept.ts'
import type { Client, Responder } from './responder.ts'
import { ServerStream } from './stream.ts'

export interface ServerOptions {
  /** Where it is to be found; default every IPv4 interface, port 53. */
  readonly at?: Address
  /** The longest reply over UDP, octets, whatever the client takes; default 1232. */
  readonly udpSize?: number
  readonly udpPending?: number
  readonly tcpConnections?: number
  readonly tcpQueries?: number
  readonly tcpPending?: number
  readonly tcpIdle?: Nanos
  /** Told of every query that is answered; all have one question. Must not throw. */
  readonly onAnswer?: (query: Message, reply: Message, client: Client) => void
}

export interface DnsServer {
  /** With the port that was really bound, for UDP and TCP alike. */
  readonly local: Address
  /** Stops listening and closes what is open. */
  close(): Promise<void>
}

/** How often another port is tried when the host chose one for UDP that is taken for TCP. */
const PORT_ATTEMPTS = 10

/** Serves the responder. Rejects with `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`. */
export async function serveDns(host: Host, responder: Responder, options: ServerOptions = {}): Promise<DnsServer> {
  const at = options.at ?? { address: '0.0.0.0', port: 53 }
  for (let attempt = 1; ; attempt++) {
    const datagrams = await host.datagrams(at)
    const front = new Front(host, responder, options, datagrams)
    try {
      await front.listen()
      return front
    } catch (error) {
      datagrams.close()
      if (at.port !== 0 || attempt === PORT_ATTEMPTS) throw error
    }
  }
}

class Front implements DnsServer {
  readonly #host: Host
  readonly #responder: Responder
  readonly #options: ServerOptions
  readonly #datagrams: Datagrams
  readonly #streams = new Set<ServerStream>()
  #listener: Listener | null = null
  #udpPending = 0
  #open = true

  constructor(host: Host, responder: Responder, options: ServerOptions, datagrams: Datagrams) {
    this.#host = host
    this.#responder = responder
    this.#options = options
    this.#datagrams = datagrams
  }

  get local(): Address {
    return this.#datagrams.local
  }

  async listen(): Promise<void> {
    const { tcpQueries, tcpPending, tcpIdle, tcpConnections } = this.#options
    const limits = {
      queries: tcpQueries ?? MAX_TCP_QUERIES,
      pending: tcpPending ?? MAX_TCP_PENDING,
      idle: tcpIdle ?? TCP_IDLE,
    }
    const accept = (connection: Connection) => {
      if (!this.#open || this.#streams.size >= (tcpConnections ?? MAX_TCP_CONNECTIONS)) {
        connection.reset()
        return
      }
      const client: Client = { address: ipOf(connection.remote, 'accept'), transport: 'tcp' }
      const stream: ServerStream = new ServerStream(
        this.#host,
        connection,
        (query) => this.#reply(query, client),
        limits,
        () => this.#streams.delete(stream),
      )
      this.#streams.add(stream)
    }
    // A reply longer than a segment must not wait for the delayed acknowledgment of its first part.
    this.#listener = await this.#host.listen(this.local, accept, { options: { TCP_NODELAY: 1 } })
    this.#datagrams.attach({
      onDatagram: (bytes, from) => this.#datagram(bytes, from),
      // What the network says of a reply that did not arrive changes nothing: the client asks again.
      onError: () => {},
      onClose: () => {},
    })
  }

  async close(): Promise<void> {
    this.#open = false
    this.#datagrams.close()
    for (const stream of this.#streams) stream.close()
    await this.#listener?.close()
  }

  #datagram(bytes: Uint8Array, from: Address): void {
    if (this.#udpPending >= (this.#options.udpPending ?? MAX_UDP_PENDING)) return
    const reply = this.#reply(bytes, { address: from, transport: 'udp' })
    if (reply === null) return
    if (reply instanceof Uint8Array) {
      this.#send(reply, from)
      return
    }
    this.#udpPending++
    reply.then((late) => {
      this.#udpPending--
      if (late !== null) this.#send(late, from)
    })
  }

  #send(reply: Uint8Array, to: Address): void {
    if (!this.#open) return
    try {
      this.#datagrams.send(reply, to)
    } catch {
      // A datagram that the host cannot send now is one that was lost: the client asks again.
    }
  }

  /** The reply to those octets, at once when the responder answers at once. Never throws, never rejects. */
  #reply(bytes: Uint8Array, client: Client): Uint8Array | null | Promise<Uint8Array | null> {
    const accepted = accept(bytes)
    if (accepted === null) return null
    if ('reply' in accepted) return accepted.reply
    const { query } = accepted
    let reply: ReturnType<Responder>
    try {
      reply = this.#responder(query, client)
    } catch {
      reply = servfail(query)
    }
    if (!(reply instanceof Promise)) return this.#finish(query, reply, client)
    return reply.catch(() => servfail(query)).then((late) => this.#finish(query, late, client))
  }

  #finish(query: Message, reply: Message | null, client: Client): Uint8Array | null {
    if (reply === null) return null
    const udpSize = this.#options.udpSize ?? EDNS_UDP_SIZE
    let bytes: Uint8Array
    try {
      bytes = finish(query, reply, client.transport, udpSize)
    } catch {
      // A reply whose OPT record alone is longer than the client takes.
      bytes = finish(query, servfail(query), client.transport, udpSize)
    }
    this.#options.onAnswer?.(query, reply, client)
    return bytes
  }
}
