/** `reticle look URL`: one request in a simulated Internet, and everything that happened on its way. */
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { MILLISECOND } from '../base/clock.ts'
import { type Duration, seconds, us } from '../base/duration.ts'
import { type Event, RecordingLog } from '../base/events.ts'
import { Client, HttpMisuse, serve } from '../http/index.ts'
import { systemClock } from '../kernel/index.ts'
import { type Miniature, miniature } from '../sim/index.ts'
import { capture, eventLines, journey, legend, pcapng, type Style } from '../trace/index.ts'
import { type Call, type Command, UsageError } from './command.ts'
import { DROP_HELP, dropRule, parseDrop } from './look/drop.ts'
import { openingLines } from './look/opening.ts'
import { hostHint, siteOf } from './look/site.ts'
import { paint, type Terminal } from './terminal.ts'
import { parseCount, parseNumber, parseRate } from './values.ts'

/** After the request the run goes on so long, for the connection to be closed and what was lost to be sent again. */
const AFTERMATH = seconds(30)

/** The line between the home and its provider: where `--loss` and `--drop` lose packets. */
const ACCESS = 'home-router--provider'

/** RFC 9110 §9: method names are case-sensitive. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']

/** Six machines do not fit beside each other on a narrower page. */
const NARROWEST = 80

export const look: Command = {
  name: 'look',
  summary: 'print the whole journey of one request through a simulated Internet',
  usage: 'URL [OPTIONS]',
  details: `
A laptop behind a home router, a provider with its resolver, the DNS root, a registry, the site's own name server and
its web server are built in this process and run on Reticle's own TCP/IP, in virtual time. The page shows every stage
of the lookup, the handshake, the segments with windows and congestion window, the exchange, the page's route, SQL and
templates, and the close: as a ladder between the hosts, with true departure and arrival times in milliseconds.
The same seed gives the same run. Real are only the durations of SQL and templates: they are measured while the virtual
clock stands still. In --json they are 0, so that the log of a seed is always the same, byte for byte.

The site is examples/board, which answers to board.example. --site takes any module whose default export makes a site
for a host, or is one:

  export default (host: Host) => app({ machine: host, hosts: ['blog.example'] })

A site answers to the names in its hosts, and to no others. What else the module does when it is loaded, it does on this
machine: a call of serve() belongs behind if (import.meta.main).

Examples:
  reticle look http://board.example/
  reticle look http://board.example/ --loss 5 --seed 18
  reticle look http://board.example/ --drop 'first SYN' --drop '2nd data'
  reticle look http://board.example/?q=hello --times 2 --latency 40 --rate 1M
  reticle look http://hello.example/ --site examples/hello/main.ts
  reticle look http://board.example/ --http2 --times 3
  reticle look http://board.example/ --pcapng board.pcapng && tshark -r board.pcapng`,
  options: {
    loss: { type: 'string', value: 'PERCENT', default: '0', description: 'packets lost on the line to the provider' },
    latency: { type: 'string', value: 'MS', default: '8', description: 'one way, on that line' },
    jitter: { type: 'string', value: 'MS', default: '0', description: 'up to so much more latency, at random' },
    rate: { type: 'string', value: 'RATE', default: '50M', description: 'bits a second on that line: 256k, 50M, 1G' },
    drop: {
      type: 'string',
      value: 'WHICH',
      multiple: true,
      description: `lose a packet there that you name: ${DROP_HELP}`,
    },
    seed: { type: 'string', value: 'SEED', default: '1', description: 'decides all that is left to chance' },
    times: {
      type: 'string',
      value: 'N',
      default: '1',
      description: 'ask so many times: caches and connections are kept',
    },
    method: { type: 'string', short: 'X', value: 'METHOD', description: 'the request method (GET; POST with --data)' },
    header: { type: 'string', short: 'H', value: 'LINE', multiple: true, description: "a field: 'Name: value'" },
    data: {
      type: 'string',
      short: 'd',
      value: 'TEXT',
      description: 'a body to send; a form, unless a header says otherwise',
    },
    http2: { type: 'boolean', description: 'ask in HTTP/2, and show its frames' },
    site: { type: 'string', value: 'FILE', description: 'a module whose default export makes the site' },
    body: { type: 'boolean', description: 'print the body of the (last) reply too' },
    all: { type: 'boolean', description: 'show ARP too (lost ARP packets are always shown)' },
    case: { type: 'boolean', description: 'DNS names with the letter case that the packets have' },
    brief: { type: 'boolean', description: 'leave out the legend' },
    pcapng: {
      type: 'string',
      value: 'FILE',
      description: "write a capture for Wireshark; '-': to standard output, and the page to standard error",
    },
    at: {
      type: 'string',
      value: 'HOSTS',
      default: 'laptop,resolver',
      description: "the capture is made at these hosts: names with commas between, or 'all'",
    },
    json: { type: 'boolean', description: 'print the event log itself, one JSON object a line' },
  },
  run: runLook,
}

