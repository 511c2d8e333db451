/**
 * npm run bench -- idle [--json] [--connections N] [--only NAME,NAME]
 *
 * What a connection costs that has been answered once and says nothing more: resident memory of the server process. The
 * clients are in this process, so the limit of descriptors (ulimit -n) bounds them.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { contestants } from './contestants.ts'
import { type Runner, resident, start, turn } from './measure.ts'

const SETTLE_MS = 2_000
/** Clients that connect at once. */
const AT_ONCE = 200
const REQUEST = 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
const SPOKEN: ReadonlySet<string> = new Set(['reticle uring', 'reticle epoll', 'reticle node', 'node:http', 'fastify'])

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    connections: { type: 'string', default: '10000' },
    only: { type: 'string' },
  },
  strict: false,
})
const count = Number(values.connections)
const only = values.only === undefined ? null : new Set(String(values.only).split(','))
const found: { readonly name: string; readonly ours: boolean; readonly kilobytes: number }[] = []

for (const contestant of contestants('')) {
  if (!SPOKEN.has(contestant.name) || only?.has(contestant.name) === false) continue
  const runner = await start(contestant)
  try {
    found.push({ name: contestant.name, ours: contestant.part === 'ours', kilobytes: await measured(runner) })
  } finally {
    runner.process.kill()
  }
}
for (const { name, kilobytes } of found)
  if (values.json !== true) console.log(`${name.padEnd(16)} ${kilobytes.toFixed(1)} KB a connection`)
if (values.json === true)
  for (const one of found.filter(({ ours }) => ours))
    for (const peer of found.filter(({ ours }) => !ours)) {
      const figures = { ours: one.kilobytes, peer: peer.kilobytes, ratio: one.kilobytes / peer.kilobytes }
      const name = `${one.name} : ${peer.name}`
      console.log(JSON.stringify({ bench: 'idle', name, unit: 'KB', connections: count, ...figures }))
    }

/** KB that each of the connections adds to a server that has warmed up. */
async function measured(runner: Runner): Promise<number> {
  await turn(runner, 64, 2, false)
  await sleep(SETTLE_MS)
  const before = resident(runner.process.pid!)
  const clients: Socket[] = []
  while (clients.length < count) {
    const some = Math.min(AT_ONCE, count - clients.length)
    clients.push(...(await Promise.all(Array.from({ length: some }, () => asked(runner.port)))))
  }
  await sleep(SETTLE_MS)
  const after = resident(runner.process.pid!)
  for (const client of clients) client.destroy()
  return (after - before) / count
}

/** A connection on which one request has been answered. */
async function asked(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.write(REQUEST)
  await once(socket, 'data')
  return socket
}
