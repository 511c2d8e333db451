/** The server's side: carrier connections come in, and secure ones go on to `accept`. */
import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls'
import { after, type Nanos, type Timer } from '../../base/clock.ts'
import { hours, requireDuration } from '../../base/duration.ts'
import type { Machine } from '../../base/machine.ts'
import { formatAddress } from '../../socket/address.ts'
import type { Connection } from '../../socket/host.ts'
import { streamUnder } from '../../socket/node/secure.ts'
import { TlsError } from '../errors.ts'
import { TLS_LIMITS, type TlsLimits } from '../limits.ts'
import type { CertificateStore, Identity, TlsServerOptions } from '../settings.ts'
import { Certificates } from './certificates.ts'
import { answerChallenge, FirstLook, isChallenged } from './challenge.ts'
import { secured, streamOf } from './connection.ts'
import { context, contextOptions } from './contexts.ts'
import { type Handshake, reportFailed, reportSecured } from './report.ts'
import { handshakeFailed } from './verdict.ts'

const TICKET_TIME = hours(24)
const TICKET_KEY_BYTES = 48
/** OpenSSL takes no more (SSL_MAX_SID_CTX_LENGTH). */
const SESSION_CONTEXT_BYTES = 32
/** Longer than any process lives: the host's own clock ends handshakes, and Node's timer would do it in real time. */
const NEVER = 2 ** 31 - 1

/** A handshake under way. */
interface Pending extends Handshake {
  readonly stream: Duplex
  readonly late: Timer
}

export class SecureServer {
  readonly #machine: Machine
  readonly #options: TlsServerOptions
  readonly #limits: TlsLimits
  readonly #store: CertificateStore
  readonly #accept: (connection: Connection) => void
  readonly #server: Server
  readonly #pending = new Map<Duplex, Pending>()
  /** Clients that are looked at before their handshake begins, and what ends that. */
  readonly #looks = new Map<Connection, () => void>()
  /** What was built from identities, until the store changes. */
  #contexts = new Map<Identity, SecureContext>()
  /** Browsers ask for a stapled response in every handshake: the certificates are read once. */
  readonly #ders = new WeakMap<Identity, Buffer>()
  #version: number
  readonly #ticketTime: Nanos
  #ticketsUntil: Nanos

  /** @throws TlsError TLS_SETTINGS. */
  constructor(machine: Machine, options: TlsServerOptions, accept: (connection: Connection) => void) {
    this.#machine = machine
    this.#options = options
    this.#limits = { ...TLS_LIMITS, ...options.limits }
    this.#accept = accept
    this.#store = storeOf(options)
    this.#version = this.#store.version
    this.#ticketTime = requireDuration('tls ticketTime', options.ticketTime ?? TICKET_TIME)
    this.#ticketsUntil = machine.clock.now() + this.#ticketTime
    this.#server = this.#create()
  }

  #create(): Server {
    const { protocols = ['h2', 'http/1.1'], clientCertificates = 'none' } = this.#options
    const server = createServer({
      ...this.#shown(),
      ticketKeys: this.#ticketKeys(),
      ALPNProtocols: [...protocols],
      SNICallback: (name, done) => this.#choose(name, done),
      requestCert: clientCertificates !== 'none',
      rejectUnauthorized: clientCertificates === 'require',
      handshakeTimeout: NEVER,
      allowHalfOpen: true,
    })
    server.on('secureConnection', (socket) => this.#done(socket))
    // Node destroys what is below by itself, behind the alert that tells the client why.
    server.on('tlsClientError', (error, socket) => this.#failed(streamUnder(socket), error, false))
    server.on(
      'OCSPRequest',
      (certificate: Buffer, _issuer: Buffer, done: (error: null, response: Buffer | null) => void) =>
        done(null, this.#stapled(certificate)),
    )
    return server
  }

  /** What a client is shown that asks for no name. */
  #shown() {
    const { trust, minVersion } = this.#options
    const identity = this.#store.identityFor(null) ?? undefined
    return { ...contextOptions({ identity, trust, minVersion }), sessionIdContext: this.#sessionContext() }
  }

  /**
   * What a session is good for: a client that one authority has vouched for must not come in by that session where another one
   * is trusted, though both listeners have the same `ticketKeys`.
   */
  #sessionContext(): string {
    const { trust, clientCertificates = 'none' } = this.#options
    const hash = createHash('sha256').update(JSON.stringify([clientCertificates, trust?.map(String) ?? null]))
    return hash.digest('hex').slice(0, SESSION_CONTEXT_BYTES)
  }

  #ticketKeys(): Buffer {
    const { ticketKeys } = this.#options
    if (ticketKeys === undefined) return randomBytes(TICKET_KEY_BYTES)
    if (ticketKeys.length !== TICKET_KEY_BYTES)
      throw new TlsError('TLS_SETTINGS', `ticketKeys must be ${TICKET_KEY_BYTES} octets, not ${ticketKeys.length}`)
    return Buffer.from(ticketKeys)
  }

