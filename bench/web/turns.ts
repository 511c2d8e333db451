/** Two ways of doing one thing, turn about, and what each costs the processor. */
import type { Pair } from './pairs.ts'

const TURNS = 7

/** @param times how often each is done in one turn. */
export async function measured(
  name: string,
  times: number,
  ways: { readonly ours: () => unknown; readonly peer: () => unknown },
): Promise<Pair> {
  const costs: { ours: number[]; peer: number[] } = { ours: [], peer: [] }
  for (let turn = -2; turn < TURNS; turn++)
    for (const way of ['ours', 'peer'] as const) {
      const before = process.cpuUsage()
      for (let i = 0; i < times; i++) await ways[way]()
      const { user, system } = process.cpuUsage(before)
      if (turn >= 0) costs[way].push((user + system) / times) // the first turns warm up
    }
  return { name, ours: median(costs.ours), peer: median(costs.peer) }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!
}
