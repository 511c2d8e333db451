/** How it is shown that a name is one's own (RFC 8555 §8): what the authority looks for, and who puts it there. */
import { createHash } from 'node:crypto'
import { toBase64Url } from '../../base/base64.ts'

/** The ways that there are here. */
export type ChallengeType = 'http-01' | 'dns-01' | 'tls-alpn-01'

/** What the authority is going to look for. */
export interface Challenge {
  readonly type: ChallengeType
  /** The name to be shown, in lower case; of a wildcard the name below its `*.`. */
  readonly name: string
  /** base64url. */
  readonly token: string
  /** The token with the thumbprint of the account's key (§8.1). */
  readonly keyAuthorization: string
}

/**
 * Puts the answer to a challenge where the authority looks for it. `http01`, `dns01` and `tlsAlpn01` make those that come
 * with Reticle; a program may bring its own, for the DNS of a provider say.
 */
export interface Solver {
  readonly type: ChallengeType
  /** Resolves once the answer is there for all the world. What it rejects with is why the order fails. */
  present(challenge: Challenge): void | Promise<void>
  /** Takes the answer away again: the authority has looked, or never will. */
  withdraw(challenge: Challenge): void | Promise<void>
}

/** SHA-256 of the key authorization: what stands in a TXT record (§8.4) and in a certificate (RFC 8737 §3). */
export function digestOf({ keyAuthorization }: Challenge): Uint8Array {
  return createHash('sha256').update(keyAuthorization).digest()
}

/** The content of the TXT record (RFC 8555 §8.4). */
export function recordText(challenge: Challenge): string {
  return toBase64Url(digestOf(challenge))
}
