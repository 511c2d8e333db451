/** What becomes of a frame when a server has replied, or has not. */
import type { Nanos } from '../../../base/clock.ts'
import { formatAddress } from '../../../socket/address.ts'
import { secondsAt } from '../../cache/time.ts'
import { TRUST } from '../../cache/trust.ts'
import type { Message } from '../../message/message.ts'
import type { Rrset } from '../../message/record.ts'
import { RCODE, TYPE } from '../../message/types.ts'
import { classify, type Reply } from '../reply/classify.ts'
import { type Scrubbed, scrub } from '../reply/scrub.ts'
import { ServerSet } from './delegation.ts'
import { deeper, referred, unminimised } from './minimise.ts'
import { type Asking, current, type Frame, failed, isMinimised, type Outcome, succeeded } from './plan.ts'
import { type Core, follow } from './walk.ts'

/** The server did not answer: once more perhaps, later. */
export function noReply(core: Core, frame: Frame, asking: Asking, now: Nanos): void {
  const { candidate, query } = asking
  const { triesPerServer } = core.settings.limits
  const dead =
    !frame.servers?.forwarding &&
    core.servers.timeouts(formatAddress(candidate.address), query.type, now) > triesPerServer
  if (candidate.tries >= triesPerServer || dead) candidate.spent = true
  if (isMinimised(frame, asking.query)) {
    const failures = frame.minimise.failures + 1
    const off = failures >= core.settings.limits.minimisedFailures
    frame.minimise = { ...frame.minimise, failures, off: frame.minimise.off || off }
  }
}

/** A reply and all that bears on what becomes of it. */
interface Reaction {
  readonly core: Core
  readonly frame: Frame
  readonly servers: ServerSet
  readonly asking: Asking
  readonly scrubbed: Scrubbed
  readonly now: Nanos
}

/** Takes a reply in: parse (done) → scrub → classify → act. An outcome when the frame is finished with it. */
export function reply(core: Core, frame: Frame, asking: Asking, message: Message, now: Nanos): Outcome | null {
  const { servers } = frame
  if (servers === null) return null
  const { limits, promiscuousAuthority } = core.settings
  const { query, recursionDesired } = asking
  const scrubbed = scrub(message, query, {
    zone: servers.zone,
    forwarding: servers.forwarding || recursionDesired,
    nameServers: limits.nameServers,
    aliases: limits.aliases,
    promiscuous: promiscuousAuthority,
  })
  const kind = classify(scrubbed, query, servers.zone, recursionDesired)
  return act({ core, frame, servers, asking, scrubbed, now }, kind)
}

function act(reaction: Reaction, kind: Reply): Outcome | null {
  const { core, frame, servers, asking, now } = reaction
  const { candidate, query } = asking
  const minimised = isMinimised(frame, query)
  switch (kind.kind) {
    case 'answer':
      return minimised ? minimisedAnswer(reaction) : answered(reaction)
    case 'empty':
      if (!minimised) return empty(reaction)
      frame.minimise = deeper(frame.minimise, query)
      return null
    case 'alias':
      if (!minimised) return follow(core, frame, storeAlias(reaction), kind.target)
      frame.minimise = unminimised(frame.minimise)
      return null
    case 'referral':
      // A resolver that refers us to others does not resolve: to a forwarder that is as good as no answer.
      if (!servers.forwarding) return referral(reaction, kind.ns)
      candidate.spent = true
      return null
    case 'lame':
      core.servers.setLame(servers.zone, formatAddress(candidate.address), 'lame', now, query.type)
      candidate.spent = true
      return null
    case 'recursive':
      core.servers.setLame(servers.zone, formatAddress(candidate.address), 'recursive', now)
      return null
    case 'useless':
      if (minimised) frame.minimise = unminimised(frame.minimise)
      else candidate.spent = true
      return null
  }
}

function answered({ core, frame, servers, scrubbed, now }: Reaction): Outcome {
  return succeeded(frame, core.cache.store(current(frame), scrubbed, now, servers.until))
}

/** No zone cut at the minimised name; or no such name, says a server that may not know of names below (RFC 8020). */
function minimisedAnswer({ core, frame, servers, asking, scrubbed, now }: Reaction): null {
  if (scrubbed.rcode !== RCODE.NOERROR) frame.minimise = unminimised(frame.minimise)
  else {
    core.cache.store(asking.query, scrubbed, now, servers.until)
    frame.minimise = deeper(frame.minimise, asking.query)
  }
  return null
}

/** Nothing at all: "no data" from a server that leaves out the SOA, or a broken server among good ones. */
function empty(reaction: Reaction): Outcome | null {
  const { core, frame, asking, scrubbed } = reaction
  if (asking.recursionDesired || frame.empties >= core.settings.limits.emptyReplies) return answered(reaction)
  frame.empties++
  asking.candidate.spent = true
  frame.empty = scrubbed
  return null
}

function storeAlias({ core, scrubbed, now }: Reaction): readonly Rrset[] {
  const trust = scrubbed.authoritative ? TRUST.answerAA : TRUST.answer
  for (const set of scrubbed.answer) core.cache.rrsets.put(set, trust, now)
  return scrubbed.answer
}

/** On to the servers of the zone below: as the cache knows them by now, or as they have just been named. */
function referral({ core, frame, servers, scrubbed, now }: Reaction, ns: Rrset): Outcome | null {
  const { limits } = core.settings
  if (++frame.referrals > limits.referrals) return failed(`${frame.name} took more than ${limits.referrals} referrals`)
  const { rrsets } = core.cache
  const second = secondsAt(now)
  const until = Math.min(servers.until, second + Math.min(ns.ttl, core.cache.limits.maxTtl))
  const old = rrsets.get(ns.name, TYPE.NS, ns.class, now)
  // That delegation had come to its end: what the parent says now counts, not what the zone said of itself.
  if (old !== undefined && old.delegatedUntil <= second) rrsets.delete(ns.name, TYPE.NS, ns.class)
  for (const side of ['', 'parent'] as const) {
    rrsets.put(ns, TRUST.authority, now, until, side)
    for (const glue of scrubbed.additional) rrsets.put(glue, TRUST.additional, now, until, side)
  }
  const held = rrsets.get(ns.name, TYPE.NS, ns.class, now)
  const next = new ServerSet(ns.name, held?.delegatedUntil ?? until, limits)
  next.fresh = true
  next.addNames(held?.rrset ?? ns)
  next.addCached(rrsets, core.settings, ns.class, now)
  // Glue that may not be kept (TTL 0) still leads to the answer at hand.
  for (const glue of scrubbed.additional) next.addAddresses(glue.name, glue, core.settings)
  frame.servers = next
  frame.minimise = referred(frame.minimise)
  return null
}
