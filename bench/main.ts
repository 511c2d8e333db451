/** npm run bench -- NAME [ARGUMENT…]: runs one of the measurements; without a name it lists them. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** By name: the program, and what it measures. */
const BENCHES: Readonly<Record<string, readonly [file: string, what: string]>> = {
  http: ['http/run.ts', 'CPU per plain-text request beside a bare C loop, node:http and Fastify'],
  dns: ['dns/main.ts', 'CPU per DNS query, from a zone beside NSD and from the cache beside Unbound'],
  driver: ['limit/driver.ts', 'CPU per canned reply of the kernel drivers beside a bare C loop'],
  sim: ['sim/hops.ts', 'packets per second through simulated links and routers'],
  scale: ['sim/scale.ts', 'time to the first event and memory of large simulated networks'],
  web: ['web/main.ts', 'CPU of templates and models beside the same written by hand'],
  tcp: ['tcp/machine.ts', 'segments per second through two TCP machines'],
}

const [name, ...rest] = process.argv.slice(2)
const bench = name === undefined ? undefined : BENCHES[name]
if (bench === undefined || !existsSync(new URL(bench[0], import.meta.url))) {
  if (name !== undefined) console.error(`there is no bench '${name}'; there are:`)
  for (const [known, [file, what]] of Object.entries(BENCHES))
    if (existsSync(new URL(file, import.meta.url))) console.log(`npm run bench -- ${known.padEnd(8)} ${what}`)
  process.exitCode = name === undefined ? 0 : 2
} else {
  const child = spawn(process.execPath, ['--expose-gc', fileURLToPath(new URL(bench[0], import.meta.url)), ...rest], {
    stdio: 'inherit',
  })
  child.once('exit', (status) => {
    process.exitCode = status ?? 1
  })
}
