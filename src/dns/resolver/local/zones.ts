/** Policies that answer out of zones, and the small zones that every resolver has. */
import type { Answer } from '../../answer/answer.ts'
import { lookup } from '../../authority/lookup.ts'
import type { Policy } from '../../iterate/policy.ts'
import { type AnswerLimits, DNS_LIMITS } from '../../limits.ts'
import { Name } from '../../message/name.ts'
import { writeRdata } from '../../message/rdata/text.ts'
import type { ResourceRecord } from '../../message/record.ts'
import { CLASS, TYPE } from '../../message/types.ts'
import { Zone } from '../../zone/zone.ts'
import type { Zones } from '../../zone/zones.ts'

/**
 * Answers questions for names in those zones, and leaves the others alone.
 * @param make the zones, made at the first question
 * @param limits of one answer; default those of `DNS_LIMITS`
 */
export function fromZones(make: () => Zones, limits: AnswerLimits = DNS_LIMITS.answer): Policy {
  let zones: Zones | null = null
  return {
    question(query): Answer | undefined {
      zones ??= make()
      // RFC 4035 §3.1.4.1: DS live above the cut. Whether such a zone is delegated is its parent's to say.
      const above = query.type === TYPE.DS && zones.get(query.name) !== undefined
      if (above && zones.find(query.name, TYPE.DS)?.origin.equals(query.name)) return undefined
      return lookup(zones, query, limits)?.answer
    },
  }
}

/** Seconds; RFC 6303 §3. What such zones say never changes. */
const TTL = 10_800
const NOBODY = Name.parse('nobody.invalid.')

/**
 * A zone with the SOA and NS records of RFC 6303 §3, so that those who ask know for how long "no" holds.
 * @param apex what stands at its name; `below` what stands for every name below it
 */
export function smallZone(
  origin: Name,
  apex: readonly (readonly [type: number, rdata: Uint8Array])[] = [],
  below: readonly (readonly [type: number, rdata: Uint8Array])[] = [],
): Zone {
  const record = (name: Name, type: number, rdata: Uint8Array): ResourceRecord => ({
    name,
    type,
    class: CLASS.IN,
    ttl: TTL,
    rdata,
  })
  const times = { serial: 1, refresh: 3600, retry: 1200, expire: 604_800, minimum: TTL }
  const wildcard = origin.child('*')
  return Zone.of(origin, [
    record(origin, TYPE.SOA, writeRdata('SOA', { mname: origin, rname: NOBODY, ...times })),
    record(origin, TYPE.NS, origin.wire),
    ...apex.map(([type, rdata]) => record(origin, type, rdata)),
    ...below.map(([type, rdata]) => record(wildcard, type, rdata)),
  ])
}
