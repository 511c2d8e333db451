/** TLS in a browser: there is none for a program's own connections. What imports it can be bundled all the same. */
import type { Host } from '../../socket/host.ts'
import { TlsError } from '../errors.ts'
import type { CertificateStore, ClientTls, Identity, TlsClientOptions, TlsHostOptions, Validity } from '../settings.ts'

function missing(): TlsError {
  return new TlsError('TLS_MISSING', 'a browser offers no TLS for connections of a program: ask for http:// here')
}

export const tlsHost = (_host: Host, _options: TlsHostOptions): Host => {
  throw missing()
}

export const clientTls = (_options: TlsClientOptions = {}): ClientTls => ({
  carrier: (host) => host,
  secure: () => Promise.reject(missing()),
})

export class Certificates implements CertificateStore {
  readonly version = 0

  constructor(_identities: readonly Identity[] = []) {
    throw missing()
  }

  use(_identities: readonly Identity[]): void {}

  identityFor(_name: string | null): Identity | null {
    return null
  }
}

export const createAuthority = (_name: string, _validity?: Validity): Identity => {
  throw missing()
}

export const issue = (_authority: Identity, _names: readonly string[], _validity?: Validity): Identity => {
  throw missing()
}
