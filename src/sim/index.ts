/**
 * The simulated Internet: programs run on hosts with Reticle's own TCP/IP, over links with latency, limits and faults, in
 * virtual time. A program takes the `Host` that it runs on as an argument, and runs on the machine's own sockets as well.
 *
 *     const net = internet({ seed: 1 })
 *     const laptop = net.host('laptop'), router = net.router('router'), web = net.host('web')
 *     net.link(laptop, router, { latency: ms(5), loss: 0.01 })
 *     net.link(router, web, { latency: ms(20), rate: mbit(100) })
 *     await net.run(() => program(laptop, web))
 */

export { type Duration, hours, minutes, ms, seconds, us } from '../base/duration.ts'
export { DeadlockError, SeedFailedError, SimError, type SimErrorCode, TimeLimitError } from './errors.ts'
export type { LinkDroppedEvent, LinkEvent, LinkSentEvent } from './events.ts'
export type { Group } from './faults/groups.ts'
export {
  corrupt,
  deliverAfter,
  drop,
  duplicate,
  type Packet,
  pass,
  type Rule,
  type RuleGuard,
  type Verdict,
} from './faults/rule.ts'
export {
  type ConnectionOptions,
  Internet,
  type InternetOptions,
  internet,
  type Joinable,
  type RunOptions,
} from './internet.ts'
export { SIM_LIMITS, type SimLimits } from './limits.ts'
export { type NodeOptions, type Program, SimHost } from './machine/node.ts'
export { ProgramHost } from './machine/program.ts'
export { HomeRouter, type Side, SimRouter } from './machine/router.ts'
export { type AccessLine, type Miniature, type MiniatureOptions, miniature } from './miniature.ts'
export type { Lan, LanOptions } from './network/lan.ts'
export type { Link, LinkOptions, Way, Weather } from './network/link.ts'
export { gbit, kbit, mbit, type Rate } from './network/rate.ts'
export { type Experiment, type SimulateOptions, simulate } from './simulate.ts'
