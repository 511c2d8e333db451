/** Certificates, made anew for a test process. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { needCommand } from '../need.ts'

export interface Certificate {
  readonly key: Buffer
  readonly cert: Buffer
}

/** Why there can be none. */
export const noCertificates = needCommand('openssl')

const made = new Map<string, Certificate>()

/** A self-signed certificate for the name, by the openssl command; the same one at every call. */
export function certificateFor(name: string): Certificate {
  const certificate = made.get(name) ?? make(name)
  made.set(name, certificate)
  return certificate
}

function make(name: string): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'reticle-certificate-'))
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const what = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`]
    const names = ['-addext', `subjectAltName=DNS:${name}`, '-days', '3650']
    execFileSync('openssl', ['req', '-x509', ...what, ...names, '-keyout', key, '-out', cert], { stdio: 'pipe' })
    return { key: readFileSync(key), cert: readFileSync(cert) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
