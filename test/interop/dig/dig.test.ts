/** The real dig against `reticle dns serve`, and `reticle dig` beside it. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { main } from '../../../src/cli/main.ts'
import { needCommand } from '../../need.ts'

const run = promisify(execFile)
const skip = needCommand('dig')
const cli = join(import.meta.dirname, '../../../src/cli/main.ts')

const ZONE = `$TTL 300
@ SOA ns1 host 1 2 3 4 60
@ NS ns1
@ MX 10 mail
@ TXT "v=spf1 -all" "semi;colon"
ns1 A 127.0.0.1
mail A 192.0.2.25
www CNAME web
web A 192.0.2.80
web AAAA 2001:db8::80
sub NS ns.sub
ns.sub A 192.0.2.53
*.wild TXT "star"
old DNAME new
a.new A 192.0.2.99
$GENERATE 1-100 big A 10.0.0.$
svc HTTPS 1 . alpn="h2,h3" ipv4hint=192.0.2.80
`

let folder = ''
let port = 0
let stop: () => Promise<void> = async () => {}
/** What the server has printed. */
let log = ''

before(async () => {
  if (skip !== false) return
  folder = mkdtempSync(join(tmpdir(), 'reticle-dig-'))
  writeFileSync(join(folder, 'example.org.zone'), ZONE)
  const server = spawn(process.execPath, [
    cli,
    'dns',
    'serve',
    join(folder, 'example.org.zone'),
    '--port',
    '0',
    '--query-log',
  ])
  const ended = new Promise<void>((done) => server.on('exit', () => done()))
  stop = async () => {
    server.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true })
  }
  server.stderr.on('data', (text) => {
    log += text
  })
  await new Promise<void>((ready, reject) => {
    server.stdout.on('data', (text) => {
      log += text
      const listening = /listening on 127\.0\.0\.1:(\d+)/.exec(log)
      if (listening === null) return
      port = Number(listening[1])
      ready()
    })
    server.on('exit', () => reject(new Error(`the server ended: ${log}`)))
  })
  reload = async () => {
    const from = log.length
    server.kill('SIGHUP')
    for (let i = 0; i < 100 && !log.slice(from).includes('\n'); i++) await new Promise((done) => setTimeout(done, 20))
  }
})
let reload: () => Promise<void> = async () => {}

after(() => stop())

async function dig(...words: string[]): Promise<string> {
  const { stdout } = await run('dig', ['@127.0.0.1', '-p', String(port), '+nocookie', '+time=2', '+tries=2', ...words])
  return stdout
}

/** `reticle` in this process: its exit status and what it printed. */
async function reticle(...words: string[]): Promise<{ status: number; out: string; error: string }> {
  let out = ''
  let error = ''
  const status = await main(words, {
    out: (text) => {
      out += text
    },
    error: (text) => {
      error += text
    },
    colours: false,
    columns: 100,
    interrupted: new AbortController().signal,
  })
  return { status, out, error }
}

async function ours(...words: string[]): Promise<string> {
  return (await reticle('dig', '@127.0.0.1', '-p', String(port), ...words)).out
}

/** Without the lines that differ from run to run, or name the program. */
function stable(output: string): string {
  return output
    .split('\n')
    .filter((line) => !/<<>>|Query time|WHEN:/.test(line))
    .map((line) => line.replace(/id: \d+/, 'id: N'))
    .join('\n')
    .trim()
}

const QUESTIONS = [
  ['www.example.org'],
  ['WEB.example.org', 'AAAA'],
  ['nope.example.org'],
  ['example.org', 'MX'],
  ['example.org', 'TXT'],
  ['example.org', 'SOA', '+norecurse'],
  ['www.sub.example.org', '+norec'],
  ['x.wild.example.org', 'TXT', '+tcp'],
  ['a.old.example.org', '+dnssec'],
  ['svc.example.org', 'HTTPS'],
  ['svc.example.org', 'TYPE65', '+noedns'],
  ['elsewhere.test', 'NS', '+noall', '+comments'],
  ['big.example.org', '+noall', '+answer', '+stats'],
  ['example.org', 'ANY'],
  ['www.example.org', '+short'],
  ['-x', '192.0.2.1'],
]

