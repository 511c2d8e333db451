import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seconds } from '../base/duration.ts'
import { type Event, RecordingLog } from '../base/events.ts'
import { Client, type Exchange, serve } from '../http/index.ts'
import { type AccessLine, type Miniature, miniature } from '../sim/index.ts'
import { journey } from './journey.ts'
import type { Style } from './ladder.ts'

interface Recorded {
  readonly events: readonly Event[]
  readonly world: Miniature
}

const site = (exchange: Exchange): void => {
  if (exchange.path === '/large') exchange.reply(200, ['Content-Type', 'text/plain'], 'x'.repeat(60_000))
  else exchange.reply(200, ['Content-Type', 'text/html'], '<h1>Hello</h1>')
}

/** Runs a program on the laptop, and gives what happened. */
async function record(
  program: (client: Client, world: Miniature) => Promise<unknown>,
  access: AccessLine = {},
  seed: string | number = 1,
): Promise<Recorded> {
  const log = new RecordingLog()
  const world = await miniature({ site: 'board.example', seed, log, access })
  await world.net.run(() => serve(world.web, site, { port: 80 }))
  const first = log.events.length
  const client = new Client(world.laptop, { resolve: (name) => world.browser.lookup(name, 4) })
  await world.net.run(async () => {
    await program(client, world).catch(() => {})
    client.close()
  })
  await world.net.run({ for: seconds(30) })
  return { events: log.events.slice(first), world }
}

const get =
  (url: string) =>
  async (client: Client): Promise<void> =>
    void (await (await client.request(new URL(url))).body.text())

const plain = (_style: Style, text: string): string => text

function draw({ events, world }: Recorded, columns = 120, paint = plain, everything = false): string[] {
  const hosts = world.machines.map(({ host, address }) => ({ host: host.name, detail: address }))
  return journey(events, { hosts, columns, paint, everything })
}

/** Lines in the order of these patterns, others between them allowed. */
function inOrder(lines: readonly string[], patterns: readonly RegExp[]): void {
  let at = 0
  for (const pattern of patterns) {
    const found = lines.findIndex((line, i) => i >= at && pattern.test(line))
    assert.ok(found >= 0, `no line like ${pattern} after line ${at}:\n${lines.join('\n')}`)
    at = found + 1
  }
}

test('the page tells the whole way in order: lookup, handshake, exchange, close, and where the time went', async () => {
  const lines = draw(await record(get('http://board.example/')), 160)
  inOrder(lines, [
    /^The name is looked up$/,
    /● program cache: miss for board\.example\. A/,
    /● hosts file: no entry for board\.example\. A/,
    /● host cache: miss for board\.example\. A, asks 192\.168\.1\.1:53/,
    /● forwarder: cache miss for board\.example\. A, asks 203\.0\.113\.53:53/,
    /● resolver: cache miss for \. NS, asks 192\.0\.2\.4:53/,
    /root: referral for example\. A, NS a\.nic\.example\./,
    /top-level domain: referral for board\.example\. A, NS ns1\.board\.example\./,
    /authoritative: board\.example\. A = A 198\.51\.100\.80 \(authoritative, TTL 300 s\)/,
    /resolver: board\.example\. A = A 198\.51\.100\.80 \(now cached, TTL 300 s\)/,
    /forwarder: board\.example\. A = A 198\.51\.100\.80/,
    /host cache: board\.example\. A = A 198\.51\.100\.80/,
    /^The connection is opened: three-way handshake$/,
    /● CLOSED → SYN-SENT/,
    /├─ SYN {2}seq 0 {2}win 65535 {2}mss 1460 {2}wscale 4 ─+▶/,
    /LISTEN → SYN-RECEIVED ●|● LISTEN → SYN-RECEIVED/,
    /◀── SYN ACK {2}seq 0 {2}ack 1 {2}win 65535 {2}mss 1460 {2}wscale 4 ─+┤/,
    /● SYN-SENT → ESTABLISHED/,
    /├─ ACK {2}ack 1 {2}win 524288 ─+▶/,
    /^The request and its reply$/,
    /● sends the request GET \/ HTTP\/1\.1/,
    /├─ PSH ACK {2}seq 1:40 \(39 B\) {2}ack 1 {2}win 524288 {2}cwnd 14480 ─+▶/,
    /receives the request GET \/ HTTP\/1\.1/,
    /sends the reply 200 text\/html, 14/,
    /● receives the reply 200 text\/html, 14/,
    /^The connection is closed: four-way close$/,
    /● ESTABLISHED → FIN-WAIT-1/,
    /├─ FIN ACK {2}seq 40 /,
    /ESTABLISHED → CLOSE-WAIT/,
    /◀── FIN ACK /,
    /● FIN-WAIT-2 → TIME-WAIT/,
    /LAST-ACK → CLOSED/,
    /^Where the time went$/,
    /^ {2}name lookup +\d/,
    /^ {2}in all +\d/,
    /packets, \d+ bytes; 0 lost, none sent again$/,
    /\d+ of them are ARP and not shown/,
  ])
})

