/** A cookie jar (RFC 6265bis §5.7, §5.8): what servers set, by host and path, for as long as they said. */
import { HttpMisuse } from '../../errors.ts'
import { HTTP_LIMITS, type HttpLimits } from '../../limits.ts'
import { parseSetCookie, type SetCookie } from './set-cookie.ts'
import { domainMatches, type IsPublicSuffix, isAddress, likelySuffix, pathMatches, registrable } from './suffix.ts'

/** A cookie as a jar keeps it, and as it is saved. */
export interface StoredCookie {
  readonly name: string
  readonly value: string
  /** The host that gets the cookie, or, unless `hostOnly`, the domain whose hosts all get it. */
  readonly domain: string
  readonly path: string
  /** Only the very host that set the cookie gets it. */
  readonly hostOnly: boolean
  /** Sent over https only. */
  readonly secure: boolean
  /** Kept from scripts: a client without scripts only carries the word. */
  readonly httpOnly: boolean
  readonly sameSite: 'none' | 'lax' | 'strict' | 'default'
  /** Milliseconds since 1970; null for as long as the program runs. */
  readonly expires: number | null
  /** When the cookie was first set, in milliseconds since 1970. */
  readonly created: number
}

/** What a jar may hold. */
export type JarLimits = Pick<HttpLimits, 'cookieBytes' | 'cookieAttributeBytes' | 'jarCookies' | 'jarCookiesPerDomain'>

/** How a jar decides. */
export interface JarOptions {
  /**
   * Under which names strangers have names. Default: names of one label, and `co.uk` and its like. A program that talks to
   * hostile sites under a shared name (`github.io`) gives one over the list of publicsuffix.org.
   */
  readonly isPublicSuffix?: IsPublicSuffix
  readonly limits?: Partial<JarLimits>
}

/** On whose behalf a request is made. */
export interface CookieContext {
  /** The page that causes the request; null where the person or the program does. */
  readonly initiator: URL | null
  /** Whether the reply becomes what the person looks at, by a safe method: cookies of `SameSite=Lax` go then, too. */
  readonly topLevel: boolean
}

const OWN: CookieContext = { initiator: null, topLevel: true }

interface Kept extends StoredCookie {
  /** For giving up the ones that nobody has used for longest. */
  used: number
  /** Of two set in the same millisecond the first goes first. */
  readonly order: number
}

/**
 * Cookies of a client, in memory; `save` and `CookieJar.load` keep them elsewhere. Used by the layer `cookies`.
 *
 * @example
 * const jar = new CookieJar()
 * const client = new Client(kernelHost(), { layers: [cookies(jar)] })
 */
export class CookieJar {
  readonly #isPublicSuffix: IsPublicSuffix
  readonly #limits: JarLimits
  /** By domain, then by name, path and whether the host alone gets the cookie. */
  readonly #domains = new Map<string, Map<string, Kept>>()
  #size = 0
  #orders = 0

  constructor(options: JarOptions = {}) {
    const isPublicSuffix = options.isPublicSuffix ?? likelySuffix
    // `com.` is `com`, written to the end: a list has it without the dot.
    this.#isPublicSuffix = (domain) => isPublicSuffix(domain.replace(/\.$/, ''))
    this.#limits = { ...HTTP_LIMITS, ...options.limits }
  }

  /** How many cookies there are, expired ones that nobody has looked for counted. */
  get size(): number {
    return this.#size
  }

