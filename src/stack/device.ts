/**
 * What a stack's interface stands on: a simulated link, a TUN or TAP device, the loopback, or a device around another
 * that counts, records or spoils what passes.
 */
import type { Mac } from '../wire/ethernet.ts'

export interface Device {
  /** `eth0`. */
  readonly name: string
  /** What its frames are: Ethernet, or IP packets alone (a TUN device, the loopback). */
  readonly medium: 'ethernet' | 'ip'
  /** Its own address on Ethernet; 0 elsewhere. */
  readonly mac: Mac
  /** The longest IP packet that one frame carries, octets. */
  readonly mtu: number
  /** Sends a frame. The device takes it over: nobody changes its bytes afterwards. */
  transmit(frame: Uint8Array): void
  /** Names who is given the frames that arrive. They may be kept, and are never changed. */
  attach(receive: (frame: Uint8Array) => void): void
}
