/** The client's side: a connection is secured, and the server behind it is the one that was asked for. */
import { connect, type SecureContext, type TLSSocket } from 'node:tls'
import { after } from '../../base/clock.ts'
import { SocketError } from '../../base/errors.ts'
import { ipVersion } from '../../base/ip.ts'
import type { Machine } from '../../base/machine.ts'
import { placeOf } from '../../socket/address.ts'
import type { Connection, Host } from '../../socket/host.ts'
import { overNodeSockets } from '../../socket/node/native.ts'
import { TlsError } from '../errors.ts'
import { TLS_LIMITS, type TlsLimits } from '../limits.ts'
import type { ClientTls, SecureTarget, TlsClientOptions } from '../settings.ts'
import { secured, streamOf } from './connection.ts'
import { context } from './contexts.ts'
import { type Handshake, reportFailed, reportSecured } from './report.ts'
import { checkName, handshakeFailed, refusalOf } from './verdict.ts'

/**
 * The client's side of TLS, for `new Client(host, { tls: clientTls({ trust: [authority] }) })` and for whatever secures a
 * connection that it has. Sessions are remembered by server, and resumed.
 *
 * @throws TlsError TLS_SETTINGS for certificates that cannot be used.
 */
export function clientTls(options: TlsClientOptions = {}): ClientTls {
  return new SecureClient(options)
}

class SecureClient implements ClientTls {
  readonly #options: TlsClientOptions
  readonly #limits: TlsLimits
  readonly #context: SecureContext
  /**
   * By server; least recently made first. A ticket is used until there is a newer one: Node's servers give none with a
   * session that is resumed. RFC 8446 §C.4 would have each used once, so that nobody on the way can tell two visits for one
   * client's, as he can by its address.
   */
  readonly #sessions = new Map<string, Buffer>()

  constructor(options: TlsClientOptions) {
    const { identity, trust, minVersion } = options
    this.#options = options
    this.#limits = { ...TLS_LIMITS, ...options.limits }
    this.#context = context({ identity, trust, minVersion })
  }

  carrier(host: Host): Host {
    return overNodeSockets(host)
  }

  secure(machine: Machine, carrier: Connection, target: SecureTarget): Promise<Connection> {
    const { signal } = target
    const handshake: Handshake = { machine, side: 'client', carrier, began: machine.clock.now() }
    const name = target.serverName.replace(/^\[|\]$/g, '')
    if (signal?.aborted === true) {
      carrier.reset()
      return Promise.reject(givenUp(carrier, signal))
    }
    return new Promise((resolve, reject) => {
      const socket = this.#connect(machine, carrier, name, target.protocols)
      let settled = false
      const settle = (): boolean => {
        if (settled) return false
        settled = true
        late.cancel()
        signal?.removeEventListener('abort', abort)
        return true
      }
      const fail = (error: Error): void => {
        if (!settle()) return
        reportFailed(handshake, error.message)
        socket.destroy()
        carrier.reset()
        reject(error)
      }
      const abort = () => fail(givenUp(carrier, signal!))
      const tooLate = () =>
        fail(
          new TlsError(
            'TLS_TIMEOUT',
            `the handshake with ${name} took longer than ${this.#limits.handshakeTime / 1e9} s`,
          ),
        )
      const late = after(machine.clock, this.#limits.handshakeTime, tooLate)
      signal?.addEventListener('abort', abort, { once: true })
      socket.on('error', (error) => fail(handshakeFailed(error, name)))
      socket.once('close', () => fail(handshakeFailed(GONE, name)))
      socket.once('secureConnect', () => {
        const refusal = refusalOf(socket, name, this.#options)
        if (refusal !== null) {
          fail(refusal)
          return
        }
        if (!settle()) return
        const connection = secured(machine, carrier, socket)
        reportSecured(handshake, connection, socket.isSessionReused())
        resolve(connection)
      })
    })
  }

  #connect(machine: Machine, carrier: Connection, name: string, protocols: readonly string[] = []): TLSSocket {
    const { pins } = this.#options
    const key = `${name} ${placeOf(carrier.remote)?.port ?? ''}`
    // A resumed session shows no certificate to compare with the pins.
    const session = pins === undefined ? this.#sessions.get(key) : undefined
    const socket = connect({
      socket: streamOf(machine, carrier),
      secureContext: this.#context,
      host: name,
      // RFC 6066 §3: addresses are not names.
      ...(ipVersion(name) === 0 && { servername: name }),
      ALPNProtocols: [...(this.#options.protocols ?? protocols)],
      checkServerIdentity: (_host, certificate) => checkName(name, certificate),
      // The verdict is ours (`refusalOf`), with the certificate at hand: Node would have destroyed it.
      rejectUnauthorized: false,
      ...(session !== undefined && { session }),
    })
    socket.on('session', (made: Buffer) => this.#remember(key, made, socket))
    return socket
  }

  #remember(key: string, session: Buffer, { authorized }: TLSSocket): void {
    if (!authorized) return
    this.#sessions.delete(key)
    if (this.#sessions.size >= this.#limits.sessions) this.#sessions.delete(this.#sessions.keys().next().value!)
    this.#sessions.set(key, session)
  }
}

const GONE = Object.assign(new Error('the server left'), { code: 'ECONNRESET' })

function givenUp(carrier: Connection, signal: AbortSignal): SocketError {
  return new SocketError('ECANCELED', 'connect', { ...placeOf(carrier.remote), cause: signal.reason })
}
