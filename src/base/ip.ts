/**
 * IP address literals. An IPv4 address is a number inside (an unsigned 32-bit integer), an IPv6 address sixteen bytes;
 * text appears only where a program or a person reads it, in the form of RFC 5952.
 */

/** An IPv4 address as an unsigned 32-bit integer, most significant octet first. */
export type Ip4 = number

/** 0.0.0.0: every address of this machine (RFC 1122 §3.2.1.3). */
export const IP4_ANY: Ip4 = 0
/** 127.0.0.1. */
export const IP4_LOOPBACK: Ip4 = 0x7f000001
/** 255.255.255.255: everybody on the local network (RFC 919). */
export const IP4_BROADCAST: Ip4 = 0xffffffff

/** The address of a dotted quad, or -1 when the text is none. Leading zeros are refused: some read them as octal. */
export function parseIp4(text: string): Ip4 {
  let value = 0
  let octet = -1
  let dots = 0
  if (text.length > 15) return -1
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 46) {
      if (octet < 0 || dots === 3) return -1
      value = value * 256 + octet
      octet = -1
      dots++
    } else if (c >= 48 && c <= 57) {
      if (octet === 0) return -1
      octet = (octet < 0 ? 0 : octet * 10) + c - 48
      if (octet > 255) return -1
    } else return -1
  }
  return octet < 0 || dots !== 3 ? -1 : value * 256 + octet
}

/** `192.0.2.1`. */
export function formatIp4(address: Ip4): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`
}

/** The sixteen bytes of an IPv6 literal, without scope, or null when the text is none (RFC 4291 §2.2). */
export function parseIp6(text: string): Uint8Array | null {
  const bytes = new Uint8Array(16)
  let at = 0
  let gap = -1
  let i = 0
  if (text.startsWith('::')) {
    gap = 0
    i = 2
  } else if (text.startsWith(':')) return null
  while (i < text.length) {
    if (at === 16) return null
    const end = groupEnd(text, i)
    if (text[end] === '.') {
      // The last 32 bits may be written as a dotted quad.
      const quad = parseIp4(text.slice(i))
      if (quad < 0 || at > 12) return null
      for (let shift = 24; shift >= 0; shift -= 8) bytes[at++] = (quad >>> shift) & 255
      i = text.length
      break
    }
    if (end === i || end - i > 4) return null
    const group = Number.parseInt(text.slice(i, end), 16)
    bytes[at++] = group >>> 8
    bytes[at++] = group & 255
    if (end === text.length) break
    if (text[end] !== ':') return null
    i = end + 1
    if (text[i] === ':') {
      if (gap >= 0) return null
      gap = at
      i++
    } else if (i === text.length) return null
  }
  if (gap < 0) return at === 16 ? bytes : null
  if (at > 14) return null // '::' stands for at least one group
  bytes.copyWithin(16 - (at - gap), gap, at)
  bytes.fill(0, gap, 16 - (at - gap))
  return bytes
}

function groupEnd(text: string, from: number): number {
  let end = from
  while (end < text.length && /[0-9a-f]/i.test(text[end]!)) end++
  return end
}

/** The text of sixteen bytes as RFC 5952 §4 wants it: lower case, no leading zeros, the longest run of zeros as `::`. */
export function formatIp6(bytes: Uint8Array): string {
  const groups: number[] = []
  for (let i = 0; i < 16; i += 2) groups.push((bytes[i]! << 8) | bytes[i + 1]!)
  // RFC 5952 §5: an IPv4-mapped address shows its quad.
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${formatIp4(((groups[6]! << 16) | groups[7]!) >>> 0)}`
  }
  let start = -1
  let longest = 1 // §4.2.2: a single zero group is not shortened
  for (let i = 0; i < 8; i++) {
    let run = 0
    while (i + run < 8 && groups[i + run] === 0) run++
    if (run > longest) {
      longest = run
      start = i
    }
    if (run > 0) i += run - 1
  }
  const hex = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':')
  return start < 0 ? hex(0, 8) : `${hex(0, start)}::${hex(start + longest, 8)}`
}

/** 4 or 6 when the text is an IP literal (an IPv6 one may carry a `%scope`), else 0. */
export function ipVersion(text: string): 0 | 4 | 6 {
  if (!text.includes(':')) return parseIp4(text) < 0 ? 0 : 4
  const scope = text.indexOf('%')
  if (scope === text.length - 1) return 0
  return parseIp6(scope < 0 ? text : text.slice(0, scope)) === null ? 0 : 6
}

/** The canonical text of an IP literal, or null when it is none. */
export function canonicalIp(text: string): string | null {
  if (!text.includes(':')) return parseIp4(text) < 0 ? null : text
  const scope = text.indexOf('%')
  if (scope === text.length - 1) return null
  const bytes = parseIp6(scope < 0 ? text : text.slice(0, scope))
  return bytes === null ? null : formatIp6(bytes) + (scope < 0 ? '' : text.slice(scope))
}

/** An IPv4 prefix: the network's address (host bits zero) and how many bits of it count. */
export interface Prefix4 {
  readonly network: Ip4
  readonly length: number
}

/** The mask of a prefix length: 24 → 255.255.255.0. */
export function mask4(length: number): number {
  return length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0
}

/** Whether the address lies in the prefix. */
export function contains4(prefix: Prefix4, address: Ip4): boolean {
  return (address & mask4(prefix.length)) >>> 0 === prefix.network
}

/** `10.0.0.1/24` as an address and the prefix it lies in; null when the text is no such thing. */
export function parsePrefix4(text: string): { readonly address: Ip4; readonly prefix: Prefix4 } | null {
  const slash = text.indexOf('/')
  const address = parseIp4(slash < 0 ? text : text.slice(0, slash))
  const digits = slash < 0 ? '32' : text.slice(slash + 1)
  if (address < 0 || !/^(0|[1-9]\d?)$/.test(digits) || Number(digits) > 32) return null
  const length = Number(digits)
  return { address, prefix: { network: (address & mask4(length)) >>> 0, length } }
}

/** `192.0.2.0/24`. */
export function formatPrefix4(prefix: Prefix4): string {
  return `${formatIp4(prefix.network)}/${prefix.length}`
}

/** 224.0.0.0/4 (RFC 5771). */
export function isMulticast4(address: Ip4): boolean {
  return address >>> 28 === 14
}

/** 127.0.0.0/8 (RFC 1122 §3.2.1.3). */
export function isLoopback4(address: Ip4): boolean {
  return address >>> 24 === 127
}

/** Whether a literal is an address that only this machine reaches: 127.0.0.0/8, ::1, or the former within ::ffff:0:0/96. */
export function isLoopback(text: string): boolean {
  const four = parseIp4(text.replace(/^::ffff:/i, ''))
  if (four >= 0) return isLoopback4(four)
  const bytes = parseIp6(text)
  return bytes !== null && formatIp6(bytes) === '::1'
}
