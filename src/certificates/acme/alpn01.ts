/** TLS-ALPN-01 (RFC 8737): the answer is a certificate, shown to whoever asks for the protocol `acme-tls/1` alone. */
import type { Identity } from '../../tls/settings.ts'
import { type Challenge, digestOf, type Solver } from './challenge.ts'
import { challengeIdentity } from './request.ts'

/** Answers challenges in the handshakes of this program's TLS server on port 443. */
export interface AlpnSolver extends Solver {
  /** The certificates to be shown now, by the name that is asked for: `CertificateStore.challenges`. */
  readonly challenges: ReadonlyMap<string, Identity>
}

/** Challenges are answered by this program's own TLS server on port 443: no other port has to be open. */
export function tlsAlpn01(): AlpnSolver {
  return new AlpnAnswers()
}

class AlpnAnswers implements AlpnSolver {
  readonly type = 'tls-alpn-01'
  readonly challenges = new Map<string, Identity>()

  present(challenge: Challenge): void {
    this.challenges.set(challenge.name, challengeIdentity(challenge.name, digestOf(challenge)))
  }

  withdraw({ name }: Challenge): void {
    this.challenges.delete(name)
  }
}
