/** `reticle fetch`: asks for a URL and prints what comes, as `curl` does. */
import { once } from 'node:events'
import { createWriteStream, readFileSync } from 'node:fs'
import { seconds } from '../base/duration.ts'
import {
  Client,
  type ClientOptions,
  decoding,
  environmentProxies,
  type Layer,
  type Reply,
  type Retry,
  retries,
} from '../http/index.ts'
import { kernelHost } from '../kernel/index.ts'
import type { Host } from '../socket/index.ts'
import { clientTls } from '../tls/index.ts'
import { type Call, type Command, UsageError } from './command.ts'
import { EXIT, failureOf } from './fetch/failure.ts'
import { headText, ProgressBar, plain, Wire } from './fetch/print.ts'
import { type FetchRequest, type GivenRequest, readRequest } from './fetch/request.ts'
import type { Terminal } from './terminal.ts'
import { parseCount, parseNumber } from './values.ts'

export const fetch: Command = {
  name: 'fetch',
  summary: 'ask for a URL and print what comes',
  usage: 'URL',
  details: `Without a scheme names are asked over https, and localhost and addresses over http. The body goes to standard output, all that is
said about it to standard error. Proxies are those of the environment (http_proxy, https_proxy, all_proxy, no_proxy).

Exit status: 0 whatever the server answers (22 with --fail from 400 on), 2 wrong use, 6 no such name, 7 no connection, 23 cannot
write, 28 too slow, 35 TLS, 47 redirects, 52 closed without a reply, 1 anything else.

  reticle fetch example.com --look
  reticle fetch localhost:3000/posts --data-json '{"title": "Hello"}' --include
  reticle fetch https://files.example/ --upload big.iso
  reticle fetch https://files.example/big.iso --output big.iso --retry 5`,
  options: {
    method: {
      type: 'string',
      short: 'X',
      value: 'METHOD',
      description: 'GET, POST with a body, PUT with --upload, HEAD with --head',
    },
    header: {
      type: 'string',
      short: 'H',
      multiple: true,
      value: "'NAME: VALUE'",
      description: 'a field of the request',
    },
    user: { type: 'string', short: 'u', value: 'USER:PASSWORD', description: 'Authorization by the Basic scheme' },
    data: {
      type: 'string',
      short: 'd',
      multiple: true,
      value: 'TEXT|@FILE',
      description: 'the body; @- is standard input',
    },
    'data-json': { type: 'string', value: 'JSON|@FILE', description: 'the body as JSON' },
    form: { type: 'string', short: 'F', multiple: true, value: 'NAME=VALUE', description: 'a field of a form' },
    upload: { type: 'string', short: 'T', value: 'FILE', description: 'the body from a file, or - for standard input' },
    include: { type: 'boolean', short: 'i', description: 'print the head of the reply, too' },
    head: { type: 'boolean', short: 'I', description: 'print the head alone (HEAD)' },
    output: { type: 'string', short: 'o', value: 'FILE', description: 'write the body into a file' },
    follow: { type: 'boolean', short: 'L', description: 'follow redirects' },
    fail: { type: 'boolean', short: 'f', description: 'exit status 22 for statuses from 400 on' },
    look: {
      type: 'boolean',
      short: 'v',
      description: 'show the exchange: name, connection, TLS, request, reply, times',
    },
    json: { type: 'boolean', description: 'print the reply as JSON: url, status, fields, body' },
    raw: { type: 'boolean', description: 'ask for no compression, and decode none' },
    timeout: {
      type: 'string',
      short: 'm',
      default: '60',
      value: 'SECONDS',
      description: 'for the connection, and for the reply',
    },
    retry: { type: 'string', default: '0', value: 'TIMES', description: 'ask again after a failure that may pass' },
    proxy: { type: 'string', short: 'x', value: 'URL', description: 'http:// or socks5://; none for no proxy' },
    resolve: { type: 'string', multiple: true, value: 'NAME:ADDRESS', description: 'where a name is' },
    http2: { type: 'boolean', description: 'HTTP/2 over http, without asking (over https it is agreed on)' },
    'http1.1': { type: 'boolean', description: 'HTTP/1.1 only' },
    cacert: { type: 'string', value: 'FILE', description: 'trust the authorities in FILE, and no others' },
    insecure: {
      type: 'boolean',
      short: 'k',
      description: 'take any certificate: anybody on the way can read and change all',
    },
  },
  run,
}

type Values = Call['values']

async function run({ positionals, values, terminal }: Call): Promise<number> {
  const [address, extra] = positionals
  if (address === undefined) throw new UsageError('needs a URL, like https://example.com/')
  if (extra !== undefined) throw new UsageError(`takes one URL, and '${extra}' is another`)
  const request = readRequest(address, values as GivenRequest, () => process.stdin)
  const wire = values['look'] === true ? new Wire(terminal) : null
  const host = kernelHost(wire === null ? {} : { events: wire })
  const client = new Client(host, settings(values, terminal, host, wire))
  try {
    return await exchange(client, request, values, terminal, host)
  } catch (error) {
    if (error instanceof UsageError) throw error
    const { status, message } = failureOf(error, request.url)
    terminal.error(`reticle fetch: ${message.split('\n').map(plain).join('\n')}\n`)
    return status
  } finally {
    client.close()
  }
}

