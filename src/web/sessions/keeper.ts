/** Loads and saves the sessions of a site: which store, which secret, which cookie. */
import type { Duration } from '../../base/duration.ts'
import type { Machine } from '../../base/machine.ts'
import { randomText } from '../../base/random-bytes.ts'
import { SecretError } from '../errors.ts'
import { atOnce, type Maybe } from '../ground/maybe.ts'
import type { WebLimits } from '../limits.ts'
import { checkSecrets, Signer } from '../security/signing.ts'
import { Session } from './session.ts'
import { CookieSessions } from './signed-sessions.ts'
import type { Loaded, SessionStore } from './store.ts'

/** Over https the prefix lets no neighbour and no unencrypted page plant a session (RFC 6265bis §4.1.3.2). */
const COOKIE = 'session'
const SECURE_COOKIE = '__Host-session'
const ID_BYTES = 18

/** What of a request carries its session. */
export interface Carrier {
  readonly machine: Machine
  /** Whether the client's connection is encrypted. */
  readonly secure: boolean
  readonly cookies: {
    get(name: string): string | undefined
    set(name: string, value: string, options: { readonly maxAge: Duration }): void
    delete(name: string): void
  }
}

export class SessionKeeper {
  /** Makes up a secret when there is none; all sessions end with the process then. */
  readonly #developing: boolean
  readonly #limits: WebLimits
  #secrets: readonly string[]
  #store: SessionStore | null
  /** By purpose. */
  readonly #signers = new Map<string, Signer>()

  constructor(
    secret: string | readonly string[] | undefined,
    store: SessionStore | null,
    developing: boolean,
    limits: WebLimits,
  ) {
    this.#developing = developing
    this.#limits = limits
    this.#store = store
    this.#secrets = secret === undefined ? [] : [secret].flat()
    if (secret !== undefined) checkSecrets(this.#secrets)
  }

  /** What no page may show. */
  get secrets(): readonly string[] {
    return this.#secrets
  }

  get asynchronous(): boolean {
    return this.#store?.asynchronous ?? false
  }

  /** Signs for one purpose. @throws SecretError when there is no secret. */
  signer(purpose: string, machine: Machine): Signer {
    let signer = this.#signers.get(purpose)
    if (signer === undefined) this.#signers.set(purpose, (signer = new Signer(this.#secret(machine), purpose)))
    return signer
  }

  /** @throws SecretError when the first session or form token would fail for want of a secret. */
  check(): void {
    if (this.#store === null && !this.#developing) this.#need()
  }

  #need(): void {
    if (this.#secrets.length > 0) return
    throw new SecretError(
      'sessions, sign-in and form tokens need app({ secret }): a long random text that is kept secret, as `openssl rand -base64 32` makes',
    )
  }

  #secret(machine: Machine): readonly string[] {
    if (this.#secrets.length === 0) {
      if (!this.#developing) this.#need()
      this.#secrets = [randomText(machine, 32)]
    }
    return this.#secrets
  }

  #storeOf(machine: Machine): SessionStore {
    return (this.#store ??= new CookieSessions(this.#secret(machine)))
  }

  /** Whether a Cookie field has a session's cookie; looked at before it is parsed, since most have none. */
  mayHave(cookieField: string | undefined): boolean {
    return cookieField?.includes(`${COOKIE}=`) === true
  }

  /** The session; a promise where the store needs time for it. */
  load(of: Carrier): Maybe<Session> {
    const value = of.cookies.get(cookieName(of))
    const loaded = value === undefined ? null : this.#storeOf(of.machine).load(value, of.machine.clock.wallMillis())
    return loaded instanceof Promise ? loaded.then((later) => this.#session(of, later)) : this.#session(of, loaded)
  }

  /** The session, from a store that can give it at once. */
  now(of: Carrier): Session {
    return atOnce(this.load(of), 'a session store that is not marked asynchronous') as Session
  }

  #session({ machine }: Carrier, loaded: Loaded | null): Session {
    const session = new Session(loaded?.record ?? null, () => randomText(machine, ID_BYTES), this.#limits)
    if (loaded?.stale) session.changed = true
    return session
  }

  /** Saves a session and sets its cookie; takes the cookie away when nothing is left in it. At once where it can. */
  save(of: Carrier, session: Session): Maybe<void> {
    const store = this.#storeOf(of.machine)
    const forgotten = session.replaced === null ? undefined : store.forget(session.replaced)
    if (forgotten instanceof Promise) return forgotten.then(() => this.#keep(of, session, store))
    return this.#keep(of, session, store)
  }

  #keep(of: Carrier, session: Session, store: SessionStore): Maybe<void> {
    const name = cookieName(of)
    if (session.size === 0) {
      if (of.cookies.get(name) !== undefined) of.cookies.delete(name)
      return
    }
    const value = store.save(session.record(), of.machine.clock.wallMillis())
    const set = (text: string) => of.cookies.set(name, text, { maxAge: store.maxAge })
    return value instanceof Promise ? value.then(set) : set(value)
  }
}

function cookieName({ secure }: Carrier): string {
  return secure ? SECURE_COOKIE : COOKIE
}
