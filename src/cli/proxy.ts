/** `reticle proxy` and `reticle proxy check`: a reverse or forward proxy by one small file, or by a few words. */
import { readFileSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { ms } from '../base/duration.ts'
import { SocketError } from '../base/errors.ts'
import { kernelHost } from '../kernel/index.ts'
import { AddressSet, formatAddress, type Host } from '../socket/index.ts'
import { type Call, type Command, UsageError } from './command.ts'
import { withSignals } from './dns/front.ts'
import { type Config, parseListen, readConfig } from './proxy/config.ts'
import { ProxyServer } from './proxy/server.ts'
import type { Terminal } from './terminal.ts'

const EXAMPLE = `  {
    "listen": "0.0.0.0:80",
    "routes": [
      { "host": "old.example", "redirect": "http://shop.example/" },
      { "path": "/api", "strip": "/api", "to": ["http://10.0.0.7:3000", "http://10.0.0.8:3000"],
        "balance": "least requests", "health": { "path": "/health", "every": "5s" } },
      { "to": "http://127.0.0.1:8000" }   // everything else
    ]
  }`

export const proxy: Command = {
  name: 'proxy',
  summary: 'pass requests on: a reverse proxy by a file or in a few words, or a forward proxy',
  usage: 'FILE | LISTEN to URL… | LISTEN --forward',
  details: `A reverse proxy answers in the name of servers behind it: those of the routes in FILE (JSON with comments), or the URLs, in turn.
A forward proxy goes where its clients want, for clients of this machine, or of --from, and never into private networks.
LISTEN is a port of this machine alone (8080), an address with a port (0.0.0.0:8080), or unix:/path.

${EXAMPLE}

SIGHUP reads the file again, --watch does so when the file changes: nothing that is under way is lost, and a file with an error changes
nothing. SIGUSR1 prints what goes on. SIGTERM answers what is under way, and ends. 'reticle proxy check FILE' says what is wrong.

  reticle proxy 8080 to http://localhost:3000
  reticle proxy 0.0.0.0:3128 --forward --from 10.0.0.0/8`,
  options: {
    forward: { type: 'boolean', description: 'a forward proxy' },
    from: {
      type: 'string',
      multiple: true,
      value: 'PREFIX',
      description: 'clients of the forward proxy (this machine)',
    },
    log: {
      type: 'string',
      value: 'FORMAT',
      description: 'the access log: common, json or none (common, or what the file says)',
    },
    watch: { type: 'boolean', short: 'w', description: 'read the file again when it changes' },
  },
  run,
}

export const proxyCheck: Command = {
  name: 'proxy check',
  summary: 'say what is wrong with the configuration of a proxy',
  usage: 'FILE',
  options: {},
  async run({ positionals, terminal }: Call): Promise<number> {
    const [path] = positionals
    if (path === undefined || positionals.length > 1) throw new UsageError('one file is expected')
    const config = load(path, terminal)
    if (config === null) return 1
    // What only the proxies themselves know to say.
    const server = new ProxyServer(kernelHost(), terminal, { ...config, log: 'none' }, dirname(path))
    await server.stop()
    terminal.out(`${path}: well-formed, ${config.routes?.length ?? 0} routes\n`)
    return 0
  },
}

async function run({ positionals, values, terminal }: Call): Promise<number> {
  const said = inWords(positionals, values)
  const [path] = positionals
  const log = logOf(values['log'])
  const config = said ?? load(path!, terminal)
  if (config === null) return 1
  const running = new Running(kernelHost(), terminal, said === null ? path! : null, log)
  return withSignals({ hangup: () => running.reload(), statistics: () => terminal.out(running.status()) }, () =>
    running.run(config, values['watch'] === true),
  )
}

/** The configuration that the words are; null where they name a file. @throws UsageError */
function inWords(positionals: readonly string[], values: Call['values']): Config | null {
  const [listen, to, ...urls] = positionals
  const forward = values['forward'] === true
  if (listen === undefined) throw new UsageError('a file is missing, or LISTEN to URL')
  if (!forward && positionals.length === 1) {
    if (parseListen(listen) !== null) throw new UsageError(`'to URL' is missing after ${listen}, or --forward`)
    return null
  }
  if (parseListen(listen) === null)
    throw new UsageError(
      `'${listen}' is not a place to listen at: write a port (8080), 0.0.0.0:8080, [::]:8080 or unix:/path`,
    )
  if (forward) {
    if (positionals.length > 1) throw new UsageError(`a forward proxy needs nothing after ${listen}`)
    const from = values['from'] as readonly string[] | undefined
    try {
      new AddressSet('--from', from ?? [])
    } catch (error) {
      throw new UsageError((error as Error).message)
    }
    return { listen: [listen], forward: from === undefined ? {} : { from } }
  }
  if (to !== 'to' || urls.length === 0) throw new UsageError(`write: reticle proxy ${listen} to http://localhost:3000`)
  return { listen: [listen], routes: [{ to: urls.map((url) => (/^\w+:\/\//.test(url) ? url : `http://${url}`)) }] }
}

function logOf(given: Call['values'][string]): Config['log'] {
  if (given === undefined || given === 'common' || given === 'json' || given === 'none') return given
  throw new UsageError(`--log is common, json or none, not '${String(given)}'`)
}

/** What the file says; null after its faults were printed. */
function load(path: string, terminal: Terminal): Config | null {
  let source: string
  try {
    source = readFileSync(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why =
      code === 'ENOENT'
        ? 'there is no such file: name the proxy’s file, or write `8080 to http://localhost:3000`'
        : message
    terminal.error(`${path}: ${why}\n`)
    return null
  }
  const read = readConfig(source)
  if ('config' in read) return read.config
  for (const { line, column, why } of read.faults) terminal.error(`${path}:${line}:${column}: ${why}\n`)
  return null
}

/** A proxy from its start to its end. */
class Running {
  readonly #host: Host
  readonly #terminal: Terminal
  readonly #path: string | null
  readonly #log: Config['log']
  #server: ProxyServer | null = null
  #state: 'still' | 'reading' | 'reading, again' = 'still'

  /** @param path of the file to be read again; null where there is none. */
  constructor(host: Host, terminal: Terminal, path: string | null, log: Config['log']) {
    this.#host = host
    this.#terminal = terminal
    this.#path = path
    this.#log = log
  }

  status(): string {
    return this.#server?.status() ?? 'starting\n'
  }

  async run(config: Config, watches: boolean): Promise<number> {
    const { interrupted } = this.#terminal
    const server = new ProxyServer(this.#host, this.#terminal, this.#with(config), dirname(this.#path ?? ''))
    await server.start().catch(advise)
    this.#server = server
    this.#terminal.out(`listening on ${server.places.map(formatAddress).join(', ')}\n`)
    const watcher = watches && this.#path !== null ? this.#watch(this.#path) : null
    await new Promise<void>((done) => {
      if (interrupted.aborted) done()
      else interrupted.addEventListener('abort', () => done(), { once: true })
    })
    watcher?.close()
    await server.stop()
    return 0
  }

  /** Reads the file again; when that is going on already, once more afterwards. */
  reload(): void {
    if (this.#path === null || this.#server === null) return
    if (this.#state !== 'still') {
      this.#state = 'reading, again'
      return
    }
    this.#state = 'reading'
    void this.#again(this.#path, this.#server)
  }

  async #again(path: string, server: ProxyServer): Promise<void> {
    const config = load(path, this.#terminal)
    try {
      if (config === null) throw new Error('the file has errors')
      await server.reload(this.#with(config))
      this.#terminal.out(`${path}: read again; listening on ${server.places.map(formatAddress).join(', ')}\n`)
    } catch (error) {
      server.reloadFailed()
      this.#terminal.error(`${path}: the proxy goes on as before: ${(error as Error).message}\n`)
    }
    const again = this.#state === 'reading, again'
    this.#state = 'still'
    if (again) this.reload()
  }

  /** Editors write a file anew or put another in its place: the folder knows of both. */
  #watch(path: string): { close(): void } {
    const { clock } = this.#host
    let due = false
    return watch(dirname(path) || '.', (_event, name) => {
      if (name !== basename(path) || due) return
      due = true
      // An editor may write in several steps.
      clock.at(clock.now() + ms(100), () => {
        due = false
        this.reload()
      })
    })
  }

  #with(config: Config): Config {
    return this.#log === undefined ? config : { ...config, log: this.#log }
  }
}

const ADVICE: { readonly [code: string]: string } = {
  EACCES: 'ports below 1024 need root or CAP_NET_BIND_SERVICE: use one of these, or a port from 1024 on',
  EADDRINUSE: 'another server is there: choose another place to listen at',
  EADDRNOTAVAIL: 'this machine has no such address',
}

function advise(error: unknown): never {
  const hint = error instanceof SocketError ? ADVICE[error.code] : undefined
  if (!(error instanceof SocketError) || hint === undefined) throw error
  throw new SocketError(error.code, error.syscall, { address: error.address, port: error.port, hint })
}
