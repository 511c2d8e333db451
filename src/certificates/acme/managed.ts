/** Certificates that a server has by itself: ordered when there are none, renewed before they end. */
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { MILLISECOND, type Nanos } from '../../base/clock.ts'
import { ipVersion } from '../../base/ip.ts'
import { unit } from '../../base/random.ts'
import { Client } from '../../http/index.ts'
import type { Host } from '../../socket/host.ts'
import { type CertificateStore, Certificates, type ClientTls, clientTls, type Identity } from '../../tls/index.ts'
import { keyPem } from '../../tls/node/authority/x509.ts'
import { CertificateError } from '../errors.ts'
import type { CertificateEvent } from '../events.ts'
import { CERTIFICATE_LIMITS, type CertificateLimits } from '../limits.ts'
import { openAccount } from './account.ts'
import type { AlpnSolver } from './alpn01.ts'
import { certificateId, leafOf } from './chain.ts'
import type { Solver } from './challenge.ts'
import { AccountKey, type ExternalAccount } from './jws.ts'
import { placeOrder } from './order.ts'
import { waited } from './pause.ts'
import { RenewalPlanner } from './renewal.ts'
import { certificateKey } from './request.ts'
import { AcmeSession, type Signer } from './session.ts'
import type { CertificateStorage } from './storage.ts'

/** Let's Encrypt: certificates that every browser trusts, for nothing. */
export const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory'
/** Its staging environment: certificates that nobody trusts, and generous limits; for trying. */
export const LETS_ENCRYPT_STAGING = 'https://acme-staging-v02.api.letsencrypt.org/directory'

/** What certificates are had for, from whom, and how it is shown that the names are one's own. */
export interface ManagedOptions {
  /** One certificate for all of them. `*.shop.example` needs the solver `dns01`. */
  readonly names: readonly string[]
  /** True: whoever runs the program agrees to the authority's terms of service. */
  readonly termsAgreed: true
  /** The first that the authority offers for a name is used. */
  readonly solvers: readonly Solver[]
  /** Where the account and the certificates are kept: `folderStorage()`. */
  readonly storage: CertificateStorage
  /** The directory of the authority; default `LETS_ENCRYPT`. */
  readonly directory?: string
  /** For warnings of the authority. */
  readonly email?: string
  /** For authorities that know their customers (RFC 8555 §7.3.4). */
  readonly externalAccount?: ExternalAccount
  /** How the authority itself is secured; default: by the system's authorities. */
  readonly tls?: ClientTls
  readonly limits?: Partial<CertificateLimits>
  /** Told of every failure, and when it is tried again. Default: the console. */
  readonly onError?: (error: unknown, nextTry: Date | null) => void
}

/** Certificates by ACME, as a store that a TLS server shows. */
export interface ManagedCertificates extends CertificateStore, AsyncDisposable {
  /** Until when the certificate is valid that is shown now; null before there is one. */
  readonly validUntil: Date | null
  /**
   * Resolves when there is a certificate to be shown: what was kept, or a new one. Goes on trying when it fails, ever more
   * slowly; renews from then on. Servers that answer challenges must listen already.
   * Rejects with `CertificateError` CERTIFICATE_SETTINGS for what will never work, and when it is closed.
   */
  start(): Promise<void>
  /** Ends renewals and what is under way. */
  close(): Promise<void>
}

/**
 * Certificates by ACME (RFC 8555) that are had, kept and renewed while a server runs.
 *
 * @example
 * const solver = tlsAlpn01()
 * const certificates = managedCertificates(host, {
 *   names: ['shop.example', 'www.shop.example'],
 *   termsAgreed: true,
 *   solvers: [solver],
 *   storage: folderStorage(),
 * })
 * await serve(tlsHost(host, { server: { certificates } }), handler, { port: 443 })
 * await certificates.start()
 *
 * @throws CertificateError CERTIFICATE_SETTINGS for names that no certificate can have.
 */
export function managedCertificates(host: Host, options: ManagedOptions): ManagedCertificates {
  return new Managed(host, options)
}

/** What is kept of a certificate. */
interface Kept {
  readonly certificate: string
  readonly key: string
}

class Managed implements ManagedCertificates {
  readonly challenges: ReadonlyMap<string, Identity>
  readonly #host: Host
  readonly #options: ManagedOptions
  readonly #names: readonly string[]
  readonly #limits: CertificateLimits
  readonly #session: AcmeSession
  readonly #client: Client
  readonly #planner: RenewalPlanner
  readonly #closing = new AbortController()
  readonly #certificates = new Certificates()
  #leaf: X509Certificate | null = null
  #signer: Signer | null = null
  #failures = 0
  #started: Promise<void> | null = null
  #running: Promise<void> = Promise.resolve()

