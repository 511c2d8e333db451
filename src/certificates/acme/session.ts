/** Talks to an ACME server (RFC 8555 §6): signed requests, nonces, problem documents. */
import type { Clock } from '../../base/clock.ts'
import { type Duration, seconds } from '../../base/duration.ts'
import { Fault } from '../../base/fault.ts'
import { BodyTooLarge, type Client, parseDate, type Reply, type RequestOptions } from '../../http/index.ts'
import { CertificateError } from '../errors.ts'
import type { CertificateLimits } from '../limits.ts'
import type { AccountKey } from './jws.ts'
import { type Directory, isSecureUrl, type Problem, readDirectory, readProblem } from './messages.ts'

/** Who signs: the key of an account and, once there is one, the account's URL (RFC 8555 §6.2). */
export interface Signer {
  readonly key: AccountKey
  readonly account: string | null
}

/** An answer that is no error. */
export interface AcmeAnswer {
  readonly status: number
  readonly text: string
  /** The Location field, where it is an https URL. */
  readonly location: string | null
  /** When to come back, counted from now; null where the server does not say. */
  readonly retryAfter: Duration | null
}

/** RFC 8555 §6.1: a client says what it is. */
const FIELDS = ['User-Agent', 'reticle (ACME, RFC 8555)', 'Accept-Language', 'en'] as const
/** RFC 8555 §6.5.1: what is no base64url is ignored. */
const NONCE = /^[A-Za-z0-9_-]{1,512}$/

export class AcmeSession {
  /** What the server calls itself: the host of its directory. */
  readonly authority: string
  readonly #url: string
  readonly #client: Client
  readonly #clock: Clock
  readonly #limits: CertificateLimits
  readonly #signal: AbortSignal
  readonly #nonces: string[] = []
  #directory: Directory | null = null

  /** @throws CertificateError CERTIFICATE_SETTINGS when the directory is no https URL. */
  constructor(client: Client, directory: string, limits: CertificateLimits, signal: AbortSignal) {
    if (!isSecureUrl(directory))
      throw new CertificateError(
        'CERTIFICATE_SETTINGS',
        `the directory of an ACME authority is an https URL (RFC 8555 §6.1), not ${JSON.stringify(directory)}`,
      )
    this.#client = client
    this.#clock = client.host.clock
    this.#url = directory
    this.#limits = limits
    this.#signal = signal
    this.authority = new URL(directory).host
  }

