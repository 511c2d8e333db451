import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { needCommand } from '../../test/need.ts'
import { main } from './main.ts'

const MAIN = join(import.meta.dirname, 'main.ts')
const URL = 'http://board.example/'

interface Printed {
  readonly status: number
  readonly out: string
  readonly error: string
}

async function look(args: readonly string[], columns = 100, colours = false): Promise<Printed> {
  const printed = { out: '', error: '' }
  const status = await main(['look', ...args], {
    out: (text) => void (printed.out += text),
    error: (text) => void (printed.error += text),
    colours,
    columns,
    interrupted: new AbortController().signal,
  })
  return { status, ...printed }
}

test('on top: what is asked, in which world, in what weather; at the end the reply', async () => {
  const weather = ['--loss', '0.5', '--latency', '20', '--jitter', '3', '--rate', '256k', '--seed', 'cloudy']
  const { status, out } = await look([URL, ...weather, '--times', '2'])
  assert.equal(status, 0)
  const lines = out.split('\n')
  assert.equal(lines[0], `laptop: GET ${URL}, 2 times, in a simulated Internet, seed cloudy`)
  assert.equal(lines[1], 'home-router ─ provider (resolver) ─ exchange (root, registry, authority, web)')
  assert.equal(lines[2], 'home-router ─ provider: 20 ms each way, up to 3 ms more, 256 kbit/s, 0.5 % lost')
  assert.match(out, /\nThe reply: 200, \d+ characters \(--body shows them\)\n$/)
})

test('no line is wider than the terminal, however it is; below 80 columns the page stays at 80', async () => {
  for (const columns of [40, 80, 100, 160]) {
    const { out } = await look([URL, '--loss', '5', '--seed', '18'], columns)
    for (const line of out.split('\n'))
      assert.ok(line.length <= Math.max(columns, 80), `${line.length} columns of ${columns}: ${line}`)
  }
})

test('colours only when they are wanted', async () => {
  const args = [URL, '--loss', '5', '--seed', '18']
  assert.ok(!(await look(args)).out.includes('\u001b'))
  assert.ok((await look(args, 100, true)).out.includes('\u001b[31m'))
})

test('the page says how long SQL and templates really took, the log does not', async () => {
  assert.match((await look([URL], 160)).out, /SQL \d+(\.\d+)? (µs|ms), 1 row: select count/)
  const durations = (await look([URL, '--json'])).out.match(/"duration":\d+/g) ?? []
  assert.ok(durations.length > 0)
  assert.ok(durations.every((each) => each === '"duration":0'))
})

test('--json: one event a line, frames in base64, and nothing else on standard output', async () => {
  const { out, error, status } = await look([URL, '--json', '--loss', '5'])
  assert.equal(status, 0)
  assert.match(error, /The reply: 200/)
  const events = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; at: number; host: string; frame?: string })
  for (const { type, at, host } of events) {
    assert.match(type, /^[a-z]+\.[a-z]+$/)
    assert.ok(Number.isInteger(at) && at >= 0 && host !== '')
  }
  const frame = events.find((event) => event.type === 'link.sent')!.frame!
  assert.ok(Buffer.from(frame, 'base64').length >= 42)
})

