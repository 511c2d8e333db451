/** The interface `lo`: what is sent arrives, at the same instant, after what was due before. */
import type { Task } from '../../base/schedule.ts'
import { type Device, type DeviceOwner, PLAIN, type ReceiveMeta } from '../device.ts'
import type { Timers } from '../timers.ts'

/** The longest IPv4 packet there is. */
const MTU = 65_535

export class Loopback implements Device, Task {
  readonly name = 'lo'
  readonly medium = 'ip'
  readonly mac = 0
  readonly mtu = MTU
  readonly capabilities = PLAIN
  readonly #timers: Timers
  #owner: DeviceOwner | null = null
  readonly #meta: { -readonly [name in keyof ReceiveMeta]: ReceiveMeta[name] } = {
    at: 0,
    checksum: 'unknown',
    gsoSize: 0,
    id: null,
  }

  constructor(timers: Timers) {
    this.#timers = timers
  }

  transmit(frame: Uint8Array): void {
    this.#timers.soon(this, frame)
  }

  attach(owner: DeviceOwner): void {
    this.#owner = owner
  }

  run(frame: unknown): void {
    this.#meta.at = this.#timers.now()
    this.#owner?.received(frame as Uint8Array, this.#meta)
  }
}
