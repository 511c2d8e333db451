/** Where in a URL we are: at its scheme, behind which everything is harmless, or in its query. */

export interface UrlState {
  /**
   * start: nothing yet. scheme: letters that may become a scheme. dynamic: a value stands where the scheme would.
   * path: the scheme is decided. query: behind `?` or `#`. code: the scheme is one that runs or embeds.
   * mixed: the branches before differ in whether this is the query.
   */
  readonly part: 'start' | 'scheme' | 'dynamic' | 'path' | 'query' | 'code' | 'mixed'
  readonly scheme: string
}

export const URL_START: UrlState = { part: 'start', scheme: '' }

/** Schemes whose URLs are programs or whole documents of the page's own. */
const CODE_SCHEMES = new Set(['javascript', 'vbscript', 'data'])

/** The state after one more character; 'ambiguous' for a colon behind a value: which scheme would that be? */
export function urlNext(state: UrlState, char: string): UrlState | 'ambiguous' {
  const { part } = state
  if (part === 'query' || part === 'code') return state
  if (char === '?' || char === '#') return part === 'mixed' ? state : { part: 'query', scheme: '' }
  if (part === 'path' || part === 'mixed') return state
  if (char === '/' || char === '\\') return { part: 'path', scheme: '' }
  if (char <= ' ') return state // stripped by browsers before the scheme, and line ends anywhere (URL Standard §4.4)
  if (part === 'dynamic') return char === ':' ? 'ambiguous' : state
  if (char !== ':') return { part: 'scheme', scheme: (state.scheme + char.toLowerCase()).slice(0, 16) }
  return { part: CODE_SCHEMES.has(state.scheme) ? 'code' : 'path', scheme: '' }
}

export function urlAfterValue(state: UrlState): UrlState {
  return state.part === 'start' || state.part === 'scheme' ? { part: 'dynamic', scheme: '' } : state
}

/** Where two branches meet. */
export function urlJoin(a: UrlState, b: UrlState): UrlState {
  if (a.part === b.part && a.scheme === b.scheme) return a
  if (a.part === 'code' || b.part === 'code') return { part: 'code', scheme: '' }
  const queries = Number(a.part === 'query') + Number(b.part === 'query')
  if (queries > 0 || a.part === 'mixed' || b.part === 'mixed') return { part: 'mixed', scheme: '' }
  return { part: 'dynamic', scheme: '' } // the strictest of the rest: what follows may not make a scheme
}
