/**
 * npm run bench -- udp [--json] [--rounds N] [--seconds N] [--flight N,N] [--bytes N]
 *
 * What a datagram costs that comes and goes back, beside a bare C loop over recvmmsg(2) and sendmmsg(2), with few and many
 * of them under way. The echo on one core, the load on the other, turn and turn about, medians.
 */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { median, type Runner, start, ticks } from '../http/measure.ts'

const TICK_MICROS = 10_000
const run = promisify(execFile)

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    flight: { type: 'string', default: '1,8,64' },
    bytes: { type: 'string', default: '64' },
  },
})

const folder = mkdtempSync(join(tmpdir(), 'reticle-bench-udp-'))
const runners: Runner[] = []
try {
  const [echo, load] = [compiled('echo'), compiled('load')]
  const ours = [process.execPath, fileURLToPath(new URL('echo.ts', import.meta.url)), 'uring']
  runners.push(await start({ name: 'C loop', command: [echo], part: 'peer' }))
  runners.push(await start({ name: 'reticle', command: ours, part: 'ours' }))
  const flights = values.flight.split(',').map(Number)
  for (const runner of runners) await turn(runner, load, Math.max(...flights), false)
  for (const flight of flights)
    for (let round = 0; round < Number(values.rounds); round++)
      for (const runner of runners) await turn(runner, load, flight, true)
  for (const flight of flights) print(flight)
} finally {
  for (const runner of runners) runner.process.kill()
  rmSync(folder, { recursive: true })
}

function compiled(name: string): string {
  const program = join(folder, name)
  const source = fileURLToPath(new URL(`${name}.c`, import.meta.url))
  execFileSync('cc', ['-O2', '-Wall', '-o', program, source])
  return program
}

async function turn(runner: Runner, load: string, flight: number, record: boolean): Promise<void> {
  const before = ticks(runner.process.pid!)
  const given = [String(runner.port), String(flight), values.bytes, values.seconds]
  const { stdout } = await run('taskset', ['-c', '1', load, ...given])
  if (!record) return
  const figures = runner.figures.get(flight) ?? { micros: [], perSecond: [], megabytes: [] }
  runner.figures.set(flight, figures)
  figures.micros.push(((ticks(runner.process.pid!) - before) * TICK_MICROS) / Number(stdout))
  figures.perSecond.push(Number(stdout) / Number(values.seconds))
}

function print(flight: number): void {
  const [peer, ours] = runners.map((runner) => median(runner.figures.get(flight)!.micros))
  const ratio = ours! / peer!
  const name = `echo, ${flight} under way`
  if (values.json)
    console.log(JSON.stringify({ bench: 'udp', ours, peer, name, unit: 'CPU µs per datagram there and back', ratio }))
  else console.log(`${name.padEnd(22)} ${ours!.toFixed(2)} µs, C loop ${peer!.toFixed(2)} µs: ${ratio.toFixed(2)}`)
}
