/**
 * Serves the board on this machine: `npm start`. PORT and HOST say where, DATA where its files are kept.
 */
import { accessSync, constants, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type KernelHost, kernelHost } from 'reticle/kernel'
import { formatAddress } from 'reticle/socket'
import { secretIn } from './secret.ts'
import { board } from './site.ts'

// What is set and empty means what is not set means.
const data = process.env['DATA'] || join(import.meta.dirname, 'data')
const port = portOf(process.env['PORT'] || '8000')
const host = kernelHost()
const address = await addressOf(host, process.env['HOST'] || '127.0.0.1')
const site = await opened()

try {
  const server = await site.serve(host, { address, port })
  console.log(`
  The board is at       http://${formatAddress(server.local)}/
  Its database          ${join(data, 'board.db')}
  Sockets               ${host.driver.name} driver (${host.driver.reason})

  The same site in a simulated Internet, and everything on the way to it:

      npm run reticle -- look http://board.example/
      npm run reticle -- look http://board.example/ --loss 5 --seed 18 --pcapng board.pcapng

  Stop with Ctrl-C.
`)
  let stopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (stopping) process.exit(130)
      stopping = true
      console.log('\n  Finishing the requests under way… Ctrl-C again stops at once.')
      void site.close()
    })
} catch (error) {
  const { code, message } = error as { code?: string; message: string }
  refuse(
    code === 'EADDRINUSE'
      ? `${message}\n  Something listens on port ${port} already: PORT=${port + 1} npm start`
      : message,
  )
}

/** The site with its data, which are made when the board first starts. */
async function opened() {
  try {
    makeFolder(data)
    return await board({
      db: `sqlite:${join(data, 'board.db')}`,
      uploads: join(data, 'pictures'),
      secret: secretIn(join(data, 'secret')),
      hosts: ['board.example'],
      debug: process.env['NODE_ENV'] !== 'production',
      machine: host,
    })
  } catch (error) {
    refuse(`The board's data cannot be kept in ${data}: ${(error as Error).message}`)
  }
}

/** One folder and not those around it: in a file system that makes none, trying again would never end. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path)
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error
    if (!statSync(path).isDirectory()) throw new Error('it is a file, not a folder')
  }
  accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1
  return port >= 0 && port <= 65_535 ? port : refuse(`PORT=${text} is not a port: a number from 0 to 65535`)
}

async function addressOf(host: KernelHost, name: string): Promise<string> {
  try {
    const found = await host.lookup(name)
    return found.find((one) => !one.includes(':')) ?? found[0]!
  } catch (error) {
    refuse(`HOST=${name} is not an address and no name of one: ${(error as Error).message}`)
  }
}

function refuse(why: string): never {
  console.error(`\n  ${why}\n`)
  process.exit(1)
}
