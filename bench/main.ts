/**
 * npm run bench -- NAME [--keep | --compare] [ARGUMENT…]: runs one of the measurements; without a name it lists them.
 * `--keep` writes the results to `bench/results/NAME.jsonl`, `--compare` holds a run against what stands there.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { comparison, fileOf, keep, kept, parseLines } from './results.ts'

/** By name: the program, and what it measures. */
const BENCHES: Readonly<Record<string, readonly [file: string, what: string]>> = {
  http: ['http/run.ts', 'CPU per plain-text request beside a bare C loop, node:http and Fastify'],
  proxy: ['proxy/main.ts', 'CPU per request through a reverse proxy beside nginx’s proxy_pass'],
  client: ['client/main.ts', 'CPU per request of the HTTP client beside undici’s request'],
  https: ['http/https.ts', 'CPU per plain-text request over TLS 1.3, and per handshake, beside Fastify'],
  http2: ['http/http2.ts', 'CPU per plain-text request in HTTP/2 beside the server of node:http2'],
  websocket: ['websocket/main.ts', 'CPU per WebSocket message, echoed and broadcast, beside ws'],
  dns: ['dns/main.ts', 'CPU per DNS query, from a zone beside NSD and from the cache beside Unbound'],
  compress: ['compress/main.ts', 'CPU and bytes of a JSON reply in each content coding beside the same as it is'],
  files: ['files/main.ts', 'CPU per static file of 64 KB and 10 MB beside nginx'],
  udp: ['udp/main.ts', 'CPU per datagram of an echo beside a bare C loop'],
  idle: ['http/idle.ts', 'memory of a server for each idle connection, beside node:http and Fastify'],
  ffi: ['limit/ffi.ts', 'CPU of a call of C through node:ffi, beside koffi'],
  driver: ['limit/driver.ts', 'CPU per canned reply of the kernel drivers beside a bare C loop'],
  sim: ['sim/hops.ts', 'packets per second through simulated links and routers'],
  scale: ['sim/scale.ts', 'time to the first event and memory of large simulated networks'],
  web: ['web/main.ts', 'CPU of templates and models beside the same written by hand'],
  start: ['start/main.ts', 'CPU from a process’s start to its first answer, beside Fastify, from the built package'],
  tcp: ['tcp/machine.ts', 'segments per second through two TCP machines'],
}

const [name, ...given] = process.argv.slice(2)
const rest = given.filter((word) => word !== '--keep' && word !== '--compare')
const keeps = given.includes('--keep')
const compares = given.includes('--compare')
const bench = name === undefined ? undefined : BENCHES[name]
if (bench === undefined || !existsSync(new URL(bench[0], import.meta.url))) {
  if (name !== undefined) console.error(`there is no bench '${name}'; there are:`)
  for (const [known, [file, what]] of Object.entries(BENCHES))
    if (existsSync(new URL(file, import.meta.url))) console.log(`npm run bench -- ${known.padEnd(8)} ${what}`)
  console.log('--keep writes the results to bench/results/, --compare holds a run against them')
  process.exitCode = name === undefined ? 0 : 2
} else if (keeps || compares) {
  const before = kept(name!)
  if (compares && before === null) {
    console.error(`${fileOf(name!)} does not exist: npm run bench -- ${name} --keep writes it`)
    process.exit(2)
  }
  const { status, output } = await run(bench[0], [...rest, '--json'], 'pipe')
  const lines = parseLines(output)
  if (status !== 0 || lines.length === 0) {
    console.error(`the bench '${name}' gave no results to ${keeps ? 'keep' : 'compare'}`)
    process.exit(status === 0 ? 1 : status)
  }
  if (before !== null) console.log(comparison(lines, before.lines).join('\n'))
  if (before !== null) console.log(`kept: ${JSON.stringify(before.machine)}`)
  if (keeps) {
    keep(name!, lines)
    console.log(`${lines.length} results are kept in ${fileOf(name!)}`)
  }
} else process.exitCode = (await run(bench[0], rest, 'inherit')).status

/** Runs a bench; gives what it printed where that is piped. */
function run(
  file: string,
  args: readonly string[],
  out: 'pipe' | 'inherit',
): Promise<{ status: number; output: string }> {
  const command = ['--expose-gc', fileURLToPath(new URL(file, import.meta.url)), ...args]
  const child = spawn(process.execPath, command, { stdio: ['inherit', out, 'inherit'] })
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  return new Promise((resolve) => {
    child.once('close', (status) => resolve({ status: status ?? 1, output }))
  })
}
