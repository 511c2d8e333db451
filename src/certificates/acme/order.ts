/** One order (RFC 8555 §7.4): names are shown to be one's own, and a certificate is signed. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { toBase64Url } from '../../base/base64.ts'
import type { Clock, Nanos } from '../../base/clock.ts'
import { CertificateError } from '../errors.ts'
import type { CertificateLimits } from '../limits.ts'
import { leafOf } from './chain.ts'
import type { Challenge, ChallengeType, Solver } from './challenge.ts'
import { type Authorization, type OfferedChallenge, type Order, readAuthorization, readOrder } from './messages.ts'
import { waited } from './pause.ts'
import { certificateRequest } from './request.ts'
import { type AcmeAnswer, type AcmeSession, problemText, refused, type Signer } from './session.ts'

/** What an order is placed with. */
export interface OrderTools {
  readonly session: AcmeSession
  readonly signer: Signer
  /** The first that the authority offers for a name is used. */
  readonly solvers: readonly Solver[]
  readonly clock: Clock
  readonly limits: CertificateLimits
  /** Gives the order up. */
  readonly signal: AbortSignal
  /** Told when an answer to a challenge could not be taken away: that does no harm to the order. */
  readonly onError: (error: unknown) => void
}

/** What is ordered. */
export interface OrderRequest {
  /** In lower case; `*.shop.example` for a wildcard. */
  readonly names: readonly string[]
  /** The key of the certificate to be. */
  readonly key: KeyObject
  /** The certificate that the new one replaces (RFC 9773 §5). */
  readonly replaces: string | null
}

/** The chain in PEM. Rejects with `CertificateError`, and with what the client rejects with where nobody answers. */
export function placeOrder(tools: OrderTools, request: OrderRequest): Promise<string> {
  return new PlacedOrder(tools, request).run()
}

/** An authorization that waits for its challenge. */
interface Open {
  readonly url: string
  readonly solver: Solver
  readonly challenge: Challenge
  readonly offered: OfferedChallenge
}

class PlacedOrder {
  readonly #tools: OrderTools
  readonly #request: OrderRequest
  readonly #until: Nanos

  constructor(tools: OrderTools, request: OrderRequest) {
    this.#tools = tools
    this.#request = request
    this.#until = tools.clock.now() + tools.limits.orderTime
  }

  async run(): Promise<string> {
    const { session } = this.#tools
    const { names, key } = this.#request
    const placed = await this.#place()
    const url = placed.location
    if (url === null) throw this.#malformed('the order has no URL (RFC 8555 §7.4)')
    const order = session.read(placed.text, readOrder)
    if (order.authorizations.length > names.length) throw this.#malformed('it asks for more names than were ordered')
    await this.#authorize(order)
    const ready = await this.#settled(url, (each) => each.status !== 'pending', 'ready')
    const done = ready.status === 'ready' ? await this.#finalize(url, ready) : ready
    if (done.certificate === null) throw this.#malformed('the valid order has no certificate')
    const { text } = await this.#post(done.certificate, null)
    leafOf(text, key, names, session.authority)
    return text
  }

