/** The numbers of the DNS and their mnemonics (IANA, "Domain Name System (DNS) Parameters"). */

/** Record types. */
// biome-ignore format: a table
export const TYPE = {
  A: 1, NS: 2, MD: 3, MF: 4, CNAME: 5, SOA: 6, MB: 7, MG: 8, MR: 9, NULL: 10, WKS: 11, PTR: 12, HINFO: 13,
  MINFO: 14, MX: 15, TXT: 16, RP: 17, AFSDB: 18, X25: 19, ISDN: 20, RT: 21, NSAP: 22, 'NSAP-PTR': 23, SIG: 24, KEY: 25, PX: 26,
  GPOS: 27, AAAA: 28, LOC: 29, NXT: 30, SRV: 33, NAPTR: 35, KX: 36, CERT: 37, DNAME: 39, OPT: 41, APL: 42, DS: 43,
  SSHFP: 44, IPSECKEY: 45, RRSIG: 46, NSEC: 47, DNSKEY: 48, DHCID: 49, NSEC3: 50, NSEC3PARAM: 51, TLSA: 52,
  SMIMEA: 53, HIP: 55, TALINK: 58, CDS: 59, CDNSKEY: 60, OPENPGPKEY: 61, CSYNC: 62, ZONEMD: 63, SVCB: 64, HTTPS: 65, SPF: 99,
  NID: 104, L32: 105, L64: 106, LP: 107, EUI48: 108, EUI64: 109, TKEY: 249, TSIG: 250, IXFR: 251, AXFR: 252,
  MAILB: 253, MAILA: 254, ANY: 255, URI: 256, CAA: 257, DLV: 32769,
} as const

/** Record classes. */
// biome-ignore format: a table
export const CLASS = { IN: 1, CS: 2, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const

/** What a message wants (RFC 6895 §2.2). */
// biome-ignore format: a table
export const OPCODE = { QUERY: 0, IQUERY: 1, STATUS: 2, NOTIFY: 4, UPDATE: 5, DSO: 6 } as const

/** Those past 15 travel with their high bits in the OPT record (RFC 6891 §6.1.3). */
// biome-ignore format: a table
export const RCODE = {
  NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, YXDOMAIN: 6, YXRRSET: 7, NXRRSET: 8,
  NOTAUTH: 9, NOTZONE: 10, DSOTYPENI: 11, BADVERS: 16, BADKEY: 17, BADTIME: 18, BADMODE: 19, BADNAME: 20, BADALG: 21,
  BADTRUNC: 22, BADCOOKIE: 23,
} as const

/** The mnemonic of a record type. */
export type TypeName = keyof typeof TYPE

const TYPE_NAMES = inverse(TYPE)
const CLASS_NAMES = inverse(CLASS)
const OPCODE_NAMES = inverse(OPCODE)
const RCODE_NAMES = inverse(RCODE)

/** `MX`; `TYPE731` for one without a mnemonic (RFC 3597 §5). */
export function typeName(type: number): string {
  return TYPE_NAMES.get(type) ?? `TYPE${type}`
}

/** `IN`; `CLASS42` for one without a mnemonic (RFC 3597 §5). */
export function className(rrclass: number): string {
  return CLASS_NAMES.get(rrclass) ?? `CLASS${rrclass}`
}

/** `QUERY`; `OPCODE7`. */
export function opcodeName(opcode: number): string {
  return OPCODE_NAMES.get(opcode) ?? `OPCODE${opcode}`
}

/** `NXDOMAIN`; `RCODE42`. */
export function rcodeName(rcode: number): string {
  return RCODE_NAMES.get(rcode) ?? `RCODE${rcode}`
}

/** The number of a type's mnemonic or of `TYPEn`, in any case of letters; undefined for another text. */
export function parseType(text: string): number | undefined {
  return parseMnemonic(TYPE, 'TYPE', text)
}

/** The number of a class's mnemonic or of `CLASSn`, in any case of letters; undefined for another text. */
export function parseClass(text: string): number | undefined {
  return parseMnemonic(CLASS, 'CLASS', text)
}

function parseMnemonic(
  table: { readonly [mnemonic: string]: number },
  generic: string,
  text: string,
): number | undefined {
  const upper = text.toUpperCase()
  if (Object.hasOwn(table, upper)) return table[upper]
  if (!upper.startsWith(generic)) return undefined
  const digits = upper.slice(generic.length)
  if (!/^[0-9]{1,5}$/.test(digits)) return undefined
  const number = Number(digits)
  return number <= 0xffff ? number : undefined
}

/** Whether it may only be asked for or only be sent along: OPT, TKEY, TSIG and the QTYPEs (RFC 6895 §3.1). */
export function isMetaType(type: number): boolean {
  return type === TYPE.OPT || (type >= 128 && type <= 255)
}

function inverse(table: { readonly [mnemonic: string]: number }): Map<number, string> {
  return new Map(Object.entries(table).map(([mnemonic, number]) => [number, mnemonic]))
}
