/** `reticle serve`: a folder or a site on this machine, over https with certificates that it gets by itself. */
import { existsSync, statSync } from 'node:fs'
import { SocketError } from '../base/errors.ts'
import { portProblem } from '../base/port.ts'
import { type Handler, type HttpServer, type ServeOptions, serve as serveHttp } from '../http/index.ts'
import { kernelHost } from '../kernel/index.ts'
import { formatAddress } from '../socket/address.ts'
import type { Host } from '../socket/host.ts'
import { tlsHost } from '../tls/index.ts'
import { app } from '../web/index.ts'
import { staticFiles } from '../web/static/static-files.ts'
import { type Call, type Command, UsageError } from './command.ts'
import { plain } from './fetch/print.ts'
import { isPublic } from './serve/names.ts'
import { developed, managed, secureOptions } from './serve/secured.ts'
import { type LoadedSite, siteModule } from './site-module.ts'
import type { Terminal } from './terminal.ts'

export const serve: Command = {
  name: 'serve',
  summary: 'serve a folder or a site, over https if asked to',
  usage: '[FOLDER|MODULE] [--https [NAME…]]',
  details: `Serves the files of a folder (index.html for folders in it), or the site that a module exports by default: a site,
or a function (host) => site.

--https without a name, or with names of this machine and of private networks (localhost, shop.test, 192.168.1.20), uses a
certificate of this user's own development authority, which is made at first use ('reticle authority' tells how a browser is
told to trust it). With public names it orders one from Let's Encrypt, keeps it and renews it: ports 443 and 80 of the names
must lead to this machine. Whoever does that agrees to the terms of the authority.

  reticle serve
  reticle serve public --port 8080
  reticle serve site.ts --https
  reticle serve site.ts --https shop.example www.shop.example --staging`,
  options: {
    port: {
      type: 'string',
      short: 'p',
      value: 'PORT',
      description: 'default 8000; with --https 8443, with public names 443',
    },
    address: {
      type: 'string',
      short: 'a',
      value: 'ADDRESS',
      description: 'where to listen; default 127.0.0.1, with public names every interface',
    },
    log: { type: 'boolean', description: 'print a line for every request' },
    ...secureOptions,
  },
  run,
}

/** What is served, and where. */
interface Plan {
  readonly what: string
  readonly names: readonly string[]
  readonly https: 'no' | 'development' | 'public'
  readonly address: string
  readonly port: number
}

async function run({ positionals, values, terminal }: Call): Promise<number> {
  const host = kernelHost()
  const plan = await planOf(host, positionals, values)
  const site = await siteOf(plan, host)
  const secured =
    plan.https === 'no'
      ? null
      : plan.https === 'development'
        ? developed(plan.names, values, terminal)
        : await managed(host, plan.names, plan.address, values, terminal)
  let server: HttpServer | null = null
  try {
    const at = { address: plan.address, port: plan.port }
    const on = secured === null ? host : tlsHost(host, { server: { certificates: secured.certificates } })
    const options = { ...at, onError: (error: unknown) => terminal.error(`${(error as Error)?.stack ?? error}\n`) }
    const logged =
      values['log'] === true ? (handler: Handler) => logging(handler, terminal) : (handler: Handler) => handler
    server = await listening(site, on, options, logged).catch((error) => advise(error, plan))
    terminal.out(`${plan.what} at ${urlOf(plan, server)}\n`)
    await secured?.begin()
    await interrupted(terminal)
  } finally {
    await Promise.all([server?.close(), secured?.close()])
  }
  return 0
}