async function runLook({ positionals, values, terminal }: Call): Promise<number> {
  const [address, ...more] = positionals
  if (address === undefined) throw new UsageError('a URL is missing; try http://board.example/')
  if (more.length > 0) throw new UsageError(`look takes one URL, and '${more[0]}' is a second one`)
  const url = urlOf(address)
  const text = (name: string): string => values[name] as string
  const seed = text('seed')
  const log = new RecordingLog()
  const json = values['json'] === true
  const millis = (name: string): Duration => us(Math.round(parseNumber(`--${name}`, text(name), 0, 60_000) * 1000))
  const access = {
    latency: millis('latency'),
    jitter: millis('jitter'),
    loss: parseNumber('--loss', text('loss'), 0, 100) / 100,
    rate: parseRate('--rate', text('rate')),
  }
  const times = parseCount('--times', text('times'), 1, 1000)
  const question = questionOf(values)
  const dropped = dropsOf(values['drop'])
  const at = text('at') === 'all' ? null : new Set(text('at').split(','))
  const path = values['pcapng'] as string | undefined
  if (path === '-' && json) throw new UsageError('--pcapng -: standard output is taken by --json; name a file')
  // What is for people goes where it does not get into the capture.
  const page: Terminal = path === '-' ? { ...terminal, out: terminal.error, colours: false } : terminal
  const site = values['site'] as string | undefined
  const handler = await siteOf(site)
  const clock = systemClock()
  const world = await build(url, { seed, log, access, ...(!json && { stopwatch: () => clock.now() }) })
  for (const name of at ?? [])
    if (!world.machines.some(({ host }) => host.name === name))
      throw new UsageError(
        `--at: there is no host '${name}'; there are ${world.machines.map(({ host }) => host.name).join(', ')}`,
      )
  const write = path === undefined ? null : captureWriter(path, terminal)
  const port = url.port === '' ? 80 : Number(url.port)
  await world.net.run(async () => serve(world.web, await handler(world.web), { port }))
  if (dropped.length > 0) world.net.rule(dropRule(dropped, ACCESS))
  // What it took to build the world is not part of the journey.
  const first = log.events.length
  const outcome = await world.net.run(() => ask(world, url, question, times, values['http2'] === true))
  if (outcome.error instanceof HttpMisuse) throw new UsageError(outcome.error.message) // what cannot be asked at all
  await world.net.run({ for: AFTERMATH })
  const events = log.events.slice(first)
  write?.(captured(events, world, at, `reticle look ${url.href}, seed ${seed}`))
  if (json) terminal.out(eventLines(events))
  else {
    const opening = openingLines({ method: question.method, url: url.href, times, seed, access })
    page.out(`${opening.map((line) => paint(page, 'bold', line)).join('\n')}\n\n`)
    print(page, events, world, values)
  }
  report(page, outcome, { body: values['body'] === true, json, path, hint: hostHint(outcome, url, site) })
  return outcome.error === null ? 0 : 1
}

