/** Programs that carry a token: `Authorization: Bearer …` (RFC 6750 §2.1). */
import type { Context } from '../request/context.ts'
import type { Authenticator } from '../request/hooks.ts'

/** RFC 6750 §2.1: b64token. */
const CREDENTIALS = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i

/** How tokens are asked for. */
export interface BearerOptions {
  /** What the token is for, shown in the challenge of a 401. */
  readonly realm?: string
}

/**
 * Knows requests by a token that they carry. Browsers never send one by themselves, so that such requests need no form
 * token.
 * @param find gives the user of a token; null for one that nobody has. Compare hashes of tokens, not the tokens: the time
 * that a look-up takes must not tell how much of one was right.
 *
 * @example
 * app({ authenticators: [bearer((token) => ApiKey.find({ hash: hashOf(token) }).then((key) => key?.owner))] })
 */
export function bearer<U>(
  find: (token: string, c: Context<unknown, unknown>) => U | null | undefined | PromiseLike<U | null | undefined>,
  options: BearerOptions = {},
): Authenticator<U> {
  const realm = options.realm === undefined ? '' : ` realm="${options.realm.replace(/["\\]/g, '\\$&')}"`
  return {
    authenticate(c) {
      const token = CREDENTIALS.exec(c.header('authorization') ?? '')?.[1]
      return token === undefined ? null : find(token, c)
    },
    // RFC 6750 §3.1: who has shown a token is told that it is not good; who has shown none is told nothing.
    challenge(c) {
      const shown = /^bearer /i.test(c.header('authorization') ?? '')
      if (!shown) return `Bearer${realm}`
      return `Bearer${realm === '' ? '' : `${realm},`} error="invalid_token"`
    },
  }
}
