/**
 * npm run bench -- websocket [--json] [--rounds N] [--seconds N] [--connections N,N] [--only NAME,NAME]
 *
 * What a message costs the server, beside ws: echoes of 64 octets and of 16 KB over 16 to 1,024 connections, and a broadcast of
 * 64 octets to 1,000. The server on one core, the load on the other, turn and turn about, medians.
 */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { median, type Runner, start, ticks } from '../http/measure.ts'

const TICK_MICROS = 10_000
const PEER = 'ws'
const run = promisify(execFile)
const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    connections: { type: 'string', default: '16,64,256,1024' },
    only: { type: 'string', default: 'reticle uring,reticle node' },
  },
})

interface Scene {
  readonly name: string
  readonly path: string
  readonly connections: number
  readonly bytes: number
}

const counts = values.connections.split(',').map(Number)
const scenes: Scene[] = [
  ...[64, 16_384].flatMap((bytes) =>
    counts.map((connections) => ({
      name: `echo of ${bytes} octets, ${connections} connections`,
      path: '/echo',
      connections,
      bytes,
    })),
  ),
  { name: 'broadcast of 64 octets to 1000', path: '/broadcast', connections: 1_000, bytes: 64 },
]

const folder = mkdtempSync(join(tmpdir(), 'reticle-bench-websocket-'))
/** In C, so that the server has more to do than the load. */
const load = join(folder, 'load')
const runners: Runner[] = []
/** CPU µs a message, by scene and contestant. */
const figures = new Map<string, number[]>()
try {
  execFileSync('cc', ['-O2', '-Wall', '-o', load, file('load.c')])
  for (const name of values.only.split(',')) {
    const command = [process.execPath, file('reticle.ts'), name.replace('reticle ', '')]
    runners.push(await start({ name, command, part: 'ours' }))
  }
  runners.push(await start({ name: PEER, command: [process.execPath, file('ws.ts')], part: 'peer' }))
  for (const runner of runners) await turn(runner, scenes[0]!)
  figures.clear()
  for (const scene of scenes) {
    for (let round = 0; round < Number(values.rounds); round++) for (const runner of runners) await turn(runner, scene)
    print(scene)
  }
} finally {
  for (const runner of runners) runner.process.kill()
  rmSync(folder, { recursive: true })
}

async function turn(runner: Runner, { name, path, connections, bytes }: Scene): Promise<void> {
  const before = ticks(runner.process.pid!)
  const given = [runner.port, path, connections, bytes, values.seconds].map(String)
  const { stdout } = await run('taskset', ['-c', '1', load, ...given])
  const key = `${name} ${runner.contestant.name}`
  const list = figures.get(key) ?? []
  figures.set(key, list)
  list.push(((ticks(runner.process.pid!) - before) * TICK_MICROS) / Number(stdout))
}

function print({ name }: Scene): void {
  const of = (contestant: string) => median(figures.get(`${name} ${contestant}`)!)
  const peer = of(PEER)
  for (const contestant of values.only.split(',')) {
    const ours = of(contestant)
    const ratio = ours / peer
    const what = `${contestant}: ${name}`
    if (values.json)
      console.log(JSON.stringify({ bench: 'websocket', ours, peer, name: what, unit: 'CPU µs per message', ratio }))
    else
      console.log(
        `${what.padEnd(58)} ${ours.toFixed(2).padStart(7)} µs, ${PEER} ${peer.toFixed(2).padStart(7)} µs: ${ratio.toFixed(2)}`,
      )
  }
}
