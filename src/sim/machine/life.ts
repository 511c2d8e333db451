/**
 * One life of a machine, from power on to power off. What was arranged in it happens in it or not at all: a crashed
 * program's timers never fire, what its stack would still send is not sent, and what it asks of its host is never
 * answered. A life may be interrupted: a paused machine's timers, and the frames that come to it, wait.
 */
import type { Task } from '../../base/schedule.ts'
import type { Device, DeviceOwner, ReceiveMeta, TransmitMeta } from '../../stack/device.ts'
import type { Lived } from '../time/clock.ts'
import type { World } from '../time/world.ts'

export type LifeState = Lived['state']

/** What may follow what. */
export const LIFE: { readonly [from in LifeState]: readonly LifeState[] } = {
  running: ['paused', 'over'],
  paused: ['running', 'over'],
  over: [],
}

export class Life implements Lived {
  #state: LifeState = 'running'
  readonly #world: World
  readonly #pausedFrames: number
  /** What waits for the end of a pause, in order. */
  #deferred: Task[] = []
  #frames = 0
  /** Runs before any code of the machine's programs. */
  readonly enter: () => void

  readonly machine: string

  /** @param pausedFrames how many frames wait while it is paused */
  constructor(machine: string, world: World, pausedFrames: number) {
    this.machine = machine
    this.#world = world
    this.#pausedFrames = pausedFrames
    this.enter = () => world.enterApplication(this)
  }

  get state(): LifeState {
    return this.#state
  }

  /** Goes over to another state. Without effect where the table has no such way. */
  become(state: LifeState): void {
    if (!LIFE[this.#state].includes(state)) return
    this.#state = state
    if (state === 'paused') return
    const deferred = this.#deferred
    this.#deferred = []
    this.#frames = 0
    if (state === 'over') return
    for (const task of deferred) this.#world.schedule.add(this.#world.now, task)
  }

  defer(task: Task): void {
    if (this.#state !== 'over') this.#deferred.push(task)
  }

  /**
   * A device of this life: it sends nothing afterwards, and keeps what comes and goes while the machine is paused. What
   * arrives goes to whoever attached last.
   */
  device(of: Device): Device {
    const { name, medium, mac, mtu, capabilities } = of
    const transmit = (frame: Uint8Array, meta: TransmitMeta | null): void => {
      if (this.#state === 'running') of.transmit(frame, meta)
      else this.#keep(() => transmit(frame, meta))
    }
    const attach = (owner: DeviceOwner): void => {
      const received = (frame: Uint8Array, meta: ReceiveMeta): void => {
        if (this.#state === 'running') owner.received(frame, meta)
        else {
          const kept = { ...meta }
          this.#keep(() => received(frame, kept))
        }
      }
      of.attach({ received, batchEnd: () => owner.batchEnd() })
    }
    return { name, medium, mac, mtu, capabilities, transmit, attach }
  }

  /** Why no frame can be given to the machine; null when one can. */
  get refusal(): string | null {
    if (this.#state === 'over') return 'host down'
    return this.#state === 'paused' && this.#frames >= this.#pausedFrames ? 'host paused' : null
  }

  #keep(run: () => void): void {
    if (this.refusal !== null) return
    this.#frames++
    this.#deferred.push({ run })
  }
}
