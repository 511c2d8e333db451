/** What a program says about TLS: the two ends of it, and whom they are. */
import type { Duration } from '../base/duration.ts'
import type { Connection, Host } from '../socket/host.ts'
import type { TlsLimits } from './limits.ts'

/** Text in PEM, or its bytes. */
export type Pem = string | Uint8Array

/** Who one end of a connection is: a certificate and the key that proves it. */
export interface Identity {
  /** The certificate in PEM, followed by those of the authorities between it and the root. */
  readonly certificate: Pem
  /** Its private key in PEM. */
  readonly key: Pem
  /** Where the key is encrypted. */
  readonly passphrase?: string
  /** A response of the authority's OCSP server in DER, to be stapled to the handshake (RFC 6066 §8). */
  readonly ocsp?: Uint8Array
}

/** Since when, and until when, a certificate is valid. */
export interface Validity {
  readonly from: Date
  readonly until: Date
}

/** TLS versions that can be asked for; older ones are broken (RFC 8996). */
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

/** A server's certificates: one for all names, or chosen by the name that the client asks for. */
export interface CertificateStore {
  /** The identity for a name (SNI), or for a client that names none (null); null: there is none. */
  identityFor(name: string | null): Identity | null
  /** Counts the changes: what was built from an identity is built anew after one. */
  readonly version: number
  /**
   * What answers an authority that looks whether a name is this server's (RFC 8737, TLS-ALPN-01), by name. Shown to clients
   * that ask for the protocol `acme-tls/1` alone, whose connection then ends.
   */
  readonly challenges?: ReadonlyMap<string, Identity>
}

/** What a server's side of TLS is given. */
export interface TlsServerOptions {
  /** What it shows: one identity, or a store that chooses by name and can be renewed. */
  readonly certificates: Identity | CertificateStore
  /** Application protocols (ALPN), best first. A client that offers none of them is refused (RFC 7301 §3.2). Default `h2`, `http/1.1`. */
  readonly protocols?: readonly string[]
  /** Default TLS 1.2. */
  readonly minVersion?: TlsVersion
  /** Whether clients are asked for a certificate, or must have one of `trust`. Default none. */
  readonly clientCertificates?: 'none' | 'ask' | 'require'
  /** The authorities of client certificates in PEM. */
  readonly trust?: readonly Pem[]
  /**
   * 48 secret octets by which sessions are resumed: the same ones in all processes that serve a name. By default they are
   * random, and new every `ticketTime`.
   */
  readonly ticketKeys?: Uint8Array
  /** How long one set of random ticket keys serves; default 24 h. What was recorded before cannot be read with later keys. */
  readonly ticketTime?: Duration
  readonly limits?: Partial<TlsLimits>
  /** Told of clients whose handshake failed: scanners make many, so that nothing is written by default. */
  readonly onError?: (error: Error, connection: Connection) => void
}

/** What a client's side of TLS is given. */
export interface TlsClientOptions {
  /** Authorities in PEM, in place of the system's. */
  readonly trust?: readonly Pem[]
  /** Base64 of the SHA-256 of public keys (SubjectPublicKeyInfo, as in RFC 7469): one of the chain must be among them. */
  readonly pins?: readonly string[]
  /** This side's certificate, for servers that ask for one. */
  readonly identity?: Identity
  /** Application protocols (ALPN), best first. Default: what the user of the connection asks for. */
  readonly protocols?: readonly string[]
  /** Default TLS 1.2. */
  readonly minVersion?: TlsVersion
  /** Takes every certificate, whoever made it and whatever its name: anybody on the way can then read and change all. */
  readonly acceptAnyCertificate?: boolean
  readonly limits?: Partial<TlsLimits>
}

/** Settings of `tlsHost`: each side that is used has to be given. */
export interface TlsHostOptions {
  readonly server?: TlsServerOptions
  readonly client?: TlsClientOptions
}

/** Whom a client secures its connection to. */
export interface SecureTarget {
  /** The name that the server's certificate must have: a host name, or an address. */
  readonly serverName: string
  /** Application protocols (ALPN), best first. */
  readonly protocols?: readonly string[]
  /** Gives the handshake up. */
  readonly signal?: AbortSignal
}

/** How a client secures connections: made by `clientTls`, given to an HTTP client as its option `tls`. */
export interface ClientTls {
  /** The host through which connections are made that are going to be secured: the cheapest that this machine has. */
  carrier(host: Host): Host
  /**
   * The client's handshake. The connection belongs to TLS from then on; on failure it is reset.
   * Rejects with `TlsError`, and with `SocketError` where the connection breaks.
   */
  secure(machine: Host, connection: Connection, target: SecureTarget): Promise<Connection>
}
