/** The real dig against `reticle dns resolve`, which forwards to `reticle dns serve`: both as processes. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { needCommand } from '../../need.ts'

const run = promisify(execFile)
const skip = needCommand('dig')
const cli = join(import.meta.dirname, '../../../src/cli/main.ts')
const folder = mkdtempSync(join(tmpdir(), 'reticle-resolve-'))
const children: ChildProcess[] = []
let upstream = 0

/** Starts the command and answers its port when it listens. */
async function start(...words: string[]): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [cli, 'dns', ...words, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  for (;;) {
    const [text] = await once(child.stdout!, 'data', { signal: AbortSignal.timeout(20_000) })
    const listening = /listening on 127\.0\.0\.1:(\d+)/.exec(String(text))
    if (listening !== null) return { child, port: Number(listening[1]) }
  }
}

async function dig(port: number, ...words: string[]): Promise<string> {
  return (await run('dig', ['@127.0.0.1', '-p', String(port), '+tries=1', ...words])).stdout
}

before(async () => {
  if (skip !== false) return
  const zone = join(folder, 'example.org.zone')
  writeFileSync(zone, '$TTL 300\n@ SOA ns h 1 2 3 4 60\n@ NS ns\nns A 192.0.2.1\n$GENERATE 1-90 big A 10.0.0.$\n')
  upstream = (await start('serve', zone)).port
})

after(() => {
  for (const child of children) child.kill()
  rmSync(folder, { recursive: true })
})

test('forwards, answers from its cache when nobody is left to ask, and ends at SIGTERM', { skip }, async () => {
  const { child, port } = await start('resolve', '--forward', `127.0.0.1:${upstream}`)
  assert.match(
    await dig(port, 'ns.example.org'),
    /flags: qr rd ra;[\s\S]*ns\.example\.org\.\s+300\s+IN\s+A\s+192\.0\.2\.1/,
  )
  assert.match(await dig(port, 'no.example.org'), /status: NXDOMAIN/)
  assert.equal((await dig(port, 'big.example.org', '+short')).trim().split('\n').length, 90, 'over TCP')
  children[0]!.kill()
  await once(children[0]!, 'exit')
  assert.match(await dig(port, 'NS.example.org', '+short'), /192\.0\.2\.1/)
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [0, null])
})

test('refuses those that are not allowed to ask', { skip }, async () => {
  const { port } = await start('resolve', '--forward', '127.0.0.1:9', '--allow', '192.0.2.0/24')
  const refused = await dig(port, 'ns.example.org')
  assert.match(refused, /status: REFUSED/)
  assert.match(refused, /EDE: 18 \(Prohibited\)/)
  assert.doesNotMatch(refused, /flags:[a-z ]* ra/) // to them recursion is not available
})

test('says why it failed, in the words of dig and of our own (RFC 8914)', { skip }, async () => {
  const { port } = await start('resolve', '--forward', '127.0.0.1:9')
  const failed = await dig(port, 'ns.example.org')
  assert.match(failed, /status: SERVFAIL/)
  assert.match(failed, /EDE: 22 \(No Reachable Authority\): \(no server of \. answers for ns\.example\.org\.\)/)
  const { stdout } = await run(process.execPath, [cli, 'dig', '@127.0.0.1', '-p', String(port), 'ns.example.org'])
  assert.match(stdout, /; EDE: (22 \(No Reachable Authority\)|13 \(Cached Error\)): \(/)
})

test('private reverse zones are answered here; a forwarder leaves private addresses to those it asks', {
  skip,
}, async () => {
  const zone = join(folder, 'lan.zone')
  const hints = join(folder, 'hints')
  writeFileSync(zone, '$TTL 300\n@ SOA ns h 1 2 3 4 60\n@ NS ns\nns A 127.0.0.1\nnas A 192.168.1.5\n')
  writeFileSync(hints, '. 3600 NS ns.\nns. 3600 A 192.0.2.1\n')
  const walking = await start('resolve', '--hints', hints)
  const reverse = await dig(walking.port, '-x', '192.168.1.5')
  assert.match(reverse, /status: NXDOMAIN/)
  assert.match(reverse, /168\.192\.in-addr\.arpa\.\s+10800\s+IN\s+SOA/)
  const server = await start('serve', zone)
  const forwarding = await start('resolve', '--forward', `tcp://127.0.0.1:${server.port}`)
  assert.match(await dig(forwarding.port, 'nas.lan', '+short'), /192\.168\.1\.5/)
})
