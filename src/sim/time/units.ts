/** Rates as people write them. */

/** Bits a second. */
export const kbit = (count: number): number => count * 1e3
export const mbit = (count: number): number => count * 1e6
export const gbit = (count: number): number => count * 1e9
