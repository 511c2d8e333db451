/**
 * From an exchange to the action that answers it: host, route, method, origin of the request. It stays synchronous as
 * long as everything it calls does, so that a plain handler is answered without one promise.
 */
import { HttpError, UnknownHostError } from '../errors.ts'
import type { WebRouteEvent } from '../events.ts'
import { Reply } from '../request/reply.ts'
import type { Turn } from '../request/turn.ts'
import { canonicalPath } from '../routing/path.ts'
import type { RouteTable } from '../routing/tree.ts'
import { CSRF_FIELD, CSRF_HEADER, isProgramsOwn, isSafe, provenance, tokenMatches } from '../security/csrf.ts'
import type { HostCheck } from '../security/hosts.ts'
import { RESERVED } from '../sessions/session.ts'
import type { Action, Compiled, Methods, Mounted, Taken } from './compile.ts'

/** What is to answer a request. */
export type Found =
  | Taken
  | { readonly kind: 'handler'; readonly action: Action; readonly mounted: Mounted }
  /** No handler takes it: the hooks of the place run, and then this is the answer, or is thrown. */
  | { readonly kind: 'none'; readonly action: Action; readonly answer: Reply | HttpError }

/** Finds who answers, and tells the turn. Never throws. */
export function find(turn: Turn, compiled: Compiled): Found {
  const { exchange } = turn
  const raw = exchange.path
  if (compiled.mounted.length > 0) {
    const mounted = mountedAt(compiled.mounted, raw)
    if (mounted !== null) return handler(turn, mounted)
  }
  const { table } = compiled
  let path = raw
  let match = table.matchStatic(raw)
  if (match === undefined) {
    if (raw === '*') return none(turn, compiled, optionsReply(compiled.allow))
    const canonical = canonicalPath(raw)
    if (canonical === null) return none(turn, compiled, new HttpError(404))
    path = canonical
    match = table.match(canonical) ?? undefined
    if (match === undefined) return none(turn, compiled, otherSlash(turn, canonical, table, compiled))
  }
  const action = choose(exchange.method, match.endpoint.value)
  if (action instanceof Reply || action instanceof HttpError) return none(turn, compiled, action)
  turn.enter(action.scope, action.place, action.scope.prefix, path)
  turn.params = match.params
  turn.route = action.name
  if (exchange.machine.events.on) reportRoute(turn, action)
  return action.found
}

