/** The state table of an upstream, the policies and the budget of retries, without a network. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../../base/clock.ts'
import { SeededRandom } from '../../../base/random.ts'
import { ManualClock } from '../../trial/machine.ts'
import { RetryBudget } from './budget.ts'
import type { BalancePolicy } from './options.ts'
import { type Choice, choose } from './policy.ts'
import { turned, UPSTREAM_TURNS, type UpstreamState, type UpstreamTurn } from './state.ts'

const TURNS: readonly UpstreamTurn[] = [
  'failures',
  'rested',
  'success',
  'failure',
  'checks failed',
  'checks passed',
  'removed',
]

test('the table of states: every turn in every state, and whoever leaves stays away', () => {
  const states = Object.keys(UPSTREAM_TURNS) as UpstreamState[]
  const table = states.map((state) => `${state}: ${TURNS.map((turn) => turned(state, turn)).join(' ')}`)
  assert.deepEqual(table, [
    'up: ejected up up up down up leaving',
    'ejected: ejected trial ejected ejected down ejected leaving',
    'trial: trial trial up ejected down trial leaving',
    'down: down down down down down up leaving',
    'leaving: leaving leaving leaving leaving leaving leaving leaving',
  ])
  // From everywhere there is a way back up, but from leaving.
  for (const state of states) {
    const reached = new Set<UpstreamState>([state])
    for (const one of reached) for (const turn of TURNS) reached.add(turned(one, turn))
    assert.equal(reached.has('up'), state !== 'leaving', state)
  }
})

function choices(...weights: number[]): (Choice & { active: number })[] {
  return weights.map((weight, i) => ({ name: `http://10.0.0.${i}:80`, weight, active: 0, credit: 0 }))
}

function spread(all: readonly Choice[], policy: BalancePolicy, count: number, asker = (_i: number) => ''): number[] {
  const random = new SeededRandom('policy')
  const counts = all.map(() => 0)
  for (let i = 0; i < count; i++) {
    const chosen = choose(all, policy, random, {
      address: asker(i),
      fields: ['X-User', asker(i), 'Cookie', `id=${asker(i)}`],
    })
    counts[all.indexOf(chosen)]!++
  }
  return counts
}

test('round robin goes in turn, by weight, and mixes', () => {
  const all = choices(5, 1, 1)
  const random = new SeededRandom('x')
  const order = Array.from({ length: 7 }, () => all.indexOf(choose(all, 'round robin', random, null))).join('')
  assert.equal(order, '0010200')
  assert.deepEqual(spread(choices(1, 1, 1), 'round robin', 300), [100, 100, 100])
  // Weight 0 is nobody's turn, as long as there is another.
  assert.deepEqual(spread(choices(1, 0), 'round robin', 10), [10, 0])
  assert.deepEqual(
    spread(choices(0, 0), 'round robin', 10).reduce((a, b) => a + b),
    10,
  )
})

test('least requests asks who has least to do, by weight; of equals in turn', () => {
  const all = choices(1, 1, 2)
  all[0]!.active = 3
  all[1]!.active = 4
  all[2]!.active = 5
  assert.deepEqual(spread(all, 'least requests', 10), [0, 0, 10])
  assert.deepEqual(spread(choices(1, 1), 'least requests', 10), [5, 5])
})

test('two choices never asks the busiest of all, and nearly halves the rest', () => {
  const all = choices(1, 1, 1, 1)
  all[3]!.active = 100
  const counts = spread(all, 'two choices', 4000)
  assert.equal(counts[3], 0)
  for (const count of counts.slice(0, 3)) assert.ok(count > 800, String(counts))
})

test('a hash keeps a client with its upstream, evenly; when one goes only its own clients move', () => {
  const address = (i: number) => `10.1.${i >> 8}.${i & 255}`
  const random = new SeededRandom('hash')
  for (const policy of [
    { hash: 'address' },
    { hash: 'field', name: 'X-User' },
    { hash: 'cookie', name: 'id' },
  ] as const) {
    const all = choices(1, 1, 1, 1)
    const counts = spread(all, policy, 4000, address)
    for (const count of counts) assert.ok(Math.abs(count - 1000) < 150, String(counts))
    const at = (among: readonly Choice[], i: number) =>
      choose(among, policy, random, {
        address: address(i),
        fields: ['X-User', address(i), 'Cookie', `id=${address(i)}`],
      })
    const fewer = all.slice(1)
    for (let i = 0; i < 500; i++) {
      const before = at(all, i)
      if (before !== all[0]) assert.equal(at(fewer, i), before)
    }
  }
  const weighted = spread(choices(3, 1), { hash: 'address' }, 4000, address)
  assert.ok(Math.abs(weighted[0]! - 3000) < 200, String(weighted))
  // Without the cookie nobody has a key: the load is spread.
  assert.deepEqual(spread(choices(1, 1), { hash: 'cookie', name: 'other' }, 10), [5, 5])
})

test('retries are a share of the requests beyond the few that are always allowed', async () => {
  const clock = new ManualClock()
  const budget = new RetryBudget(clock, 0.2)
  const taken = () => {
    let count = 0
    while (budget.take()) count++
    return count
  }
  assert.equal(taken(), 100)
  for (let i = 0; i < 1000; i++) budget.request()
  assert.equal(taken(), 200)
  await clock.advance(10 * SECOND)
  assert.equal(taken(), 50)
  await clock.advance(100 * SECOND)
  assert.equal(taken(), 100)
})
