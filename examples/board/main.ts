/**
 * Serves the board on this machine: `npm start`. PORT and HOST say where, DATA where its files are kept.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kernelHost } from 'reticle/kernel'
import { formatAddress } from 'reticle/socket'
import { board } from './site.ts'

const data = process.env['DATA'] ?? join(import.meta.dirname, 'data')
const address = process.env['HOST'] ?? '127.0.0.1'
const port = Number(process.env['PORT'] ?? 8000)

mkdirSync(data, { recursive: true })
const host = kernelHost()
const site = await board({
  db: `sqlite:${join(data, 'board.db')}`,
  uploads: join(data, 'pictures'),
  secret: secretIn(join(data, 'secret')),
  hosts: ['board.example'],
  debug: process.env['NODE_ENV'] !== 'production',
  machine: host,
})

try {
  const server = await site.serve(host, { address, port })
  console.log(`
  The board is at       http://${formatAddress(server.local)}/
  Its database          ${join(data, 'board.db')}
  Sockets               ${host.driver.name} driver (${host.driver.reason})

  The same site in a simulated Internet, and everything on the way to it:

      npm run reticle -- look http://board.example/
      npm run reticle -- look http://board.example/ --loss 5 --seed 7 --pcapng board.pcapng

  Stop with Ctrl-C.
`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      console.log('\n  Finishing the requests under way…')
      void server.close()
    })
} catch (error) {
  const { code, message } = error as { code?: string; message: string }
  console.error(`\n  ${message}`)
  if (code === 'EADDRINUSE') console.error(`  Something listens on port ${port} already: PORT=${port + 1} npm start\n`)
  process.exitCode = 1
}

/** The secret that signs sessions, made when the board first starts. */
function secretIn(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    const secret = randomBytes(32).toString('base64url')
    writeFileSync(path, secret, { mode: 0o600 })
    return secret
  }
}