function mountedAt(all: readonly Mounted[], path: string): Mounted | null {
  for (const mounted of all) {
    const { prefix } = mounted
    if (path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/')) return mounted
  }
  return null
}

function handler(turn: Turn, mounted: Mounted): Found {
  const { action, prefix } = mounted
  const { path, query } = turn.exchange
  turn.enter(action.scope, action.place, action.scope.prefix, path)
  turn.route = action.name
  // `/blog` is not a page of what is mounted there: relative links on it would lead beside it.
  if (path.length === prefix.length)
    return { kind: 'none', action, answer: moved(query === '' ? `${path}/` : `${path}/?${query}`) }
  return { kind: 'handler', action, mounted }
}

/** The hooks of the place that is responsible for the path run all the same. */
function none(turn: Turn, { fallbacks }: Compiled, answer: Reply | HttpError): Found {
  const { path } = turn.exchange
  // The last is the site itself, whose prefix is ''.
  const { action } = fallbacks.find(
    ({ prefix }) =>
      path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/' || prefix === ''),
  )!
  turn.enter(action.scope, action.place, action.scope.prefix, path)
  return { kind: 'none', action, answer }
}

/** The same address with or without its last slash; 308, so that a POST stays one. */
function otherSlash(turn: Turn, path: string, table: RouteTable<Methods>, compiled: Compiled): Reply | HttpError {
  const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`
  const match = table.match(other)
  if (match === null) return new HttpError(404)
  const [action] = match.endpoint.value.byMethod.values()
  if ((action?.scope ?? compiled.root.scope).strictSlash) return new HttpError(404)
  const { path: raw, query } = turn.exchange
  const target = raw.endsWith('/') ? raw.slice(0, -1) : `${raw}/`
  return moved(query === '' ? target : `${target}?${query}`)
}

function moved(target: string): Reply {
  return new Reply(308, '', null).setHeader('Location', target)
}

/** The action of the method, or the answer that every resource has. */
function choose(method: string, { byMethod, allow }: Methods): Action | Reply | HttpError {
  const action =
    byMethod.get(method) ??
    (method === 'HEAD' ? byMethod.get('GET') : method === 'OPTIONS' ? undefined : byMethod.get('*'))
  if (action !== undefined) return action
  if (method === 'OPTIONS') return optionsReply(allow)
  if (method === 'HEAD' && byMethod.has('*')) return byMethod.get('*')!
  // RFC 9110 §15.5.6: a 405 names the methods that there are.
  return new HttpError(405, `${method} is not allowed here (allowed: ${allow}).`, { headers: { Allow: allow } })
}

function optionsReply(allow: string): Reply {
  return new Reply(204, '', null).setHeader('Allow', allow)
}

function reportRoute(turn: Turn, { name, pattern }: Action): void {
  const { machine, id, method, path } = turn.exchange
  const at = machine.clock.now()
  const event: WebRouteEvent = {
    type: 'web.route',
    at,
    host: machine.name,
    exchange: id,
    method,
    path,
    route: name,
    pattern,
  }
  machine.events.emit(event)
}

/** @throws UnknownHostError for a name that is none of the site's. */
export function checkHost(turn: Turn, hosts: HostCheck): void {
  const { authority } = turn.exchange
  if (hosts.allows(turn.exchange)) return
  const shown = authority.slice(0, 100)
  const from = turn.exchange.remote.address ?? 'this machine'
  throw new UnknownHostError(
    `refused the host ${JSON.stringify(shown)} (asked from ${from}): add it to app({ hosts: [...] }) if the site is to answer to it`,
  )
}

/**
 * For a request that changes something or opens a socket, of a route that checks who sent it.
 * @throws HttpError 403 when it was not made by this site's own pages.
 */
export function checkOrigin(turn: Turn, found: Found): undefined | Promise<void> {
  const { exchange, services } = turn
  const { action } = found
  const authorization = exchange.header('authorization')
  if (isProgramsOwn(authorization)) return undefined
  const verdict = provenance({
    secFetchSite: exchange.header('sec-fetch-site'),
    origin: exchange.header('origin'),
    authority: exchange.authority,
    trusted: action.scope.trustedOrigins,
  })
  if (verdict.from === 'own') return undefined
  if (verdict.from === 'other') throw new HttpError(403, `Refused: another site sent this request (${verdict.why}).`)
  // RFC 6455 §4.1: every browser names the page's origin when it opens a socket. This is another client.
  if (isSafe(exchange.method) || exchange.method === 'CONNECT') return undefined
  // Every browser since 2020 sends one of the two fields. What sends neither and carries nothing that a browser
  // attaches by itself (a program with its own client) cannot be anybody's forged request.
  if (exchange.header('cookie') === undefined && authorization === undefined) return undefined
  // The body of a bare handler is the handler's.
  return checkToken(turn, services.sessions.asynchronous, found.kind !== 'handler')
}

async function checkToken(turn: Turn, asynchronous: boolean, readsForm: boolean): Promise<void> {
  if (asynchronous) await turn.loadSession()
  turn.personal = true
  const secret = turn.session.get(RESERVED.csrf)
  let token = turn.exchange.header(CSRF_HEADER)
  if (token === undefined && readsForm && turn.body.isForm) token = (await turn.body.formAsSent()).get(CSRF_FIELD)
  if (token === undefined)
    throw new HttpError(403, `Refused: the form's token (${CSRF_FIELD}, or the field ${CSRF_HEADER}) is missing.`)
  if (typeof secret !== 'string' || !tokenMatches(token, secret))
    throw new HttpError(403, "Refused: the form's token is not of this session. Load the page again.")
}