  async #place(): Promise<AcmeAnswer> {
    const { session } = this.#tools
    const { names, replaces } = this.#request
    const { newOrder } = await session.directory()
    const identifiers = names.map((value) => ({ type: 'dns', value }))
    if (replaces !== null)
      try {
        return await this.#post(newOrder, { identifiers, replaces })
      } catch (error) {
        // RFC 9773 §5: what another order replaces already, or what is not known here, is ordered as new.
        const { problem } = error as CertificateError
        if (problem !== 'alreadyReplaced' && problem !== 'malformed' && problem !== 'unauthorized') throw error
      }
    return this.#post(newOrder, { identifiers })
  }

  /** Answers the challenges of all names at once; the answers are taken away again whatever comes of it. */
  async #authorize(order: Order): Promise<void> {
    const presented: Open[] = []
    try {
      for (const url of order.authorizations) {
        const open = await this.#open(url)
        if (open === null) continue
        presented.push(open)
        await open.solver.present(open.challenge)
      }
      // §7.5.1: an empty object says that the answer is there.
      for (const { offered } of presented) if (offered.status === 'pending') await this.#post(offered.url, {})
      for (const open of presented) await this.#validated(open)
    } finally {
      for (const { solver, challenge } of presented)
        try {
          await solver.withdraw(challenge)
        } catch (error) {
          this.#tools.onError(error)
        }
    }
  }

  /** Null where the name has been shown before. */
  async #open(url: string): Promise<Open | null> {
    const { session, signer } = this.#tools
    const { text } = await this.#post(url, null)
    const authorization = session.read(text, readAuthorization)
    const { name, status } = authorization
    if (!this.#request.names.some((each) => each === name || each === `*.${name}`))
      throw this.#malformed(`it wants ${name} to be shown, which was not ordered`)
    if (status === 'valid') return null
    if (status !== 'pending') throw this.#failed(authorization)
    const { solver, offered } = this.#choose(authorization)
    const { token } = offered
    if (token === '') throw this.#malformed(`the challenge ${solver.type} has no token`)
    const challenge = { type: solver.type, name, token, keyAuthorization: signer.key.authorize(token) }
    return { url, solver, challenge, offered }
  }

  #choose({ name, challenges }: Authorization): { readonly solver: Solver; readonly offered: OfferedChallenge } {
    for (const solver of this.#tools.solvers) {
      const offered = challenges.find(({ type }) => type === solver.type)
      if (offered !== undefined) return { solver, offered }
    }
    const offers = challenges.map(({ type }) => type).join(', ')
    const wildcard = this.#request.names.includes(`*.${name}`) && !challenges.some(({ type }) => type !== 'dns-01')
    throw new CertificateError(
      'CERTIFICATE_SETTINGS',
      wildcard
        ? `a certificate for *.${name} needs the challenge dns-01: give the solver dns01(zones), with this program's DNS server for the zone`
        : `${this.#tools.session.authority} takes ${offers === '' ? 'no challenge' : offers} for ${name}, and there is no solver for that`,
    )
  }

  async #validated({ url, challenge }: Open): Promise<void> {
    const { session } = this.#tools
    const authorization = await this.#poll(
      async () => {
        const answer = await this.#post(url, null)
        return { answer, value: session.read(answer.text, readAuthorization) }
      },
      ({ status }) => status !== 'pending',
      `${challenge.name} to be looked at (${challenge.type})`,
    )
    if (authorization.status !== 'valid') throw this.#failed(authorization)
  }

  async #finalize(url: string, order: Order): Promise<Order> {
    const { key, names } = this.#request
    const csr = toBase64Url(certificateRequest(key, createPublicKey(key), names))
    await this.#post(order.finalize, { csr })
    return this.#settled(url, ({ status }) => status === 'valid' || status === 'invalid', 'signed')
  }

  /** The order, once it is so far. @throws CertificateError for one that has become invalid. */
  async #settled(url: string, far: (order: Order) => boolean, what: string): Promise<Order> {
    const { session } = this.#tools
    const order = await this.#poll(
      async () => {
        const answer = await this.#post(url, null)
        return { answer, value: session.read(answer.text, readOrder) }
      },
      far,
      `the order to be ${what}`,
    )
    if (order.status !== 'invalid') return order
    if (order.error !== null) throw refused(session.authority, order.error)
    throw new CertificateError('ACME_REFUSED', `${session.authority} has given the order up, without saying why`)
  }

  /** Asks again and again, as often as the server wants within the limits, until it is so or the order's time is over. */
  async #poll<T>(
    ask: () => Promise<{ readonly answer: AcmeAnswer; readonly value: T }>,
    done: (value: T) => boolean,
    what: string,
  ): Promise<T> {
    const { clock, limits, session, signal } = this.#tools
    for (let pause = limits.pollTime as Nanos; ; pause = Math.min(pause * 2, limits.longestPollTime)) {
      const { answer, value } = await ask()
      if (done(value)) return value
      const wanted = Math.max(answer.retryAfter ?? pause, limits.pollTime)
      const wait = Math.min(wanted, limits.longestPollTime)
      if (clock.now() + wait > this.#until)
        throw new CertificateError(
          'ACME_TIMEOUT',
          `${session.authority} has not come to an end: waited ${limits.orderTime / 1e9} s in all, and still for ${what} (limit orderTime)`,
        )
      await waited(clock, wait, signal)
    }
  }

  #post(url: string, payload: object | null): Promise<AcmeAnswer> {
    return this.#tools.session.post(url, payload, this.#tools.signer)
  }

  #failed({ name, status, challenges }: Authorization): CertificateError {
    const { session } = this.#tools
    const failed = challenges.find(({ error }) => error !== null)
    const why = failed?.error ? problemText(failed.error) : `the authorization is ${status}`
    const looked = failed === undefined ? '' : ` by ${failed.type}: ${advice(failed.type, name)}`
    return new CertificateError(
      'ACME_CHALLENGE_FAILED',
      `${session.authority} could not see that ${name} is yours${looked}. It says: ${why}`,
      failed?.error ? { problem: failed.error.type } : {},
    )
  }

  #malformed(why: string): CertificateError {
    return new CertificateError('ACME_MALFORMED', `${this.#tools.session.authority} speaks no ACME: ${why}`)
  }
}

/** What has to be so for an authority to see it. */
function advice(type: string, name: string): string {
  switch (type as ChallengeType) {
    case 'http-01':
      return `http://${name}/ must lead to this machine's port 80 from everywhere (A and AAAA records, firewalls)`
    case 'tls-alpn-01':
      return `port 443 of ${name} must lead to this machine from everywhere (A and AAAA records, firewalls, no proxy that ends TLS)`
    case 'dns-01':
      return `the world must ask this machine's DNS server for _acme-challenge.${name} (NS records of the zone)`
    default:
      return 'see the words of the authority'
  }
}
