/** An authoritative server on a Host. */

import type { Machine } from '../../base/machine.ts'
import type { Host } from '../../socket/host.ts'
import type { DnsStage, DnsStageEvent } from '../events.ts'
import { type DnsServer, type ServerOptions, serveDns } from '../front/server.ts'
import { type AnswerLimits, DNS_LIMITS, type DnsLimitChanges, dnsLimits } from '../limits.ts'
import type { Message } from '../message/message.ts'
import { printRdata } from '../message/rdata/text.ts'
import { RCODE, rcodeName, TYPE, typeName } from '../message/types.ts'
import type { Zone } from '../zone/zone.ts'
import { Zones } from '../zone/zones.ts'
import { answer } from './answer.ts'

/** How zones are served. */
export interface AuthorityOptions extends Omit<ServerOptions, 'limits'> {
  /** Where on the walk of a lookup this server stands, for the event log; default 'authoritative'. */
  readonly stage?: DnsStage
  readonly limits?: Pick<DnsLimitChanges, 'answer' | 'front'>
}

/** Answers from the zones; `zones` may be changed while it serves. Rejects as `serveDns` does. */
export function serveZones(
  host: Host,
  zones: Zones | readonly Zone[],
  options: AuthorityOptions = {},
): Promise<DnsServer> {
  const held = zones instanceof Zones ? zones : new Zones(zones)
  return serveDns(host, authority(host, held, options.stage, dnsLimits(options.limits).answer), options)
}

/** The responder of an authoritative server, which reports each answer to the machine's event log. */
export function authority(
  machine: Machine,
  zones: Zones,
  stage: DnsStage = 'authoritative',
  limits: AnswerLimits = DNS_LIMITS.answer,
): (query: Message) => Message {
  return (query) => {
    const reply = answer(zones, query, limits)
    if (machine.events.on && query.question.length === 1) machine.events.emit(stageEvent(machine, stage, query, reply))
    return reply
  }
}

function stageEvent(machine: Machine, stage: DnsStage, query: Message, reply: Message): DnsStageEvent {
  const question = query.question[0]!
  const referral = reply.rcode === RCODE.NOERROR && reply.answer.length === 0 && !reply.aa
  const shown = referral ? reply.authority.filter((record) => record.type === TYPE.NS) : reply.answer
  const told = shown.length > 0 ? shown : reply.authority
  const failed = reply.rcode !== RCODE.NOERROR && reply.rcode !== RCODE.NXDOMAIN
  return {
    type: 'dns.stage',
    at: machine.clock.now(),
    host: machine.name,
    stage,
    // The query's letters may be mixed to make forging harder (0x20); the stage is about the name, the packet shows them.
    name: question.name.toString().toLowerCase(),
    rrtype: typeName(question.type),
    outcome: failed ? 'failed' : referral ? 'referred' : 'answered',
    cached: false,
    answer: shown.map((record) => `${typeName(record.type)} ${printRdata(record.type, record.rdata)}`),
    rcode: rcodeName(reply.rcode),
    ttl: told.length === 0 ? -1 : Math.min(...told.map((record) => record.ttl)),
    next: '',
  }
}
