/**
 * Reverse zones of addresses that mean something only where they are used: private networks, this machine, the link,
 * documentation. Asked of the root servers they tell strangers of a network's inside and load the servers of the
 * world (RFC 6303, RFC 7534): a resolver answers that there is nothing, unless it is told who knows better.
 */
import type { Policy } from '../../iterate/policy.ts'
import { Name } from '../../message/name.ts'
import { Zones } from '../../zone/zones.ts'
import { fromZones, smallZone } from './zones.ts'

const IN_ADDR = [
  // RFC 6303 §4.1: RFC 1918.
  '10',
  ...range(16, 31).map((octet) => `${octet}.172`),
  '168.192',
  // RFC 6303 §4.2: this network, loopback, link local, documentation, broadcast.
  '0',
  '127',
  '254.169',
  '2.0.192',
  '100.51.198',
  '113.0.203',
  '255.255.255.255',
  // RFC 7793: addresses behind carriers' translators.
  ...range(64, 127).map((octet) => `${octet}.100`),
]

const IP6 = [
  // RFC 6303 §4.3: unspecified, loopback.
  `${'0.'.repeat(31)}0`,
  `1.${'0.'.repeat(30)}0`,
  // RFC 6303 §4.4: locally assigned; §4.5: link local; §4.6: documentation.
  'd.f',
  '8.e.f',
  '9.e.f',
  'a.e.f',
  'b.e.f',
  '8.b.d.0.1.0.0.2',
]

/** The names of the zones. */
export const EMPTY_ZONES: readonly string[] = [
  ...IN_ADDR.map((name) => `${name}.in-addr.arpa.`),
  ...IP6.map((name) => `${name}.ip6.arpa.`),
]

/** @param known names that somebody is configured to answer for: those below them are let pass, the root does not count. */
export function emptyZones(known: readonly Name[] = []): Policy {
  const others = known.filter((name) => !name.isRoot)
  const empty = fromZones(() => new Zones(EMPTY_ZONES.map((name) => smallZone(Name.parse(name)))))
  return {
    question(query, client) {
      return others.some((name) => query.name.isUnder(name)) ? undefined : empty.question?.(query, client)
    },
  }
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}
