/** Who is signed in: an id in the session, and a fingerprint of the password that it was signed in under. */

import { RESERVED } from '../sessions/session.ts'
import type { Context } from '../site/context/context.ts'

/** What a user must have to be signed in. */
export interface Signable {
  readonly id: string | number
  /** The password's hash: when it changes, the sessions begun under the old one end. */
  readonly password?: string | null
}

/**
 * Signs the user in: the session takes a new id, so that one planted before is worth nothing, and keeps what was in
 * it unless another user was signed in.
 */
export function login(c: Context<unknown, unknown>, user: Signable): void {
  const { session } = c
  const before = session.get(RESERVED.user)
  if (before !== undefined && before !== user.id) session.clear()
  else session.rotate()
  session.delete(RESERVED.csrf)
  session.set(RESERVED.user, user.id)
  session.set(RESERVED.stamp, c.services.sessions.signer(c.machine).fingerprint(stampOf(user)))
  c.user = user
}

/** Forgets the session, all of it. */
export function logout(c: Context<unknown, unknown>): void {
  c.session.clear()
  c.user = null
}

/** Loads the session's user into `c.user`. A user who is gone, or has another password now, is signed out. */
export async function loadUser(c: Context<never, never>): Promise<void> {
  const { users } = c.services
  if (users === null) return
  const id = c.session.get(RESERVED.user)
  const stamp = c.session.get(RESERVED.stamp)
  if ((typeof id !== 'string' && typeof id !== 'number') || typeof stamp !== 'string') return
  const user = (await users(id)) as Signable | null | undefined
  if (user && c.services.sessions.signer(c.machine).matches(stampOf(user), stamp)) c.user = user as never
  else logout(c as Context<unknown, unknown>)
}

function stampOf(user: Signable): string {
  return `${user.id} ${user.password ?? ''}`
}
