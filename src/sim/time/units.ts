/** Durations and rates as people write them. */
import { MICROSECOND, MILLISECOND, type Nanos, SECOND } from '../../base/clock.ts'

export const us = (count: number): Nanos => Math.round(count * MICROSECOND)
export const ms = (count: number): Nanos => Math.round(count * MILLISECOND)
export const seconds = (count: number): Nanos => Math.round(count * SECOND)
export const minutes = (count: number): Nanos => seconds(count * 60)

/** Bits a second. */
export const kbit = (count: number): number => count * 1e3
export const mbit = (count: number): number => count * 1e6
export const gbit = (count: number): number => count * 1e9