test('dig reads our server, and reticle dig prints what dig prints', { skip }, async () => {
  for (const words of QUESTIONS) {
    const [theirs, printed] = await Promise.all([dig(...words), ours(...words)])
    assert.equal(stable(printed), stable(theirs), words.join(' '))
    assert.doesNotMatch(theirs, /malformed|extra bytes|no servers|parse error/i)
  }
})

test('what dig sees is right', { skip }, async () => {
  assert.equal(await dig('www.example.org', '+short'), 'web.example.org.\n192.0.2.80\n')
  assert.match(await dig('nope.example.org'), /status: NXDOMAIN[\s\S]*flags: qr aa rd[\s\S]*SOA\tns1\.example\.org/)
  assert.match(
    await dig('x.sub.example.org', '+norec'),
    /flags: qr;[\s\S]*ns\.sub\.example\.org\.\t300\tIN\tA\t192\.0\.2\.53/,
  )
  assert.match(await dig('big.example.org', '+bufsize=512', '+ignore'), /flags: qr aa tc rd/)
  assert.equal((await dig('big.example.org', '+bufsize=512', '+short')).trim().split('\n').length, 100)
  assert.match(await dig('example.org', '+edns=1', '+noednsneg'), /status: BADVERS/)
  assert.match(await dig('example.org', '+opcode=NOTIFY'), /status: NOTIMP/)
  assert.match(await dig('example.org', 'AXFR'), /Transfer failed/)
  assert.match(log, /127\.0\.0\.1:\d+ udp www\.example\.org\. A NOERROR 2\/0\/0/)
})

test('+json is JSON', { skip }, async () => {
  const value = JSON.parse(await ours('example.org', 'MX', '--json'))
  assert.equal(value.status, 'NOERROR')
  assert.deepEqual(value.answer, [
    { name: 'example.org.', ttl: 300, class: 'IN', type: 'MX', rdata: '10 mail.example.org.' },
  ])
})

test('SIGHUP reads the files again; a bad file changes nothing and is explained', { skip }, async () => {
  writeFileSync(join(folder, 'example.org.zone'), ZONE.replace('192.0.2.80', '192.0.2.81'))
  await reload()
  assert.equal(await dig('web.example.org', '+short'), '192.0.2.81\n')
  writeFileSync(join(folder, 'example.org.zone'), ZONE.replace('192.0.2.80', '192.0.2.800'))
  await reload()
  assert.match(log, /example\.org\.zone:9:7: error: '192\.0\.2\.800' is not an IPv4 address/)
  assert.equal(await dig('web.example.org', '+short'), '192.0.2.81\n')
})

test('mistakes are explained', { skip }, async () => {
  const fails = async (...words: string[]) => {
    const { status, error } = await reticle(...words)
    return `${status} ${error}`
  }
  assert.match(await fails('dns', 'serve', join(folder, 'none.zone'), '-p', '0'), /^1 .*none\.zone: ENOENT/)
  assert.match(await fails('dns', 'serve'), /^2 .*a zone file is missing/)
  assert.match(
    await fails('dns', 'serve', 'x', '--port', 'y'),
    /^2 .*--port: a port is a number from 0 to 65535, not the string 'y'/,
  )
  assert.match(
    await fails('dig', '@127.0.0.1', 'a..b'),
    /^2 .*'a\.\.b' is not a domain name: a label is empty at octet 2/,
  )
  assert.match(await fails('dig', 'example.org', 'BOGUS'), /^2 .*'BOGUS' is neither a record type nor a class/)
  assert.match(await fails('dig', '-x', 'example.org'), /^2 .*-x takes an IP address/)
  assert.match(await fails('dig', '@127.0.0.1', '-p', '1', 'a', '+tries=1'), /^9 .*no servers could be reached/)
})
