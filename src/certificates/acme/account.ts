/** The account with an authority (RFC 8555 §7.3). */
import { CertificateError } from '../errors.ts'
import { type AccountKey, type ExternalAccount, externalBinding } from './jws.ts'
import type { AcmeSession, Signer } from './session.ts'

/** Who the account belongs to. */
export interface AccountOptions {
  /** Mail address, for warnings of the authority. */
  readonly email?: string
  readonly externalAccount?: ExternalAccount
}

/**
 * The account of a key: made where there is none, found where there is one (§7.3.1). By making it the program's operator
 * agrees to the authority's terms.
 */
export async function openAccount(session: AcmeSession, key: AccountKey, options: AccountOptions): Promise<Signer> {
  const { email, externalAccount } = options
  const directory = await session.directory()
  if (directory.externalAccountRequired && externalAccount === undefined)
    throw new CertificateError(
      'CERTIFICATE_SETTINGS',
      `${session.authority} gives certificates to its customers only: set externalAccount to the key that it shows you (external account binding)`,
    )
  const answer = await session.post(
    directory.newAccount,
    {
      termsOfServiceAgreed: true,
      ...(email !== undefined && { contact: [`mailto:${email}`] }),
      ...(externalAccount !== undefined && {
        externalAccountBinding: externalBinding(externalAccount, key, directory.newAccount),
      }),
    },
    { key, account: null },
  )
  if (answer.location === null)
    throw new CertificateError('ACME_MALFORMED', `${session.authority} gives the account no URL (RFC 8555 §7.3)`)
  return { key, account: answer.location }
}
