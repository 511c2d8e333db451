/** What becomes of a frame when a server has replied, or has not. */
import type { Nanos } from '../../../base/clock.ts'
import { type Answer, answerOf, EDE } from '../../answer/answer.ts'
import { secondsAt } from '../../cache/time.ts'
import { TRUST } from '../../cache/trust.ts'
import type { Message } from '../../message/message.ts'
import type { Rrset } from '../../message/record.ts'
import { RCODE, TYPE } from '../../message/types.ts'
import type { Cause } from '../../servers/book.ts'
import { believedAddresses } from '../policy.ts'
import { classify, type Reply } from '../reply/classify.ts'
import { type Scrubbed, scrub } from '../reply/scrub.ts'
import type { Core } from './core.ts'
import { Delegation } from './delegation.ts'
import type { Asking, Frame } from './frame.ts'
import { deeper, referred, unminimised } from './minimise.ts'
import { failed, type Outcome, succeeded } from './plan.ts'
import { follow } from './walk.ts'

/** The server did not answer so that it helps: once more perhaps, later. */
export function noReply(core: Core, asking: Asking, cause: Cause, now: Nanos): void {
  const { frame, delegation, candidate, query } = asking
  const { triesPerServer, minimisedFailures } = core.settings.limits.resolver
  const minimised = frame.isMinimised(query)
  if (cause === 'malformed' && minimised) {
    // It may well have a good answer to the question itself.
    frame.narrow(unminimised(frame.minimise))
    return
  }
  const dead = !delegation.forwarding && core.book.timeouts(candidate.server.key, query.type, now) > triesPerServer
  if (cause !== 'timeout' || candidate.tries >= triesPerServer || dead) candidate.spend()
  if (minimised) {
    const failures = frame.minimise.failures + 1
    frame.narrow({ ...frame.minimise, failures, off: frame.minimise.off || failures >= minimisedFailures })
  }
}

/** A reply and all that bears on what becomes of it. */
interface Reaction {
  readonly core: Core
  readonly asking: Asking
  readonly frame: Frame
  readonly delegation: Delegation
  readonly scrubbed: Scrubbed
  readonly now: Nanos
}

/** Takes a reply in: parse (done) → scrub → classify → act. An outcome when the frame is finished with it. */
export function reply(core: Core, asking: Asking, message: Message, now: Nanos): Outcome | null {
  const { limits, promiscuousAuthority } = core.settings
  const { frame, delegation, query, recursionDesired } = asking
  const scrubbed = scrub(message, query, {
    zone: delegation.zone,
    forwarding: delegation.forwarding || recursionDesired,
    nameServers: limits.resolver.nameServers,
    aliases: limits.answer.aliases,
    proofs: limits.answer.proofs,
    signatures: limits.answer.signatures,
    promiscuous: promiscuousAuthority,
  })
  const kind = classify(scrubbed, query, delegation.zone, recursionDesired)
  return act({ core, asking, frame, delegation, scrubbed, now }, kind)
}

function act(reaction: Reaction, kind: Reply): Outcome | null {
  const { core, asking, frame, delegation, now } = reaction
  const { candidate, query } = asking
  const minimised = frame.isMinimised(query)
  switch (kind.kind) {
    case 'answer':
      return minimised ? minimisedAnswer(reaction) : answered(reaction)
    case 'empty':
      if (!minimised) return empty(reaction)
      frame.narrow(deeper(frame.minimise, query))
      return null
    case 'alias':
      if (!minimised) return follow(core, frame, storeAlias(reaction), kind.target)
      frame.narrow(unminimised(frame.minimise))
      return null
    case 'referral':
      // A resolver that refers us to others does not resolve: to a forwarder that is as good as no answer.
      if (!delegation.forwarding) return referral(reaction, kind.ns)
      candidate.spend()
      return null
    case 'lame':
      core.book.setLame(delegation.zone, candidate.server.key, 'lame', now, query.type)
      candidate.spend()
      return null
    case 'recursive':
      core.book.setLame(delegation.zone, candidate.server.key, 'recursive', now)
      return null
    case 'useless':
      if (minimised) frame.narrow(unminimised(frame.minimise))
      else candidate.spend()
      return null
  }
}

