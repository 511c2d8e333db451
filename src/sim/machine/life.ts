/**
 * One life of a machine, from power on to power off. What was arranged in it happens in it or not at all: a crashed
 * program's timers never fire, and what its stack would still send is not sent.
 */
import type { Clock } from '../../base/clock.ts'
import type { Device } from '../../stack/device.ts'

export class Life {
  over = false

  /** A clock whose calls die with this life. */
  clock(of: Clock): Clock {
    const { stopwatch } = of
    return {
      now: () => of.now(),
      wallMillis: () => of.wallMillis(),
      at: (when, run) =>
        of.at(when, () => {
          if (!this.over) run()
        }),
      hold: (work) => of.hold(work),
      ...(stopwatch && { stopwatch }),
    }
  }

  /** A device that sends nothing after this life. What arrives goes to whoever attached last. */
  device(of: Device): Device {
    const { name, medium, mac, mtu } = of
    const transmit = (frame: Uint8Array) => {
      if (!this.over) of.transmit(frame)
    }
    return { name, medium, mac, mtu, transmit, attach: (receive) => of.attach(receive) }
  }
}
