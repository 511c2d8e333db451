/** Choosing one of several upstreams. */
import { fnv1aText } from '../../../base/hash.ts'
import { below, type Random } from '../../../base/random.ts'
import type { FieldLines } from '../../exchange.ts'
import { parseCookies } from '../../fields/cookie.ts'
import { fieldValue } from '../../fields/lines.ts'
import type { BalancePolicy } from './options.ts'

/** What a policy looks at. */
export interface Choice {
  readonly name: string
  /** The weight that counts now. */
  readonly weight: number
  /** Requests under way. */
  readonly active: number
  /** Of the round robin: what it is owed. */
  credit: number
}

/** Who asks, as far as a policy wants to know. */
export interface Asker {
  /** The client's address. */
  readonly address: string
  readonly fields: FieldLines
}

/** One of the choices, of which there is at least one. */
export function choose<C extends Choice>(
  all: readonly C[],
  policy: BalancePolicy,
  random: Random,
  asker: Asker | null,
): C {
  const [first] = all
  if (all.length === 1) return first!
  const weighty = all.some(({ weight }) => weight > 0) ? all.filter(({ weight }) => weight > 0) : all
  if (policy === 'round robin') return inTurn(weighty)
  if (policy === 'least requests') return least(weighty)
  if (policy === 'two choices') return ofTwo(weighty, random)
  const key = keyOf(policy, asker)
  // Who has no key yet (a first visit without the cookie) is nobody's in particular.
  return key === undefined || key === '' ? least(weighty) : byHash(weighty, key)
}

/** The smooth weighted round robin of nginx: 5:1:1 comes as aabacaa, not as aaaaabc. */
function inTurn<C extends Choice>(all: readonly C[]): C {
  let best = all[0]!
  let total = 0
  for (const one of all) {
    total += one.weight
    one.credit += one.weight
    if (one.credit > best.credit) best = one
  }
  best.credit -= total
  return best
}

function load({ active, weight }: Choice): number {
  return (active + 1) / (weight === 0 ? 1 : weight)
}

/** Of equals the one whose turn it is. */
function least<C extends Choice>(all: readonly C[]): C {
  const fewest = Math.min(...all.map(load))
  return inTurn(all.filter((one) => load(one) === fewest))
}

/** Mitzenmacher's two choices. */
function ofTwo<C extends Choice>(all: readonly C[], random: Random): C {
  const i = below(random, all.length)
  const j = below(random, all.length - 1)
  const [a, b] = [all[i]!, all[j >= i ? j + 1 : j]!]
  return load(a) <= load(b) ? a : b
}

/**
 * Rendezvous hashing (Thaler, Ravishankar 1998), by weight: each upstream bids for the key, the highest bid wins. When
 * one goes, only its own keys move.
 */
function byHash<C extends Choice>(all: readonly C[], key: string): C {
  let best = all[0]!
  let highest = Number.NEGATIVE_INFINITY
  for (const one of all) {
    const bid = -(one.weight === 0 ? 1 : one.weight) / Math.log(uniform(mixed(fnv1aText(key, fnv1aText(one.name)))))
    if (bid > highest) {
      highest = bid
      best = one
    }
  }
  return best
}

/** FNV leaves the last characters in the low bits; this (MurmurHash3's finish) spreads them. */
function mixed(hash: number): number {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Between 0 and 1, neither of them. */
function uniform(hash: number): number {
  return (hash + 0.5) / 0x1_0000_0000
}

function keyOf(policy: Exclude<BalancePolicy, string>, asker: Asker | null): string | undefined {
  if (asker === null) return undefined
  if (policy.hash === 'address') return asker.address
  if (policy.hash === 'field') return fieldValue(asker.fields, policy.name.toLowerCase())
  return parseCookies(fieldValue(asker.fields, 'cookie')).get(policy.name)
}
