/**
 * What stands in the places of the globals while a simulation has them. A module may take one of them aside in that time
 * and call it later: without a simulation each does what the real one does.
 */
import { subtle } from 'node:crypto'
import timersModule from 'node:timers'
import promisesModule from 'node:timers/promises'
import { promisify } from 'node:util'
import { MILLISECOND } from '../../base/clock.ts'
import { virtualDate } from './date.ts'
import type { OutsideWork } from './outside.ts'
import { promisesOver } from './promises.ts'
import { type Callback, type Place, VirtualImmediate, VirtualTimeout } from './timers.ts'

/** A simulation that has the globals of this process. */
export interface Session extends Place {
  readonly random: () => number
  readonly outside: OutsideWork
}

/** A property of an object, and what is to be its value. */
export type StandIn = readonly [target: object, name: string, value: unknown]

let made: readonly StandIn[] | null = null

/** All of them; the same ones at every call. @param current who has the globals at the moment of a call */
export function standIns(current: () => Session | null): readonly StandIn[] {
  made ??= [...timers(current), ...times(current), ...tracked(current)]
  return made
}

function timers(current: () => Session | null): readonly StandIn[] {
  const real = { ...timersModule }
  const setTimeout = (callback: Callback, millis?: unknown, ...values: unknown[]): unknown => {
    const session = current()
    if (session === null) return Reflect.apply(real.setTimeout, undefined, [callback, millis, ...values])
    return new VirtualTimeout(current, false, requireCallback(callback), millis, values)
  }
  const setInterval = (callback: Callback, millis?: unknown, ...values: unknown[]): unknown => {
    const session = current()
    if (session === null) return Reflect.apply(real.setInterval, undefined, [callback, millis, ...values])
    return new VirtualTimeout(current, true, requireCallback(callback), millis, values)
  }
  const setImmediate = (callback: Callback, ...values: unknown[]): unknown => {
    const session = current()
    if (session === null) return Reflect.apply(real.setImmediate, undefined, [callback, ...values])
    return new VirtualImmediate(session.clock, requireCallback(callback), values)
  }
  /** Takes what any of the three gave, or the number of a timer. */
  const clear = (timer: unknown): void => {
    const session = current()
    if (timer instanceof VirtualTimeout || timer instanceof VirtualImmediate) timer.close()
    else if (session !== null && (typeof timer === 'number' || typeof timer === 'string'))
      session.byId.get(Number(timer))?.close()
    else if (timer instanceof RealTimeout) {
      moved.get(timer)?.close()
      real.clearTimeout(timer as NodeJS.Timeout)
    } else if (timer instanceof RealImmediate) real.clearImmediate(timer as NodeJS.Immediate)
    else real.clearTimeout(timer as undefined)
  }
  const refreshReal: unknown = Reflect.get(RealTimeout.prototype, 'refresh')
  const moved = new WeakMap<object, VirtualTimeout>()
  /**
   * A module may keep a timer that was set before the simulation had the globals, and refresh it now: from here on it is
   * counted on virtual time. Node's own timers are refreshed inside and never come here.
   */
  function refresh(this: RealTimer): unknown {
    if (current() === null) return Reflect.apply(refreshReal as Callback, this, [])
    const { _onTimeout: callback, _idleTimeout: millis, _timerArgs: values = [] } = this
    moved.get(this)?.close()
    if (typeof callback === 'function' && millis > 0)
      moved.set(this, new VirtualTimeout(current, false, callback.bind(this), millis, values))
    return this
  }
  const promises = promisesModuleOver(current)
  Object.defineProperty(setTimeout, promisify.custom, { value: promises.setTimeout })
  Object.defineProperty(setImmediate, promisify.custom, { value: promises.setImmediate })
  const all = {
    setTimeout,
    setInterval,
    setImmediate,
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  }
  return [
    ...Object.entries(all).flatMap(([name, value]): StandIn[] => [
      [globalThis, name, value],
      [timersModule, name, value],
    ]),
    [RealTimeout.prototype, 'refresh', refresh],
    ...Object.entries(promises).map(([name, value]): StandIn => [promisesModule, name, value]),
  ]
}

interface RealClass {
  new (): unknown
  readonly prototype: object
}

/** What a real timer is made of: libraries have relied on these names for ten years. */
interface RealTimer {
  readonly _onTimeout: Callback | null
  readonly _idleTimeout: number
  readonly _timerArgs: readonly unknown[] | undefined
}

/** The classes of what the real functions give, which Node does not export. */
const [RealTimeout, RealImmediate] = ((): [RealClass, RealClass] => {
  const [timer, immediate] = [timersModule.setTimeout(() => {}, 1), timersModule.setImmediate(() => {})]
  timersModule.clearTimeout(timer)
  timersModule.clearImmediate(immediate)
  return [timer.constructor as RealClass, immediate.constructor as RealClass]
})()

