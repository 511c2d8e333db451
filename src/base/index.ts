/** What every floor stands on: bytes, time, chance, errors, addresses, the event log. */
export * from './bytes.ts'
export * from './clock.ts'
export * from './errors.ts'
export * from './events.ts'
export * from './ip.ts'
export type { Machine } from './machine.ts'
export * from './random.ts'
