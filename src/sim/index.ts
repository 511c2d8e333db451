/**
 * The simulated Internet: hosts that run unmodified programs on Reticle's own TCP/IP, links with weather, virtual time.
 *
 *     const net = internet({ seed: 1 })
 *     const laptop = net.host('laptop'), router = net.router('router'), web = net.host('web')
 *     net.link(laptop, router, { latency: ms(5), loss: 0.01 })
 *     net.link(router, web, { latency: ms(20), rate: mbit(100) })
 *     await net.run(() => program(laptop, web))
 */
export type { LinkDroppedEvent, LinkEvent, LinkSentEvent } from './events.ts'
export {
  type ConnectionOptions,
  Internet,
  type InternetOptions,
  internet,
  type Joinable,
  type RunOptions,
} from './internet.ts'
export type { Lan, LanOptions } from './lan.ts'
export type { Link, LinkOptions, Weather } from './link.ts'
export { type AccessLine, type Miniature, type MiniatureOptions, miniature } from './miniature.ts'
export { HomeRouter, type NodeOptions, type Side, SimHost, SimRouter } from './node.ts'
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
} from './rule.ts'
export { gbit, kbit, mbit, minutes, ms, seconds, us } from './units.ts'
export { DeadlockError, TimeLimitError } from './world.ts'
