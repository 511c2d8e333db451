/** `Date` on a simulation's clock. */
import type { Clock } from '../../base/clock.ts'

/**
 * A `Date` whose "now" is that of the clock, or the real one while there is no clock. It shares the prototype of the real
 * one: dates made by either are dates for both.
 */
export function virtualDate(real: DateConstructor, clockNow: () => Clock | null): DateConstructor {
  const millis = (): number => clockNow()?.wallMillis() ?? real.now()
  return new Proxy(real, {
    apply: () => new real(millis()).toString(),
    construct: (target, values, made) => Reflect.construct(target, values.length === 0 ? [millis()] : values, made),
    get: (target, name, receiver) => (name === 'now' ? millis : Reflect.get(target, name, receiver)),
  })
}
