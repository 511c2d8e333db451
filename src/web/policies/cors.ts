/** Cross-origin resource sharing (Fetch standard §3.2): which other origins' pages may read what this site answers. */
import { SECOND } from '../../base/clock.ts'
import { type Duration, minutes, requireDuration } from '../../base/duration.ts'
import { checkField } from '../../http/index.ts'
import { UsageError } from '../errors.ts'
import { type Context, turnOf } from '../request/context.ts'
import type { Before } from '../request/hooks.ts'
import { Reply } from '../request/reply.ts'

/** Who may read replies, and how they may ask. */
export interface CorsOptions {
  /**
   * Origins as browsers write them: `https://shop.example`, `http://localhost:5173`. `'*'` lets every page read what is the same
   * for everybody; together with `credentials` it is refused, since every page could then read what a visitor may.
   */
  readonly origins: readonly string[] | '*'
  /** Lets requests carry cookies and passwords, and pages read the replies to those; default false. */
  readonly credentials?: boolean
  /** Methods beside GET, HEAD and POST; default PUT, PATCH and DELETE. */
  readonly methods?: readonly string[]
  /** Fields of requests beside those that any page may send (Accept, Content-Language, …); default Content-Type. Authorization must be named. */
  readonly headers?: readonly string[]
  /** Fields of replies that pages may read, beside Content-Type, Cache-Control and the like. */
  readonly expose?: readonly string[]
  /** How long a browser need not ask again; default 10 minutes. Browsers have their own most: two hours, or a day. */
  readonly maxAge?: Duration
  /** Lets public pages reach this site in a private network (`Access-Control-Request-Private-Network`); default false. */
  readonly privateNetwork?: boolean
}

const MAX_AGE: Duration = minutes(10)

/**
 * A hook that tells browsers which other origins may read the replies of a site or group, and answers their questions before
 * (preflights). Registered before guards, since a preflight carries no credentials. Caches are told that replies differ by origin.
 *
 * It lets pages read; whether their requests may change anything is the CSRF check's to say: name the origin in
 * `app({ trustedOrigins })` too, or take bearer tokens.
 *
 * @example
 * site.before(cors({ origins: ['https://app.example'], headers: ['Content-Type', 'Authorization'] }))
 * @throws UsageError for what is no origin, no field name, and for `'*'` with credentials.
 */
export function cors(options: CorsOptions): Before<unknown> {
  const rules = new Rules(options)
  return (c) => rules.apply(c as Context<never, never>)
}

class Rules {
  readonly #origins: ReadonlySet<string> | null
  readonly #credentials: boolean
  readonly #expose: string
  readonly #preflight: readonly (readonly [name: string, value: string])[]
  readonly #privateNetwork: boolean

  constructor(options: CorsOptions) {
    const { origins, credentials = false, methods = ['PUT', 'PATCH', 'DELETE'], headers = ['Content-Type'] } = options
    if (origins === '*' && credentials)
      throw new UsageError(
        "cors({ origins: '*', credentials: true }): every page on the web could read what a visitor may: name the origins",
      )
    if (origins !== '*') for (const origin of origins) checkOrigin(origin)
    // With credentials `*` is a name like any other (Fetch §3.2.5).
    for (const name of [...methods, ...headers, ...(options.expose ?? [])]) checkToken(name)
    this.#origins = origins === '*' ? null : new Set(origins)
    this.#credentials = credentials
    this.#expose = (options.expose ?? []).join(', ')
    this.#privateNetwork = options.privateNetwork === true
    const seconds = Math.floor(requireDuration('cors({ maxAge })', options.maxAge ?? MAX_AGE, SECOND) / SECOND)
    this.#preflight = [
      ['Access-Control-Allow-Methods', ['GET', 'HEAD', 'POST', ...methods].join(', ')],
      ['Access-Control-Allow-Headers', headers.join(', ')],
      ['Access-Control-Max-Age', String(seconds)],
    ]
  }

  apply(c: Context<never, never>): Reply | undefined {
    const turn = turnOf(c)
    const origin = c.header('origin')
    const allowed = origin !== undefined && (this.#origins === null || this.#origins.has(origin))
    // Also without an Origin: the reply that a cache keeps of that is not the one that a page may read.
    if (this.#origins !== null) turn.vary('Origin')
    if (allowed) {
      c.setHeader('Access-Control-Allow-Origin', this.#origins === null ? '*' : origin)
      if (this.#credentials) c.setHeader('Access-Control-Allow-Credentials', 'true')
    }
    if (c.method === 'OPTIONS' && origin !== undefined && c.header('access-control-request-method') !== undefined)
      return this.#answer(c, allowed)
    if (allowed && this.#expose !== '') c.setHeader('Access-Control-Expose-Headers', this.#expose)
    return undefined
  }

  /** A preflight is answered here, whatever the route would say; to others than those allowed with nothing that allows. */
  #answer(c: Context<never, never>, allowed: boolean): Reply {
    const turn = turnOf(c)
    turn.vary('Access-Control-Request-Method')
    turn.vary('Access-Control-Request-Headers')
    const reply = new Reply(204, '', null)
    if (!allowed) return reply
    for (const [name, value] of this.#preflight) reply.setHeader(name, value)
    if (this.#privateNetwork && c.header('access-control-request-private-network') === 'true')
      reply.setHeader('Access-Control-Allow-Private-Network', 'true')
    return reply
  }
}

/** `null` is the origin of every sandboxed page, whoever made it. */
function checkOrigin(origin: string): void {
  const url = typeof origin === 'string' && URL.canParse(origin) ? new URL(origin) : null
  if (url === null || url.origin === 'null' || url.origin !== origin || origin.includes('*'))
    throw new UsageError(
      `cors({ origins }) takes origins as browsers write them ('https://app.example', without a path), not ${JSON.stringify(origin)}`,
    )
}

function checkToken(name: string): void {
  try {
    checkField(name, '')
  } catch {
    throw new UsageError(`cors() takes names of methods and fields, not ${JSON.stringify(name)}`)
  }
}