test('what was lost and sent again stands out, with the reason', async () => {
  const recorded = await record(get('http://board.example/large'), { loss: 0.05 }, 4)
  const lines = draw(recorded, 160)
  const lost = recorded.events.filter(({ type }) => type === 'link.dropped').length
  assert.ok(lost > 0)
  assert.equal(lines.filter((line) => line.includes('✗ loss on home-router--provider')).length, lost)
  assert.ok(lines.some((line) => /retransmission \((fast retransmit|loss recovery|timeout)\)/.test(line)))
  assert.match(
    lines.at(-2)!,
    new RegExp(`; ${lost} lost, [1-9]\\d* TCP segments?( and \\d+ DNS questions?)? sent again`),
  )
})

test('no line is wider than the page, in any weather, and narrower pages lose nothing', async () => {
  for (const [seed, loss] of [
    [1, 0],
    [4, 0.05],
    [24, 0.2],
  ] as const) {
    const recorded = await record(get('http://board.example/large'), { loss }, seed)
    for (const columns of [80, 100, 120, 160, 200]) {
      const lines = draw(recorded, columns)
      for (const line of lines) assert.ok(line.length <= columns, `${line.length} > ${columns}: ${line}`)
      const words = lines.join(' ').replace(/[│●\s]+/g, ' ')
      assert.ok(words.includes('/large HTTP/1.1'))
      const arrows = (text: string): number => text.match(/[▶◀✗](?! loss)/g)?.length ?? 0
      assert.equal(arrows(lines.join('\n')), arrows(draw(recorded, 400).join('\n')))
    }
  }
})

test('colours are the painter’s alone: without them the same text', async () => {
  const recorded = await record(get('http://board.example/large'), { loss: 0.05 }, 4)
  const used = new Set<Style>()
  const painted = draw(recorded, 120, (style, text) => {
    used.add(style)
    return `<${style}>${text}</>`
  })
  assert.deepEqual(
    painted.map((line) => line.replace(/<\/?\w*>/g, '').trimEnd()),
    draw(recorded, 120),
  )
  for (const style of ['bold', 'dim', 'red', 'yellow', 'green', 'cyan'] as const) assert.ok(used.has(style), style)
})

