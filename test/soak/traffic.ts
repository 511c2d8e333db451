/**
 * Three streams each way behind NAT, over four routers, in weather and with crashes drawn from a seed.
 * `node test/soak/traffic.ts [SEEDS] [FIRST]`: default the seeds 1 to 200. Exit status 1 when a stream neither arrived
 * intact nor ended with a reason on both sides.
 */
import { faults, traffic } from '../../src/sim/trial/traffic.ts'

const seeds = Number(process.argv[2] ?? 200)
const first = Number(process.argv[3] ?? 1)
let failures = 0
const told = new Map<string, number>()
for (let seed = first; seed < first + seeds; seed++) {
  const run = await traffic(seed)
  for (const outcome of run.outcomes) if (outcome.alive()) told.set(outcome.told, (told.get(outcome.told) ?? 0) + 1)
  const wrong = faults(run)
  if (wrong.length === 0) continue
  failures++
  console.log(`seed ${seed}: ${wrong.join('; ')}\n  again: node test/soak/traffic.ts 1 ${seed}`)
}
console.log(
  `${seeds - failures} of ${seeds} runs as they should be. The ends were told: ${JSON.stringify(Object.fromEntries(told))}`,
)
process.exitCode = failures === 0 ? 0 : 1
