/** The authority of this machine's developer: made at first use, kept in the user's data folder, trusted by hand. */
import { X509Certificate } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createAuthority, issue } from '../../tls/index.ts'
import type { Identity } from '../../tls/settings.ts'
import { CertificateError } from '../errors.ts'
import { dataFolder } from './data-folder.ts'

const CERTIFICATE = 'authority.pem'
const KEY = 'authority-key.pem'
/** Names of this machine that every development certificate has. */
const LOCAL = ['localhost', '127.0.0.1', '::1']

/** An authority that signs certificates for development on this machine. */
export interface DevelopmentAuthority {
  /** The certificate that browsers are told to trust: a file in PEM. */
  readonly path: string
  /** Its content. */
  readonly certificate: string
  /** Until when it is valid. */
  readonly validUntil: Date
  /** Whether this call has made it: nobody trusts it yet. */
  readonly isNew: boolean
  /**
   * A certificate for localhost, 127.0.0.1, ::1 and these names, with a new key that is written nowhere.
   * @param names more names and addresses: `shop.test`, `192.168.1.20`
   */
  issue(names?: readonly string[]): Identity
}

/**
 * The authority in a folder, which is made where there is none. Whoever has its key can pretend to be any site to a browser
 * that trusts it: the key is readable by its user alone, and a key that others can read is refused.
 *
 * @param folder default: `authority` in the user's data folder
 * @throws CertificateError CERTIFICATE_FILES for files that are damaged, expired, or readable by others.
 * @example
 * const authority = developmentAuthority()
 * const host = tlsHost(kernelHost(), { server: { certificates: authority.issue(['shop.test']) } })
 * console.log(`trust ${authority.path} in your browser`)
 */
export function developmentAuthority(folder: string = join(dataFolder(), 'authority')): DevelopmentAuthority {
  const found = read(folder)
  if (found !== null) return authorityOf(folder, found, false)
  return make(folder) ? authorityOf(folder, readAgain(folder), true) : authorityOf(folder, readAgain(folder), false)
}

function authorityOf(folder: string, identity: Identity & { readonly certificate: string }, isNew: boolean) {
  const { certificate } = identity
  const path = join(folder, CERTIFICATE)
  return {
    path,
    certificate,
    validUntil: validUntil(certificate, folder),
    isNew,
    issue: (names: readonly string[] = []) => issue(identity, [...new Set([...names, ...LOCAL])]),
  }
}

/** Null where the folder has none. */
function read(folder: string): (Identity & { readonly certificate: string }) | null {
  const certificate = textOf(join(folder, CERTIFICATE))
  const key = textOf(join(folder, KEY))
  if (certificate === null && key === null) return null
  if (certificate === null || key === null)
    throw damaged(folder, `${certificate === null ? CERTIFICATE : KEY} is missing`)
  requirePrivate(join(folder, KEY))
  return { certificate, key }
}

function readAgain(folder: string): Identity & { readonly certificate: string } {
  const found = read(folder)
  if (found === null) throw damaged(folder, 'its files have gone')
  return found
}

function validUntil(certificate: string, folder: string): Date {
  let until: Date
  try {
    until = new X509Certificate(certificate).validToDate
  } catch (error) {
    throw damaged(folder, `${CERTIFICATE} is not a certificate`, error)
  }
  if (until.getTime() < Date.now()) throw damaged(folder, `it has expired on ${until.toISOString().slice(0, 10)}`)
  return until
}

/** Makes both files at once: of two processes that begin together one wins. False where it was the other. */
function make(folder: string): boolean {
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 })
  const draft = mkdtempSync(`${folder}-`)
  try {
    // The name tells one machine's authority from another's in a browser's list.
    const { certificate, key } = createAuthority(`Development ${new Date().toISOString().slice(0, 10)}`)
    writeFileSync(join(draft, KEY), key, { mode: 0o600, flag: 'wx' })
    writeFileSync(join(draft, CERTIFICATE), certificate, { mode: 0o644, flag: 'wx' })
    renameSync(draft, folder)
    return true
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    const { code } = error as NodeJS.ErrnoException
    // EPERM is what Windows says.
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EPERM') return false
    throw error
  }
}

function requirePrivate(path: string): void {
  if (process.platform === 'win32') return // there the folder of the user is what protects it
  const mode = statSync(path).mode & 0o777
  if ((mode & 0o077) !== 0)
    throw new CertificateError(
      'CERTIFICATE_FILES',
      `${path} can be read by others (mode ${mode.toString(8)}): whoever has it can pretend to be any site to your browser. ` +
        `Nobody else uses this machine: chmod 600 ${path}. Otherwise remove the folder, and the authority from your browser`,
    )
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function damaged(folder: string, why: string, cause?: unknown): CertificateError {
  return new CertificateError(
    'CERTIFICATE_FILES',
    `the development authority in ${folder} cannot be used: ${why}. Remove the folder, and a new authority is made, which is to be trusted anew`,
    { cause },
  )
}
