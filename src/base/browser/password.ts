/**
 * Passwords in a browser: none is hashed or verified here. A site that runs in a page has no accounts to keep, and the
 * functions are there so that what imports them can be bundled.
 */
import type { Machine } from '../machine.ts'

export type PasswordAlgorithm = 'argon2id' | 'scrypt'

function refuse(): Promise<never> {
  return Promise.reject(
    new Error('passwords are hashed and verified on a server: browsers have neither argon2 nor scrypt'),
  )
}

export const hashPassword = (_password: string, _machine?: Machine, _algorithm?: PasswordAlgorithm): Promise<string> =>
  refuse()

export const verifyPassword = (_password: string, _stored: string | null, _machine?: Machine): Promise<boolean> =>
  refuse()

/** None can be made anew here. */
export const needsRehash = (_stored: string): boolean => false

/** Whether a text has the form of a stored hash. */
export const isPasswordHash = (text: string): boolean => /^\$(?:argon2id|scrypt)\$/.test(text)
