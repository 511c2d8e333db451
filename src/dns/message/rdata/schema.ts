/**
 * What the rdata of each type are made of. From this one table follow decoding, encoding, both directions of
 * presentation format, the canonical form and the TypeScript types. A type that is not in it is opaque (RFC 3597).
 */
import { TYPE } from '../types.ts'
import { eui48, eui64, groups64, ipv4, ipv6 } from './addresses.ts'
import { base64, hash, hex, nsap, salt, sizedBase64 } from './binary.ts'
import { services, types } from './bitmaps.ts'
import type { Field } from './field.ts'
import { gateway, identity, prefixes, servers } from './gateways.ts'
import { location } from './location.ts'
import { foldedName, oldName, plainName } from './names.ts'
import { algorithm, certificateType, coveredType, moment, seconds, tsigError, u8, u16, u32, u48 } from './numbers.ts'
import { parameters } from './parameters.ts'
import { bareString, optionalStrings, string, strings, tag, text } from './strings.ts'

/** Named fields in the order of the wire, which is also that of the text. */
export type Schema = { readonly [field: string]: Field }

const key = { flags: u16, protocol: u8, algorithm, key: base64 }
const signature = {
  typeCovered: coveredType,
  algorithm,
  labels: u8,
  originalTtl: u32,
  expiration: moment,
  inception: moment,
  keyTag: u16,
  signer: foldedName,
  signature: base64,
}
const digest = { keyTag: u16, algorithm, digestType: u8, digest: hex }
const certificateAssociation = { usage: u8, selector: u8, matching: u8, association: hex }
const service = { priority: u16, target: plainName, parameters }

/** The fields of each type that has a schema. */
export const SCHEMAS = {
  A: { address: ipv4 },
  NS: { host: oldName },
  MD: { host: oldName },
  MF: { host: oldName },
  CNAME: { target: oldName },
  SOA: {
    mname: oldName,
    rname: oldName,
    serial: u32,
    refresh: seconds,
    retry: seconds,
    expire: seconds,
    minimum: seconds,
  },
  MB: { host: oldName },
  MG: { mailbox: oldName },
  MR: { mailbox: oldName },
  WKS: { address: ipv4, services },
  PTR: { target: oldName },
  HINFO: { cpu: string, os: string },
  MINFO: { rmailbox: oldName, emailbox: oldName },
  MX: { preference: u16, exchange: oldName },
  TXT: { strings },
  RP: { mailbox: foldedName, text: foldedName },
  AFSDB: { subtype: u16, host: foldedName },
  X25: { address: string },
  ISDN: { address: string, subaddress: optionalStrings },
  RT: { preference: u16, host: foldedName },
  NSAP: { address: nsap },
  'NSAP-PTR': { owner: foldedName },
  SIG: signature,
  KEY: key,
  PX: { preference: u16, map822: foldedName, mapx400: foldedName },
  GPOS: { longitude: bareString, latitude: bareString, altitude: bareString },
  AAAA: { address: ipv6 },
  LOC: { location },
  SRV: { priority: u16, weight: u16, port: u16, target: foldedName },
  NAPTR: {
    order: u16,
    preference: u16,
    flags: string,
    services: string,
    regexp: string,
    replacement: foldedName,
  },
  KX: { preference: u16, exchanger: foldedName },
  CERT: { certificateType, keyTag: u16, algorithm, certificate: base64 },
  DNAME: { target: foldedName },
  APL: { prefixes },
  DS: digest,
  SSHFP: { algorithm: u8, fingerprintType: u8, fingerprint: hex },
  IPSECKEY: { precedence: u8, gateway, key: base64 },
  RRSIG: signature,
  NSEC: { next: plainName, types },
  DNSKEY: key,
  DHCID: { digest: base64 },
  NSEC3: { hashAlgorithm: u8, flags: u8, iterations: u16, salt, next: hash, types },
  NSEC3PARAM: { hashAlgorithm: u8, flags: u8, iterations: u16, salt },
  TLSA: certificateAssociation,
  SMIMEA: certificateAssociation,
  HIP: { identity, servers },
  TALINK: { previous: plainName, next: plainName },
  CDS: digest,
  CDNSKEY: key,
  OPENPGPKEY: { key: base64 },
  CSYNC: { serial: u32, flags: u16, types },
  ZONEMD: { serial: u32, scheme: u8, algorithm: u8, digest: hex },
  SVCB: service,
  HTTPS: service,
  SPF: { strings },
  NID: { preference: u16, nodeId: groups64 },
  L32: { preference: u16, locator: ipv4 },
  L64: { preference: u16, locator: groups64 },
  LP: { preference: u16, pointer: plainName },
  EUI48: { address: eui48 },
  EUI64: { address: eui64 },
  TSIG: {
    algorithm: plainName,
    timeSigned: u48,
    fudge: u16,
    mac: sizedBase64,
    originalId: u16,
    error: tsigError,
    other: sizedBase64,
  },
  URI: { priority: u16, weight: u16, target: text },
  CAA: { flags: u8, tag, value: text },
  DLV: digest,
} as const satisfies { readonly [type in keyof typeof TYPE]?: Schema }

/** The mnemonics of the types whose rdata have fields. */
export type SchemaType = keyof typeof SCHEMAS

/** The fields of a type's rdata as values: `Rdata<'MX'>` is `{ preference: number; exchange: Name }`. */
export type Rdata<T extends SchemaType> = {
  readonly [field in keyof (typeof SCHEMAS)[T]]: (typeof SCHEMAS)[T][field] extends Field<infer V> ? V : never
}

interface Compiled {
  readonly names: readonly string[]
  readonly fields: readonly Field[]
  /** Whether any field may be sent compressed: then encoding has to look inside. */
  readonly compressed: boolean
  /** Whether any field is a name: then decoding has to look inside. */
  readonly named: boolean
}

const BY_TYPE = new Map<number, Compiled>()
for (const [type, schema] of Object.entries(SCHEMAS) as [SchemaType, Schema][]) {
  const fields = Object.values(schema)
  BY_TYPE.set(TYPE[type], {
    names: Object.keys(schema),
    fields,
    compressed: fields.some((field) => field.name?.compress),
    named: fields.some((field) => field.name !== undefined),
  })
}

/** The fields of that type; undefined when its rdata are opaque. */
export function schemaOf(type: number): Compiled | undefined {
  return BY_TYPE.get(type)
}
