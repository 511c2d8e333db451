/** Loads and saves the sessions of a site: which store, which secret, which cookie. */
import type { Machine } from '../../base/machine.ts'
import { randomText } from '../../base/random-bytes.ts'
import { checkSecrets, SecretError, Signer } from '../security/signing.ts'
import type { Context } from '../site/context/context.ts'
import { atOnce } from '../site/maybe.ts'
import { CookieSessions } from './cookie.ts'
import { Session } from './session.ts'
import type { Loaded, SessionStore } from './store.ts'

/** Over https the prefix lets no neighbour and no unencrypted page plant a session (RFC 6265bis §4.1.3.2). */
const COOKIE = 'session'
const SECURE_COOKIE = '__Host-session'
const ID_BYTES = 18

type AnyContext = Context<unknown, unknown> | Context<never, never>

export class SessionKeeper {
  /** The keeper of the site around: asked by a mounted site that has neither a secret nor a store of its own. */
  outer: SessionKeeper | null = null
  readonly #developing: boolean
  readonly #own: boolean
  #secrets: readonly string[]
  #signer: Signer | null = null
  #store: SessionStore | null

  /** @param developing makes up a secret when there is none; all sessions end with the process then. */
  constructor(secret: string | readonly string[] | undefined, store: SessionStore | null, developing: boolean) {
    this.#developing = developing
    this.#own = secret !== undefined || store !== null
    this.#store = store
    this.#secrets = secret === undefined ? [] : [secret].flat()
    if (secret !== undefined) checkSecrets(this.#secrets)
  }

  /** What no page may show. */
  get secrets(): readonly string[] {
    return this.#secrets
  }

  get asynchronous(): boolean {
    return this.#around?.asynchronous ?? this.#store?.asynchronous ?? false
  }

  get #around(): SessionKeeper | null {
    return this.#own ? null : this.outer
  }

  /** Signs what is none of the sessions' business. @throws SecretError when there is no secret. */
  signer(machine: Machine): Signer {
    if (this.#around !== null) return this.#around.signer(machine)
    return (this.#signer ??= new Signer(this.#secret(machine), 'site'))
  }

  /** @throws SecretError when the first session or form token would fail for want of a secret. */
  check(): void {
    if (this.#around !== null) this.#around.check()
    else if (this.#store === null && !this.#developing) this.#need()
  }

  #need(): void {
    if (this.#secrets.length > 0) return
    throw new SecretError('sessions, sign-in and form tokens need app({ secret: … }): a long random text, kept secret')
  }

  #secret(machine: Machine): readonly string[] {
    if (this.#secrets.length === 0) {
      if (!this.#developing) this.#need()
      this.#secrets = [randomText(machine, 32)]
    }
    return this.#secrets
  }

  #storeOf(machine: Machine): SessionStore {
    if (this.#around !== null) return this.#around.#storeOf(machine)
    return (this.#store ??= new CookieSessions(this.#secret(machine)))
  }

  /** Whether the request has a session's cookie; looked at before the field is parsed, since most have none. */
  hasCookie(c: AnyContext): boolean {
    return c.exchange.header('cookie')?.includes(`${COOKIE}=`) === true
  }

  /** The session, from a store that can give it at once. */
  now(c: AnyContext): Session {
    const loaded = atOnce(this.#load(c) as Loaded | null, 'a session store that is not marked asynchronous')
    return this.#session(c, loaded)
  }

  /** Loads the session ahead, where the store needs time for it. */
  async ahead(c: AnyContext): Promise<void> {
    if (this.asynchronous) c.adoptSession(this.#session(c, await this.#load(c)))
  }

  #load(c: AnyContext): Loaded | null | Promise<Loaded | null> {
    const value = c.cookies.get(cookieName(c))
    return value === undefined ? null : this.#storeOf(c.machine).load(value, c.machine.clock.wallMillis())
  }

  #session(c: AnyContext, loaded: Loaded | null): Session {
    const session = new Session(loaded?.record ?? null, () => randomText(c.machine, ID_BYTES))
    if (loaded?.stale) session.changed = true
    return session
  }

  /** Saves a session and sets its cookie; takes the cookie away when nothing is left in it. */
  async save(c: AnyContext, session: Session): Promise<void> {
    const store = this.#storeOf(c.machine)
    const name = cookieName(c)
    if (session.replaced !== null) await store.forget(session.replaced)
    if (session.size > 0) {
      const value = await store.save(session.record(), c.machine.clock.wallMillis())
      c.setCookie(name, value, { maxAge: store.maxAge })
    } else if (c.cookies.has(name)) c.cookies.delete(name)
  }
}

function cookieName(c: AnyContext): string {
  return c.secure ? SECURE_COOKIE : COOKIE
}
