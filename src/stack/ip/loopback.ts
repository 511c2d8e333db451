/** The interface `lo`: what is sent arrives, at the same instant, after what was due before. */
import type { Nanos } from '../../base/clock.ts'
import type { Task } from '../../base/schedule.ts'
import type { Device } from '../device.ts'

export class Loopback implements Device, Task {
  readonly name = 'lo'
  readonly medium = 'ip'
  readonly mac = 0
  /** The longest IPv4 packet there is. */
  readonly mtu = 65_535
  readonly #later: (when: Nanos, task: Task, argument: unknown) => void
  readonly #now: () => Nanos
  #receive: (frame: Uint8Array) => void = () => {}

  constructor(now: () => Nanos, later: (when: Nanos, task: Task, argument: unknown) => void) {
    this.#now = now
    this.#later = later
  }

  transmit(frame: Uint8Array): void {
    this.#later(this.#now(), this, frame)
  }

  attach(receive: (frame: Uint8Array) => void): void {
    this.#receive = receive
  }

  run(frame: unknown): void {
    this.#receive(frame as Uint8Array)
  }
}