  /** Secures a connection that has come in. */
  take(carrier: Connection): void {
    const began = this.#machine.clock.now()
    if (this.#pending.size + this.#looks.size >= this.#limits.handshakes) {
      const handshake: Handshake = { machine: this.#machine, side: 'server', carrier, began }
      reportFailed(handshake, `${this.#limits.handshakes} handshakes are under way already (limit handshakes)`)
      carrier.reset()
      return
    }
    this.#renew()
    if (isChallenged(this.#store)) this.#look(carrier, began)
    else this.#secure(carrier, began, null)
  }

  /** Finds out first whether it is an authority that looks at a challenge. */
  #look(carrier: Connection, began: Nanos): void {
    const { clock } = this.#machine
    const leave = (): void => {
      this.#looks.delete(carrier)
      late.cancel()
    }
    const drop = (): void => {
      leave()
      carrier.reset()
    }
    const late = after(clock, this.#limits.handshakeTime, drop)
    const decided = (answer: Identity | null): void => {
      leave()
      this.#secure(carrier, began, answer)
    }
    this.#looks.set(carrier, drop)
    carrier.attach(new FirstLook(carrier, this.#store, decided, drop))
  }

  #secure(carrier: Connection, began: Nanos, answer: Identity | null): void {
    const machine = this.#machine
    const stream = streamOf(machine, carrier)
    const late = after(machine.clock, this.#limits.handshakeTime, () => this.#late(stream))
    this.#pending.set(stream, { machine, side: 'server', carrier, began, stream, late })
    // A client that leaves in the middle of its handshake: Node's TLS would wait for the rest.
    stream.once('end', () => this.#failed(stream, GONE))
    stream.once('close', () => this.#failed(stream, GONE))
    stream.on('error', ignore) // told by the TLS socket above, or by 'close'
    if (answer === null) this.#server.emit('connection', stream)
    else
      answerChallenge(stream, answer, (error) => {
        if (error === null) this.#over(stream)
        else this.#failed(stream, error)
      })
  }

  /** Certificates and keys that have changed are shown from the next handshake on. */
  #renew(): void {
    const now = this.#machine.clock.now()
    const stale = this.#options.ticketKeys === undefined && now >= this.#ticketsUntil
    if (stale) {
      this.#ticketsUntil = now + this.#ticketTime
      this.#server.setTicketKeys(this.#ticketKeys())
    }
    if (this.#version === this.#store.version) return
    this.#version = this.#store.version
    this.#contexts = new Map()
    const tickets = this.#server.getTicketKeys()
    this.#server.setSecureContext({ ...this.#shown() })
    this.#server.setTicketKeys(tickets)
  }

  /** Whatever a store of the program's does, the process lives and that one client is refused. */
  #choose(name: string, done: (error: Error | null, context?: SecureContext) => void): void {
    try {
      const identity = this.#store.identityFor(name)
      if (identity === null) done(new TlsError('TLS_SETTINGS', `there is no certificate for ${JSON.stringify(name)}`))
      else done(null, this.#contextOf(identity))
    } catch (error) {
      done(error as Error)
    }
  }

  #contextOf(identity: Identity): SecureContext {
    const known = this.#contexts.get(identity)
    if (known !== undefined) return known
    const { trust, minVersion } = this.#options
    const made = context({ identity, trust, minVersion })
    this.#contexts.set(identity, made)
    return made
  }

  /** The response of the identity whose certificate is about to be shown. */
  #stapled(certificate: Buffer): Buffer | null {
    for (const identity of [...this.#contexts.keys(), this.#store.identityFor(null)])
      if (identity?.ocsp !== undefined && this.#derOf(identity).equals(certificate)) return Buffer.from(identity.ocsp)
    return null
  }

  #derOf(identity: Identity): Buffer {
    let der = this.#ders.get(identity)
    if (der === undefined) this.#ders.set(identity, (der = new X509Certificate(identity.certificate).raw))
    return der
  }

  #over(stream: Duplex | null): Pending | undefined {
    if (stream === null) return undefined
    const pending = this.#pending.get(stream)
    pending?.late.cancel()
    this.#pending.delete(stream)
    return pending
  }

  #done(socket: TLSSocket): void {
    const pending = this.#over(streamUnder(socket))
    if (pending === undefined) {
      socket.destroy() // its time was over
      return
    }
    const connection = secured(this.#machine, pending.carrier, socket)
    reportSecured(pending, connection, socket.isSessionReused())
    this.#accept(connection)
  }

  #late(stream: Duplex): void {
    const { handshakeTime } = this.#limits
    this.#failed(stream, new TlsError('TLS_TIMEOUT', `the handshake took longer than ${handshakeTime / 1e9} s`))
  }

  #failed(stream: Duplex | null, error: Error, destroy = true): void {
    const pending = this.#over(stream)
    if (pending === undefined) return
    const told = handshakeFailed(error, formatAddress(pending.carrier.remote))
    reportFailed(pending, told.message)
    if (destroy) pending.stream.destroy()
    try {
      this.#options.onError?.(told, pending.carrier)
    } catch {
      // The one who is told of errors must not add to them.
    }
  }

  /** Ends the handshakes under way; connections that are secure live on. */
  close(): void {
    for (const drop of [...this.#looks.values()]) drop()
    for (const { stream } of [...this.#pending.values()]) {
      this.#over(stream)
      stream.destroy()
    }
  }
}

const GONE = Object.assign(new Error('the client left'), { code: 'ECONNRESET' })

function ignore(): void {}

function storeOf({ certificates }: TlsServerOptions): CertificateStore {
  return 'identityFor' in certificates ? certificates : new Certificates([certificates])
}