test('several connections: each has its own numbers and phases', async () => {
  const recorded = await record(async (_, world) => {
    for (let i = 0; i < 3; i++) {
      const client = new Client(world.laptop, { resolve: (name) => world.browser.lookup(name, 4) })
      await get('http://board.example/')(client)
      client.close()
    }
  })
  const lines = draw(recorded, 120)
  assert.equal(lines.filter((line) => /├─ SYN {2}seq 0 /.test(line)).length, 3)
  assert.equal(lines.filter((line) => line === 'The connection is opened: three-way handshake').length, 3)
  assert.equal(
    lines.filter((line) => /program cache: board\.example\. A = A 198\.51\.100\.80 \(cache hit/.test(line)).length,
    2,
  )
})

test('a port where nobody listens: the reset is in the picture', async () => {
  const lines = draw(await record(get('http://board.example:81/')))
  inOrder(lines, [/├─ SYN {2}seq 0 /, /◀── RST ACK /, /● SYN-SENT → CLOSED/])
})

test('a name that does not exist: the picture ends with the name server’s word', async () => {
  const lines = draw(await record(get('http://nosuch.board.example/')), 160)
  inOrder(lines, [
    /authoritative: nosuch\.board\.example\. A = NXDOMAIN/,
    /host cache: nosuch\.board\.example\. A = NXDOMAIN/,
  ])
  assert.ok(!lines.some((line) => line.includes('SYN')))
})

test('ARP is left out and counted, unless everything is wanted', async () => {
  const recorded = await record(get('http://board.example/'))
  const left = Number(/(\d+) of them are ARP/.exec(draw(recorded).at(-1)!)![1])
  const all = draw(recorded, 160, plain, true)
  assert.equal(all.filter((line) => /who-has/.test(line)).length * 2, left)
  assert.ok(!all.at(-1)!.includes('not shown'))
})

test('nothing happened: still a page', async () => {
  const { world } = await record(async () => {})
  assert.deepEqual(draw({ events: [], world }).length, 2)
})

/** `  request 2 in all    44.9 ms` as words and milliseconds. */
function times(lines: readonly string[]): [string, number][] {
  const from = lines.indexOf('Where the time went')
  return lines.slice(from + 1).flatMap((line) => {
    const parts = /^ {2}(.+?) +([\d.]+) (ms|s)$/.exec(line)
    return parts === null ? [] : [[parts[1]!, Number(parts[2]) * (parts[3] === 's' ? 1000 : 1)]]
  })
}

test('several requests: the parts of the first, each reply with its own end, and a line for each further one', async () => {
  const once = get('http://board.example/large')
  const recorded = await record(async (client) => {
    for (let i = 0; i < 3; i++) await once(client)
  })
  const told = times(draw(recorded))
  assert.deepEqual(
    told.map(([what]) => what),
    [
      'name lookup',
      'connect',
      'first byte',
      'rest of the reply',
      'request 1 in all',
      'request 2 in all',
      'request 3 in all',
    ],
  )
  const alone = times(draw(await record(once)))
  assert.deepEqual(told.slice(0, 4), alone.slice(0, 4))
  assert.equal(told[4]![1], alone[4]![1])
  const trip = alone[2]![1]
  for (const [what, took] of told.slice(5)) assert.ok(took >= trip && took < told[4]![1], `${what} ${took}`)
})

test('a further request that needs a connection of its own has the handshake in its time', async () => {
  const recorded = await record(async (_, world) => {
    for (let i = 0; i < 2; i++) {
      const client = new Client(world.laptop, { resolve: (name) => world.browser.lookup(name, 4) })
      await get('http://board.example/')(client)
      client.close()
    }
  })
  const told = new Map(times(draw(recorded)))
  assert.ok(told.get('request 2 in all')! > 1.9 * told.get('first byte')!)
})

test('ARP that was lost is shown in any case, and nothing stands under no heading', async () => {
  const recorded = await record(get('http://board.example/'), { loss: 1 })
  const lines = draw(recorded)
  const lost = recorded.events.filter(({ type }) => type === 'link.dropped').length
  assert.ok(lost > 0)
  assert.equal(lines.filter((line) => line.includes('✗ loss on home-router--provider')).length, lost)
  assert.ok(!lines.includes('Where the time went'))
  const last = lines.slice(lines.indexOf('What became of the packets') + 1)
  assert.equal(last.length, 2)
  assert.match(last[0]!, new RegExp(`; ${lost} lost, none sent again$`))
  assert.match(last[1]!, /^ {2}\d+ of them are ARP and not shown/)
})

test('a value that a template did not print as it is stands in the journey, with the place and what to do', async () => {
  const { events, world } = await record(get('http://board.example/'))
  const at = events.findIndex(({ type, host }) => type === 'http.response' && host === world.web.name)
  const { at: time, host } = events[at]!
  const replaced = { type: 'templates.replaced', at: time, host, exchange: 1, template: 'a.html', line: 3, column: 13 }
  const why = 'the scheme javascript: is not among those that an address may have'
  const more = [
    { ...replaced, instead: 'about:invalid#blocked', why },
    { ...replaced, instead: '', why: 'a second slash would lead to another site' },
  ]
  const lines = draw({ events: events.toSpliced(at, 0, ...more), world }, 200)
  inOrder(lines, [
    /template a\.html:3:13 prints about:invalid#blocked in place of a value: the scheme javascript: is not among/,
    /template a\.html:3:13 leaves out a value: a second slash/,
  ])
})
