/**
 * What the kernel drivers cost, beside a bare C loop: the same canned reply, 64 keep-alive connections from one wrk
 * thread, server and load each on a core of its own, turn and turn about. The figure is CPU time of the server
 * process per request (user and system, from /proc), as a ratio to the C loop's.
 *
 *   node bench/limit/driver.ts [--rounds N] [--seconds N] [--json]
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildLimit } from './build.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
})
const SERVER_CORE = '0'
const LOAD_CORE = '1'
const WARM_UP_SECONDS = 1
/** USER_HZ: /proc counts CPU time in hundredths of a second on every Linux. */
const TICK_MICROS = 10_000

interface Server {
  readonly name: string
  readonly process: ChildProcess
  readonly port: number
  readonly micros: number[]
  readonly perSecond: number[]
}

async function start(name: string, command: readonly string[]): Promise<Server> {
  const child = spawn('taskset', ['-c', SERVER_CORE, ...command], { stdio: ['ignore', 'pipe', 'inherit'] })
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString()))
    child.once('exit', (status) => reject(new Error(`${name} has ended with ${status}`)))
  })
  return { name, process: child, port: Number(line.trim().split(' ')[1]), micros: [], perSecond: [] }
}

function ticks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
  return Number(fields[11]) + Number(fields[12]) // utime, stime
}

function load(port: number, seconds: number): number {
  const url = `http://127.0.0.1:${port}/`
  const report = execFileSync('taskset', ['-c', LOAD_CORE, 'wrk', '-t1', '-c64', `-d${seconds}s`, url]).toString()
  if (/Socket errors|Non-2xx/.test(report)) throw new Error(report)
  return Number(/(\d+) requests in/.exec(report)![1])
}

function measure(server: Server, seconds: number): void {
  const before = ticks(server.process.pid!)
  const requests = load(server.port, seconds)
  server.micros.push(((ticks(server.process.pid!) - before) * TICK_MICROS) / requests)
  server.perSecond.push(requests / seconds)
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!
}

const limit = buildLimit()
const canned = fileURLToPath(new URL('canned.ts', import.meta.url))
const servers = [
  await start('C epoll', [limit.program]),
  await start('uring', [process.execPath, canned, 'uring']),
  await start('node', [process.execPath, canned, 'node']),
]
try {
  for (const server of servers) load(server.port, WARM_UP_SECONDS)
  for (let round = 0; round < Number(values.rounds); round++)
    for (const server of servers) measure(server, Number(values.seconds))
} finally {
  for (const server of servers) server.process.kill()
  limit.remove()
}

const peer = median(servers[0]!.micros)
for (const { name, micros, perSecond } of servers) {
  const ours = median(micros)
  const line = { bench: 'driver', ours, peer, name, unit: 'CPU µs per request', ratio: ours / peer }
  if (values.json) console.log(JSON.stringify(line))
  else
    console.log(
      `${name.padEnd(8)} ${ours.toFixed(2).padStart(6)} µs CPU per request   ${(ours / peer).toFixed(2)} × C   ` +
        `${Math.round(median(perSecond)).toString().padStart(7)} requests/s   (${micros.map((m) => m.toFixed(1)).join(' ')})`,
    )
}
