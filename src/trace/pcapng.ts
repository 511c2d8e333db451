/**
 * Writes captures in the pcapng format (draft-ietf-opsawg-pcapng): what Wireshark, tshark and tcpdump read. Link
 * type Ethernet, nanosecond time stamps, host names and comments in the file.
 */
import type { Nanos } from '../base/clock.ts'

/** A network interface that packets were captured at. */
export interface CaptureInterface {
  /** `laptop:eth0`. */
  readonly name: string
  /** Bits per second, when known. */
  readonly speed?: number
}

/** One packet of a capture. */
export interface CapturedPacket {
  /** Index into the capture's interfaces. */
  readonly interface: number
  /** Since `epochMillis`. */
  readonly at: Nanos
  readonly frame: Uint8Array
  readonly outbound: boolean
  /** epb_packetid: the same packet seen at two interfaces has one id. */
  readonly id?: number
  readonly comments?: readonly string[]
}

/** A capture as values, which `pcapng` makes a file of. */
export interface Capture {
  /** What nanosecond 0 is, in milliseconds since 1970. */
  readonly epochMillis: number
  readonly comment: string
  readonly application: string
  readonly interfaces: readonly CaptureInterface[]
  /** IPv4 address octets and the name they have. */
  readonly names: readonly (readonly [address: Uint8Array, name: string])[]
  readonly packets: readonly CapturedPacket[]
}

const SECTION_HEADER = 0x0a0d0d0a
const INTERFACE_DESCRIPTION = 1
const NAME_RESOLUTION = 4
const ENHANCED_PACKET = 6
const LINKTYPE_ETHERNET = 1
const OPT_COMMENT = 1

/** The whole file. */
export function pcapng(capture: Capture): Uint8Array {
  const blocks = [
    sectionHeader(capture),
    ...capture.interfaces.map(interfaceDescription),
    ...(capture.names.length === 0 ? [] : [nameResolution(capture.names)]),
    ...capture.packets.map((packet) => enhancedPacket(packet, capture.epochMillis)),
  ]
  const file = new Uint8Array(blocks.reduce((sum, bytes) => sum + bytes.length, 0))
  let offset = 0
  for (const bytes of blocks) {
    file.set(bytes, offset)
    offset += bytes.length
  }
  return file
}

function sectionHeader(capture: Capture): Uint8Array {
  const body = new Body()
  body.u32(0x1a2b3c4d)
  body.u16(1)
  body.u16(0)
  body.u64(0xffff_ffff_ffff_ffffn) // the section's length is not given
  body.text(OPT_COMMENT, capture.comment)
  body.text(4, capture.application) // shb_userappl
  body.endOfOptions()
  return body.block(SECTION_HEADER)
}

function interfaceDescription(described: CaptureInterface): Uint8Array {
  const body = new Body()
  body.u16(LINKTYPE_ETHERNET)
  body.u16(0)
  body.u32(0) // no limit on the packet length
  body.text(2, described.name) // if_name
  if (described.speed !== undefined) {
    body.optionHeader(8, 8) // if_speed
    body.u64(BigInt(Math.round(described.speed)))
  }
  body.option(9, Uint8Array.of(9)) // if_tsresol: 10^-9
  body.endOfOptions()
  return body.block(INTERFACE_DESCRIPTION)
}

function nameResolution(names: Capture['names']): Uint8Array {
  const body = new Body()
  for (const [address, name] of names) {
    const text = new TextEncoder().encode(name)
    const value = new Uint8Array(address.length + text.length + 1)
    value.set(address)
    value.set(text, address.length)
    body.option(address.length === 4 ? 1 : 2, value) // nrb_record_ipv4, nrb_record_ipv6: laid out like an option
  }
  body.endOfOptions() // nrb_record_end is the same four zero octets
  return body.block(NAME_RESOLUTION)
}

function enhancedPacket(packet: CapturedPacket, epochMillis: number): Uint8Array {
  const body = new Body()
  const stamp = BigInt(epochMillis) * 1_000_000n + BigInt(Math.round(packet.at))
  body.u32(packet.interface)
  body.u32(Number(stamp >> 32n))
  body.u32(Number(stamp & 0xffff_ffffn))
  body.u32(packet.frame.length)
  body.u32(packet.frame.length)
  body.padded(packet.frame)
  for (const comment of packet.comments ?? []) body.text(OPT_COMMENT, comment)
  body.optionHeader(2, 4) // epb_flags: direction in the two lowest bits
  body.u32(packet.outbound ? 2 : 1)
  if (packet.id !== undefined) {
    body.optionHeader(5, 8) // epb_packetid
    body.u64(BigInt(packet.id))
  }
  body.endOfOptions()
  return body.block(ENHANCED_PACKET)
}

/** The body of a block as it grows: little-endian numbers, everything padded to 32 bits. */
class Body {
  #bytes = new Uint8Array(256)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  #room(size: number): number {
    const at = this.#length
    this.#length += size
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2))
      larger.set(this.#bytes)
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    return at
  }

  u16(value: number): void {
    const at = this.#room(2)
    this.#view.setUint16(at, value, true)
  }

  u32(value: number): void {
    const at = this.#room(4)
    this.#view.setUint32(at, value, true)
  }

  u64(value: bigint): void {
    const at = this.#room(8)
    this.#view.setBigUint64(at, value, true)
  }

  padded(bytes: Uint8Array): void {
    const at = this.#room(bytes.length + (-bytes.length & 3))
    this.#bytes.set(bytes, at)
  }

  optionHeader(code: number, length: number): void {
    this.u16(code)
    this.u16(length)
  }

  option(code: number, value: Uint8Array): void {
    this.optionHeader(code, value.length)
    this.padded(value)
  }

  text(code: number, value: string): void {
    // An option's length is 16 bits.
    this.option(code, new TextEncoder().encode(value).subarray(0, 0xffff))
  }

  endOfOptions(): void {
    this.u32(0)
  }

  block(type: number): Uint8Array {
    const total = this.#length + 12
    const bytes = new Uint8Array(total)
    const view = new DataView(bytes.buffer)
    view.setUint32(0, type, true)
    view.setUint32(4, total, true)
    bytes.set(this.#bytes.subarray(0, this.#length), 8)
    view.setUint32(total - 4, total, true)
    return bytes
  }
}
