/** Runs the layers around a handler, from outside in, and the handler. */
import { surroundings } from '../../base/ambient.ts'
import { HttpError, UsageError } from '../errors.ts'
import { awaited, type Maybe } from '../ground/maybe.ts'
import { type Context, turnOf } from '../request/context.ts'
import type { Around, Authenticator, GuardVerdict, Realm, Step } from '../request/hooks.ts'
import { Reply, toReply } from '../request/reply.ts'
import { isNothing, isPieces } from '../request/respond.ts'
import { release } from '../request/streaming.ts'
import type { Scope } from './scope.ts'

/** What is run: the layers of a place, and what is inside them all. */
export interface Visit {
  readonly c: Context<never, never>
  readonly scope: Scope
  readonly steps: readonly Step[]
  readonly inside: () => Maybe<unknown>
}

/** The answer, before errors are. A promise only where a layer or the handler needs time. */
export function run(visit: Visit, from = 0): Maybe<unknown> {
  const { steps } = visit
  for (let i = from; i < steps.length; i++) {
    const early = layer(visit, steps[i]!, i)
    if (early instanceof Promise) return early.then((answer) => (answer === undefined ? run(visit, i + 1) : answer))
    if (early !== undefined) return early
  }
  return awaited(visit.inside())
}

/** The answer of one layer; undefined where what is inside it shall be asked. An around hook asks that itself. */
function layer(visit: Visit, step: Step, at: number): Maybe<unknown> {
  const { c } = visit
  switch (step.kind) {
    case 'before':
      return before(c, awaited(step.hook(c)))
    case 'guard':
      return guarded(visit, awaited(step.check(c)))
    case 'authenticate':
      return authenticate(c, step.authenticators, step.realm, 0)
    case 'around':
      return runAround(visit, step.hook, at)
  }
}

function before(c: Context<never, never>, said: Maybe<unknown>): Maybe<Reply | undefined> {
  if (said instanceof Promise) return said.then((late) => before(c, late))
  return isNothing(said, c) ? undefined : toReply(said, turnOf(c).route, 'a before hook')
}

function guarded(visit: Visit, verdict: Maybe<GuardVerdict>): Maybe<unknown> {
  if (verdict instanceof Promise) return verdict.then((late) => guarded(visit, late))
  if (verdict === true) return undefined
  if (verdict instanceof Reply || verdict instanceof Response) return verdict
  const turn = turnOf(visit.c)
  turn.personal = true
  if (typeof verdict === 'object' && verdict !== null) {
    turn.user = verdict
    return undefined
  }
  if (turn.user === null || turn.user === undefined) return askToSignIn(visit)
  throw new HttpError(403)
}

function authenticate(
  c: Context<never, never>,
  all: readonly Authenticator[],
  realm: Realm,
  from: number,
): undefined | Promise<undefined> {
  const turn = turnOf(c)
  turn.user = null
  const loaded = from === 0 ? turn.loadSession() : undefined
  if (loaded !== undefined) return loaded.then(() => askAll(c, all, realm, 0))
  return askAll(c, all, realm, from)
}

function askAll(
  c: Context<never, never>,
  all: readonly Authenticator[],
  realm: Realm,
  from: number,
): undefined | Promise<undefined> {
  const turn = turnOf(c)
  for (let i = from; i < all.length; i++) {
    const user = awaited(all[i]!.authenticate(c as Context<unknown, unknown>, realm))
    if (user instanceof Promise)
      return user.then((late) => {
        if (late === null || late === undefined) return askAll(c, all, realm, i + 1)
        turn.user = late
        return undefined
      })
    if (user === null || user === undefined) continue
    turn.user = user
    return undefined
  }
  return undefined
}

/** RFC 9110 §15.5.2: a 401 has a challenge. */
function askToSignIn({ c, scope }: Visit): Reply {
  const { login } = scope
  const { method, target } = c.exchange
  const asked = c.header('accept') ?? ''
  if (login !== null && asked.includes('html')) {
    const path = typeof login === 'string' ? login : c.url(login)
    const next = method === 'GET' ? `?next=${encodeURIComponent(target)}` : ''
    return new Reply(303, '', null).setHeader('Location', path + next)
  }
  const challenges = scope.authenticators
    .map((one) => one.challenge?.(c as Context<unknown, unknown>) ?? '')
    .filter((challenge) => challenge !== '')
  const field = challenges.length === 0 ? 'Session' : challenges.join(', ')
  throw new HttpError(401, 'Sign in first.', { headers: { 'WWW-Authenticate': field } })
}

/** @throws UsageError when the hook neither calls `next` nor answers, or calls it twice. */
async function runAround(visit: Visit, hook: Around<never>, at: number): Promise<Reply> {
  const { c } = visit
  const turn = turnOf(c)
  let inner: Promise<Reply> | null = null
  const next = (): Promise<Reply> => {
    if (inner !== null) throw new UsageError('an around hook called next() twice: what is inside runs once')
    turn.inside = surroundings()
    inner = whole(visit, at + 1, turn.route)
    // Whoever does not await it has its failure all the same: below.
    inner.catch(() => {})
    return inner
  }
  let said: unknown
  try {
    said = await hook(c, next)
  } catch (error) {
    await leave(inner)
    throw error
  }
  if (isNothing(said, c)) {
    if (inner === null) throw new UsageError('an around hook neither called next() nor gave an answer: return next()')
    return inner
  }
  const reply = toReply(said, turn.route, 'an around hook')
  if (inner !== null && reply !== (await settled(inner))) await leave(inner)
  return reply
}

/** A reply whose page is made: a transaction around it must not end before. */
async function whole(visit: Visit, from: number, route: string): Promise<Reply> {
  const reply = toReply(await run(visit, from), route)
  if (reply.body instanceof Promise) reply.body = await reply.body
  return reply
}

/** A reply that is not sent after all lets go of what it holds. */
async function leave(inner: Promise<Reply> | null): Promise<void> {
  const reply = inner === null ? null : await settled(inner)
  if (reply !== null && isPieces(reply.body)) release(reply.body)
}

async function settled(inner: Promise<Reply>): Promise<Reply | null> {
  try {
    return await inner
  } catch {
    return null
  }
}
