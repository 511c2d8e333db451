/**
 * The simulated Internet: hosts that run unmodified programs on Reticle's own TCP/IP, links with weather, virtual time.
 *
 *     const net = internet({ seed: 1 })
 *     const laptop = net.host('laptop'), router = net.router('router'), web = net.host('web')
 *     net.link(laptop, router, { latency: ms(5), loss: 0.01 })
 *     net.link(router, web, { latency: ms(20), rate: mbit(100) })
 *     await net.run(() => program(laptop, web))
 */

export { minutes, ms, seconds, us } from '../base/duration.ts'
export type { LinkDroppedEvent, LinkEvent, LinkSentEvent } from './events.ts'
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
export { HomeRouter, type NodeOptions, type Side, SimHost, SimRouter } from './machine/node.ts'
export { type AccessLine, type Miniature, type MiniatureOptions, miniature } from './miniature.ts'
export type { Lan, LanOptions } from './network/lan.ts'
export type { Link, LinkOptions, Weather } from './network/link.ts'
export { gbit, kbit, mbit } from './time/units.ts'
export { DeadlockError, TimeLimitError } from './time/world.ts'