function answered({ core, frame, delegation, scrubbed, now }: Reaction): Outcome {
  const learned = believable(core, scrubbed)
  if (delegation.configured?.uncached === true) return succeeded(frame, uncached(learned))
  return succeeded(frame, core.cache.store(frame.current, learned, now, delegation.until))
}

const FILTERED = { code: EDE.BLOCKED, text: 'addresses in the answer are not believed here' } as const

/** What policies leave of the addresses in the answer. */
function believable(core: Core, scrubbed: Scrubbed): Scrubbed {
  const { policies } = core.settings
  if (policies.length === 0) return scrubbed
  const left = (sets: readonly Rrset[]) =>
    sets.flatMap((set) => (carriesAddresses(set) ? (believedAddresses(policies, set) ?? []) : set))
  const answer = left(scrubbed.answer)
  const error = answer.length < scrubbed.answer.length ? FILTERED : scrubbed.error
  return { ...scrubbed, answer, additional: left(scrubbed.additional), error }
}

function carriesAddresses({ type }: Rrset): boolean {
  return type === TYPE.A || type === TYPE.AAAA || type === TYPE.SVCB || type === TYPE.HTTPS
}

function uncached({ rcode, answer, authority, additional, error }: Scrubbed): Answer {
  return answerOf({ rcode, answer, authority, additional, error })
}

/** No zone cut at the minimised name; or no such name, says a server that may not know of names below (RFC 8020). */
function minimisedAnswer({ core, asking, frame, delegation, scrubbed, now }: Reaction): null {
  if (scrubbed.rcode !== RCODE.NOERROR) frame.narrow(unminimised(frame.minimise))
  else {
    if (delegation.configured?.uncached !== true)
      core.cache.store(asking.query, believable(core, scrubbed), now, delegation.until)
    frame.narrow(deeper(frame.minimise, asking.query))
  }
  return null
}

/** Nothing at all: "no data" from a server that leaves out the SOA, or a broken server among good ones. */
function empty(reaction: Reaction): Outcome | null {
  const { core, asking, frame, scrubbed } = reaction
  if (asking.recursionDesired || frame.empties >= core.settings.limits.resolver.emptyReplies) return answered(reaction)
  asking.candidate.spend()
  frame.putAside(scrubbed)
  return null
}

function storeAlias({ core, asking, delegation, scrubbed, now }: Reaction): readonly Rrset[] {
  if (delegation.configured?.uncached === true) return scrubbed.answer
  core.cache.storeChain(asking.query, scrubbed, now)
  return scrubbed.answer
}

/** On to the servers of the zone below: as the cache knows them by now, or as they have just been named. */
function referral({ core, frame, delegation, scrubbed, now }: Reaction, ns: Rrset): Outcome | null {
  const limits = core.settings.limits.resolver
  frame.countReferral()
  if (frame.referrals > limits.referrals) return failed(`${frame.name} took more than ${limits.referrals} referrals`)
  const { rrsets } = core.cache
  const second = secondsAt(now)
  const until = Math.min(delegation.until, second + Math.min(ns.ttl, core.cache.limits.maxTtl))
  const old = rrsets.get(ns.name, TYPE.NS, ns.class, now)
  // That delegation had come to its end: what the parent says now counts, not what the zone said of itself.
  if (old !== undefined && old.delegatedUntil <= second) rrsets.delete(ns.name, TYPE.NS, ns.class)
  for (const side of ['', 'parent'] as const) {
    rrsets.put(ns, TRUST.authority, now, until, side)
    for (const glue of scrubbed.additional) rrsets.put(glue, TRUST.additional, now, until, side)
  }
  const held = rrsets.get(ns.name, TYPE.NS, ns.class, now)
  const next = new Delegation(ns.name, held?.delegatedUntil ?? until, limits, { fresh: true })
  next.addNames(held?.rrset ?? ns)
  next.addCached(rrsets, core.settings, ns.class, now)
  // Glue that may not be kept (TTL 0) still leads to the answer at hand.
  for (const glue of scrubbed.additional) next.addAddresses(glue.name, glue, core.settings)
  frame.turnTo(next)
  frame.narrow(referred(frame.minimise))
  return null
}
