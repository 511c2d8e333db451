/**
 * npm run bench -- client [--json] [--rounds N] [--count N] [--flight N,N]
 *
 * CPU of a client per request whose reply is read as text, beside undici's `request`, with few and many under way. The client on
 * one core, the server on the other, turn and turn about, medians.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { median, start } from '../http/measure.ts'

const run = promisify(execFile)
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    count: { type: 'string', default: '20000' },
    flight: { type: 'string', default: '1,16,64,256' },
  },
})

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const server = await start({ name: 'server', command: [process.execPath, path('server.ts')], part: 'peer' })
try {
  for (const flight of values.flight.split(',')) {
    const micros: Record<string, number[]> = { reticle: [], undici: [] }
    for (let round = 0; round < Number(values.rounds); round++)
      for (const [name, figures] of Object.entries(micros)) {
        const load = [process.execPath, path('load.ts'), name, String(server.port), flight, values.count]
        const { stdout } = await run('taskset', ['-c', '1', ...load])
        figures.push(JSON.parse(stdout).micros)
      }
    print(flight, median(micros['reticle']!), median(micros['undici']!))
  }
} finally {
  server.process.kill()
}

function print(flight: string, ours: number, peer: number): void {
  const ratio = ours / peer
  const name = `client, ${flight} under way`
  if (values.json) console.log(JSON.stringify({ bench: 'client', ours, peer, name, unit: 'CPU µs per request', ratio }))
  else console.log(`${name}: reticle ${ours.toFixed(1)} µs, undici ${peer.toFixed(1)} µs, ratio ${ratio.toFixed(2)}`)
}
