/** Proxies as the environment names them: `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`, as curl and Go read them. */
import { formatIp6, formatPrefix4, ipVersion, isLoopback, parseIp6, parsePrefix4 } from '../../../base/ip.ts'
import { AddressSet } from '../../../socket/address-set.ts'
import { HttpMisuse } from '../../errors.ts'
import type { Origin } from '../../origin.ts'
import { type ProxyChoice, type ProxyOptions, proxyOf } from './choice.ts'

/** Variables by name; undefined or '' for one that is not set. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The choice that the variables ask for. Names in lower case come first. `NO_PROXY` has names (with all below them; with a dot
 * before, only those below), addresses, prefixes (`10.0.0.0/8`), each with a port or without, or `*`. This machine itself is
 * always reached directly. Where the program is a CGI script, `HTTP_PROXY` is what a stranger has sent in a field, and is not
 * read ("httpoxy").
 * @throws HttpMisuse for a variable that names no proxy.
 *
 * @example
 * const client = new Client(kernelHost(), { proxy: environmentProxies(process.env) })
 */
export function environmentProxies(environment: Environment): ProxyChoice {
  const all = read(environment, 'ALL_PROXY')
  const http = read(environment, 'HTTP_PROXY', environment['REQUEST_METHOD'] !== undefined) ?? all
  const https = read(environment, 'HTTPS_PROXY') ?? all
  const exceptions = exceptionsOf(environment['no_proxy'] || environment['NO_PROXY'] || '')
  return (origin) => {
    if (isOwn(origin.host) || exceptions(origin)) return null
    return origin.scheme === 'https' ? https : http
  }
}

/** @param lowerOnly whether the name in capitals is not to be believed */
function read(environment: Environment, name: string, lowerOnly = false): ProxyOptions | null {
  const lower = name.toLowerCase()
  const text = environment[lower] || (lowerOnly ? undefined : environment[name])
  if (!text) return null
  const url = text.includes('://') ? text : `http://${text}`
  try {
    proxyOf({ url })
  } catch (error) {
    const which = environment[lower] ? lower : name
    throw new HttpMisuse('HTTP_INVALID_URL', `the environment’s ${which}: ${(error as Error).message}`)
  }
  return { url }
}

function isOwn(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '')
  return name === 'localhost' || name.endsWith('.localhost') || (ipVersion(name) !== 0 && isLoopback(name))
}

type Exception = (origin: Origin) => boolean

function exceptionsOf(list: string): Exception {
  const all = list
    .toLowerCase()
    .split(/[ \t\r\n,]+/)
    .filter((entry) => entry !== '')
    .map(exceptionOf)
  return (origin) => all.some((exception) => exception(origin))
}

function exceptionOf(entry: string): Exception {
  if (entry === '*') return () => true
  if (entry.includes('/')) {
    const set = prefixOf(entry)
    return ({ host }) => ipVersion(bare(host)) !== 0 && set?.has({ address: bare(host), port: 0 }) === true
  }
  const [, name, port] = /^(\[.*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry) ?? [undefined, entry, undefined]
  const wanted = bare(name!)
  const atPort = (origin: Origin) => port === undefined || Number(port) === origin.port
  if (ipVersion(wanted) !== 0) {
    const set = new AddressSet('no_proxy', [wanted])
    return (origin) =>
      atPort(origin) && ipVersion(bare(origin.host)) !== 0 && set.has({ address: bare(origin.host), port: 0 })
  }
  const below = wanted.startsWith('*.') ? wanted.slice(1) : wanted.startsWith('.') ? wanted : `.${wanted}`
  const itself = below !== wanted && !wanted.startsWith('*.')
  return (origin) => atPort(origin) && (origin.host.endsWith(below) || (itself && origin.host === wanted))
}

/** Null for what is no prefix: it excepts nothing. */
function prefixOf(entry: string): AddressSet | null {
  try {
    return new AddressSet('no_proxy', [masked(entry)])
  } catch {
    return null
  }
}

/** `10.1.2.3/8` means `10.0.0.0/8`: what was left standing in the host's bits must not send its traffic to the proxy. */
function masked(entry: string): string {
  const four = parsePrefix4(entry)
  if (four !== null) return formatPrefix4(four.prefix)
  const [text = '', length = ''] = entry.split('/')
  const bytes = parseIp6(text)
  const bits = Number(length)
  if (bytes === null || !/^\d{1,3}$/.test(length) || bits > 128) return entry
  for (let i = 0; i < 16; i++) bytes[i]! &= 0xff00 >> Math.min(8, Math.max(0, bits - i * 8))
  return `${formatIp6(bytes)}/${bits}`
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '')
}