function dropsOf(given: unknown): ReturnType<typeof parseDrop>[] {
  try {
    return ((given as readonly string[] | undefined) ?? []).map(parseDrop)
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--drop: ${error.message}`)
    throw error
  }
}

function questionOf(values: Call['values']): Question {
  const body = (values['data'] as string | undefined) ?? null
  const method = (values['method'] as string | undefined) ?? (body === null ? 'GET' : 'POST')
  if (/^[a-z]+$/.test(method) && METHODS.includes(method.toUpperCase()))
    throw new UsageError(`--method: write ${method.toUpperCase()}; '${method}' is another method, since capitals count`)
  const fields = fieldsOf(values['header'])
  const typed = fields.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-type')
  if (body !== null && !typed) fields.push('Content-Type', 'application/x-www-form-urlencoded') // as curl does
  return { method, fields, body }
}

function urlOf(text: string): URL {
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  const url = URL.canParse(address) ? new URL(address) : null
  if (url === null) throw new UsageError(`'${text}' is not a URL`)
  if (url.port === '0') throw new UsageError('port 0 cannot be connected to; a port is a number from 1 to 65535')
  if (url.protocol !== 'http:') throw new UsageError(`look takes http: URLs so far, not ${url.protocol}`)
  return url
}

async function build(url: URL, options: Omit<Parameters<typeof miniature>[0], 'site'>): Promise<Miniature> {
  try {
    return await miniature({ ...options, site: url.hostname })
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message)
    throw error
  }
}

interface Outcome {
  readonly status: number
  readonly body: string
  readonly error: Error | null
}

interface Question {
  readonly method: string
  readonly fields: readonly string[]
  readonly body: string | null
}

async function ask(world: Miniature, url: URL, question: Question, times: number, http2: boolean): Promise<Outcome> {
  const resolve = (name: string): Promise<readonly string[]> => world.browser.lookup(name, 4)
  const client = new Client(world.laptop, { resolve, http2: http2 && 'prior knowledge' })
  try {
    let outcome: Outcome = { status: 0, body: '', error: null }
    for (let i = 0; i < times; i++) {
      const reply = await client.request(url, question)
      outcome = { status: reply.status, body: await reply.body.text(), error: null }
    }
    return outcome
  } catch (error) {
    return { status: 0, body: '', error: error as Error }
  } finally {
    client.close()
  }
}

function fieldsOf(lines: unknown): string[] {
  return ((lines as readonly string[] | undefined) ?? []).flatMap((line) => {
    const colon = line.indexOf(':')
    if (colon < 1) throw new UsageError(`--header: '${line}' is not of the form 'Name: value'`)
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
  })
}

/** Opens the file before the run, so that a journey is not made for one that cannot be written. */
function captureWriter(path: string, terminal: Terminal): (bytes: Uint8Array) => void {
  if (path === '-') return (bytes) => terminal.out(bytes)
  let file: number
  try {
    file = openSync(path, 'w')
  } catch (error) {
    throw new UsageError(`--pcapng: ${(error as Error).message}`)
  }
  return (bytes) => {
    writeFileSync(file, bytes)
    closeSync(file)
  }
}

function captured(
  events: readonly Event[],
  { net, machines }: Miniature,
  hosts: ReadonlySet<string> | null,
  comment: string,
): Uint8Array {
  const names = machines.flatMap(({ host }) => host.addresses.map((address) => [address, host.name] as const))
  const epochMillis = net.clock.wallMillis() - Math.floor(net.now / MILLISECOND)
  return pcapng(capture(events, { hosts, epochMillis, comment, application: 'reticle look', names }))
}

function print(terminal: Terminal, events: readonly Event[], { machines }: Miniature, values: Call['values']): void {
  const hosts = machines.map(({ host, address }) => ({ host: host.name, detail: address }))
  const colour = (style: Style, words: string): string => (style === 'plain' ? words : paint(terminal, style, words))
  const exactCase = values['case'] === true
  const options = { hosts, columns: Math.max(terminal.columns, NARROWEST), paint: colour, exactCase }
  const lines = journey(events, { ...options, everything: values['all'] === true })
  if (values['brief'] !== true) lines.push('', ...legend(options, exactCase))
  terminal.out(`${lines.join('\n')}\n`)
}

function report(
  terminal: Terminal,
  { status, body, error }: Outcome,
  shown: { readonly body: boolean; readonly json: boolean; readonly path: string | undefined; readonly hint: string },
): void {
  const say = shown.json ? terminal.error : terminal.out
  if (error !== null) terminal.error(`\nThe request failed: ${error.message}\n`)
  else say(`\nThe reply: ${status}, ${body.length} characters${shown.body ? '' : ' (--body shows them)'}\n`)
  if (shown.hint !== '') say(`${shown.hint}\n`)
  if (shown.body && !shown.json) terminal.out(`\n${body}\n`)
  if (shown.path !== undefined && shown.path !== '-') say(`The capture is in ${shown.path}: wireshark ${shown.path}\n`)
}