  async directory(): Promise<Directory> {
    if (this.#directory === null) {
      const { text } = await this.get(this.#url)
      this.#directory = this.read(text, readDirectory)
    }
    return this.#directory
  }

  /** RFC 8555 §6.3: the directory, nonces and renewal information alone are asked for without a signature. */
  async get(url: string): Promise<AcmeAnswer> {
    return this.#settled(await this.#ask(url, { method: 'GET' }), url)
  }

  /**
   * A signed request; null as its payload reads a resource (POST-as-GET).
   * Rejects with `CertificateError`, and with what the client rejects with where there is no answer.
   */
  async post(url: string, payload: object | null, { key, account }: Signer): Promise<AcmeAnswer> {
    for (let tries = 1; ; tries++) {
      const nonce = await this.#nonce()
      const header = account === null ? { jwk: key.jwk } : { kid: account }
      const body = JSON.stringify(key.sign({ ...header, nonce, url }, payload))
      const fields = ['Content-Type', 'application/jose+json']
      const exchange = await this.#ask(url, { method: 'POST', fields, body })
      const badNonce = exchange.reply.status === 400 && problemOf(exchange)?.type === 'badNonce'
      // §6.5: the error brings the nonce to try again with.
      if (badNonce && tries < this.#limits.nonceTries) continue
      return this.#settled(exchange, url)
    }
  }

  /** The answer as what it must be. @throws CertificateError ACME_MALFORMED. */
  read<T extends object>(text: string, reader: (value: unknown) => T | Fault): T {
    const read = reader(parsed(text))
    if (read instanceof Fault)
      throw new CertificateError('ACME_MALFORMED', `${this.authority} speaks no ACME: ${read.why}`)
    return read
  }

  async #nonce(): Promise<string> {
    const kept = this.#nonces.pop()
    if (kept !== undefined) return kept
    const { newNonce } = await this.directory()
    await this.#ask(newNonce, { method: 'HEAD' })
    const nonce = this.#nonces.pop()
    if (nonce === undefined)
      throw new CertificateError('ACME_MALFORMED', `${this.authority} gives no nonce (RFC 8555 §7.2)`)
    return nonce
  }

  async #ask(url: string, options: RequestOptions): Promise<Exchanged> {
    const fields = [...FIELDS, ...(options.fields ?? [])]
    const reply = await this.#client.request(url, {
      ...options,
      fields,
      timeout: this.#limits.answerTime,
      signal: this.#signal,
    })
    this.#keepNonce(reply)
    try {
      return { reply, text: await reply.body.text(this.#limits.answerBytes) }
    } catch (error) {
      if (!(error instanceof BodyTooLarge)) throw error
      const why = `${this.authority} answers with more than ${this.#limits.answerBytes} bytes (limit answerBytes)`
      throw new CertificateError('ACME_MALFORMED', why, { cause: error })
    }
  }

  #keepNonce(reply: Reply): void {
    const nonce = reply.header('replay-nonce')
    if (nonce === undefined || !NONCE.test(nonce)) return
    // The oldest expires first.
    if (this.#nonces.length >= this.#limits.nonces) this.#nonces.shift()
    this.#nonces.push(nonce)
  }

  #settled(exchange: Exchanged, url: string): AcmeAnswer {
    const { reply, text } = exchange
    const retryAfter = retryAfterOf(reply.header('retry-after'), this.#clock)
    if (reply.status >= 200 && reply.status < 300) {
      const location = reply.header('location')
      return { status: reply.status, text, location: isSecureUrl(location) ? location : null, retryAfter }
    }
    const problem = problemOf(exchange)
    if (problem === null)
      throw new CertificateError(
        reply.status === 429 || reply.status === 503 ? 'ACME_RATE_LIMITED' : 'ACME_MALFORMED',
        `${this.authority} answers ${reply.status} to ${url}, without saying why`,
        retryAfter === null ? {} : { retryAfter },
      )
    throw refused(this.authority, problem, retryAfter)
  }
}

interface Exchanged {
  readonly reply: Reply
  readonly text: string
}

/** The error for a problem document. */
export function refused(authority: string, problem: Problem, retryAfter: Duration | null = null): CertificateError {
  const code = problem.type === 'rateLimited' ? 'ACME_RATE_LIMITED' : 'ACME_REFUSED'
  return new CertificateError(code, `${authority} refuses: ${problemText(problem)}`, {
    problem: problem.type,
    ...(retryAfter !== null && { retryAfter }),
  })
}

/** `unauthorized: no such record (www.shop.example: …)`. */
export function problemText({ type, detail, parts }: Problem): string {
  const own = detail === '' ? type : `${detail} (${type})`
  return [own, ...parts.map((part) => `${part.name}: ${part.detail === '' ? part.type : part.detail}`)].join('; ')
}

function problemOf({ reply, text }: Exchanged): Problem | null {
  return reply.status < 400 ? null : readProblem(parsed(text))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** RFC 9110 §10.2.3: seconds, or a date. Null for anything else. */
export function retryAfterOf(value: string | undefined, clock: Clock): Duration | null {
  if (value === undefined) return null
  if (/^\d{1,9}$/.test(value)) return seconds(Number(value))
  const now = clock.wallMillis()
  const date = parseDate(value, now)
  return date === null ? null : seconds(Math.max(0, date - now) / 1000)
}
