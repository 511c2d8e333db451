/** Rates of links as programs give them. A bare 10 would be ten bits a second, and was meant as ten million. */
import { SimError } from '../errors.ts'

declare const unit: unique symbol
/** Bits a second that somebody has named: `mbit(10)`. A bare number does not type-check. */
export type Rate = number & { readonly [unit]: 'bit/s' }

/** Thousand bits a second. */
export const kbit = (count: number): Rate => (count * 1e3) as Rate
/** Million bits a second. */
export const mbit = (count: number): Rate => (count * 1e6) as Rate
/** Thousand million bits a second. */
export const gbit = (count: number): Rate => (count * 1e9) as Rate

/** No line is slower: a telegraph's 50 bit/s are out of reach, a modem's 1,200 are not. */
const SLOWEST = 1000

/**
 * Checks a rate where a program hands one over: JavaScript does not see the type.
 * @param what the setting, as the program knows it: `link a--b: rate`
 * @throws SimError for what is no number, or slower than a kilobit a second
 */
export function requireRate(what: string, value: number): Rate {
  if (value >= SLOWEST) return value as Rate
  const given = typeof value === 'number' && value > 0 ? `${value} is ${value} bit/s` : `this is ${String(value)}`
  const advice = value > 0 ? `write mbit(${value}) for megabits` : 'write mbit(10) or gbit(1)'
  throw new SimError('SIM_LINK', `${what} must be at least 1 kbit/s, and ${given}: ${advice}`)
}