async function exchange(
  client: Client,
  request: FetchRequest,
  values: Values,
  terminal: Terminal,
  host: Host,
): Promise<number> {
  const watched = process.stderr.isTTY === true && (request.upload || values['output'] !== undefined)
  const bar = watched ? new ProgressBar(terminal, () => host.clock.now()) : null
  const reply = await client.request(request.url, {
    method: request.method,
    fields: request.fields,
    body: request.body,
    redirect: values['follow'] === true ? 'follow' : 'manual',
    signal: terminal.interrupted,
    // A server that refuses a large upload can say so before it comes.
    expectContinue: request.upload,
    ...(bar === null ? {} : { onProgress: (progress) => bar.tell(progress) }),
  })
  try {
    if (values['json'] === true) terminal.out(`${JSON.stringify(await jsonOf(reply), null, 2)}\n`)
    else {
      if (values['include'] === true || values['head'] === true) terminal.out(headText(reply, terminal))
      const failed = await deliver(reply, values['output'] as string | undefined, terminal)
      if (failed !== null) return failed
    }
  } finally {
    bar?.end()
  }
  if (values['fail'] !== true || reply.status < 400) return EXIT.ok
  terminal.error(`reticle fetch: the server answered ${reply.status} ${plain(reply.reason)}\n`)
  return EXIT.status
}

function settings(values: Values, terminal: Terminal, host: Host, wire: Wire | null): ClientOptions {
  const timeout = seconds(parseNumber('--timeout', String(values['timeout']), 0.001, 86_400))
  const times = parseCount('--retry', String(values['retry']), 0, 100)
  if (values['http2'] === true && values['http1.1'] === true)
    throw new UsageError('--http2 and --http1.1 exclude each other: give one of them')
  const layers: Layer[] = []
  if (times > 0) layers.push(retries({ attempts: times + 1, budget: { perSecond: 100 }, onRetry: telling(terminal) }))
  if (values['raw'] !== true) layers.push(decoding({ limit: Number.POSITIVE_INFINITY }))
  const proxy = values['proxy'] as string | undefined
  return {
    layers,
    timeout,
    connectTime: timeout,
    http2: values['http2'] === true ? 'prior knowledge' : values['http1.1'] !== true,
    ...(proxy === 'none' ? {} : { proxy: proxy === undefined ? environmentProxies(process.env) : { url: proxy } }),
    ...tlsOf(values, terminal),
    resolve: resolver(values, host, wire),
  }
}

function telling(terminal: Terminal): (retry: Retry) => void {
  return ({ cause, attempt, wait }) => {
    const why = cause instanceof Error ? cause.message : `the server answered ${cause.status}`
    terminal.error(`reticle fetch: ${plain(why)}: time ${attempt} in ${(wait / 1e9).toFixed(1)} s\n`)
  }
}

function tlsOf(values: Values, terminal: Terminal): Pick<ClientOptions, 'tls'> {
  const file = values['cacert'] as string | undefined
  if (values['insecure'] === true) {
    terminal.error(
      'reticle fetch: --insecure: whoever answers is believed, and anybody on the way can read and change all\n',
    )
    return { tls: clientTls({ acceptAnyCertificate: true }) }
  }
  if (file === undefined) return {}
  try {
    return { tls: clientTls({ trust: [readFileSync(file, 'utf8')] }) }
  } catch (error) {
    throw new UsageError(`--cacert: '${file}': ${(error as Error).message}`)
  }
}

/** Where names are: as the caller says, else as this machine says. */
function resolver(values: Values, host: Host, wire: Wire | null): (name: string) => Promise<readonly string[]> {
  const given = new Map<string, string>()
  for (const pair of (values['resolve'] as readonly string[] | undefined) ?? []) {
    const match = /^([^:]+):(?:\d+:)?\[?([0-9a-f.:]+)\]?$/i.exec(pair)
    if (match === null) throw new UsageError(`--resolve: '${pair}' is not NAME:ADDRESS, like shop.example:192.0.2.1`)
    given.set(match[1]!.toLowerCase(), match[2]!)
  }
  return async (name) => {
    const address = given.get(name.toLowerCase())
    wire?.note(host.clock.now(), 'resolve', name)
    const addresses = address === undefined ? await host.lookup(name) : [address]
    wire?.note(host.clock.now(), 'resolved', addresses.join(', '))
    return addresses
  }
}

/** Writes the body as it comes. @returns an exit status where that fails. */
async function deliver(reply: Reply, file: string | undefined, terminal: Terminal): Promise<number | null> {
  if (file !== undefined && file !== '-') return await save(reply, file, terminal)
  let first = true
  for await (const piece of reply.body.stream()) {
    if (first && process.stdout.isTTY === true && piece.includes(0)) {
      terminal.error('reticle fetch: the body is not text: --output FILE keeps it, --output - prints it all the same\n')
      if (file === undefined) return EXIT.write
    }
    first = false
    terminal.out(piece)
    if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain')
  }
  return null
}

async function save(reply: Reply, file: string, terminal: Terminal): Promise<number | null> {
  const stream = createWriteStream(file)
  const broken = new Promise<Error>((resolve) => stream.once('error', resolve))
  const writing = (async () => {
    for await (const piece of reply.body.stream()) if (!stream.write(piece)) await once(stream, 'drain')
    stream.end()
    await once(stream, 'finish')
    return null
  })()
  writing.catch(() => {})
  const failure = await Promise.race([broken, writing])
  if (failure === null) return null
  reply.body.discard()
  terminal.error(`reticle fetch: --output: ${failure.message}\n`)
  return EXIT.write
}

/** The body as text where it is UTF-8, else in base64. */
async function jsonOf(reply: Reply): Promise<object> {
  const { url, redirected, status, reason, version } = reply
  const bytes = await reply.body.bytes(Number.POSITIVE_INFINITY)
  const fields: [string, string][] = []
  for (let i = 0; i + 1 < reply.fields.length; i += 2) fields.push([reply.fields[i]!, reply.fields[i + 1]!])
  const about = { url: url.href, redirected, status, reason, version, fields }
  try {
    return { ...about, body: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { ...about, base64: Buffer.from(bytes).toString('base64') }
  }
}
