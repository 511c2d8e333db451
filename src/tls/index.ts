/** TLS over any Host: secure hosts, secure clients, certificates. */
export { Certificates, clientTls, createAuthority, issue, tlsHost } from '#tls'
export { TlsError, type TlsErrorCode } from './errors.ts'
export type { TlsEvent, TlsFailedEvent, TlsSecuredEvent } from './events.ts'
export { TLS_LIMITS, type TlsLimits } from './limits.ts'
export type {
  CertificateStore,
  ClientTls,
  Identity,
  Pem,
  SecureTarget,
  TlsClientOptions,
  TlsHostOptions,
  TlsServerOptions,
  TlsVersion,
  Validity,
} from './settings.ts'
