/** `reticle dns serve` as a process, while it reads a large zone: at the start, and again at SIGHUP. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { encode } from '../../../src/dns/message/encode.ts'
import { query } from '../../../src/dns/message/message.ts'
import { Name } from '../../../src/dns/message/name.ts'
import { TYPE } from '../../../src/dns/message/types.ts'

const cli = join(import.meta.dirname, '../../../src/cli/main.ts')
const RECORDS = 60_000
let folder = ''
let server: ChildProcess
let socket: Socket
/** What the server has printed, and who waits for more of it. */
let log = ''

function zoneText(serial: number, end = ''): string {
  const records = Array.from({ length: RECORDS }, (_, i) => `h${i} A 10.0.0.1\n`).join('')
  return `$TTL 60\n@ SOA ns h ${serial} 2 3 4 5\n@ NS ns\nns A 127.0.0.1\n${records}${end}`
}

function write(text: string): void {
  writeFileSync(join(folder, 'big.example.zone'), text)
}

/** Resolves when the server has printed what matches, after `from`. */
async function printed(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
  for (;;) {
    const found = pattern.exec(log.slice(from))
    if (found !== null) return found
    await once(server.stderr!, 'data').catch(() => {})
  }
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reticle-reload-'))
  write(zoneText(1))
  server = spawn(process.execPath, [cli, 'dns', 'serve', join(folder, 'big.example.zone'), '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // Both streams into one log; whoever waits is woken by either.
  server.stderr!.on('data', (text) => {
    log += text
  })
  server.stdout!.on('data', (text) => server.stderr!.emit('data', text))
})

after(async () => {
  socket?.close()
  if (server.exitCode === null) {
    server.kill('SIGTERM')
    await once(server, 'exit')
  }
  rmSync(folder, { recursive: true })
})

/** Asks one question after the other until `done` settles; how many were answered. */
async function askUntil(done: Promise<unknown>): Promise<number> {
  let over = false
  let answered = 0
  done.then(() => {
    over = true
  })
  while (!over) {
    socket.send(encode(query(Name.parse(`h${answered % RECORDS}.big.example.`), TYPE.A, { id: answered & 0xffff })))
    const [reply] = await once(socket, 'message', { signal: AbortSignal.timeout(10_000) })
    assert.equal(reply[3] & 15, 0)
    answered++
  }
  return answered
}

/** Whether the process has a handler for SIGHUP: without one the signal would end it, as it should a process that is starting. */
function catchesHangup(): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${server.pid}/status`, 'latin1'))?.[1] ?? '0'
  return (Number.parseInt(caught.slice(-1), 16) & 1) === 1
}

test('SIGHUP while the files are read at the start does not end it: they are read once more', async () => {
  const ready = printed(/listening on 127\.0\.0\.1:(\d+)/)
  while (!catchesHangup()) await sleep(5)
  server.kill('SIGHUP')
  const [, port] = await ready
  assert.equal(server.exitCode, null)
  socket = createSocket('udp4')
  socket.connect(Number(port), '127.0.0.1')
  await once(socket, 'connect')
  await printed(/serial 1[\s\S]*serial 1/)
})

test('while it reads the files again it answers', async () => {
  write(zoneText(2))
  const from = log.length
  server.kill('SIGHUP')
  const answered = await askUntil(printed(/big\.example\. serial 2/, from))
  assert.ok(answered > 50, `${answered} answers while ${RECORDS} records were read`)
})

test('a file with an error leaves the zone as it was, a serial that goes back is warned of, and both can be counted', async () => {
  write(zoneText(3, 'bad A nothing\n'))
  let from = log.length
  server.kill('SIGHUP')
  await printed(/error: 'nothing' is not an IPv4 address[\s\S]*the zone stays as it was/, from)
  write(zoneText(1))
  from = log.length
  server.kill('SIGHUP')
  await printed(/warning: the serial of big\.example\. goes back from 2 to 1[\s\S]*serial 1/, from)
  server.kill('SIGUSR1')
  await printed(/queries udp \d+, tcp 0; NOERROR \d+; reloads 4, failed 1/, from)
})
