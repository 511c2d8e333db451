/** TLS by Node: what `#tls` names on a machine. */
export { createAuthority, issue } from './authority/authority.ts'
export { Certificates } from './certificates.ts'
export { clientTls } from './client.ts'
export { tlsHost } from './host.ts'
