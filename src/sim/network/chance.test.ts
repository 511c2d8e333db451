import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom } from '../../base/random.ts'
import { Chances, MISFORTUNE } from './chance.ts'

const COUNT = 64_000
const BINS = 64
/** The chi-square statistic of 63 degrees of freedom is above this once in a thousand times. */
const UNLIKELY = 103.4

/** How far counts are from being all alike. */
function chiSquare(counts: readonly number[], expected: number): number {
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

test('shares are uniform, for every kind of misfortune', () => {
  for (const kind of Object.values(MISFORTUNE)) {
    const chances = new Chances(new SeededRandom('uniform'))
    const bins: number[] = Array(BINS).fill(0)
    for (let number = 1; number <= COUNT; number++) bins[Math.floor(chances.share(number, kind) * BINS)]!++
    const statistic = chiSquare(bins, COUNT / BINS)
    assert.ok(statistic < UNLIKELY, `kind ${kind}: ${statistic}`)
  }
})

test('neighbouring frames, kinds and links do not follow each other', () => {
  const chances = new Chances(new SeededRandom('a'))
  const other = new Chances(new SeededRandom('b'))
  const pairs: readonly (readonly [string, (number: number) => readonly [number, number]])[] = [
    ['the next frame', (number) => [chances.share(number, 1), chances.share(number + 1, 1)]],
    ['another kind', (number) => [chances.share(number, 1), chances.share(number, 2)]],
    ['another link', (number) => [chances.share(number, 1), other.share(number, 1)]],
  ]
  for (const [what, pair] of pairs) {
    const bins: number[] = Array(BINS).fill(0)
    for (let number = 1; number <= COUNT; number++) {
      const [first, second] = pair(number)
      bins[Math.floor(first * 8) * 8 + Math.floor(second * 8)]!++
    }
    const statistic = chiSquare(bins, COUNT / BINS)
    assert.ok(statistic < UNLIKELY, `${what}: ${statistic}`)
  }
})

test('a share is the same however often and in whatever order it is asked for, also past 2^32 frames', () => {
  const once = new Chances(new SeededRandom('seed'))
  const again = new Chances(new SeededRandom('seed'))
  const numbers = [1, 2, 3, 2 ** 31, 2 ** 32 + 1, 2 ** 40 + 1]
  const shares = numbers.map((number) => once.share(number, MISFORTUNE.loss))
  const backwards = [...numbers].reverse().map((number) => again.share(number, MISFORTUNE.loss))
  assert.deepEqual(shares, backwards.reverse())
  assert.equal(new Set(shares).size, numbers.length)
  assert.ok(shares.every((share) => share >= 0 && share < 1))
})
