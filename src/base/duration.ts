/**
 * Durations as programs give them. Inside, every time is a number of nanoseconds; a bare number in a program means
 * milliseconds to most people, so what the public calls take is a `Duration`, which only these functions make.
 */
import { after, type Clock, formatDuration, MICROSECOND, MILLISECOND, type Nanos, SECOND } from './clock.ts'

declare const unit: unique symbol
/** Nanoseconds that somebody has named: `ms(20)`, `seconds(5)`. A bare number does not type-check. */
export type Duration = Nanos & { readonly [unit]: 'ns' }

/** A duration of so many nanoseconds, rounded to whole ones. */
export const ns = (count: number): Duration => Math.round(count) as Duration
/** A duration of so many microseconds. */
export const us = (count: number): Duration => Math.round(count * MICROSECOND) as Duration
/** A duration of so many milliseconds: `ms(20)`. */
export const ms = (count: number): Duration => Math.round(count * MILLISECOND) as Duration
/** A duration of so many seconds: `seconds(5)`, `seconds(0.5)`. */
export const seconds = (count: number): Duration => Math.round(count * SECOND) as Duration
/** A duration of so many minutes. */
export const minutes = (count: number): Duration => seconds(count * 60)
/** A duration of so many hours. */
export const hours = (count: number): Duration => seconds(count * 3600)
/** A duration of so many days of 24 hours. */
export const days = (count: number): Duration => hours(count * 24)

/**
 * Checks a duration where a program hands one over: JavaScript does not see the type, and 20 or 5000 was meant in
 * milliseconds.
 * @param what the setting, as the program wrote it: `link({ latency })`
 * @param least the shortest that makes sense there; shorter ones (but 0) are refused
 * @throws RangeError for what is negative, no number, or shorter than `least`
 */
export function requireDuration(what: string, value: number, least: Nanos = MICROSECOND): Duration {
  if (value === 0 || value >= least) return value as Duration
  const given =
    typeof value === 'number' && value > 0 ? `${value} is ${formatDuration(value)}` : `it is ${String(value)}`
  const advice = value > 0 ? `write ms(${value}) for milliseconds` : 'write ms(20) or seconds(5)'
  throw new RangeError(`${what} must be 0 or at least ${formatDuration(least)}, and ${given}: ${advice}`)
}

/**
 * Resolves when so much time has passed on the given clock: virtual time in a simulation.
 * @throws RangeError when the delay is a number that was probably meant in milliseconds
 * @example await sleep(host.clock, ms(20))
 */
export function sleep(clock: Clock, delay: Duration): Promise<void> {
  requireDuration('sleep(clock, delay)', delay)
  return new Promise((resolve) => {
    after(clock, delay, resolve)
  })
}
