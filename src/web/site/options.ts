/** What a site is told when it is made. */

import type { Machine } from '../../base/machine.ts'
import type { Problem } from '../../base/problem.ts'
import type { Filter, RenderOptions } from '../../templates/index.ts'
import type { FailureLog } from '../ground/log.ts'
import type { Maybe } from '../ground/maybe.ts'
import type { WebLimits } from '../limits.ts'
import type { Context } from '../request/context.ts'
import type { Authenticator, UserLoader } from '../request/hooks.ts'
import type { AnyRoute } from '../routing/address.ts'
import type { CompressSettings } from '../security/compression.ts'
import type { SecurityHeaderOptions } from '../security/headers.ts'
import type { SessionStore } from '../sessions/store.ts'

/** What a template engine is asked for: `Templates` is one. */
export interface TemplateEngine {
  /** The page as HTML, at once or later. */
  render(name: string, data: object, options?: RenderOptions): Maybe<string>
  /** Asked in the place of `render` by an engine that has both: promises and queries among the data are awaited. */
  renderAsync?(name: string, data: object, options?: RenderOptions): Maybe<string>
}

/**
 * What a site is told. A mounted site takes over what it is not told itself from the site around it; of `hosts`,
 * `origin`, `https`, `secret` and `sessions` those of the outermost site count, since one visitor sees one site.
 * @typeParam U a signed-in user.
 */
export interface SiteOptions<U> {
  /** Explains errors to whoever asks, reloads templates: for one's own machine only. */
  readonly debug?: boolean
  /** Signs sessions and tokens. Of several the first signs and all verify: put a new one in front. */
  readonly secret?: string | readonly string[]
  /**
   * Hosts that the site answers to: `board.example`, `.board.example` for all names below it too, `board.example:8443`.
   * Clients on this machine may always ask for localhost.
   */
  readonly hosts?: readonly string[]
  /** Answers to every name that anybody sends. */
  readonly dangerouslyAnyHost?: boolean
  /** What the site calls itself in links that leave it (`c.origin`), in mails say: `https://board.example`. */
  readonly origin?: string
  /** Origins whose pages may send changing requests here: `https://pay.example`. Added to those of the site around. */
  readonly trustedOrigins?: readonly string[]
  /** Takes changing requests from any page on the web. */
  readonly dangerouslyWithoutCsrf?: boolean
  /** Added to those of the site around, option by option. */
  readonly headers?: SecurityHeaderOptions
  /**
   * Compresses replies for clients that take them so (zstd, br, gzip): text, JSON, scripts and the like from 1 KiB on, streams
   * as they come. Default true: where the length could tell a visitor's secret to another site, replies stay as they are
   * (docs/web.md, "Compression").
   */
  readonly compress?: boolean | CompressSettings
  /** A proxy before the site ends TLS: cookies are Secure and HSTS is sent although http arrives here. */
  readonly https?: boolean
  /** The directory of the templates, or several of which the first that has a file wins; or an engine. */
  readonly templates?: TemplateEngine | string | readonly string[]
  /** More filters for the templates of that directory: `{ shout: (text) => `${text}!` }`. */
  readonly filters?: Readonly<Record<string, Filter>>
  /** More for every template, beside `user`, `flashes`, `csrf`, `nonce`, `path`, `url`. */
  readonly context?: (c: Context<unknown, U | null>) => object
  /** Finds the user of an id that `login` has put into the session. */
  readonly users?: UserLoader<U>
  /** Who finds out who makes a request, in this order; `[session()]` when there are `users`. */
  readonly authenticators?: readonly Authenticator<U>[]
  /** Where visitors who are not signed in are sent by `signedIn` and guards; without it they get 401. */
  readonly login?: AnyRoute | string
  /** Default: in a signed cookie. */
  readonly sessions?: SessionStore
  /** Those that differ from `WEB_LIMITS`. */
  readonly limits?: Partial<WebLimits>
  /** `/a/` leads to `/a` when only that exists, and the other way about; 'strict': it is not found. */
  readonly trailingSlash?: 'redirect' | 'strict'
  /** The language of visitors of whom nothing else is known: `c.locale`. Default `en`. */
  readonly locale?: string
  /** Words for problems of forms in other languages; undefined for those that have none. */
  readonly words?: (problem: Problem, locale: string) => string | undefined
  /** Told of every error that became a 5xx, and of hosts that were refused; default: `console.error`. */
  readonly log?: FailureLog
  /** Where `fetch` and `run` run: its clock, randomness and log. Default: this machine. */
  readonly machine?: Machine
}
