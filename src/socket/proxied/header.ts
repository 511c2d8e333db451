/**
 * The header of the PROXY protocol (HAProxy's specification of 2020): what a proxy says of the client before the first
 * byte of the connection. Version 1 is one line of text, version 2 is binary and has room for more.
 */
import type { Address } from '../address.ts'

/** What a proxy knows of the client's TLS, where the proxy has ended it. */
export interface ProxySsl {
  /** Whether the client has spoken TLS with the proxy. */
  readonly encrypted: boolean
  /** Whether the client has shown a certificate on this connection. */
  readonly certificate: boolean
  /** Whether the client has shown a certificate at least once in this TLS session. */
  readonly certificateInSession: boolean
  /** Whether a certificate was shown and the proxy found it good. */
  readonly verified: boolean
  /** `TLSv1.3`; '' where the proxy does not say. */
  readonly version: string
  /** Common name of the client's certificate; '' where the proxy does not say. */
  readonly commonName: string
  /** The cipher suite; '' where the proxy does not say. */
  readonly cipher: string
  /** `SHA256`: how the certificate is signed; '' where the proxy does not say. */
  readonly signature: string
  /** `RSA2048`: the key of the certificate; '' where the proxy does not say. */
  readonly key: string
}

/** One piece of further information (type, length, value) that has no name here. */
export interface ProxyTlv {
  /** 0xE0 to 0xEF are for applications, 0xF0 to 0xF7 for experiments. */
  readonly type: number
  readonly value: Uint8Array
}

/** What a PROXY header says. */
export interface ProxyHeader {
  readonly version: 1 | 2
  /** Where the client is; null when the proxy speaks for itself (LOCAL: a health check) or does not know. */
  readonly source: Address | null
  /** Where the client has connected to; null together with `source`. */
  readonly destination: Address | null
  /** The protocol that client and proxy have agreed on (ALPN): `h2`; null where the header does not say. */
  readonly alpn: string | null
  /** The name that the client has asked for (SNI); null where the header does not say. */
  readonly authority: string | null
  /** By which proxy and server name the connection in their logs; null where the header does not say. */
  readonly uniqueId: Uint8Array | null
  /** The network namespace of the proxy's socket; null where the header does not say. */
  readonly namespace: string | null
  /** The client's TLS; null where the header does not say. */
  readonly ssl: ProxySsl | null
  /** All other pieces of information, as they came. */
  readonly more: readonly ProxyTlv[]
}

/** What is to be written; what is left out is not said. */
export type ProxyHeaderInit = Partial<ProxyHeader> & Pick<ProxyHeader, 'source' | 'destination'>

/** A header of a connection that the proxy makes for itself, or of whose client it knows nothing. */
export const NOTHING_SAID: ProxyHeader = {
  version: 2,
  source: null,
  destination: null,
  alpn: null,
  authority: null,
  uniqueId: null,
  namespace: null,
  ssl: null,
  more: [],
}

/** `\r\n\r\n\0\r\nQUIT\n`: what no other protocol begins with. */
export const SIGNATURE = Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10)

/** Types of further information (§2.2). */
export const TLV = {
  alpn: 0x01,
  authority: 0x02,
  crc32c: 0x03,
  noop: 0x04,
  uniqueId: 0x05,
  ssl: 0x20,
  sslVersion: 0x21,
  sslCn: 0x22,
  sslCipher: 0x23,
  sslSignature: 0x24,
  sslKey: 0x25,
  namespace: 0x30,
} as const

/** The longest line of version 1, its CRLF counted in (§2.1). */
export const LINE_BYTES = 107
/** Signature, version and command, family, length. */
export const PREAMBLE_BYTES = 16
/** A path of a Unix socket, filled up with zeros. */
export const PATH_BYTES = 108