  constructor(host: Host, options: ManagedOptions) {
    this.#host = host
    this.#options = options
    this.#limits = { ...CERTIFICATE_LIMITS, ...options.limits }
    this.#names = checkedNames(options.names, this.#limits)
    if ((options.termsAgreed as boolean) !== true)
      throw new CertificateError(
        'CERTIFICATE_SETTINGS',
        'an authority gives certificates to those who agree to its terms: read them, and set termsAgreed: true',
      )
    this.#client = new Client(host, { tls: options.tls ?? clientTls() })
    this.#session = new AcmeSession(this.#client, options.directory ?? LETS_ENCRYPT, this.#limits, this.#closing.signal)
    this.#planner = new RenewalPlanner(host.clock, host.random.fork('certificates'))
    const alpn = options.solvers.find((solver): solver is AlpnSolver => solver.type === 'tls-alpn-01')
    this.challenges = alpn?.challenges ?? new Map()
  }

  get version(): number {
    return this.#certificates.version
  }

  get validUntil(): Date | null {
    return this.#leaf?.validToDate ?? null
  }

  identityFor(name: string | null): Identity | null {
    return this.#certificates.identityFor(name)
  }

  start(): Promise<void> {
    this.#started ??= this.#begin()
    return this.#started
  }

  async close(): Promise<void> {
    this.#closing.abort(new CertificateError('CERTIFICATE_SETTINGS', 'the certificates were closed'))
    this.#client.close()
    await this.#running
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #begin(): Promise<void> {
    if (this.#options.solvers.length === 0)
      throw new CertificateError(
        'CERTIFICATE_SETTINGS',
        'no solvers: give http01(), tlsAlpn01() or dns01(zones), by which the authority sees that the names are yours',
      )
    await this.#load()
    if (this.#leaf === null) await this.#obtainAtLast()
    this.#running = this.#renew().catch((error: unknown) => {
      if (!this.#closing.signal.aborted) this.#tell(error, null)
    })
  }

  /** Until it has been had. Rejects for what no time will mend. */
  async #obtainAtLast(): Promise<void> {
    for (;;) {
      try {
        await this.#obtain()
        return
      } catch (error) {
        if (this.#closing.signal.aborted || isHopeless(error)) throw error
        await this.#patience(error)
      }
    }
  }

  /** Sleeps until it is time, and has another one: as long as nobody closes it. */
  async #renew(): Promise<void> {
    const { clock } = this.#host
    for (;;) {
      const { renewAt, lookAgainAt } = await this.#planner.plan(this.#session, this.#leaf!)
      const now = clock.wallMillis()
      if (renewAt > now) {
        await waited(clock, Math.max(0, Math.min(renewAt, lookAgainAt) - now) * MILLISECOND, this.#closing.signal)
        continue
      }
      try {
        await this.#obtain()
      } catch (error) {
        if (this.#closing.signal.aborted) throw error
        await this.#patience(error)
      }
    }
  }

  async #obtain(): Promise<void> {
    const { solvers, email, externalAccount, storage } = this.#options
    const { clock } = this.#host
    this.#signer ??= await openAccount(this.#session, await this.#accountKey(), {
      ...(email !== undefined && { email }),
      ...(externalAccount !== undefined && { externalAccount }),
    })
    const { renewalInfo } = await this.#session.directory()
    const key = certificateKey()
    const certificate = await placeOrder(
      {
        session: this.#session,
        signer: this.#signer,
        solvers,
        clock,
        limits: this.#limits,
        signal: this.#closing.signal,
        onError: (error) => this.#tell(error, null),
      },
      {
        names: this.#names,
        key,
        replaces: renewalInfo === null || this.#leaf === null ? null : certificateId(this.#leaf),
      },
    )
    const kept: Kept = { certificate, key: keyPem(key) }
    this.#use(kept)
    this.#failures = 0
    this.#report({ type: 'certificates.obtained', validUntil: this.#leaf!.validToDate.getTime() })
    await clock.hold(storage.write(this.#keptName, `${JSON.stringify(kept, null, 2)}\n`))
  }

  #use(kept: Kept): void {
    const leaf = leafOf(kept.certificate, createPrivateKey(kept.key), this.#names, this.#session.authority)
    this.#certificates.use([kept])
    this.#leaf = leaf
  }

  /** What was kept, where it can be used still. */
  async #load(): Promise<void> {
    const { clock } = this.#host
    const text = await clock.hold(this.#options.storage.read(this.#keptName))
    if (text === null) return
    try {
      const kept = JSON.parse(text) as Kept
      const leaf = new X509Certificate(kept.certificate)
      if (leaf.validToDate.getTime() > clock.wallMillis()) this.#use(kept)
    } catch (error) {
      const why = `what the storage has as ${this.#keptName} cannot be used; a new certificate is ordered`
      this.#tell(new CertificateError('CERTIFICATE_FILES', why, { cause: error }), null)
    }
  }

  async #accountKey(): Promise<AccountKey> {
    const { storage } = this.#options
    const { clock } = this.#host
    const name = `account-${fileName(this.#session.authority)}.pem`
    const kept = await clock.hold(storage.read(name))
    if (kept !== null) return AccountKey.read(kept)
    const key = AccountKey.generate()
    await clock.hold(storage.write(name, key.toPem()))
    return key
  }

