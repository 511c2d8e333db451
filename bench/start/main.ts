/**
 * npm run bench -- start [--json] [--rounds N]
 *
 * CPU time, user and system, of a whole process from its start to its first answer (a site) or its first event (the
 * simulator), from the built package as users install it; turn and turn about, medians. A bare Node is there to compare.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from '../../bin/build.ts'
import { median } from '../http/measure.ts'

const root = join(import.meta.dirname, '../..')

/** A client of a few lines, the same for every server: asks, and tells the process's CPU time when the reply is whole. */
const ASK = `
import { connect } from 'node:net'
export function ask(port) {
  const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n'))
  let text = ''
  socket.on('data', (data) => (text += data))
  socket.on('close', () => {
    if (!text.startsWith('HTTP/1.1 200') || !text.includes('Hello')) throw new Error(text)
    tell()
  })
}
export function tell() {
  const { user, system } = process.cpuUsage()
  process.stdout.write(String(user + system))
  process.exit()
}
`

/** By name: the program, and how many times the CPU of which other it may take at most. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'bare Node': `import { tell } from './ask.mjs'
tell()`,
  'Fastify, hello': `import fastify from 'fastify'
import { ask } from './ask.mjs'
const server = fastify()
server.get('/', () => 'Hello')
await server.listen({ port: 0, host: '127.0.0.1' })
ask(server.server.address().port)`,
  'reticle, hello': `import { kernelHost } from 'reticle/kernel'
import { app } from 'reticle/web'
import { ask } from './ask.mjs'
const site = app()
site.get('/', () => 'Hello')
const server = await site.serve(kernelHost(), { port: 0, address: '127.0.0.1' })
ask(server.local.port)`,
  'reticle, hello through site.fetch': `import { app } from 'reticle/web'
import { tell } from './ask.mjs'
const site = app()
site.get('/', () => 'Hello')
const reply = await site.fetch(new Request('http://localhost/'))
if ((await reply.text()) !== 'Hello') throw new Error('no hello')
tell()`,
  'reticle, the simulator’s first event': `import { internet, ms } from 'reticle/sim'
import { tell } from './ask.mjs'
const net = internet({ seed: 1, log: { on: true, emit: ({ type }) => type === 'link.sent' && tell() } })
const [laptop, server] = [net.host('laptop'), net.host('server')]
net.link(laptop, server, { latency: ms(20) })
await net.run(async () => {
  await server.listen({ address: '0.0.0.0', port: 80 }, () => {})
  await laptop.connect({ address: server.addresses[0], port: 80 })
})
throw new Error('nothing happened')`,
}

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '15' } },
})
const folder = mkdtempSync(join(tmpdir(), 'reticle-start-'))
try {
  await build(join(folder, 'dist'))
  const modules = join(folder, 'node_modules')
  mkdirSync(modules)
  symlinkSync(join(folder, 'dist'), join(modules, 'reticle'))
  for (const name of ['fastify', 'koffi']) symlinkSync(join(root, 'node_modules', name), join(modules, name))
  writeFileSync(join(folder, 'ask.mjs'), ASK)
  const programs = Object.entries(PROGRAMS).map(([name, text], i) => {
    const file = join(folder, `${i}.mjs`)
    writeFileSync(file, text)
    return { name, file, millis: [] as number[] }
  })
  for (let round = 0; round <= Number(values.rounds); round++)
    for (const { file, millis } of programs) {
      const micros = Number(execFileSync(process.execPath, [file], { cwd: folder, encoding: 'utf8' }))
      if (round > 0) millis.push(micros / 1000) // the first round fills the machine's caches
    }
  const fastify = median(programs.find(({ name }) => name.startsWith('Fastify'))!.millis)
  if (!values.json) console.log(`${''.padEnd(40)}${'CPU ms'.padStart(8)}${'lowest'.padStart(8)}   × Fastify`)
  for (const { name, millis } of programs) {
    const [middle, lowest] = [median(millis), Math.min(...millis)]
    const ratio = middle / fastify
    if (values.json) console.log(JSON.stringify({ bench: 'start', name, unit: 'CPU ms', ours: middle, ratio }))
    else
      console.log(
        `${name.padEnd(40)}${middle.toFixed(0).padStart(8)}${lowest.toFixed(0).padStart(8)}   ${ratio.toFixed(2)}`,
      )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
