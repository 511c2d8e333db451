/**
 * npm run bench -- dns [--json] [--rounds N] [--seconds N]
 *
 * What one query over UDP costs the server: an authoritative zone of 100,000 names beside NSD, and 10,000 names out of
 * the cache beside Unbound. The server on one core, dnsperf on the other, turn and turn about, medians; the figure
 * that counts is CPU time of the server's processes.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { commandPath } from '../../test/need.ts'
import { median } from '../http/measure.ts'
import { nsd, unbound } from './peers.ts'

const NAMES = 100_000
const CACHED = 10_000
const [NSD_PORT, UNBOUND_PORT] = [5397, 5398]
/** /proc counts CPU time in hundredths of a second. */
const TICK_MICROS = 10_000
const run = promisify(execFile)

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
  },
})

interface Runner {
  readonly name: string
  readonly pair: string
  readonly ours: boolean
  readonly child: ChildProcess
  readonly port: number
  readonly queries: string
  readonly micros: number[]
  readonly perSecond: number[]
}

const folder = mkdtempSync(join(tmpdir(), 'reticle-bench-dns-'))
const runners: Runner[] = []
try {
  if (commandPath('dnsperf') === null) console.log('dnsperf is missing: apt-get install dnsperf')
  else await measure()
} finally {
  for (const { child } of runners) child.kill()
  rmSync(folder, { recursive: true })
}

async function measure(): Promise<void> {
  const zone = join(folder, 'bench.example.zone')
  const every = join(folder, 'every.queries')
  const cached = join(folder, 'cached.queries')
  const names = Array.from({ length: NAMES }, (_, i) => `h${i}`)
  const addresses = names.map((name, i) => `${name} A 10.${i >>> 16}.${(i >>> 8) & 255}.${i & 255}\n`).join('')
  writeFileSync(zone, `$ORIGIN bench.example.\n$TTL 86400\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 127.0.0.1\n${addresses}`)
  // In an order that no cache line likes: a stride that is prime to the number of names.
  const stride = (count: number) =>
    names.slice(0, count).map((_, i) => `${names[(i * 7919) % count]}.bench.example A\n`)
  writeFileSync(every, stride(NAMES).join(''))
  writeFileSync(cached, stride(CACHED).join(''))

  const authority = await start('reticle', 'authority', true, every, ours('authority.ts', zone))
  if (commandPath('nsd') === null) console.log('nsd is missing: apt-get install nsd')
  else await start('nsd', 'authority', false, every, nsd(folder, NSD_PORT, zone), NSD_PORT)
  await start('reticle', 'cache', true, cached, ours('forwarder.ts', String(authority.port)))
  if (commandPath('unbound') === null) console.log('unbound is missing: apt-get install unbound')
  else await start('unbound', 'cache', false, cached, unbound(folder, UNBOUND_PORT, authority.port), UNBOUND_PORT)

  for (const runner of runners) await turn(runner, 2, false)
  for (let round = 0; round < Number(values.rounds); round++)
    for (const runner of runners) await turn(runner, Number(values.seconds), true)
  print()
}

function ours(file: string, argument: string): string[] {
  return [process.execPath, fileURLToPath(new URL(`servers/${file}`, import.meta.url)), argument]
}

/** A server on core 0; one of ours prints its port, the others are given theirs and asked until they answer. */
async function start(
  name: string,
  pair: string,
  own: boolean,
  queries: string,
  command: string[],
  given = 0,
): Promise<Runner> {
  const child = spawn('taskset', ['-c', '0', ...command], { stdio: ['ignore', own ? 'pipe' : 'ignore', 'ignore'] })
  let port = given
  if (own) port = Number(String((await once(child.stdout!, 'data'))[0]).split(' ')[1])
  const runner = { name, pair, ours: own, child, port, queries, micros: [], perSecond: [] }
  runners.push(runner)
  return runner
}

/** One turn of load. @throws when more than one query in a thousand is not answered with NOERROR */
async function turn(runner: Runner, seconds: number, record: boolean): Promise<void> {
  const before = ticks(runner.child.pid!)
  const load = ['-c', '1', 'dnsperf', '-p', String(runner.port), '-d', runner.queries, '-l', String(seconds), '-c', '8']
  const { stdout } = await run('taskset', load)
  const spent = (ticks(runner.child.pid!) - before) * TICK_MICROS
  const answered = Number(/NOERROR (\d+)/.exec(stdout)?.[1] ?? 0)
  const sent = Number(/Queries sent:\s+(\d+)/.exec(stdout)?.[1] ?? 0)
  if (!record) return
  if (answered < sent * 0.999) throw new Error(`${runner.name}: ${stdout}`)
  runner.micros.push(spent / answered)
  runner.perSecond.push(answered / seconds)
}

/** CPU time of the process and of those it started: NSD serves from children. */
function ticks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
  let sum = Number(fields[11]) + Number(fields[12]) // utime, stime
  for (const thread of readdirSync(`/proc/${pid}/task`))
    for (const child of readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' '))
      if (child !== '') sum += ticks(Number(child))
  return sum
}

function print(): void {
  for (const { name, pair, micros, perSecond } of runners) {
    const spread = `${Math.min(...micros).toFixed(1)} – ${Math.max(...micros).toFixed(1)}`
    const rate = Math.round(median(perSecond)).toString().padStart(9)
    const cost = median(micros).toFixed(2).padStart(7)
    console.log(`${pair.padEnd(10)} ${name.padEnd(8)} ${cost} µs CPU per query  (${spread})${rate} queries/s`)
  }
  for (const own of runners.filter((runner) => runner.ours))
    for (const peer of runners.filter((runner) => !runner.ours && runner.pair === own.pair)) {
      const name = `${own.pair}: reticle : ${peer.name}`
      const [a, b] = [median(own.micros), median(peer.micros)]
      if (values.json)
        console.log(JSON.stringify({ bench: 'dns', ours: a, peer: b, name, unit: 'CPU µs per query', ratio: a / b }))
      else console.log(`${name.padEnd(34)} ${(a / b).toFixed(2)}`)
    }
}
