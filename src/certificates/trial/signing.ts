/** What an authority signs for others. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { implicit, sequence } from '../../tls/node/authority/der.ts'
import { alternativeNames, distinguished, extension, keyId, signed } from '../../tls/node/authority/x509.ts'
import type { Identity, Validity } from '../../tls/settings.ts'

/** A certificate in PEM for the key in a SubjectPublicKeyInfo; null: for a key that nobody has asked for. */
export function certificateFor(
  authority: Identity,
  spki: Uint8Array | null,
  names: readonly string[],
  validity: Validity,
): string {
  const above = new X509Certificate(authority.certificate)
  const publicKey =
    spki === null
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
      : createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  const issuer = distinguished(/^CN=(.*)$/m.exec(above.subject)![1]!)
  return signed(createPrivateKey(String(authority.key)), {
    issuer,
    subject: distinguished(names[0]!),
    publicKey,
    validity,
    extensions: [alternativeNames(names), extension('2.5.29.35', false, sequence(implicit(0, keyId(above.publicKey))))],
  })
}
