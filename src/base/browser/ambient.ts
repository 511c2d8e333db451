/** Where browsers keep what surrounds the running code. It does not follow an `await`: they have nothing that would. */
import type { Holder, Surroundings } from '../surroundings.ts'

let current: Surroundings | undefined

export const holder: Holder = {
  get: () => current,
  run(value, work) {
    const before = current
    current = value
    try {
      return work()
    } finally {
      current = before
    }
  },
}