  /**
   * Takes a Set-Cookie line from a reply of `url`.
   * @param now milliseconds since 1970
   * @returns whether the line set or removed a cookie; false when the rules refuse it.
   */
  set(url: URL, line: string, now: number, context: CookieContext = OWN): boolean {
    const cookie = parseSetCookie(line, now, this.#limits)
    if (cookie === null) return false
    const place = this.#place(url, cookie, context)
    if (place === null || (!cookie.secure && this.#shadows(url, cookie.name, place.path))) return false
    const { name, value, expires, secure, httpOnly, sameSite } = cookie
    const old = this.#domains.get(place.domain)?.get(keyOf({ name, ...place }))
    if (expires !== null && expires <= now) {
      if (old !== undefined) this.#remove(old)
      return true
    }
    const created = old?.created ?? now
    const order = old?.order ?? this.#orders++
    this.#put({ name, value, ...place, expires, secure, httpOnly, sameSite, created, used: now, order }, now)
    return true
  }

  /**
   * The Cookie field for a request of `url`; '' when there is nothing to send.
   * @param now milliseconds since 1970
   */
  field(url: URL, now: number, context: CookieContext = OWN): string {
    const pairs = this.cookies(url, now, context).map(({ name, value }) => (name === '' ? value : `${name}=${value}`))
    return pairs.join('; ')
  }

  /** The cookies that a request of `url` carries, in the order of their field (RFC 6265bis §5.8.3). */
  cookies(url: URL, now: number, context: CookieContext = OWN): StoredCookie[] {
    const host = url.hostname
    const cross = !this.#isSameSite(url, context)
    const found: Kept[] = []
    for (let domain = host; ; domain = domain.slice(domain.indexOf('.') + 1)) {
      for (const cookie of this.#domains.get(domain)?.values() ?? []) {
        if (cookie.expires !== null && cookie.expires <= now) this.#remove(cookie)
        else if (
          (cookie.hostOnly ? cookie.domain === host : domainMatches(host, cookie.domain)) &&
          pathMatches(url.pathname, cookie.path) &&
          (!cookie.secure || url.protocol === 'https:') &&
          (!cross || goesAcross(cookie, context))
        )
          found.push(cookie)
      }
      if (!domain.includes('.') || isAddress(host)) break
    }
    for (const cookie of found) cookie.used = now
    found.sort((a, b) => b.path.length - a.path.length || a.order - b.order)
    return found.map(({ used: _used, order: _order, ...cookie }) => cookie)
  }

  /** Removes all cookies, or those that hosts of `domain` would get. */
  clear(domain?: string): void {
    for (const [name, cookies] of [...this.#domains])
      if (domain === undefined || domainMatches(name, domain))
        for (const cookie of cookies.values()) this.#remove(cookie)
  }

  /** All cookies, for `JSON.stringify` and `CookieJar.load`. Those of the session are among them, with `expires` null. */
  save(): StoredCookie[] {
    const all = [...this.#domains.values()].flatMap((cookies) => [...cookies.values()])
    all.sort((a, b) => a.order - b.order)
    return all.map(({ used: _used, order: _order, ...cookie }) => cookie)
  }

  /**
   * A jar with cookies that `save` gave.
   * @throws HttpMisuse for what `save` does not give.
   * @example
   * const jar = CookieJar.load(JSON.parse(await readFile('cookies.json', 'utf8')))
   */
  static load(saved: unknown, options: JarOptions = {}): CookieJar {
    const jar = new CookieJar(options)
    if (!Array.isArray(saved)) throw wrongSave(saved)
    for (const cookie of saved) {
      if (!isStored(cookie)) throw wrongSave(cookie)
      const { name, value, domain, path, hostOnly, secure, httpOnly, sameSite, expires, created } = cookie
      const kept = { name, value, domain, path, hostOnly, secure, httpOnly, sameSite, expires, created }
      jar.#put({ ...kept, used: created, order: jar.#orders++ }, created)
    }
    return jar
  }

  /** Who is to get the cookie; null where the rules refuse the cookie (RFC 6265bis §5.7). */
  #place(url: URL, cookie: SetCookie, context: CookieContext) {
    const host = url.hostname
    let { domain } = cookie
    if (/[^\x20-\x7e]/.test(domain)) return null
    if (domain !== '' && !isAddress(domain) && this.#isPublicSuffix(domain)) {
      if (domain !== host) return null
      domain = ''
    }
    if (domain !== '' && !domainMatches(host, domain)) return null
    const secured = url.protocol === 'https:'
    if (cookie.secure && !secured) return null
    if (cookie.sameSite === 'none' && !cookie.secure) return null
    if (cookie.sameSite !== 'none' && !this.#isSameSite(url, context) && !context.topLevel) return null
    const hostOnly = domain === ''
    const path = cookie.path === '' ? defaultPath(url.pathname) : cookie.path
    const prefix = /^__(secure|host)-/i.exec(cookie.name)?.[1]?.toLowerCase()
    if (prefix !== undefined && !cookie.secure) return null
    if (prefix === 'host' && (!hostOnly || cookie.path !== '/')) return null
    return { domain: hostOnly ? host : domain, path, hostOnly }
  }

  /** Whether a cookie without Secure would stand before one that has it: plain http must not plant what https reads. */
  #shadows(url: URL, name: string, path: string): boolean {
    if (url.protocol === 'https:') return false
    for (const [domain, cookies] of this.#domains) {
      if (!domainMatches(url.hostname, domain) && !domainMatches(domain, url.hostname)) continue
      for (const cookie of cookies.values())
        if (cookie.secure && cookie.name === name && pathMatches(path, cookie.path)) return true
    }
    return false
  }

  #isSameSite(url: URL, { initiator }: CookieContext): boolean {
    if (initiator === null) return true
    if (initiator.protocol !== url.protocol) return false
    return registrable(initiator.hostname, this.#isPublicSuffix) === registrable(url.hostname, this.#isPublicSuffix)
  }

  #put(cookie: Kept, now: number): void {
    let cookies = this.#domains.get(cookie.domain)
    if (cookies === undefined) this.#domains.set(cookie.domain, (cookies = new Map()))
    const key = keyOf(cookie)
    if (!cookies.has(key)) this.#size++
    cookies.set(key, cookie)
    const { jarCookies, jarCookiesPerDomain } = this.#limits
    if (cookies.size > jarCookiesPerDomain) this.#evict(cookies.values(), now)
    if (this.#size > jarCookies) this.#evict(this.#all(), now)
  }

  *#all(): Generator<Kept> {
    for (const cookies of this.#domains.values()) yield* cookies.values()
  }

  /** RFC 6265bis §5.7: the expired one first, then one without Secure, then the one that was used longest ago. */
  #evict(among: Iterable<Kept>, now: number): void {
    const rank = ({ expires, secure }: Kept) => (expires !== null && expires <= now ? 0 : secure ? 2 : 1)
    let worst: Kept | null = null
    for (const cookie of among)
      if (
        worst === null ||
        rank(cookie) < rank(worst) ||
        (rank(cookie) === rank(worst) &&
          (cookie.used < worst.used || (cookie.used === worst.used && cookie.order < worst.order)))
      )
        worst = cookie
    if (worst !== null) this.#remove(worst)
  }

  #remove(cookie: Kept): void {
    const cookies = this.#domains.get(cookie.domain)
    if (cookies === undefined || !cookies.delete(keyOf(cookie))) return
    this.#size--
    if (cookies.size === 0) this.#domains.delete(cookie.domain)
  }
}

function keyOf({ name, path, hostOnly }: Pick<StoredCookie, 'name' | 'path' | 'hostOnly'>): string {
  return `${name};${path};${hostOnly}`
}

/** RFC 6265bis §5.8.3: to another site only what is meant for that, and `Lax` with what the person goes to. */
function goesAcross({ sameSite }: StoredCookie, { topLevel }: CookieContext): boolean {
  return sameSite === 'none' || (topLevel && sameSite !== 'strict')
}

/** RFC 6265bis §5.1.4. */
function defaultPath(path: string): string {
  const last = path.lastIndexOf('/')
  return last <= 0 ? '/' : path.slice(0, last)
}

function isStored(value: unknown): value is StoredCookie {
  if (typeof value !== 'object' || value === null) return false
  const cookie = value as { readonly [name in keyof StoredCookie]?: unknown }
  const texts = [cookie.name, cookie.value, cookie.domain, cookie.path]
  const flags = [cookie.hostOnly, cookie.secure, cookie.httpOnly]
  return (
    texts.every((text) => typeof text === 'string' && !/[\x00-\x08\x0a-\x1f\x7f;]/.test(text)) &&
    flags.every((flag) => typeof flag === 'boolean') &&
    ['none', 'lax', 'strict', 'default'].includes(String(cookie.sameSite)) &&
    (cookie.expires === null || typeof cookie.expires === 'number') &&
    typeof cookie.created === 'number'
  )
}

function wrongSave(value: unknown): HttpMisuse {
  const shown = JSON.stringify(value)?.slice(0, 80) ?? String(value)
  return new HttpMisuse('HTTP_INVALID_COOKIE', `CookieJar.load() takes what save() gave, not ${shown}`)
}
