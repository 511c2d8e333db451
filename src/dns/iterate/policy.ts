/**
 * What whoever runs a resolver wants otherwise than the servers say: names that are answered at once, addresses that
 * are not believed, servers that are not asked. The core asks its policies at each of these places, in their order.
 */
import type { IpAddress } from '../../socket/address.ts'
import type { Answer, Query } from '../answer/answer.ts'
import type { Name } from '../message/name.ts'
import type { Rrset } from '../message/record.ts'
import type { Upstream } from '../servers/upstream.ts'

/**
 * @example
 * const block: Policy = {
 *   question: (query) => (query.name.isUnder(ads) ? answerOf({ rcode: RCODE.NXDOMAIN }) : undefined),
 * }
 * await serveResolver(host, { settings: { policies: [specialNames(), emptyZones(), block] } })
 */
export interface Policy {
  /**
   * The answer to the question in the place of cache and servers, undefined to let it pass. Asked for every question
   * of a client, for every name that an alias leads to, and for every name server whose address is looked for.
   * @param client who asks; null where nobody outside has asked for that very name
   */
  question?(query: Query, client: IpAddress | null): Answer | undefined
  /**
   * What is believed of a set of an answer that carries addresses (A, AAAA, SVCB, HTTPS): the set, a part of it, or
   * null for nothing. Called before it is cached.
   */
  addresses?(set: Rrset): Rrset | null
  /** Whether that server may be asked for that zone. */
  server?(zone: Name, server: Upstream): boolean
}

/** The first answer that a policy gives to the question. */
export function localAnswer(
  policies: readonly Policy[],
  query: Query,
  client: IpAddress | null = null,
): Answer | undefined {
  for (const policy of policies) {
    const answer = policy.question?.(query, client)
    if (answer !== undefined) return answer
  }
  return undefined
}

/** What all policies together leave of the set; null when that is nothing. */
export function believedAddresses(policies: readonly Policy[], set: Rrset): Rrset | null {
  let left: Rrset | null = set
  for (const policy of policies) {
    if (left === null) return null
    if (policy.addresses !== undefined) left = policy.addresses(left)
  }
  return left
}

/** Whether all policies let the server be asked for the zone. */
export function mayBeAsked(policies: readonly Policy[], zone: Name, server: Upstream): boolean {
  return policies.every((policy) => policy.server?.(zone, server) !== false)
}
