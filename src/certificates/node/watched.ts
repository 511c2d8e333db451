/** Certificates in files that somebody else renews: certbot, a sidecar, an administrator. */
import { readFileSync, statSync } from 'node:fs'
import type { Clock, Nanos } from '../../base/clock.ts'
import { type Duration, requireDuration, seconds } from '../../base/duration.ts'
import { Certificates } from '../../tls/index.ts'
import type { CertificateStore, Identity } from '../../tls/settings.ts'

/** Where an identity stands. */
export interface IdentityFiles {
  /** The certificate and those of the authorities between it and the root, PEM: `fullchain.pem`. */
  readonly certificate: string
  /** Its key, PEM: `privkey.pem`. */
  readonly key: string
  readonly passphrase?: string
}

/** How files are watched. */
export interface WatchedOptions {
  /** How often the files are looked at, at most, when clients come; default 10 s. */
  readonly every?: Duration
  /** Told of files that have changed and cannot be used: what was there before is shown on. Default: the console. */
  readonly onError?: (error: unknown) => void
}

const EVERY = seconds(10)

/**
 * The identities in files. When a client comes and the files have changed, the new ones are read and shown: whoever renews
 * them need not tell the server.
 *
 * @example
 * const at = '/etc/letsencrypt/live/shop.example'
 * const certificates = certificateFiles(host.clock, [{ certificate: `${at}/fullchain.pem`, key: `${at}/privkey.pem` }])
 *
 * @throws TlsError TLS_SETTINGS for what is no certificate with its key, and what reading the files throws.
 */
export function certificateFiles(
  clock: Clock,
  files: readonly IdentityFiles[],
  options: WatchedOptions = {},
): CertificateStore {
  return new WatchedFiles(clock, files, options)
}

class WatchedFiles implements CertificateStore {
  readonly #clock: Clock
  readonly #files: readonly IdentityFiles[]
  readonly #every: Nanos
  readonly #onError: (error: unknown) => void
  readonly #certificates: Certificates
  #state: string
  #next: Nanos

  constructor(clock: Clock, files: readonly IdentityFiles[], options: WatchedOptions) {
    this.#clock = clock
    this.#files = files
    this.#every = requireDuration('certificateFiles({ every })', options.every ?? EVERY)
    this.#onError = options.onError ?? ((error) => console.error(error))
    this.#state = this.#look()
    this.#certificates = new Certificates(files.map(read))
    this.#next = clock.now() + this.#every
  }

  get version(): number {
    if (this.#clock.now() >= this.#next) this.#check()
    return this.#certificates.version
  }

  identityFor(name: string | null): Identity | null {
    return this.#certificates.identityFor(name)
  }

  #check(): void {
    this.#next = this.#clock.now() + this.#every
    try {
      const state = this.#look()
      if (state === this.#state) return
      this.#certificates.use(this.#files.map(read))
      // Only now: files that are being written are read again the next time.
      this.#state = state
    } catch (error) {
      this.#onError(error)
    }
  }

  /** What tells one version of the files from another, links followed. */
  #look(): string {
    return this.#files
      .flatMap(({ certificate, key }) => [certificate, key])
      .map((path) => {
        const { ino, mtimeMs, size } = statSync(path)
        return `${ino} ${mtimeMs} ${size}`
      })
      .join('\n')
  }
}

function read({ certificate, key, passphrase }: IdentityFiles): Identity {
  return {
    certificate: readFileSync(certificate, 'utf8'),
    key: readFileSync(key, 'utf8'),
    ...(passphrase !== undefined && { passphrase }),
  }
}
