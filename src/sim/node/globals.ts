/**
 * The globals of the process on the time and chance of a simulation, for programs that do not take a `Host`: Express, a
 * database client, whatever calls `setTimeout`.
 */
import { syncBuiltinESMExports } from 'node:module'
import type { Clock } from '../../base/clock.ts'
import { type Duration, requireDuration } from '../../base/duration.ts'
import { SeededRandom, unit } from '../../base/random.ts'
import { SimError } from '../errors.ts'
import { SIM_LIMITS } from '../limits.ts'
import { OutsideWork } from './outside.ts'
import { type Session, standIns } from './stand-ins.ts'
import { moveHousekeeping } from './timers.ts'

/** What the globals are to follow: an `Internet` is one. */
export interface VirtualTime {
  /** Whose time they tell. */
  readonly clock: Clock
  /** Decides what `Math.random` gives. */
  readonly seed: string
}

/** How `virtualGlobals` waits for what a simulation does not see. */
export interface VirtualGlobalsOptions {
  /** How long, in real time, virtual time waits for one piece of work outside of the simulation; default 20 s. */
  readonly outsideWork?: Duration
}

/** The globals are a simulation's until this is disposed of. */
export interface VirtualGlobals extends Disposable {
  /**
   * Puts the real globals back. Timers that still wait never fire, but those that were `unref`ed, which are a module's
   * housekeeping and go on in real time. Without effect the second time.
   */
  restore(): void
}

/** The simulation that has the globals now. */
let session: Session | null = null

/**
 * Puts the whole process on the time and chance of a simulation, until `restore` or the end of the block that holds it.
 *
 * **Global while it lasts**: `setTimeout`, `setInterval`, `setImmediate` and what clears them, `node:timers` and
 * `node:timers/promises`, `AbortSignal.timeout`, `Date`, `Temporal.Now`, `performance.now`, `process.hrtime` and `Math.random` are the
 * simulation's for all code of the process, timers of other tests included. Run such tests in a file of their own.
 *
 * Virtual time stands still while the thread pool works (`crypto`, `zlib`, files, names) and while Node's own immediates
 * wait. What it cannot see (worker threads, native add-ons, WebAssembly that is being compiled) is for the program to
 * say: `await net.clock.hold(work)`.
 *
 * A module that takes the timers aside while it is loaded (`const { setTimeout } = globalThis`) must be loaded after this
 * call: `await import('some-client')`. A module that keeps a clock of its own running (undici does, for its time limits)
 * must not have it running in real time when a simulation begins.
 * @throws SimError SIM_GLOBALS while another simulation has the globals
 * @example
 *     const net = internet({ seed: 1 })
 *     using globals = virtualGlobals(net)
 *     await net.run(async () => {
 *       await new Promise((resolve) => setTimeout(resolve, 30_000)) // takes no time
 *     })
 */
export function virtualGlobals(net: VirtualTime, options: VirtualGlobalsOptions = {}): VirtualGlobals {
  if (session !== null)
    throw new SimError(
      'SIM_GLOBALS',
      'virtualGlobals: another simulation has the globals of this process: restore() that first, and do not run the two at the same time',
    )
  const limit = requireDuration('virtualGlobals({ outsideWork })', options.outsideWork ?? SIM_LIMITS.outsideWork)
  const chance = new SeededRandom(net.seed).fork('globals')
  const mine: Session = {
    clock: net.clock,
    random: () => unit(chance),
    outside: new OutsideWork(limit),
    byId: new Map(),
  }
  session = mine
  const undo = standIns(() => session).map(([target, name, value]) => {
    const before = Object.getOwnPropertyDescriptor(target, name)
    Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: before?.enumerable })
    return () => {
      if (before === undefined) Reflect.deleteProperty(target, name)
      else Object.defineProperty(target, name, before)
    }
  })
  syncBuiltinESMExports()
  moveHousekeeping()
  const restore = (): void => {
    if (session !== mine) return
    session = null
    mine.outside.stop()
    for (const back of undo) back()
    syncBuiltinESMExports()
    moveHousekeeping()
  }
  return { restore, [Symbol.dispose]: restore }
}