/** @throws UsageError */
async function planOf(host: Host, positionals: readonly string[], values: Call['values']): Promise<Plan> {
  const [first] = positionals
  const isPath = first !== undefined && existsSync(first)
  const what = isPath ? first : '.'
  const names = (isPath ? positionals.slice(1) : positionals).map((name) => name.toLowerCase())
  const secure = values['https'] === true
  if (!secure && names.length > 0)
    throw new UsageError(
      isPath
        ? `what is '${names[0]}'? names are for --https`
        : `there is no file or folder '${names[0]}' (names are for --https)`,
    )
  for (const option of ['staging', 'email', 'acme', 'trust', 'data', 'development'])
    if (!secure && values[option] !== undefined) throw new UsageError(`--${option} goes with --https`)
  const all = names.filter(isPublic)
  if (all.length > 0 && all.length < names.length && values['development'] !== true)
    throw new UsageError(
      `no authority gives a certificate for ${names.find((name) => !isPublic(name))}: leave it out, or add --development`,
    )
  const https = !secure ? 'no' : all.length === 0 || values['development'] === true ? 'development' : 'public'
  for (const option of ['staging', 'email', 'acme', 'trust'])
    if (https === 'development' && values[option] !== undefined)
      throw new UsageError(
        `--${option} is for certificates of a public authority: leave it out, or name public hosts without --development`,
      )
  const text = (values['port'] as string | undefined) ?? { no: '8000', development: '8443', public: '443' }[https]
  const problem = portProblem(/^\d+$/.test(text) ? Number(text) : text)
  if (problem !== null) throw new UsageError(`--port: ${problem}`)
  const usual = https === 'public' ? await everywhere(host) : '127.0.0.1'
  const address = (values['address'] as string | undefined) ?? usual
  return { what, names, https, address, port: Number(text) }
}

/** Every interface, by IPv6 and IPv4 where there is IPv6: authorities come by it when the name has an AAAA record. */
async function everywhere(host: Host): Promise<string> {
  try {
    const listener = await host.listen({ address: '::', port: 0 }, (connection) => connection.reset())
    await listener.close()
    return '::'
  } catch {
    return '0.0.0.0'
  }
}

async function siteOf({ what, names }: Plan, host: Host): Promise<LoadedSite> {
  if (!statSync(what).isDirectory()) return (await siteModule(what, 'the module'))(host)
  const site = app({ machine: host, hosts: [...names] })
  site.use(staticFiles(what, { index: 'index.html' }))
  return site as unknown as LoadedSite
}

function listening(
  site: LoadedSite,
  host: Host,
  options: ServeOptions,
  logged: (handler: Handler) => Handler,
): Promise<HttpServer> {
  // A site of the framework says itself how large bodies may be.
  const serves = site.serve !== undefined
  if (serves && logged(site.handle) === site.handle) return site.serve!(host, options)
  return serveHttp(host, logged(site.handle), options)
}

/** A line for each request that is answered. */
function logging(handler: Handler, terminal: Terminal): Handler {
  return (exchange) => {
    const { method, target, authority, remote } = exchange
    terminal.out(
      `${new Date(exchange.machine.clock.wallMillis()).toISOString()} ${formatAddress(remote)} ${method} ${plain(`${authority}${target}`)}\n`,
    )
    return handler(exchange)
  }
}

function urlOf({ https, names }: Plan, { local }: HttpServer): string {
  const scheme = https === 'no' ? 'http' : 'https'
  const { port = 0, address = '' } = local
  const name = names[0] ?? (address === '127.0.0.1' || address === '0.0.0.0' ? 'localhost' : address)
  const usual = port === (https === 'no' ? 80 : 443)
  return `${scheme}://${name.includes(':') ? `[${name}]` : name}${usual ? '' : `:${port}`}/`
}

function interrupted({ interrupted }: Terminal): Promise<void> {
  return new Promise((done) => {
    if (interrupted.aborted) done()
    else interrupted.addEventListener('abort', () => done(), { once: true })
  })
}

const ADVICE: { readonly [code: string]: string } = {
  EACCES:
    'ports below 1024 need root or CAP_NET_BIND_SERVICE: use one of these, or a port from 1024 on, as in --port 8443',
  EADDRINUSE: 'another server is there: choose another --port',
  EADDRNOTAVAIL: 'this machine has no such address: --address takes one of its own',
}

function advise(error: unknown, { address, port }: Plan): never {
  const hint = error instanceof SocketError ? ADVICE[error.code] : undefined
  if (!(error instanceof SocketError) || hint === undefined) throw error
  throw new SocketError(error.code, error.syscall, { address, port, hint })
}
