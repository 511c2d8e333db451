/**
 * The simulated Internet around programs of Node that do not take a `Host`: their timers and clocks on virtual
 * time, and a database for them.
 */
export { type VirtualGlobals, type VirtualGlobalsOptions, type VirtualTime, virtualGlobals } from './globals.ts'
export { type PgliteDatabase, type PgliteOptions, servePglite } from './pglite.ts'
