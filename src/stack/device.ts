/**
 * What a stack's interface stands on: a simulated link, a TUN or TAP device, the loopback, or a device around another
 * that counts, records or spoils what passes.
 */
import type { Nanos } from '../base/clock.ts'
import type { Mac } from '../wire/ethernet.ts'

/** What a device does of the stack's work. */
export interface Capabilities {
  /** Whether it completes TCP's and UDP's checksums: the stack then writes the pseudo-header's sum alone. */
  readonly checksums: boolean
  /** Whether it tells the end of every batch of frames: acknowledgments can then wait for it. */
  readonly batches: boolean
}

/** A device that carries frames and does nothing else. */
export const PLAIN: Capabilities = Object.freeze({ checksums: false, batches: false })

/** What a device has to do to a frame before it leaves. Offsets are in octets from the frame's beginning. */
export interface TransmitMeta {
  /** Where the octets begin that the checksum covers, up to the frame's end. */
  readonly checksumStart: number
  /** Where the checksum stands. */
  readonly checksumAt: number
}

/** What a device knows of a frame. Valid during the call only: the device may reuse it. */
export interface ReceiveMeta {
  /** When it came in, on the stack's clock: round trips are measured by it. */
  readonly at: Nanos
  /**
   * 'unknown': the stack verifies; 'valid': the device has; 'partial': the frame comes from this machine, and nobody has
   * completed its checksum.
   */
  readonly checksum: 'unknown' | 'valid' | 'partial'
  /** Octets of data of the segments that the device has merged into this one; 0: it is as it was sent. */
  readonly gsoSize: number
  /** A number by which the device's own events call the frame; null when it has none. */
  readonly id: number | null
}

/** Who is given what arrives at a device. */
export interface DeviceOwner {
  /** A frame has arrived. It may be kept, and nobody changes it. */
  received(frame: Uint8Array, meta: ReceiveMeta): void
  /** The frames since the last call came together; a device with the capability `batches` says so after every burst. */
  batchEnd(): void
}

/**
 * What a stack's interface stands on: it carries frames, and may do some of the stack's work. A device for TUN, a
 * capture around another device, or a test's own implements this.
 */
export interface Device {
  /** `eth0`. */
  readonly name: string
  /** What its frames are: Ethernet, or IP packets alone (a TUN device, the loopback). */
  readonly medium: 'ethernet' | 'ip'
  /** Its own address on Ethernet; 0 elsewhere. */
  readonly mac: Mac
  /** The longest IP packet that one frame carries, octets. */
  readonly mtu: number
  readonly capabilities: Capabilities
  /**
   * Sends a frame. The device takes it over: nobody changes its bytes afterwards.
   * @param meta what the device has to do first, where its capabilities say that it can; null: nothing
   */
  transmit(frame: Uint8Array, meta: TransmitMeta | null): void
  /** Names who is given the frames that arrive. */
  attach(owner: DeviceOwner): void
}
