/**
 * npm run bench -- http [--json] [--rounds N] [--seconds N] [--only NAME,NAME]
 *
 * What a plain-text request costs: 64 keep-alive connections by one wrk thread, the server pinned to one core and the
 * load to the other, turn and turn about, medians. The figure that counts is CPU time of the server process.
 */
import { parseArgs } from 'node:util'
import { buildLimit } from '../limit/build.ts'
import { contestants } from './contestants.ts'
import { median, type Runner, start, turn } from './measure.ts'

const WARM_UP_SECONDS = 2

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string' },
  },
})

const limit = buildLimit()
const wanted = values.only?.split(',')
const runners: Runner[] = []
try {
  for (const contestant of contestants(limit.program))
    if (wanted === undefined || wanted.includes(contestant.name)) runners.push(await start(contestant))
  for (const runner of runners) await turn(runner, WARM_UP_SECONDS, false)
  for (let round = 0; round < Number(values.rounds); round++)
    for (const runner of runners) await turn(runner, Number(values.seconds), true)
} finally {
  for (const runner of runners) runner.process.kill()
  limit.remove()
}

for (const { contestant, micros, perSecond } of runners) {
  const spread = `${Math.min(...micros).toFixed(1)} – ${Math.max(...micros).toFixed(1)}`
  console.log(
    `${contestant.name.padEnd(18)} ${median(micros).toFixed(2).padStart(7)} µs CPU per request  (${spread})` +
      `${Math.round(median(perSecond)).toString().padStart(9)} requests/s`,
  )
}
for (const ours of runners.filter((runner) => runner.contestant.part === 'ours'))
  for (const peer of runners.filter((runner) => runner.contestant.part === 'peer')) {
    const name = `${ours.contestant.name} : ${peer.contestant.name}`
    const [a, b] = [median(ours.micros), median(peer.micros)]
    if (values.json)
      console.log(JSON.stringify({ bench: 'http', ours: a, peer: b, name, unit: 'CPU µs per request', ratio: a / b }))
    else console.log(`${name.padEnd(36)} ${(a / b).toFixed(2)}`)
  }
if (values.json)
  for (const { contestant, micros } of runners)
    if (contestant.part === 'page')
      console.log(
        JSON.stringify({ bench: 'http', ours: median(micros), name: contestant.name, unit: 'CPU µs per request' }),
      )
