/** How a server comes by certificates: from an authority by ACME, from this machine's own authority, from files. */
export { type AlpnSolver, tlsAlpn01 } from './acme/alpn01.ts'
export { type Challenge, type ChallengeType, recordText, type Solver } from './acme/challenge.ts'
export { dns01 } from './acme/dns01.ts'
export { type HttpSolver, http01 } from './acme/http01.ts'
export type { ExternalAccount } from './acme/jws.ts'
export {
  LETS_ENCRYPT,
  LETS_ENCRYPT_STAGING,
  type ManagedCertificates,
  type ManagedOptions,
  managedCertificates,
} from './acme/managed.ts'
export { type CertificateStorage, memoryStorage } from './acme/storage.ts'
export { CertificateError, type CertificateErrorCode, type CertificateErrorDetails } from './errors.ts'
export type { CertificateEvent, CertificateFailedEvent, CertificateObtainedEvent } from './events.ts'
export { CERTIFICATE_LIMITS, type CertificateLimits } from './limits.ts'
export { type DevelopmentAuthority, developmentAuthority } from './node/authority.ts'
export { folderStorage } from './node/folder-storage.ts'
export { type TrustStep, trustSteps } from './node/trust.ts'
export { certificateFiles, type IdentityFiles, type WatchedOptions } from './node/watched.ts'
