/** What a site is told when it is made, and what follows from it. */

import type { Machine } from '../../base/machine.ts'
import type { Filter } from '../../templates/compile/run.ts'
import type { RenderOptions } from '../../templates/index.ts'
import type { FailureLog } from '../errors/log.ts'
import * as limits from '../limits.ts'
import type { SecurityHeaderOptions } from '../security/headers.ts'
import type { SessionStore } from '../sessions/store.ts'
import type { Context } from './context/context.ts'
import type { AnyRoute } from './group.ts'

/** What a template engine is asked for: `Templates` is one. */
export interface TemplateEngine {
  render(name: string, data: object, options?: RenderOptions): string
}

/** Finds the user of a session. Gives null when there is none any more. */
export type UserLoader<U> = (id: string | number) => U | null | undefined | PromiseLike<U | null | undefined>

export interface WebLimits {
  readonly bodyBytes: number
  readonly formBytes: number
  readonly formFields: number
  readonly fileBytes: number
  readonly filesBytes: number
  readonly query: number
}

export const DEFAULT_LIMITS: WebLimits = {
  bodyBytes: limits.BODY_LIMIT,
  formBytes: limits.FORM_LIMIT,
  formFields: limits.FORM_FIELDS_LIMIT,
  fileBytes: limits.FILE_LIMIT,
  filesBytes: limits.FILES_LIMIT,
  query: limits.QUERY_LIMIT,
}

export interface SiteOptions<U> {
  /** Explains errors to whoever asks, reloads templates: for one's own machine only. */
  readonly debug?: boolean
  /** Signs sessions and tokens. Of several the first signs and all verify: put a new one in front. */
  readonly secret?: string | readonly string[]
  /** Names that the site answers to: `board.example`, `.board.example` with all below. Loopback names always. */
  readonly hosts?: readonly string[]
  /** Answers to every name that anybody sends. */
  readonly dangerouslyAnyHost?: boolean
  /** Origins whose pages may send changing requests here: `https://pay.example`. */
  readonly trustedOrigins?: readonly string[]
  /** Takes changing requests from any page on the web. */
  readonly dangerouslyWithoutCsrf?: boolean
  readonly headers?: SecurityHeaderOptions
  /** A proxy before the site ends TLS: cookies are Secure and HSTS is sent although http arrives here. */
  readonly https?: boolean
  /** An engine, or the directory of the templates. */
  readonly templates?: TemplateEngine | string
  /** More filters for the templates of that directory: `{ shout: (text) => `${text}!` }`. */
  readonly filters?: Readonly<Record<string, Filter>>
  /** More for every template, beside `user`, `flashes`, `csrf`, `nonce`, `path`. */
  readonly context?: (c: Context<unknown, U | null>) => object
  readonly users?: UserLoader<U>
  /** Where visitors who are not signed in are sent by `users(…)`; without it they get 401. */
  readonly login?: AnyRoute | string
  /** Default: in a signed cookie. */
  readonly sessions?: SessionStore
  readonly limits?: Partial<WebLimits>
  /** `/a/` leads to `/a` when only that exists, and the other way about; 'strict': it is not found. */
  readonly trailingSlash?: 'redirect' | 'strict'
  /** Told of every error that became a 5xx; default: `console.error`. */
  readonly log?: FailureLog
  /** Where `fetch` runs: its clock, randomness and log. Default: this machine. */
  readonly machine?: Machine
}