test('the log of a seed is the same in every process, time zone and language', async () => {
  const run = promisify(execFile)
  const args = [MAIN, 'look', URL, '--json', '--loss', '5', '--seed', '18']
  const [here, there] = await Promise.all([
    run(process.execPath, args, { env: { PATH: '', TZ: 'UTC', LANG: 'C' } }),
    run(process.execPath, args, {
      env: { PATH: '', TZ: 'Asia/Kathmandu', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' },
    }),
  ])
  assert.ok(here.stdout.length > 10_000)
  assert.equal(there.stdout, here.stdout)
})

test('what cannot be done is refused with one sentence and status 2, before anything runs', async () => {
  for (const [args, sentence] of [
    [[], /a URL is missing/],
    [[URL, URL], /takes one URL, and 'http:\/\/board\.example\/' is a second one/],
    [['http://'], /'http:\/\/' is not a URL/],
    [['https://board.example/'], /http: URLs so far, not https:/],
    [['http://board.example:0/'], /port 0/],
    [['http://board/'], /needs two labels or more/],
    [[URL, '--loss', 'much'], /--loss: 'much' is not a number from 0 to 100/],
    [[URL, '--loss', '101'], /--loss: '101'/],
    [[URL, '--latency=-1'], /--latency: '-1'/],
    [[URL, '--jitter', ''], /--jitter: ''/],
    [[URL, '--rate', '0'], /--rate must be a rate of at least 1k, .*, not '0'/],
    [[URL, '--rate', '5X'], /--rate must be a rate of at least 1k, .*, not '5X'/],
    [[URL, '--times', '1.5'], /--times: '1.5' is not a whole number/],
    [[URL, '--times', '0'], /--times: '0'/],
    [[URL, '--header', 'no colon'], /--header: 'no colon' is not of the form/],
    [[URL, '--header', 'a b: c'], /field name "a b" is not a token/],
    [[URL, '--header', 'a: b\r\nc: d'], /field/],
    [[URL, '--method', 'G T'], /method "G T" is not a token/],
    [[URL, '--site', '/no/such/site.ts'], /--site: \/no\/such\/site.ts cannot be loaded/],
    [[URL, '--site', MAIN], /must make a site/],
    [[URL, '--at', 'nowhere'], /--at: there is no host 'nowhere'; there are laptop, home-router/],
    [[URL, '--pcapng', '/no/such/folder/a.pcapng'], /--pcapng: ENOENT/],
    [[URL, '--wings'], /there is no option '--wings'/],
    [[URL, '--sitte', 'x'], /there is no option '--sitte' \(did you mean '--site'\?\)/],
    [[URL, '--drop', 'sny'], /--drop: 'sny' names no packet: write one of packet, query/],
    [[URL, '--method', 'get'], /write GET; 'get' is another method/],
    [[URL, '--seed'], /--seed/],
  ] as const) {
    const { status, out, error } = await look(args)
    assert.equal(status, 2, `${args.join(' ')}: ${error}`)
    assert.match(error, sentence)
    assert.match(error, /^reticle look: .+\nSee 'reticle look --help'\.\n$/s)
    assert.equal(out, '')
  }
})

test('a failure shows the journey so far, says why, ends with status 1, and takes no real time', async (t) => {
  // Seconds of virtual time pass, and no real timer is set for any of them.
  const timers = t.mock.method(globalThis, 'setTimeout')
  for (const [args, why, seen] of [
    [
      [URL, '--loss', '100'],
      /The request failed: .*EAI_AGAIN.*board\.example/,
      /host cache: board\.example\. A failed/,
    ],
    [['http://203.0.113.53/'], /The request failed: .*ECONNREFUSED.*203\.0\.113\.53:80/, /RST ACK/],
    [['http://203.0.113.9/'], /The request failed: .*UNREACH.*203\.0\.113\.9:80/, /net(work)? unreachable/],
  ] as const) {
    const { status, out, error } = await look(args, 200)
    assert.deepEqual(
      timers.mock.calls.map((call) => call.arguments[1]).filter((millis) => Number(millis) > 5),
      [],
      args.join(' '),
    )
    assert.equal(status, 1)
    assert.match(error, why)
    assert.match(out, seen)
    assert.match(out, /\nWhat became of the packets\n {2}\d+ packets/)
    assert.doesNotMatch(out, /Where the time went/)
  }
})

test('--body shows the reply as it came', async () => {
  const { out } = await look([URL, '--body'])
  assert.match(out, /<!doctype html>[\s\S]*Hello, network[\s\S]*<\/html>\s*$/i)
})

const EXAMPLES = join(import.meta.dirname, '../../examples')

test('--site takes the examples as they are', async () => {
  for (const [site, url, type] of [
    ['hello/main.ts', 'http://hello.example/', /sends the reply 200 text\/plain/],
    ['wiki/site.ts', 'http://wiki.example/wiki/Front_page', /sends the reply 200 text\/html/],
    ['board/simulated.ts', URL, /sends the reply 200 text\/html/],
  ] as const) {
    const { status, out, error } = await look([url, '--site', join(EXAMPLES, site)], 160)
    assert.equal(status, 0, error)
    assert.match(out, type)
  }
})

test('a site that does not answer to the name: the page and the command say what to do', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reticle-look-'))
  try {
    const file = join(folder, 'site.ts')
    const web = pathToFileURL(join(import.meta.dirname, '../web/index.ts')).href
    writeFileSync(
      file,
      `import { app } from '${web}'\nconst site = app()\nsite.get('/', () => 'Hello')\nexport default site\n`,
    )
    const { status, out } = await look(['http://blog.example/', '--site', file, '--body'])
    assert.equal(status, 0)
    assert.match(out, /The reply: 400/)
    assert.match(
      out,
      /\nThe site does not answer to blog\.example: .*app\(\{ machine: host, hosts: \['blog\.example'\] \}\)/,
    )
    assert.match(out, /Unknown host/)
    const board = await look(['http://example.com/'])
    assert.match(board.out, /The reply: 400.*\n.*examples\/board answers to board\.example only/s)
    assert.doesNotMatch((await look(['http://board.example/nothing'])).out, /answers? to/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('--data says what it is, as curl does, unless a header does', async () => {
  const type = async (...args: string[]): Promise<string | undefined> => {
    const { out } = await look([URL, '--json', ...args])
    const asked = out.split('\n').find((line) => line.includes('"http.request"'))!
    const { fields } = JSON.parse(asked) as { fields: string[] }
    const all = fields.filter((_, i) => fields[i - 1]?.toLowerCase() === 'content-type')
    assert.ok(all.length <= 1)
    return all[0]
  }
  assert.equal(await type('--data', 'a=b'), 'application/x-www-form-urlencoded')
  assert.equal(await type('--data', '{}', '-H', 'content-type: application/json'), 'application/json')
  assert.equal(await type(), undefined)
})

test('--header and --data go out, and POST is the method then', async () => {
  const { out, status } = await look([URL, '--header', 'X-Test: 1', '--data', 'a=b', '--json'])
  assert.equal(status, 0)
  const asked = out.split('\n').find((line) => line.includes('"http.request"'))!
  assert.match(asked, /"method":"POST"/)
  assert.match(asked, /"X-Test","1"/)
})

test('--pcapng writes a capture of what was seen at two hosts, --at says where else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reticle-look-'))
  try {
    const file = join(folder, 'a.pcapng')
    assert.match((await look([URL, '--pcapng', file])).out, new RegExp(`The capture is in ${file}`))
    const two = readFileSync(file)
    assert.equal(two.readUInt32LE(0), 0x0a0d0d0a)
    await look([URL, '--pcapng', file, '--at', 'all'])
    assert.ok(readFileSync(file).length > 2 * two.length)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('--pcapng - waits for a slow reader', { skip: needCommand('bash') }, async () => {
  const line = `"$0" "$1" look ${URL} --times 20 --at all --pcapng - 2>/dev/null | (sleep 1; wc -c)`
  const { stdout } = await promisify(execFile)('bash', ['-c', line, process.execPath, MAIN])
  assert.ok(Number(stdout) > 2 * 65_536, stdout)
})

test('--pcapng - writes the capture to standard output and nothing else; the page goes to standard error', async () => {
  const run = promisify(execFile)
  const args = [MAIN, 'look', URL, '--pcapng', '-', '--at', 'web']
  const { stdout, stderr } = await run(process.execPath, args, { encoding: 'buffer' })
  assert.equal(stdout.readUInt32LE(0), 0x0a0d0d0a)
  const folder = mkdtempSync(join(tmpdir(), 'reticle-look-'))
  try {
    const file = join(folder, 'a.pcapng')
    await look([URL, '--pcapng', file, '--at', 'web'])
    assert.deepEqual(stdout, readFileSync(file))
  } finally {
    rmSync(folder, { recursive: true })
  }
  assert.match(stderr.toString(), /^laptop: GET .*The reply: 200/s)
  const { status, error } = await look([URL, '--pcapng', '-', '--json'])
  assert.equal(status, 2)
  assert.match(error, /--pcapng -: standard output is taken by --json/)
})

test('--drop loses the packets that are named, and no others', async () => {
  const { out } = await look([URL, '--drop', 'first SYN', '--drop', '2nd data', '--brief'])
  assert.match(out, /✗ --drop first SYN on home-router--provider/)
  assert.match(out, /retransmission \(timeout\) {2}SYN/)
  assert.match(out, /✗ --drop 2nd data on home-router--provider/)
  assert.match(out, /; 2 lost, [1-9] TCP segments sent again/)
  const answer = await look([URL, '--drop', 'answer', '--brief'])
  assert.match(answer.out, /; 1 lost, 1 DNS question sent again/)
})

test('the legend, and what it is about: names in small letters unless --case asks for those of the packets', async () => {
  const page = await look([URL])
  assert.match(page.out, /How to read this\n {2}● +something happens at a machine/)
  assert.match(page.out, / A\? board\.example\. /)
  const exact = await look([URL, '--case', '--brief'])
  assert.doesNotMatch(exact.out, /How to read this/)
  assert.match(exact.out, / A\? (?!board\.example)[A-Za-z]{5}\.[A-Za-z]{7}\. /)
})

test('the command line that is advertised has something to show: a segment lost and sent again', async () => {
  const root = join(import.meta.dirname, '../..')
  const texts = ['README.md', 'examples/board/main.ts', 'src/cli/look.ts'].map((path) =>
    readFileSync(join(root, path), 'utf8'),
  )
  const seeds = texts.map((text) => /--loss 5 .*?--seed (\w+)/.exec(text)?.[1])
  assert.deepEqual(new Set(seeds).size, 1, seeds.join(' '))
  const seed = seeds[0]!
  const folder = mkdtempSync(join(tmpdir(), 'reticle-look-'))
  try {
    const file = join(folder, 'a.pcapng')
    for (const weather of [[], ['--latency', '40', '--rate', '1M']]) {
      const { out } = await look([URL, '--loss', '5', '--seed', seed, ...weather, '--pcapng', file], 160)
      assert.match(out, /✗ loss on home-router--provider/)
      assert.match(out, /retransmission \([a-z -]+\) {2}(PSH )?ACK {2}seq \d+:\d+|retransmission \([a-z -]+\) {2}SYN/)
      assert.match(readFileSync(file, 'latin1'), /retransmission: /)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('--http2: the frames of both sides, each once, and one connection for all requests', async () => {
  const { out, status } = await look([URL, '--http2', '--times', '2', '--brief'], 140)
  assert.equal(status, 0)
  for (const told of [
    'SETTINGS, 18 B',
    'sends the request GET / HTTP/2',
    'SETTINGS acknowledged, 0 B',
    /HEADERS on stream 1, \d+ B, which ends/,
    /HEADERS on stream 3, \d+ B, which ends/,
    /DATA on stream 3, \d+ B, which ends/,
    'GOAWAY, 8 B',
  ])
    assert.match(out, typeof told === 'string' ? new RegExp(told) : told)
  assert.equal(out.match(/SYN-SENT → /g)?.length, 1)
})
