/** Challenges of an authority by TLS-ALPN-01 (RFC 8737): told apart from all other clients by their first octets. */
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { Connection, ConnectionOwner } from '../../socket/host.ts'
import type { CertificateStore, Identity } from '../settings.ts'
import { context } from './contexts.ts'
import { readHello } from './hello.ts'

/** RFC 8737 §6.2: it is spoken by nobody else. */
const PROTOCOL = 'acme-tls/1'

/** Whether any challenge is open: then clients are looked at before they are let in. */
export function isChallenged({ challenges }: CertificateStore): boolean {
  return challenges !== undefined && challenges.size > 0
}

/** Looks at what a client says first, and gives it back to the connection. */
export class FirstLook implements ConnectionOwner {
  readonly #carrier: Connection
  readonly #store: CertificateStore
  readonly #decided: (answer: Identity | null) => void
  readonly #gone: () => void
  #heard: Uint8Array = new Uint8Array(0)
  #needed = 0
  #over = false

  /**
   * @param decided called with the identity that answers the challenge, or null for any other client
   * @param gone called instead when the client leaves before
   */
  constructor(
    carrier: Connection,
    store: CertificateStore,
    decided: (answer: Identity | null) => void,
    gone: () => void,
  ) {
    this.#carrier = carrier
    this.#store = store
    this.#decided = decided
    this.#gone = gone
  }

  onData(bytes: Uint8Array): void {
    if (this.#over) return
    const heard = new Uint8Array(this.#heard.length + bytes.length)
    heard.set(this.#heard)
    heard.set(bytes, this.#heard.length)
    this.#heard = heard
    if (heard.length < this.#needed) return
    const hello = readHello(heard)
    if (typeof hello === 'number') {
      this.#needed = hello
      return
    }
    this.#over = true
    this.#carrier.unread(heard)
    const isAsked = hello !== null && hello.protocols.length === 1 && hello.protocols[0] === PROTOCOL
    this.#decided(isAsked ? (this.#store.challenges?.get(hello.serverName ?? '') ?? null) : null)
  }

  onEnd(): void {
    this.#leave()
  }

  onDrain(): void {}

  onClose(): void {
    this.#leave()
  }

  #leave(): void {
    if (this.#over) return
    this.#over = true
    this.#gone()
  }
}

/** The handshake alone answers (RFC 8737 §3): nothing is said over the connection. */
export function answerChallenge(stream: Duplex, identity: Identity, over: (error: Error | null) => void): void {
  const socket = new TLSSocket(stream, {
    isServer: true,
    secureContext: context({ identity }),
    ALPNProtocols: [PROTOCOL],
  })
  socket.once('secure', () => {
    socket.end()
    over(null)
  })
  socket.once('error', over)
}