/** The functions of `node:timers/promises`. */
function promisesModuleOver(current: () => Session | null) {
  const { setTimeout, setImmediate, setInterval, scheduler } = promisesModule
  const over = (session: Session) => {
    return promisesOver({
      setTimeout: (run, millis) => new VirtualTimeout(current, false, run, millis, []),
      setInterval: (run, millis) => new VirtualTimeout(current, true, run, millis, []),
      setImmediate: (run) => new VirtualImmediate(session.clock, run, []),
    })
  }
  type Sleep = Parameters<typeof setTimeout>
  type Soon = Parameters<typeof setImmediate>
  type Every = Parameters<typeof setInterval>
  const virtual = () => {
    const session = current()
    return session === null ? null : over(session)
  }
  return {
    setTimeout: (...call: Sleep) => (virtual()?.setTimeout ?? setTimeout)(...call),
    setImmediate: (...call: Soon) => (virtual()?.setImmediate ?? setImmediate)(...call),
    setInterval: (...call: Every) => (virtual()?.setInterval ?? setInterval)(...call),
    scheduler: {
      wait: (...call: Parameters<typeof scheduler.wait>) => (virtual()?.scheduler ?? scheduler).wait(...call),
      yield: () => (virtual()?.scheduler ?? scheduler).yield(),
    },
  }
}

function times(current: () => Session | null): readonly StandIn[] {
  const real = {
    Date,
    now: performance.now.bind(performance),
    hrtime: process.hrtime,
    random: Math.random,
    timeout: AbortSignal.timeout.bind(AbortSignal),
  }
  const nanos = (): bigint => {
    const session = current()
    return session === null ? real.hrtime.bigint() : BigInt(session.clock.now())
  }
  const hrtime = ([seconds, rest]: readonly [number, number] = [0, 0]): [number, number] => {
    const since = nanos() - BigInt(seconds) * 1_000_000_000n - BigInt(rest)
    return [Number(since / 1_000_000_000n), Number(since % 1_000_000_000n)]
  }
  hrtime.bigint = nanos
  const now = (): number => {
    const session = current()
    return session === null ? real.now() : session.clock.now() / MILLISECOND
  }
  const timeout = (millis: number): AbortSignal => {
    const session = current()
    if (session === null) return real.timeout(millis)
    const controller = new AbortController()
    const expire = () => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))
    new VirtualTimeout(current, false, expire, millis, [])
    return controller.signal
  }
  const date = virtualDate(real.Date, () => current()?.clock ?? null)
  return [
    [globalThis, 'Date', date],
    [real.Date.prototype, 'constructor', date],
    ...temporal(current),
    [performance, 'now', now],
    [process, 'hrtime', hrtime],
    [AbortSignal, 'timeout', timeout],
    [Math, 'random', () => (current()?.random ?? real.random)()],
  ]
}

/** `Temporal.Now`, where there is one: all of it follows from the instant. */
function temporal(current: () => Session | null): readonly StandIn[] {
  if (typeof Temporal === 'undefined') return []
  const { Instant, Now } = Temporal
  const realInstant = Now.instant
  const instant = () => {
    const session = current()
    return session === null ? realInstant() : Instant.fromEpochMilliseconds(session.clock.wallMillis())
  }
  const zoned = (zone: string = Now.timeZoneId()) => instant().toZonedDateTimeISO(zone)
  return [
    [Now, 'instant', instant],
    [Now, 'zonedDateTimeISO', zoned],
    [Now, 'plainDateTimeISO', (zone?: string) => zoned(zone).toPlainDateTime()],
    [Now, 'plainDateISO', (zone?: string) => zoned(zone).toPlainDate()],
    [Now, 'plainTimeISO', (zone?: string) => zoned(zone).toPlainTime()],
  ]
}

/** Functions whose promises the thread pool or a compiler settles, and that nothing else tells of. */
function tracked(current: () => Session | null): readonly StandIn[] {
  const cipher = Object.getPrototypeOf(subtle) as object
  const places: readonly (readonly [object, readonly string[]])[] = [
    [cipher, Object.getOwnPropertyNames(cipher).filter((name) => name !== 'constructor')],
    [Reflect.get(globalThis, 'WebAssembly') as object, ['compile', 'instantiate']],
  ]
  return places.flatMap(([target, names]) =>
    names.flatMap((name): StandIn[] => {
      const real: unknown = Reflect.get(target, name)
      if (typeof real !== 'function') return []
      return [
        [
          target,
          name,
          function (this: unknown, ...values: unknown[]): unknown {
            const answer: unknown = Reflect.apply(real, this, values)
            return answer instanceof Promise ? (current()?.outside.track(answer) ?? answer) : answer
          },
        ],
      ]
    }),
  )
}

/** Refuses what is no function as Node does. */
function requireCallback(callback: Callback): Callback {
  if (typeof callback === 'function') return callback
  const error = new TypeError(`The "callback" argument must be of type function. Received ${String(callback)}`)
  throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' })
}
