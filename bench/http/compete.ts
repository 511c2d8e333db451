/** Servers turn and turn about, at several numbers of connections, and the table of what came out. */
import { parseArgs } from 'node:util'
import type { Contestant } from './contestants.ts'
import { type Load, median, type Runner, start, turn } from './measure.ts'

const WARM_UP_SECONDS = 2

export interface Competition {
  /** The name of the bench in the JSON lines. */
  readonly bench: string
  readonly rounds: number
  readonly seconds: number
  /** Numbers of connections: a server that is tuned to one of them can be poor at the next. */
  readonly connections: readonly number[]
  readonly only: readonly string[] | undefined
  readonly json: boolean
  /** What is added to the names, where one bench competes several times. */
  readonly label?: string
  /** Default wrk. */
  readonly load?: Load
}

/** [--json] [--rounds N] [--seconds N] [--connections N,N] [--only NAME,NAME] */
export function competition(bench: string): Competition {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '2' },
      connections: { type: 'string', default: '16,64,256,1024' },
      only: { type: 'string' },
    },
    strict: false,
  })
  return {
    bench,
    rounds: Number(values['rounds']),
    seconds: Number(values['seconds']),
    connections: String(values['connections']).split(',').map(Number),
    only: values['only'] === undefined ? undefined : String(values['only']).split(','),
    json: values['json'] === true,
  }
}

/** Runs the contestants and prints what their requests cost. */
export async function compete(contestants: readonly Contestant[], how: Competition): Promise<void> {
  const runners: Runner[] = []
  try {
    for (const contestant of contestants)
      if (how.only === undefined || how.only.includes(contestant.name)) runners.push(await start(contestant))
    for (const runner of runners) await turn(runner, Math.max(...how.connections), WARM_UP_SECONDS, false, how.load)
    for (const connections of how.connections)
      for (let round = 0; round < how.rounds; round++)
        for (const runner of runners) await turn(runner, connections, how.seconds, true, how.load)
  } finally {
    for (const runner of runners) runner.process.kill()
  }
  for (const connections of how.connections) {
    if (how.json) printLines(runners, connections, how)
    else printTable(runners, connections, how.label ?? '')
  }
}

function printTable(runners: readonly Runner[], connections: number, label: string): void {
  const peers = runners.filter((runner) => runner.contestant.part === 'peer')
  const heads = peers.map(({ contestant }) => `: ${contestant.name}`.padStart(16)).join('')
  console.log(
    `${`${connections} connections${label}`.padEnd(24)} CPU µs a request      (spread)  requests/s    MB ${heads}`,
  )
  for (const runner of runners) {
    const { micros, perSecond, megabytes } = runner.figures.get(connections)!
    const spread = `(${Math.min(...micros).toFixed(1)} – ${Math.max(...micros).toFixed(1)})`
    const ratios = peers.map((peer) => (median(micros) / cost(peer, connections)).toFixed(2).padStart(16))
    console.log(
      `${runner.contestant.name.padEnd(24)} ${median(micros).toFixed(2).padStart(16)} ${spread.padStart(15)}` +
        `${Math.round(median(perSecond))
          .toString()
          .padStart(
            12,
          )}${median(megabytes).toFixed(0).padStart(6)} ${runner.contestant.part === 'ours' ? ratios.join('') : ''}`,
    )
  }
  console.log('')
}

function printLines(runners: readonly Runner[], connections: number, { bench, label = '' }: Competition): void {
  const unit = 'CPU µs per request'
  for (const ours of runners) {
    const { name, part } = ours.contestant
    const own = cost(ours, connections)
    if (part === 'page') console.log(JSON.stringify({ bench, ours: own, name: `${name}${label}`, unit, connections }))
    if (part !== 'ours') continue
    for (const { contestant, figures } of runners) {
      if (contestant.part !== 'peer') continue
      const { micros, megabytes } = figures.get(connections)!
      const peer = median(micros)
      const pair = `${name}${label} : ${contestant.name}`
      console.log(JSON.stringify({ bench, ours: own, peer, name: pair, unit, ratio: own / peer, connections }))
      const memory = { ours: median(ours.figures.get(connections)!.megabytes), peer: median(megabytes) }
      const ratio = memory.ours / memory.peer
      console.log(JSON.stringify({ bench, ...memory, name: `${pair}, memory`, unit: 'MB', ratio, connections }))
    }
  }
}

function cost(runner: Runner, connections: number): number {
  return median(runner.figures.get(connections)!.micros)
}
