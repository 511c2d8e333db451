/** The front of every DNS server: UDP and TCP on a Host, before a responder. */
import { type IpAddress, ipOf } from '../../socket/address.ts'
import type { Connection, Datagrams, Host, Listener, Peer } from '../../socket/host.ts'
import { type FrontLimits, limitGroup } from '../limits.ts'
import { answerOctets, type OctetOptions, type OctetReply } from './octets.ts'
import type { Client, Responder } from './responder.ts'
import { ServerStream, type StreamEvents } from './stream.ts'
import { clientOf, StreamTable } from './streams.ts'

/** How a server is set up. */
export interface ServerOptions extends Omit<OctetOptions, 'udpSize'> {
  /** Where it is to be found; default every IPv4 interface, port 53. */
  readonly at?: IpAddress
  readonly limits?: { readonly front?: Partial<FrontLimits> }
}

/** A running server. Disposing of it closes it. */
export interface DnsServer extends AsyncDisposable {
  /** With the port that was really bound, for UDP and TCP alike. */
  readonly local: IpAddress
  /** Stops listening and closes what is open. */
  close(): Promise<void>
}

/** How often another port is tried when the host chose one for UDP that is taken for TCP. */
const PORT_ATTEMPTS = 10

/**
 * Serves the responder. Rejects with `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`.
 * @example
 * await using server = await serveDns(kernelHost(), (query) => response(query, { rcode: RCODE.REFUSED }), {
 *   at: { address: '127.0.0.1', port: 5353 },
 * })
 */
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

class Front implements DnsServer, StreamEvents {
  readonly #host: Host
  readonly #responder: Responder
  readonly #limits: FrontLimits
  readonly #options: OctetOptions
  readonly #datagrams: Datagrams
  readonly #streams: StreamTable<ServerStream>
  #listener: Listener | null = null
  #udpPending = 0
  #open = true

  constructor(host: Host, responder: Responder, options: ServerOptions, datagrams: Datagrams) {
    this.#host = host
    this.#responder = responder
    this.#limits = limitGroup('front', options.limits?.front)
    this.#options = { ...options, udpSize: this.#limits.udpSize }
    this.#datagrams = datagrams
    this.#streams = new StreamTable(this.#limits)
  }

  get local(): IpAddress {
    return this.#datagrams.local
  }

  async listen(): Promise<void> {
    // A reply longer than a segment must not wait for the delayed acknowledgment of its first part.
    const options = { options: { TCP_NODELAY: 1 } }
    this.#listener = await this.#host.listen(this.local, (connection) => this.#accept(connection), options)
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
    this.#streams.close()
    await this.#listener?.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #accept(connection: Connection): void {
    const whose = clientOf(connection.remote)
    if (!this.#open || !this.#streams.makeRoom(whose)) {
      connection.reset()
      return
    }
    const client: Client = { address: ipOf(connection.remote, 'accept'), transport: 'tcp' }
    const handler = (query: Uint8Array) => answerOctets(this.#responder, query, client, this.#options)
    this.#streams.add(new ServerStream(this.#host.clock, connection, handler, this.#limits, this), whose)
  }

  active(stream: ServerStream): void {
    this.#streams.touch(stream)
  }

  closed(stream: ServerStream): void {
    this.#streams.remove(stream)
  }

  #datagram(bytes: Uint8Array, from: Peer): void {
    if (this.#udpPending >= this.#limits.udpPending) return
    const reply = answerOctets(this.#responder, bytes, { address: from, transport: 'udp' }, this.#options)
    if (reply === null) return
    if (reply instanceof Promise) this.#later(reply, from)
    else if (reply instanceof Uint8Array) this.#send(reply, from)
  }

  #later(reply: Promise<OctetReply>, from: Peer): void {
    this.#udpPending++
    reply.then((late) => {
      this.#udpPending--
      if (late instanceof Uint8Array) this.#send(late, from)
    })
  }

  /** RFC 2181 §4.1: to whom it came from, from the address that was asked. */
  #send(reply: Uint8Array, to: Peer): void {
    if (!this.#open) return
    try {
      this.#datagrams.send(reply, to)
    } catch {
      // A datagram that the host cannot send now is one that was lost: the client asks again.
    }
  }
}
