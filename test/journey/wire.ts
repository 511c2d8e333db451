/**
 * Frames read for the checker, by code of its own: it must not believe what the wire formats of the product say of
 * themselves. Only what the miniature sends is read: Ethernet, ARP, IPv4 without options, UDP, TCP, ICMP as bytes.
 */

export const FIN = 1
export const SYN = 2
export const RST = 4
export const PSH = 8
export const ACK = 16

export interface Arp {
  readonly request: boolean
  readonly senderMac: string
  readonly senderIp: number
  readonly targetIp: number
}

export interface Ip {
  readonly source: number
  readonly destination: number
  readonly ttl: number
  readonly identification: number
  readonly protocol: number
  /** More-fragments flag or an offset. */
  readonly fragment: boolean
  readonly payload: Uint8Array
}

export interface Segment {
  readonly sourcePort: number
  readonly destinationPort: number
  readonly seq: number
  readonly ack: number
  readonly flags: number
  /** As in the header. */
  readonly window: number
  readonly mss: number | null
  readonly scale: number | null
  readonly sackPermitted: boolean
  readonly sack: readonly (readonly [start: number, end: number])[]
  readonly stamps: readonly [value: number, echo: number] | null
  readonly payload: Uint8Array
}

export interface Datagram {
  readonly sourcePort: number
  readonly destinationPort: number
  readonly payload: Uint8Array
}

export interface Contents {
  readonly toMac: string
  readonly fromMac: string
  readonly arp: Arp | null
  readonly ip: Ip | null
  readonly tcp: Segment | null
  readonly udp: Datagram | null
  /** What is wrong with it, in words; empty when nothing is. */
  readonly faults: readonly string[]
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const mac = (bytes: Uint8Array): string => [...bytes].map((octet) => octet.toString(16).padStart(2, '0')).join(':')

/** RFC 1071: zero over bytes whose checksum is in them and right. */
function onesSum(start: number, bytes: Uint8Array): number {
  let sum = start
  for (let i = 0; i < bytes.length; i++) sum += bytes[i]! << (i % 2 === 0 ? 8 : 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return sum ^ 0xffff
}

export function readFrame(frame: Uint8Array): Contents {
  const base = { toMac: mac(frame.subarray(0, 6)), fromMac: mac(frame.subarray(6, 12)) }
  const type = view(frame).getUint16(12)
  const body = frame.subarray(14)
  const nothing = { ...base, arp: null, ip: null, tcp: null, udp: null }
  if (type === 0x0806) return { ...nothing, arp: readArp(body), faults: [] }
  if (type !== 0x0800) return { ...nothing, faults: [`Ethernet type ${type.toString(16)}`] }
  const faults: string[] = []
  const ip = readIp(body, faults)
  const tcp = ip.protocol === 6 ? readSegment(ip.payload) : null
  const udp = ip.protocol === 17 ? readDatagram(ip.payload, faults) : null
  if (ip.protocol !== 1) {
    // The pseudo-header of RFC 9293 §3.1 and RFC 768.
    const pseudo =
      (ip.source >>> 16) + (ip.source & 0xffff) + (ip.destination >>> 16) + (ip.destination & 0xffff) + ip.protocol
    if (onesSum(pseudo + ip.payload.length, ip.payload) !== 0)
      faults.push(`wrong ${tcp === null ? 'UDP' : 'TCP'} checksum`)
  } else if (onesSum(0, ip.payload) !== 0) faults.push('wrong ICMP checksum')
  return { ...nothing, ip, tcp, udp, faults }
}

function readArp(bytes: Uint8Array): Arp {
  const at = view(bytes)
  return {
    request: at.getUint16(6) === 1,
    senderMac: mac(bytes.subarray(8, 14)),
    senderIp: at.getUint32(14),
    targetIp: at.getUint32(24),
  }
}

function readIp(bytes: Uint8Array, faults: string[]): Ip {
  const at = view(bytes)
  const header = (bytes[0]! & 15) * 4
  const total = at.getUint16(2)
  if (bytes[0]! >>> 4 !== 4 || header < 20) faults.push(`IPv4 version and length ${bytes[0]!.toString(16)}`)
  if (total > bytes.length) faults.push(`IPv4 total length ${total}, but ${bytes.length} octets`)
  if (onesSum(0, bytes.subarray(0, header)) !== 0) faults.push('wrong IPv4 header checksum')
  return {
    source: at.getUint32(12),
    destination: at.getUint32(16),
    ttl: bytes[8]!,
    identification: at.getUint16(4),
    protocol: bytes[9]!,
    fragment: (at.getUint16(6) & 0x3fff) !== 0,
    payload: bytes.subarray(header, total),
  }
}

function readDatagram(bytes: Uint8Array, faults: string[]): Datagram {
  const at = view(bytes)
  if (at.getUint16(4) !== bytes.length) faults.push(`UDP length ${at.getUint16(4)} in ${bytes.length} octets`)
  return { sourcePort: at.getUint16(0), destinationPort: at.getUint16(2), payload: bytes.subarray(8) }
}

function readSegment(bytes: Uint8Array): Segment {
  const at = view(bytes)
  const header = (bytes[12]! >>> 4) * 4
  const segment = {
    sourcePort: at.getUint16(0),
    destinationPort: at.getUint16(2),
    seq: at.getUint32(4),
    ack: at.getUint32(8),
    flags: bytes[13]! & 63,
    window: at.getUint16(14),
    mss: null as number | null,
    scale: null as number | null,
    sackPermitted: false,
    sack: [] as [number, number][],
    stamps: null as [number, number] | null,
    payload: bytes.subarray(header),
  }
  for (let i = 20; i < header && bytes[i] !== 0; ) {
    const kind = bytes[i]!
    if (kind === 1) {
      i++
      continue
    }
    const length = bytes[i + 1]!
    if (kind === 2) segment.mss = at.getUint16(i + 2)
    if (kind === 3) segment.scale = bytes[i + 2]!
    if (kind === 4) segment.sackPermitted = true
    if (kind === 5)
      for (let j = i + 2; j < i + length; j += 8) segment.sack.push([at.getUint32(j), at.getUint32(j + 4)])
    if (kind === 8) segment.stamps = [at.getUint32(i + 2), at.getUint32(i + 6)]
    i += Math.max(length, 2)
  }
  return segment
}

/** `192.0.2.1`. */
export const dotted = (ip: number): string => [24, 16, 8, 0].map((shift) => (ip >>> shift) & 255).join('.')
