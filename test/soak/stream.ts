/**
 * 10 MB at 10 % loss with reordering, duplicates and spoiled frames, for many seeds.
 * `node test/soak/stream.ts [SEEDS] [FIRST]`: default the seeds 1 to 100. Exit status 1 when a stream did not arrive intact.
 */
import { storm, stream } from '../../src/sim/trial/stream.ts'

const SIZE = 10_000_000
const seeds = Number(process.argv[2] ?? 100)
const first = Number(process.argv[3] ?? 1)
let failures = 0
for (let seed = first; seed < first + seeds; seed++) {
  const { net, from, to } = storm(seed)
  const outcome = await stream(net, from, to, SIZE).catch((error: Error) => error)
  const intact = !(outcome instanceof Error) && outcome.received === SIZE && outcome.wrong < 0
  if (intact) continue
  failures++
  console.log(`seed ${seed}: ${outcome instanceof Error ? outcome.message : JSON.stringify(outcome)}`)
  console.log(`  again: node test/soak/stream.ts 1 ${seed}`)
}
console.log(`${seeds - failures} of ${seeds} streams of ${SIZE.toLocaleString('en')} bytes arrived intact`)
process.exitCode = failures === 0 ? 0 : 1