  /** One name for each set of names and each authority: a staging certificate is never taken for a real one. */
  get #keptName(): string {
    const all = `${this.#session.authority} ${[...this.#names].sort().join(' ')}`
    const digest = createHash('sha256').update(all).digest('hex').slice(0, 8)
    return `${fileName(this.#names[0]!)}-${digest}.json`
  }

  /** Waits after a failure, ever longer, and as long as the authority wants. */
  async #patience(error: unknown): Promise<void> {
    const { clock, random } = this.#host
    const { retryTime, longestRetryTime } = this.#limits
    const doubled = retryTime * 2 ** Math.min(this.#failures++, 30)
    const asked = error instanceof CertificateError ? (error.retryAfter ?? 0) : 0
    const base: Nanos = Math.min(Math.max(doubled, asked), longestRetryTime)
    // A quarter more by chance: many servers that failed together do not come back together.
    const wait = Math.round(base * (1 + unit(random) / 4))
    const nextTry = clock.wallMillis() + wait / MILLISECOND
    this.#report({ type: 'certificates.failed', why: String((error as Error)?.message ?? error), nextTry })
    this.#tell(error, new Date(nextTry))
    // An account that the authority does not know any more is made anew.
    if (error instanceof CertificateError && error.problem === 'accountDoesNotExist') this.#signer = null
    await waited(clock, wait, this.#closing.signal)
  }

  #tell(error: unknown, nextTry: Date | null): void {
    const { onError } = this.#options
    try {
      if (onError !== undefined) onError(error, nextTry)
      else console.error(nextTry === null ? error : `${String(error)}; tried again at ${nextTry.toISOString()}`)
    } catch {
      // The one who is told of errors must not add to them.
    }
  }

  #report(told: DistributiveOmit<CertificateEvent, 'at' | 'host' | 'names' | 'authority'>): void {
    const { clock, events, name } = this.#host
    if (!events.on) return
    const event: CertificateEvent = {
      ...told,
      at: clock.now(),
      host: name,
      names: this.#names,
      authority: this.#session.authority,
    }
    events.emit(event)
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

/** What will be the same tomorrow. */
function isHopeless(error: unknown): boolean {
  if (!(error instanceof CertificateError)) return false
  if (error.code === 'CERTIFICATE_SETTINGS') return true
  return (
    error.problem === 'rejectedIdentifier' ||
    error.problem === 'unsupportedContact' ||
    error.problem === 'invalidContact'
  )
}

function fileName(text: string): string {
  return text.replace('*', '_').replaceAll(/[^\w.-]/g, '_')
}

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/

/** In lower case, without repetition, names of international domains in their ASCII form. */
function checkedNames(names: readonly string[], limits: CertificateLimits): readonly string[] {
  const wrong = (why: string) => new CertificateError('CERTIFICATE_SETTINGS', `managedCertificates({ names }): ${why}`)
  if (names.length === 0) throw wrong('there must be at least one name')
  const checked = new Set(names.map((name) => checkedName(name, wrong)))
  if (checked.size > limits.names) throw wrong(`${checked.size} names are more than ${limits.names} (limit names)`)
  return [...checked]
}

function checkedName(name: string, wrong: (why: string) => CertificateError): string {
  const wildcard = name.startsWith('*.')
  const below = wildcard ? name.slice(2) : name
  if (ipVersion(below) !== 0) throw wrong(`${name} is an address: public authorities give certificates for names`)
  const ascii = URL.parse(`https://${below.replace(/\.$/, '')}/`)?.hostname ?? ''
  const labels = ascii.split('.')
  if (labels.length < 2 || ascii.length > 253 || !labels.every((label) => LABEL.test(label)))
    throw wrong(`${JSON.stringify(name)} is not a public host name, like shop.example or *.shop.example`)
  return wildcard ? `*.${ascii}` : ascii
}
