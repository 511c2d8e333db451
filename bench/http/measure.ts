/** A server on one core, wrk on the other, and what a request costs the server. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Contestant } from './contestants.ts'

const SERVER_CORE = '0'
const LOAD_CORE = '1'
/** /proc counts CPU time in hundredths of a second on every Linux. */
const TICK_MICROS = 10_000

const run = promisify(execFile)

/** What the turns with so many connections have shown, one figure a turn. */
export interface Figures {
  /** CPU µs of the server process per request. */
  readonly micros: number[]
  readonly perSecond: number[]
  /** Resident memory of the server process at the end of the turn. */
  readonly megabytes: number[]
}

/** What asks the servers. */
export interface Load {
  command(url: string, connections: number, seconds: number): readonly string[]
  /** How many requests were answered, by what the command has printed; null when one failed. */
  answered(printed: string): number | null
}

/** One request at a time on each connection. */
export const wrk: Load = {
  command: (url, connections, seconds) => ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, url],
  answered: (printed) => (/Socket errors|Non-2xx/.test(printed) ? null : Number(/(\d+) requests in/.exec(printed)![1])),
}

/** So many requests at a time on each connection, in one piece. */
export function pipelined(depth: number): Load {
  const script = fileURLToPath(new URL('pipelined.lua', import.meta.url))
  return { ...wrk, command: (...load) => [...wrk.command(...load), '-s', script, '--', String(depth)] }
}

/** A new connection for each request. */
export const fresh: Load = { ...wrk, command: (...load) => [...wrk.command(...load), '-H', 'Connection: close'] }

/** The same over TLS. */
export function secure(load: Load): Load {
  return { ...load, command: (url, ...more) => load.command(url.replace('http:', 'https:'), ...more) }
}

/** Requests that stand for a second. */
const H2LOAD_RATE = 20_000

/** HTTP/2 with prior knowledge. @param streams requests at a time on each connection */
export function h2load(streams: number): Load {
  return {
    // A number of requests: by time h2load does not always come to an end with a thousand connections.
    command: (url, connections, seconds) => {
      const count = Math.max(seconds * H2LOAD_RATE, connections * streams)
      return ['h2load', '-t1', `-c${connections}`, `-m${streams}`, `-n${count}`, url]
    },
    answered: (printed) => {
      const found = /(\d+) succeeded, 0 failed, 0 errored/.exec(printed)
      return found === null ? null : Number(found[1])
    },
  }
}

export interface Runner {
  readonly contestant: Contestant
  readonly process: ChildProcess
  readonly port: number
  /** By number of connections. */
  readonly figures: Map<number, Figures>
}

export async function start(contestant: Contestant): Promise<Runner> {
  const child = spawn('taskset', ['-c', SERVER_CORE, ...contestant.command], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  const ended = once(child, 'exit').then(([status]) => {
    throw new Error(`${contestant.name} has ended with ${status} before it listened`)
  })
  ended.catch(() => {})
  const [bytes] = await Promise.race([once(child.stdout!, 'data'), ended])
  return { contestant, process: child, port: Number(String(bytes).trim().split(' ')[1]), figures: new Map() }
}

/** One turn: so many seconds of load over kept connections. @throws when a request failed. */
export async function turn(
  runner: Runner,
  connections: number,
  seconds: number,
  record: boolean,
  load: Load = wrk,
): Promise<void> {
  const before = ticks(runner.process.pid!)
  const began = performance.now()
  const url = `http://127.0.0.1:${runner.port}/`
  const { stdout } = await run('taskset', ['-c', LOAD_CORE, ...load.command(url, connections, seconds)])
  const took = (performance.now() - began) / 1000
  const requests = load.answered(stdout)
  if (requests === null) throw new Error(`${runner.contestant.name}: ${stdout}`)
  if (!record) return
  const figures = runner.figures.get(connections) ?? { micros: [], perSecond: [], megabytes: [] }
  runner.figures.set(connections, figures)
  figures.micros.push(((ticks(runner.process.pid!) - before) * TICK_MICROS) / requests)
  figures.perSecond.push(requests / took)
  figures.megabytes.push(resident(runner.process.pid!) / 1024)
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!
}

export function ticks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
  return Number(fields[11]) + Number(fields[12]) // utime, stime
}

/** KB of memory that the process has in use. */
export function resident(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1])
}
