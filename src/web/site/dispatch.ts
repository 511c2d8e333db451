/**
 * From an exchange to its answer: host, route, method, origin of the request, user, hooks, handler. It stays
 * synchronous as long as everything it calls does, so that a plain handler is answered without one promise.
 */

import { loadUser } from '../auth/sign-in.ts'
import { HttpError } from '../errors/http-error.ts'
import type { WebRouteEvent } from '../events.ts'
import { canonicalPath } from '../routing/path.ts'
import { CSRF_FIELD, CSRF_HEADER, isSafe, provenance, tokenMatches } from '../security/csrf.ts'
import { RESERVED } from '../sessions/session.ts'
import type { Action, Compiled, Methods } from './compile.ts'
import type { Context } from './context/context.ts'
import type { AnyRoute } from './group.ts'
import { awaited, type Maybe } from './maybe.ts'
import { type Answer, Reply } from './reply/reply.ts'

/** What is to be answered, before errors are. @throws HttpError and whatever hooks and handlers throw. */
export function dispatch(c: Context<never, never>, compiled: Compiled): Maybe<Answer> {
  const { exchange } = c
  if (c.path === '*') return options(compiled.allow)
  const match = compiled.table.matchStatic(c.path) ?? matchDynamic(c, compiled)
  if (match instanceof Reply) return match
  const action = choose(c, match.endpoint.value)
  if (action instanceof Reply) return action
  c.params = match.params as never
  c.route = action.name
  c.chain = action.chain
  if (exchange.machine.events.on) reportRoute(c, action)
  const checked = action.checksCsrf && !isSafe(exchange.method) ? checkOrigin(c) : undefined
  const ready = checked === undefined ? prepare(c) : checked.then(() => prepare(c))
  return ready === undefined ? run(c, action) : ready.then(() => run(c, action))
}

function matchDynamic(c: Context<never, never>, compiled: Compiled) {
  const path = canonicalPath(c.path)
  const match = path === null ? null : compiled.table.match(path)
  if (path === null) throw new HttpError(404)
  if (match !== null) {
    c.path = path
    return match
  }
  const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`
  if (c.services.options.trailingSlash === 'strict' || compiled.table.match(other) === null) throw new HttpError(404)
  return slashRedirect(c)
}

/** The same address with or without its last slash; 308, so that a POST stays one. */
function slashRedirect(c: Context<never, never>): Reply {
  const { path, query } = c.exchange
  const target = path.endsWith('/') ? path.slice(0, -1) : `${path}/`
  return new Reply(308, '', null).set('Location', query === '' ? target : `${target}?${query}`)
}

/** The action of the method, or the reply of those that every resource has. */
function choose(c: Context<never, never>, { byMethod, allow }: Methods): Action | Reply {
  const { method } = c.exchange
  const action =
    byMethod.get(method) ??
    (method === 'HEAD' ? byMethod.get('GET') : method === 'OPTIONS' ? undefined : byMethod.get('*'))
  if (action !== undefined) return action
  if (method === 'OPTIONS') return options(allow)
  if (method === 'HEAD' && byMethod.has('*')) return byMethod.get('*')!
  // RFC 9110 §15.5.6: a 405 names the methods that there are.
  throw new HttpError(405, `${method} is not for this page; ${allow} are`, { headers: { Allow: allow } })
}

function options(allow: string): Reply {
  return new Reply(204, '', null).set('Allow', allow)
}

function reportRoute(c: Context<never, never>, { name, pattern }: Action): void {
  const { machine, id, method, path } = c.exchange
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

/** @throws HttpError 400 for a name that is none of the site's. */
export function checkHost(c: Context<never, never>): void {
  const { authority, local } = c.exchange
  if (c.services.hosts.allows(authority, local.address ?? '')) return
  const asked = c.services.debug ? ` (${JSON.stringify(authority)})` : ''
  throw new HttpError(400, `the site does not answer to this name${asked}: app({ hosts: [...] }) says to which`)
}

/** @throws HttpError 403 for a changing request that was not made by this site's own pages. */
function checkOrigin(c: Context<never, never>): undefined | Promise<void> {
  const { exchange, services } = c
  const verdict = provenance({
    secFetchSite: exchange.header('sec-fetch-site'),
    origin: exchange.header('origin'),
    authority: exchange.authority,
    trusted: services.options.trustedOrigins ?? [],
  })
  if (verdict.from === 'own') return undefined
  if (verdict.from === 'other') throw new HttpError(403, `refused, since it was sent by another site: ${verdict.why}`)
  // Every browser since 2020 sends one of the two fields. What sends neither and carries nothing that a browser
  // attaches by itself (a program with its own client) cannot be anybody's forged request.
  if (exchange.header('cookie') === undefined && exchange.header('authorization') === undefined) return undefined
  return checkToken(c)
}

async function checkToken(c: Context<never, never>): Promise<void> {
  await c.services.sessions.ahead(c)
  const secret = c.session.get(RESERVED.csrf)
  let token = c.header(CSRF_HEADER)
  if (token === undefined && c.body.isForm) token = (await c.body.formAsSent()).get(CSRF_FIELD)
  if (token === undefined) throw new HttpError(403, `refused: the form's token (${CSRF_FIELD}) is missing`)
  if (typeof secret !== 'string' || !tokenMatches(token, secret))
    throw new HttpError(403, "refused: the form's token is not of this session; load the page again")
}

/** Loads the session where that takes time, and the user where somebody is signed in. */
export function prepare(c: Context<never, never>): undefined | Promise<void> {
  const { users, sessions } = c.services
  if (users === null && !sessions.asynchronous) return undefined
  if (!sessions.hasCookie(c)) return undefined
  return sessions.ahead(c).then(() => loadUser(c))
}

function run(c: Context<never, never>, action: Action): Maybe<Answer> {
  if (action.usersOnly && c.user === null) return askToSignIn(c)
  const { before } = action.chain
  return before.length === 0 ? awaited(action.view(c)) : runBefore(c, action, 0)
}

function runBefore(c: Context<never, never>, action: Action, from: number): Maybe<Answer> {
  const { before } = action.chain
  for (let i = from; i < before.length; i++) {
    const early = awaited(before[i]!(c))
    if (early instanceof Promise) return early.then((answer) => answer ?? runBefore(c, action, i + 1))
    if (early !== undefined) return early
  }
  return awaited(action.view(c))
}

function askToSignIn(c: Context<never, never>): Reply {
  const { login } = c.services
  const { method, target } = c.exchange
  if (login === null || !(c.header('accept') ?? '').includes('html'))
    throw new HttpError(401, 'sign in first', { headers: { 'WWW-Authenticate': 'Session' } })
  const path = typeof login === 'string' ? login : (login as AnyRoute & (() => string))()
  const next = method === 'GET' ? `?next=${encodeURIComponent(target)}` : ''
  return new Reply(303, '', null).set('Location', path + next)
}
