/** Reports of a stage of name resolution to the event log. */

import type { Machine } from '../../base/machine.ts'
import { type Answer, type Query, ttlOf } from '../answer/answer.ts'
import type { DnsStage, DnsStageEvent } from '../events.ts'
import { printRdata } from '../message/rdata/text.ts'
import { RCODE, rcodeName, typeName } from '../message/types.ts'
import type { Upstream } from '../servers/upstream.ts'

/** The stage has the answer, or knows that there is none. */
export function reportAnswer(machine: Machine, stage: DnsStage, query: Query, answer: Answer, cached: boolean): void {
  if (!machine.events.on) return
  const failed = answer.rcode !== RCODE.NOERROR && answer.rcode !== RCODE.NXDOMAIN
  machine.events.emit(
    event(machine, stage, query, {
      outcome: failed ? 'failed' : 'answered',
      cached,
      answer: answer.answer.flatMap((set) =>
        set.rdatas.map((rdata) => `${typeName(set.type)} ${printRdata(set.type, rdata)}`),
      ),
      rcode: rcodeName(answer.rcode),
      ttl: ttlOf(answer),
    }),
  )
}

/** The stage asks the next one. */
export function reportPassed(machine: Machine, stage: DnsStage, query: Query, next: Upstream | null): void {
  if (!machine.events.on) return
  machine.events.emit(event(machine, stage, query, { outcome: 'passed', next: next === null ? '' : next.key }))
}

function event(machine: Machine, stage: DnsStage, query: Query, parts: Partial<DnsStageEvent>): DnsStageEvent {
  return {
    type: 'dns.stage',
    at: machine.clock.now(),
    host: machine.name,
    stage,
    name: query.name.lower().toString(),
    rrtype: typeName(query.type),
    outcome: 'answered',
    cached: false,
    answer: [],
    rcode: '',
    ttl: -1,
    next: '',
    ...parts,
  }
}
