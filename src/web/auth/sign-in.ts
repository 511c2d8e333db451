/** Who is signed in: an id in the session, and a fingerprint of the password that it was signed in under. */

import { awaited, type Maybe } from '../ground/maybe.ts'
import { type Context, turnOf } from '../request/context.ts'
import type { Authenticator } from '../request/hooks.ts'
import type { Turn } from '../request/turn.ts'
import { RESERVED } from '../sessions/session.ts'

/** The answer of an authenticator that knows nobody, whatever its users are. */
const NOBODY = null as never

/** What a user must have to be signed in. */
export interface Signable {
  /** What the session keeps, and what `app({ users })` finds the user by. */
  readonly id: string | number
  /** The password's hash: when it changes, the sessions begun under the old one end. */
  readonly password?: string | null
}

/**
 * Signs the user in: the session takes a new id, so that one planted before is worth nothing, and keeps what was in
 * it unless another user was signed in.
 *
 * @example
 * if (await verifyPassword(password, member?.password ?? null)) {
 *   login(c, member!)
 *   return c.redirect(c.returnTo(to.home()))
 * }
 */
export function login(c: Context<unknown, unknown>, user: Signable): void {
  const { session } = c
  const turn = turnOf(c)
  const names = namesIn(turn.services.realm)
  const before = session.get(names.user)
  if (before !== undefined && before !== user.id) session.clear()
  else session.rotate()
  session.delete(RESERVED.csrf)
  session.set(names.user, user.id)
  session.set(names.stamp, stampSigner(turn).fingerprint(stampOf(user)))
  c.user = user
}

/**
 * Forgets the session, all of it.
 *
 * @example
 * site.post(to.signOut, (c) => {
 *   logout(c)
 *   return c.redirect(to.home())
 * })
 */
export function logout(c: Context<unknown, unknown>): void {
  c.session.clear()
  c.user = null
}

/**
 * Knows visitors by the session that `login` began: what sites with `users` have unless they name their authenticators.
 * A user who is gone, or has another password now, is signed out.
 *
 * @example
 * app({ users: User, authenticators: [session(), bearer(userOfToken)], secret })
 */
export function session(): Authenticator<never> {
  return {
    authenticate(c, { name, users }): Maybe<never> {
      const turn = turnOf(c)
      if (users === null || !turn.services.sessions.mayHave(turn.exchange.header('cookie'))) return NOBODY
      const names = namesIn(name)
      const id = turn.session.get(names.user)
      const stamp = turn.session.get(names.stamp)
      if ((typeof id !== 'string' && typeof id !== 'number') || typeof stamp !== 'string') return NOBODY
      const found = awaited(users(id))
      // What the site's own loader gives is a user of the site.
      const check = (user: unknown) => checked(c, turn, user as Signable | null | undefined, stamp) as never
      return found instanceof Promise ? found.then(check) : check(found)
    },
    challenge: () => 'Session',
  }
}

function checked(c: Context<unknown, unknown>, turn: Turn, user: Signable | null | undefined, stamp: string): unknown {
  if (user && stampSigner(turn).matches(stampOf(user), stamp)) return user
  c.session.clear()
  return null
}

/** Each site's users under names of their own: one session may know a visitor to several. */
function namesIn(realm: string): { readonly user: string; readonly stamp: string } {
  if (realm === '') return RESERVED
  return { user: `${RESERVED.user} ${realm}`, stamp: `${RESERVED.stamp} ${realm}` }
}

function stampSigner(turn: Turn) {
  return turn.services.sessions.signer('site', turn.machine)
}

function stampOf(user: Signable): string {
  return `${user.id} ${user.password ?? ''}`
}
